"""Opens a sink by what a person typed."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from ..sink import Sink, SinkError
from .aws import AwsOptions
from .file import FileSink, Rotation
from .rendering import Render, as_ndjson
from .stdout import StdoutSink
from .webhook import WebhookOptions, WebhookSink

SINK_FORMS: Final[Mapping[str, str]] = {
    "-": "standard output",
    "PATH or file:PATH": "a file",
    "https://...": "a webhook",
    "sqs://QUEUE or sqs:https://...": "an SQS queue by name or URL",
    "sns:ARN": "an SNS topic",
    "events://BUS": "an EventBridge bus",
}
"""How a sink is named, and what it is."""

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(?=.)", re.ASCII)


Format = Literal["ndjson", "ocsf", "udm"]


def render_for(form: Format) -> Render:
    """What brings a line into that format: as it is, as an OCSF Detection Finding, or as an event of Google's UDM."""
    if form == "ndjson":
        return as_ndjson
    if form == "udm":
        from ..udm import as_udm

        return as_udm
    from ..ocsf import as_ocsf

    return as_ocsf


@dataclass(frozen=True, slots=True)
class SinkOptions:
    """How a sink writes, whichever it is: `render` gives the format, the others count where they apply."""

    render: Render = as_ndjson
    rotation: Rotation = field(default_factory=Rotation)
    webhook: WebhookOptions = field(default_factory=WebhookOptions)
    aws: AwsOptions = field(default_factory=AwsOptions)


def open_sink(name: str, options: SinkOptions) -> Sink:
    """The sink that `name` means; `SINK_FORMS` says how one is named.

    Raises:
        SinkError: it names none, a package is missing, or the sink cannot be opened.
    """
    if name == "-":
        return StdoutSink(render=options.render)
    scheme = _SCHEME.match(name)
    if scheme is None and name:
        return FileSink(Path(name), rotation=options.rotation, render=options.render)
    found = _BY_SCHEME.get(scheme[1].lower()) if scheme else None
    if found is None or scheme is None:
        raise _unknown(scheme[0] if scheme else name)
    return found(name, name[scheme.end() :], options)


def _file(_: str, rest: str, options: SinkOptions) -> Sink:
    return FileSink(Path(rest), rotation=options.rotation, render=options.render)


def _webhook(name: str, _: str, options: SinkOptions) -> Sink:
    return WebhookSink(name, options.webhook, render=options.render)


def _sqs(name: str, rest: str, options: SinkOptions) -> Sink:
    from .sqs import SqsSink

    queue = rest.removeprefix("//")
    if not queue or ("://" in queue) is rest.startswith("//"):
        raise _unknown(name)
    return SqsSink(queue, options.aws, render=options.render)


def _sns(_: str, rest: str, options: SinkOptions) -> Sink:
    from .sns import SnsSink

    return SnsSink(rest, options.aws, render=options.render)


def _events(name: str, rest: str, options: SinkOptions) -> Sink:
    from .eventbridge import EventBridgeSink

    bus = rest.removeprefix("//")
    if not bus or bus == rest:
        raise _unknown(name)
    return EventBridgeSink(bus, options.aws, render=options.render)


_BY_SCHEME: Final[Mapping[str, Callable[[str, str, SinkOptions], Sink]]] = {
    "file": _file,
    "http": _webhook,
    "https": _webhook,
    "sqs": _sqs,
    "sns": _sns,
    "events": _events,
}


def _unknown(name: str) -> SinkError:
    forms = ", ".join(f"{form} ({what})" for form, what in SINK_FORMS.items())
    return SinkError(f"{name!r} names no sink; known are {forms}", lasting=True)
