"""The detections as SQL: one statement each, for every dialect and table layout."""

from collections.abc import Sequence

from sqlglot import exp

from ..detections import Burst, Detection, FirstSeen, Lineage
from ..query import Pattern
from .dialect import Dialect, Expression, number, text
from .expressions import by_source, column, named
from .fields import Fields, is_null
from .layout import Layout

_SOURCE = {
    "account": "",
    "principal": "userIdentity.principalId",
    "arn": "userIdentity.arn",
    "issuer": "userIdentity.sessionContext.sessionIssuer.arn",
    "identity_type": "userIdentity.type",
    "access_key": "userIdentity.accessKeyId",
    "invoked_by": "userIdentity.invokedBy",
    "handed_out": "responseElements.credentials.accessKeyId",
    "role": "requestParameters.roleArn",
    "session_name": "requestParameters.roleSessionName",
}


class _Reader:
    """Reads a table's columns under plain names."""

    def __init__(self, dialect: Dialect, layout: Layout, table: str) -> None:
        self.dialect = dialect
        self.fields = Fields(dialect, layout)
        self.table = table

    def read(self, actions: Sequence[str], names: Sequence[str]) -> exp.Select:
        """The events of these actions, each once: the time, and the columns `names`."""
        source, event = (self._member(path) for path in ("eventSource", "eventName"))
        wanted = exp.or_(
            *(
                exp.and_(source.copy().eq(text(each)), event.copy().isin(*map(text, some)))
                for each, some in by_source(actions).items()
            )
        )
        return (
            exp.select(
                named(self.fields.seconds(), "event_time"),
                named(event.copy(), "event_name"),
                *(named(self._value(name), name) for name in names),
            )
            .distinct()
            .from_(self.dialect.table(self.table))
            .where(wanted)
        )

    def succeeded(self) -> Expression:
        return is_null(self._member("errorCode"))

    def _value(self, name: str) -> Expression:
        if name == "account":
            # An event without account is still somebody's: it is of the account that has no name.
            return exp.func("COALESCE", self.fields.account(), text(""))
        return self._member(_SOURCE[name])

    def _member(self, path: str) -> Expression:
        found = self.fields.member(path)
        return found if found is not None else exp.cast(exp.null(), "text")


def detection_sql(
    detection: Detection,
    dialect: Dialect,
    layout: Layout,
    table: str,
    *,
    controllers: Sequence[str] = (),
    every: int | None = None,
) -> str:
    """The statement. `controllers` are ARNs that do not count; `every`: seconds between runs, each of which
    tells what has happened since the last one; None: over the whole table."""
    reader = _Reader(dialect, layout, table)
    match detection:
        case Burst():
            made = _burst(detection, reader, controllers, every)
        case FirstSeen():
            made = _first_seen(detection, reader, every)
        case Lineage():
            made = _lineage(detection, reader, every)
    return dialect.finish(made).sql(dialect.name, pretty=True)


def _burst(
    detection: Burst, reader: _Reader, controllers: Sequence[str], every: int | None
) -> exp.Select:
    names = ("account", "principal", "arn", "issuer", "invoked_by")
    calls = exp.select("account", "principal", "event_name", "event_time").distinct()
    calls = calls.from_("read_events").where(
        exp.not_(is_null(column("principal"))), is_null(column("invoked_by"))
    )
    if controllers:
        for name in ("arn", "issuer"):
            held = exp.func("COALESCE", column(name), text(""))
            calls = calls.where(exp.not_(held.isin(*map(text, controllers))))
    in_window = exp.Between(
        this=column("event_time", "earlier"),
        low=exp.Sub(this=column("event_time", "call"), expression=number(detection.window)),
        high=column("event_time", "call"),
    )
    counted = (
        exp.select(
            named(column("account", "call"), "account"),
            named(column("principal", "call"), "principal"),
            named(column("event_time", "call"), "event_time"),
            named(exp.Count(this=exp.Distinct(expressions=[column("event_name", "earlier")])), "n"),
        )
        .from_(_as("calls", "call"))
        .join(
            _as("calls", "earlier"),
            on=exp.and_(
                column("account", "earlier").eq(column("account", "call")),
                column("principal", "earlier").eq(column("principal", "call")),
                in_window,
            ),
        )
        .group_by(*(column(name, "call") for name in ("account", "principal", "event_time")))
    )
    told = (
        exp.select(
            "account",
            "principal",
            named(exp.Min(this=column("event_time")), "first_time"),
            named(exp.Max(this=column("n")), "distinct_actions"),
        )
        .from_("counted")
        .where(exp.GTE(this=column("n"), expression=number(detection.distinct)))
        .group_by("account", "principal")
        .order_by("account", "principal")
    )
    if every is not None:
        told = told.where(_since(reader, every))
    read = reader.read(detection.actions, names)
    return _with(told, read_events=read, calls=calls, counted=counted)


def _first_seen(detection: FirstSeen, reader: _Reader, every: int | None) -> exp.Select:
    names = ("account", "arn", "identity_type", "invoked_by")
    kind = exp.func("COALESCE", column("identity_type"), text(""))
    calls = (
        exp.select("account", "arn", "event_time")
        .distinct()
        .from_("read_events")
        .where(
            exp.not_(is_null(column("arn"))),
            is_null(column("invoked_by")),
            exp.NEQ(this=kind, expression=text(detection.spared)),
        )
    )
    moment = column("event_time", "call")
    before = exp.and_(
        column("account", "earlier").eq(column("account", "call")),
        column("arn", "earlier").eq(column("arn", "call")),
        exp.LT(this=column("event_time", "earlier"), expression=moment),
        exp.GTE(
            this=column("event_time", "earlier"),
            expression=exp.Sub(this=moment.copy(), expression=number(detection.lookback)),
        ),
    )
    told = (
        exp.select(*(named(column(name, "call"), name) for name in ("account", "arn")))
        .select(named(moment.copy(), "event_time"))
        .from_(_as("calls", "call"))
        .join(_as("calls", "earlier"), on=before, join_type="left")
        .where(is_null(column("event_time", "earlier")))
        .order_by(*(column(name, "call") for name in ("event_time", "account", "arn")))
    )
    if every is not None:
        told = told.where(_since(reader, every, "call"))
    return _with(told, read_events=reader.read([detection.action], names), calls=calls)


def _lineage(detection: Lineage, reader: _Reader, every: int | None) -> exp.Select:
    names = ("account", "arn", "identity_type", "access_key", "handed_out", "role", "session_name")
    read = reader.read([detection.action], names).where(reader.succeeded())
    sessions = exp.select("*").from_("read_events").where(exp.not_(is_null(column("handed_out"))))
    steps = [f"session_{number_}" for number_ in range(detection.hops)]
    first = steps[0]
    initial, hops = exp.case(), exp.case()
    for place, step in enumerate(steps):
        kind = exp.func("COALESCE", column("identity_type", step), text(""))
        begins = exp.and_(
            exp.not_(is_null(column("arn", step))),
            exp.NEQ(this=kind, expression=text("AssumedRole")),
        )
        initial = initial.when(begins, column("arn", step))
        hops = hops.when(begins.copy(), number(place + 1))
    told = (
        exp.select(
            *(
                named(column(name, first), shown)
                for name, shown in (
                    ("handed_out", "session_key"),
                    ("role", "role"),
                    ("session_name", "session_name"),
                    ("account", "account"),
                    ("event_time", "event_time"),
                )
            ),
            named(initial, "initial_arn"),
            named(hops, "hops"),
        )
        .distinct()
        .from_(_as("sessions", first))
    )
    for earlier, later in zip(steps[1:], steps, strict=False):
        made_by = column("handed_out", earlier).eq(column("access_key", later))
        told = told.join(_as("sessions", earlier), on=made_by, join_type="left")
    if every is not None:
        told = told.where(_since(reader, every, first))
    ordered = told.order_by(exp.column("event_time"), exp.column("session_key"))
    return _with(ordered, read_events=read, sessions=sessions)


def _since(reader: _Reader, every: int, table: str | None = None) -> Expression:
    start = exp.Sub(this=reader.dialect.now(), expression=number(every))
    return exp.GTE(this=column("event_time", table), expression=start)


def _as(step: str, name: str) -> Expression:
    return exp.alias_(exp.to_table(step), name, table=True)


def _with(result: exp.Select, **steps: exp.Select) -> exp.Select:
    for name, select in steps.items():
        result = result.with_(name, as_=select, copy=False)
    return result


def columns_of(detection: Detection) -> tuple[str, ...]:
    """The names of the answer's columns, in order."""
    match detection:
        case Burst():
            return ("account", "principal", "first_time", "distinct_actions")
        case FirstSeen():
            return ("account", "arn", "event_time")
        case Lineage():
            return (
                "session_key",
                "role",
                "session_name",
                "account",
                "event_time",
                "initial_arn",
                "hops",
            )


def actions_of(detection: Detection) -> tuple[Pattern, ...]:
    """The events that a log must hold for the detection to see anything."""
    actions = detection.actions if isinstance(detection, Burst) else (detection.action,)
    return tuple(map(Pattern, actions))
