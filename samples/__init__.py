"""Synthetic CloudTrail records: callers, identifiers, and the envelope that CloudTrail writes around a call."""

from .callers import Caller
from .identifiers import Ids
from .records import Call, record, service_event

__all__ = ["Call", "Caller", "Ids", "record", "service_event"]
