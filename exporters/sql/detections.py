"""The detections as SQL: one statement each, for every dialect and table layout."""

from collections.abc import Sequence

from sqlglot import exp

from ..detections import PREFIX, Burst, Detection, FirstSeen, Lineage
from ..query import Pattern
from ..schedule import DEFAULT_LATENESS
from .dialect import Dialect, Expression, number, text
from .expressions import by_source, column, named
from .fields import Fields, is_null
from .layout import Layout
from .reporting import Results, addition, creation, placed
from .setting import Slice, recent_partitions

# What AWS lets a session of AssumeRole last at most, in seconds.
# https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
_SESSION = 12 * 3_600

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
# The columns of answers that are whole numbers.
_NUMBERS = frozenset(("event_time", "first_time", "slice_start", "distinct_actions", "hops"))


class _Reader:
    """Reads a table's columns under plain names: all of it, or on a schedule what a run needs."""

    def __init__(
        self,
        dialect: Dialect,
        layout: Layout,
        table: str,
        judged: Slice | None,
        partition: str | None,
    ) -> None:
        self.dialect = dialect
        self.fields = Fields(dialect, layout)
        self.table = table
        self.judged = judged
        self.partition = partition

    def read(self, actions: Sequence[str], names: Sequence[str], before: int) -> exp.Select:
        """The events of these actions, each once: the time, and the columns `names`. On a schedule those of the
        slice, of so many seconds before it, and what came since."""
        source, event = (self._member(path) for path in ("eventSource", "eventName"))
        wanted = exp.or_(
            *(
                exp.and_(source.copy().eq(text(each)), event.copy().isin(*map(text, some)))
                for each, some in by_source(actions).items()
            )
        )
        if self.judged is not None:
            start = self.judged.begins(self.judged.due(), before)
            recent = exp.GTE(this=self.fields.seconds(), expression=start)
            wanted = exp.and_(exp.paren(wanted), recent)
            if self.partition is not None:
                layout = self.fields.layout
                parted = recent_partitions(self.dialect, layout, self.partition, start.copy())
                wanted = exp.and_(wanted, parted)
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

    def since(self, table: str | None = None) -> list[Expression]:
        """What is asked of an event that a run judges."""
        if self.judged is None:
            return []
        return self.judged.holds(column("event_time", table), self.judged.due())

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
    lateness: int = DEFAULT_LATENESS,
    partition: str | None = None,
) -> str:
    """The statement. `controllers` are ARNs that do not count; `every`: seconds between runs, each of which judges
    the slice that ended `lateness` seconds before it was due; None: over the whole table. `partition` is the column
    by which the table is parted, if a run is to ask it."""
    judged = None if every is None else Slice(dialect, every, lateness, lateness)
    made = _told(detection, _Reader(dialect, layout, table, judged, partition), controllers)
    return dialect.finish(made).sql(dialect.name, pretty=True)


def reporting_detection(
    detection: Detection,
    dialect: Dialect,
    layout: Layout,
    table: str,
    *,
    controllers: Sequence[str] = (),
    every: int,
    lateness: int,
    partition: str | None = None,
) -> tuple[str, str]:
    """The statements of a scheduled run: the table of results where it is not there yet, and what adds to it what no
    run has told before."""
    dialect = dialect.scheduled()
    judged = Slice(dialect, every, lateness, lateness)
    told = _told(detection, _Reader(dialect, layout, table, judged, partition), controllers)
    told.set("order", None)
    steps = told.args.pop("with_")
    results = placed(results_of(detection), table, dialect)
    # An interval more, in case that the statements have taken until after the next run was due.
    since = judged.begins(judged.due(), judged.every)

    def complete(adding: exp.Select) -> exp.Query:
        adding.set("with_", steps)
        return dialect.finish(adding.with_("findings", as_=told, copy=False))

    statement = addition(results, "findings", since, dialect, complete)
    made = creation(results, dialect)
    return made.sql(dialect.name, pretty=True), statement.sql(dialect.name, pretty=True)


def _told(detection: Detection, reader: _Reader, controllers: Sequence[str]) -> exp.Select:
    match detection:
        case Burst():
            return _burst(detection, reader, controllers)
        case FirstSeen():
            return _first_seen(detection, reader)
        case Lineage():
            return _lineage(detection, reader)


def _burst(detection: Burst, reader: _Reader, controllers: Sequence[str]) -> exp.Select:
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
        .where(exp.GTE(this=column("n"), expression=number(detection.distinct)), *reader.since())
        .group_by("account", "principal")
        .order_by("account", "principal")
    )
    if reader.judged is not None:
        # Interval by interval, so that each run that judges one tells the same of it.
        interval = reader.judged.interval(column("event_time"))
        told = told.select(named(interval, "slice_start")).group_by(interval.copy())
    read = reader.read(detection.actions, names, detection.window)
    return _with(told, read_events=read, calls=calls, counted=counted)


def _first_seen(detection: FirstSeen, reader: _Reader) -> exp.Select:
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
        .where(is_null(column("event_time", "earlier")), *reader.since("call"))
        .order_by(*(column(name, "call") for name in ("event_time", "account", "arn")))
    )
    read = reader.read([detection.action], names, detection.lookback)
    return _with(told, read_events=read, calls=calls)


def _lineage(detection: Lineage, reader: _Reader) -> exp.Select:
    names = ("account", "arn", "identity_type", "access_key", "handed_out", "role", "session_name")
    back = (detection.hops - 1) * _SESSION
    read = reader.read([detection.action], names, back).where(reader.succeeded())
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
    told = told.where(*reader.since(first))
    ordered = told.order_by(exp.column("event_time"), exp.column("session_key"))
    return _with(ordered, read_events=read, sessions=sessions)


def _as(step: str, name: str) -> Expression:
    return exp.alias_(exp.to_table(step), name, table=True)


def _with(result: exp.Select, **steps: exp.Select) -> exp.Select:
    for name, select in steps.items():
        result = result.with_(name, as_=select, copy=False)
    return result


def results_of(detection: Detection) -> Results:
    """The table of what it finds, with what tells one finding from another."""
    names, key, moment = columns_of(detection), ("account", "arn", "event_time"), "event_time"
    if isinstance(detection, Burst):
        names, moment = (*names, "slice_start"), "first_time"
        key = ("account", "principal", "slice_start")
    if isinstance(detection, Lineage):
        key = ("session_key", "event_time", "initial_arn")
    return Results(
        table="cloudcascade_" + detection.id.removeprefix(PREFIX).replace("-", "_"),
        columns={name: "bigint" if name in _NUMBERS else "text" for name in names},
        key=key,
        moment=moment,
        blank=frozenset(("initial_arn",)),  # where the chain leads beyond what is known
    )


def columns_of(detection: Detection) -> tuple[str, ...]:
    """The names of the answer's columns, in order; on a schedule a burst has `slice_start`, too."""
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
