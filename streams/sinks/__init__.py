"""Where verdicts go, a file each."""

from .aws import AwsOptions
from .file import WINDOW, FileSink, Rotation
from .registry import SINK_FORMS, Format, SinkOptions, open_sink, render_for
from .rendering import Render, as_ndjson
from .stdout import StdoutSink
from .webhook import WebhookOptions, WebhookSink
from .webhook_headers import read_headers

__all__ = [
    "SINK_FORMS",
    "WINDOW",
    "AwsOptions",
    "FileSink",
    "Format",
    "Render",
    "Rotation",
    "SinkOptions",
    "StdoutSink",
    "WebhookOptions",
    "WebhookSink",
    "as_ndjson",
    "open_sink",
    "read_headers",
    "render_for",
]
