"""CloudTrail records: typed decoding, readers for every container they come in, who made a call."""

from .identity import (
    MAX_TOOL_TEXT,
    TOOL_LETTERS,
    TOOL_MARKS,
    Identity,
    attested_services,
    identity_of,
    service_linked_role_of,
    user_agent_family,
)
from .inflate import inflate_bounded
from .lines import LineReader
from .problems import EventsError, OnProblem, Problem
from .reading import OnProgress, read_batches, read_briefly
from .record import Brief, Record
from .sources import Limits, Source, expand_sources
from .time import event_time
from .unwrap import NoRecord, decode_record, records_in

__all__ = [
    "MAX_TOOL_TEXT",
    "TOOL_LETTERS",
    "TOOL_MARKS",
    "Brief",
    "EventsError",
    "Identity",
    "Limits",
    "LineReader",
    "NoRecord",
    "OnProblem",
    "OnProgress",
    "Problem",
    "Record",
    "Source",
    "attested_services",
    "decode_record",
    "event_time",
    "expand_sources",
    "identity_of",
    "inflate_bounded",
    "read_batches",
    "read_briefly",
    "records_in",
    "service_linked_role_of",
    "user_agent_family",
]
