"""Sources of live events, one file each: standard input, folders, S3, SQS, Kinesis."""

from .clock import Clock
from .opening import open_source
from .options import SourceOptions

__all__ = ["Clock", "SourceOptions", "open_source"]
