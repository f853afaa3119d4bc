"""Sources of live events, one file each: standard input, folders, S3, SQS, Kinesis."""

from .clock import Clock
from .options import SourceOptions
from .registry import open_source

__all__ = ["Clock", "SourceOptions", "open_source"]
