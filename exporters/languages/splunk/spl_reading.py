"""What every search reads of an event first, and which slice of time it judges."""

from ...field_maps import FieldMap
from ...schedule import overlap
from ...target import Options
from ..expressions import NULL, Call, Expression, Field, Operation, Value, both, call, either, equal
from .spl import AddInfo, Command, Eval, Macro, Number, Versions, Where
from .spl_keys import TOOL, filled

MOST_EVENTS = 100_000
"""Events of one run beyond which nothing is explained.

Within it no command reaches its limits (limits.conf: max_mem_usage_mb), behind which it adds no more fields and
what voids would go unseen: https://help.splunk.com/en/splunk-enterprise/administer/admin-manual
"""
READ = (
    "record",
    "event_id",
    "account",
    "principal",
    "access_key",
    "identity_type",
    "actor",
    "action",
    "succeeded",
    "copies",
    "events_read",
    "agent",
    "agent_word",
    "due",
    TOOL,
)
"""The fields that a search has before any of the cascade's own."""


def event_id(fields: FieldMap) -> Expression:
    """The event's id, or else the digest of its text."""
    return call("coalesce", filled(Field(fields.field("eventID"))), call("md5", Field("_raw")))


def account(fields: FieldMap) -> Expression:
    """The account that the event belongs to."""
    paths = ("recipientAccountId", "userIdentity.accountId")
    return call("coalesce", *(filled(Field(fields.field(path))) for path in paths))


def reading(fields: FieldMap) -> Macro:
    """Gives each event its id, account and actor, and drops copies; those that differ are counted."""
    said = filled(Field(fields.field("userIdentity.principalId")))
    anonymous = call("match", call("lower", said), Value("^anonymous"))
    access_key = filled(Field(fields.field("userIdentity.accessKeyId")))
    kind = call("coalesce", Field(fields.field("userIdentity.type")), Value(""))
    action = (Field(fields.field("eventSource")), Value(":"), Field(fields.field("eventName")))
    few = Operation("<=", (Field("events_read"), Value(MOST_EVENTS)))
    return Macro(
        "cascade_reading",
        (
            Eval((("record", call("md5", Field("_raw"))), ("event_id", event_id(fields)))),
            Versions("event_id", "record", "copies"),
            Number("events_read"),
            Eval((("copies", call("if", few, Field("copies"), NULL)),)),
            Eval(
                (
                    ("account", account(fields)),
                    ("principal", call("if", anonymous, NULL, said)),
                    ("access_key", access_key),
                    ("identity_type", kind),
                    ("actor", _actor()),
                    ("action", Operation(".", action)),
                    ("succeeded", call("if", _succeeded(fields), Value(1), Value(0))),
                )
            ),
        ),
    )


def _actor() -> Expression:
    lasting = either(*(equal(Field("identity_type"), Value(kind)) for kind in ("IAMUser", "Root")))
    session = Operation(".", (Field("principal"), Value("|"), Field("access_key")))
    return call(
        "case",
        call("isnull", Field("principal")),
        NULL,
        lasting,
        Field("principal"),
        Call("true"),
        call("if", call("isnull", Field("access_key")), NULL, session),
    )


def _succeeded(fields: FieldMap) -> Expression:
    error, message = Field(fields.field("errorCode")), Field(fields.field("errorMessage"))
    return both(
        either(call("isnull", error), equal(error, Value("")), equal(error, Value("success"))),
        either(call("isnull", message), equal(message, Value(""))),
        # What stands in the place of a text that was left out is an object.
        *(call("isnull", Field(f"{each.name}.omitted")) for each in (error, message)),
    )


def due(options: Options) -> tuple[Command, ...]:
    """Says when the run was due: the multiple of the interval at or before the end of its time range.

    The scheduler sets that end by when it should have started the run, however late it did.
    """
    ended = call("min", call("now"), Field("info_max_time"))
    parts = Operation("/", (ended, Value(options.every)))
    floored = Operation("*", (call("floor", parts), Value(options.every)))
    return (AddInfo(), Eval((("due", floored),)))


def in_slice(hold: int, reach: int) -> tuple[Expression, Expression]:
    """The event is more than `hold` seconds older than the run, and at most `reach` more than that.

    A search over all time, which nobody schedules, judges all that is old enough.
    """
    age = Operation("-", (Field("due"), Field("_time")))
    late_enough = Operation("<=", (age, Value(hold + reach)))
    all_time = Operation("<=", (Field("info_min_time"), Value(0)))
    return Operation(">", (age, Value(hold))), either(late_enough, all_time)


def judged(options: Options) -> int:
    """How many seconds long a run's slice is: the interval, and what it repeats of those before."""
    return options.every + overlap(options.every, options.lateness)


def slice_of(condition: Expression, hold: int, reach: int, options: Options) -> tuple[Command, ...]:
    """Keeps the events of the run's slice, `reach` seconds that end `hold` before it, for which the condition holds."""
    return (*due(options), Where(both(condition, *in_slice(hold, reach))))
