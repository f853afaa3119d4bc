"""CloudTrail records: typed decoding, readers for every container they come in, who made a call."""

from .identity import (
    MAX_TOOL_TEXT,
    TOOL_LETTERS,
    TOOL_MARKS,
    Identity,
    attested_services,
    identity_of,
    service_linked_role_of,
    text_of,
    tool_named_in,
    user_agent_family,
    user_agent_of,
)
from .inflate import inflate_bounded
from .keeping import OnRecord, members_of
from .lines import LineReader
from .mending import object_in
from .problems import EventsError, OnProblem, Problem
from .reading import OnProgress, read_batches, read_briefly
from .record import NO_ERROR, Brief, Projection, Record
from .refusal import NoRecord
from .sources import Limits, Source, expand_sources
from .time import event_time
from .unwrap import decode_record, records_in

__all__ = [
    "MAX_TOOL_TEXT",
    "NO_ERROR",
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
    "OnRecord",
    "Problem",
    "Projection",
    "Record",
    "Source",
    "attested_services",
    "decode_record",
    "event_time",
    "expand_sources",
    "identity_of",
    "inflate_bounded",
    "members_of",
    "object_in",
    "read_batches",
    "read_briefly",
    "records_in",
    "service_linked_role_of",
    "text_of",
    "tool_named_in",
    "user_agent_family",
    "user_agent_of",
]
