"""The step that reads the table: one row an event, with the columns that the other steps ask for."""

from collections.abc import Sequence

from sqlglot import exp

from ...catalog.terms import format_duration
from ..query import Key, Query, may_be_omitted
from .actors import CREDENTIAL_CALLS, add_actor_steps, session_actor
from .conditions import Tests
from .dialect import Dialect, Expression, number, text
from .expressions import by_source, column, keys_of, named, union
from .fields import Fields, is_null, not_null
from .layout import Column, InDocument
from .names import Names, snake_case
from .setting import Setting, Slice, recent_partitions
from .steps import Steps

_COLUMNS = (
    "event_id",
    "event_time",
    "event_source",
    "event_name",
    "account",
    "principal",
    "access_key",
    "identity_type",
    "actor",
    "role",
    "invoked_by",
    "issuer",
    "handed_out",
    "failed",
    "copy_number",
    "copies",
    "instance",
    "first_time",
    "last_time",
    "since",
    "until",
    "due",
    *(f"hop_{number_}" for number_ in range(1, 10)),
)


class Events:
    """What the queries need to know of events: `keys` are the columns of the keys that they compare."""

    def __init__(self, query: Query, setting: Setting) -> None:
        self.query = query
        self.setting = setting
        self.name = _kept_name(query, setting.dialect)
        self.fields = Fields(setting.dialect, setting.layout)
        self.keys: dict[Key, str] = {}
        queries = (query, *query.rivals, *query.vetoes)
        columns = Names(reserved=_COLUMNS)
        for each in queries:
            for key in keys_of(each):
                if key not in self.keys:
                    self.keys[key] = columns.unique(key.name)
        self._patterns = [pattern for each in queries for pattern in each.patterns()]
        self.tests = Tests(self._patterns, self.fields, columns)
        rules = {node.edge.actor for each in queries for node in each.nodes}
        self._needs_role = "same-role" in rules
        self._needs_caller = "service" in rules
        self._needs_actor = not rules.isdisjoint(("same", "same-role"))
        self._follows = setting.actor == "initial-principal" and self._needs_actor

    def read(self, steps: Steps) -> None:
        """Add the steps from the table to the events."""
        judged = self._slice()
        step = self._wanted(steps, judged)
        if judged is not None:
            start = judged.begins(judged.due(), self.query.reach_before)
            # What has no time that can be read is never old.
            recent = exp.or_(
                exp.GTE(this=column("event_time"), expression=start), is_null(column("event_time"))
            )
            step = steps.add(
                "recent_events",
                # Told here and nowhere else: a script may take long from statement to statement.
                exp.select("*", named(judged.due(), "due")).from_(step).where(recent),
                f"those of the last {format_duration(judged.back + self.query.reach_before)}",
            )
        tools = [name for key, name in self.keys.items() if key.tool]
        # Each of these steps refers to the one before it, the last is called as all the others know it.
        last = [self.name]
        told = last.pop() if tools else None
        resolved = (last.pop() if last else "resolved_events") if self._follows else None
        unique = self._unique(
            steps,
            step,
            last.pop() if last else "unresolved_events" if resolved else "unique_events",
        )
        if resolved:
            calls = step if self.query.purpose == "alert" else unique
            add_actor_steps(unique, calls, resolved, steps)
        if told:
            self._told(steps, resolved or unique, told, tools)

    def _slice(self) -> Slice | None:
        if self.setting.every is None:
            return None
        query = self.query
        return Slice(self.setting.dialect, self.setting.every, query.hold, query.lateness)

    def _wanted(self, steps: Steps, judged: Slice | None) -> str:
        """The rows of the table that are events of the queries' actions."""
        source = self.setting.dialect.table(self.setting.table)
        actions = [pattern.action for pattern in self._patterns]
        if self._follows:
            actions += CREDENTIAL_CALLS
        wanted = exp.select(*self._columns()).from_(source).where(self._any_action(actions))
        if judged is not None and self.setting.partition is not None:
            start = judged.begins(judged.due(), self.query.reach_before)
            layout, parted_by = self.setting.layout, self.setting.partition
            wanted = wanted.where(recent_partitions(judged.dialect, layout, parted_by, start))
        keeps = f"events of {len(set(actions))} actions, with the columns that steps ask for"
        return steps.add("read_events", wanted, keeps)

    def _columns(self) -> list[Expression]:
        fields = self.fields
        columns: list[Expression] = [
            named(self._member("eventID"), "event_id"),
            named(fields.seconds(), "event_time"),
            named(self._member("eventSource"), "event_source"),
            named(self._member("eventName"), "event_name"),
            named(fields.account(), "account"),
            named(fields.principal(), "principal"),
            named(self._member("userIdentity.accessKeyId"), "access_key"),
            named(self._member("userIdentity.type"), "identity_type"),
        ]
        if self._needs_actor and not self._follows:
            columns.append(named(session_actor(fields), "actor"))
        if self._needs_role:
            columns.append(named(self._role(), "role"))
        if self._needs_caller:
            columns.append(named(self._member("userIdentity.invokedBy"), "invoked_by"))
            issuer = self._member("userIdentity.sessionContext.sessionIssuer.arn")
            columns.append(named(issuer, "issuer"))
        if self._follows:
            handed = self._member("responseElements.credentials.accessKeyId")
            columns.append(named(handed, "handed_out"))
        columns.append(named(fields.failed(), "failed"))
        for key, name in self.keys.items():
            value = fields.key(key)
            value = self.setting.dialect.missing(many=key.many) if value is None else value
            columns.append(named(value, "agent" if key.tool else name))
        columns += self.tests.columns
        return columns + [self.setting.dialect.column((name,)) for name in self._documents()]

    def _told(self, steps: Steps, step: str, name: str, tools: Sequence[str]) -> None:
        """Add the events with the tool that each agent tells: asked for many marks, it stands in the last step, which
        nothing before it repeats."""
        columns = [named(self.setting.dialect.tool_family(column("agent")), tool) for tool in tools]
        keeps = f"all, with the tool that the userAgent tells as {' and '.join(tools)}"
        steps.add(name, exp.select("*", *columns).from_(step), keeps)

    def _unique(self, steps: Steps, step: str, name: str) -> str:
        """The events, each id once, where something is to be silenced with how many copies say something else: of those
        that differ all are kept, since a stricter cascade may explain any. Those without an id are all kept."""
        if self.query.purpose != "alert":
            first = exp.or_(column("copy_number").eq(1), is_null(column("event_id")))
            copies = steps.add(
                "numbered_events",
                exp.select("*", named(_number_in_copies(), "copy_number")).from_(step),
                "all, the copies of each event numbered",
            )
            keeps = "the first copy of each event"
            return steps.add(name, exp.select("*").from_(copies).where(first), keeps)
        versions = steps.add(
            "distinct_events",
            self.setting.dialect.distinct(step).where(not_null(column("event_id"))),
            "those with an id, copies that say the same once",
        )
        among = exp.Window(this=exp.Count(this=exp.Star()), partition_by=[column("event_id")])
        counted = exp.select(
            "*", named(_number_in_copies(), "copy_number"), named(among, "copies")
        ).from_(versions)
        single = (
            exp.select("*", named(number(1), "copy_number"), named(number(1), "copies"))
            .from_(step)
            .where(is_null(column("event_id")))
        )
        keeps = "all, with how many copies of the id differ"
        return steps.add(name, union([counted, single]), keeps)

    def _documents(self) -> list[str]:
        """The columns that conditions read, by name: where copies of an event differ in one of them,
        in whatever member, they do not say the same."""
        found: set[str] = set()
        for pattern in self._patterns:
            paths = [condition.path for condition in pattern.where]
            for path in (*paths, *filter(None, map(may_be_omitted, paths))):
                place = self.setting.layout.find(path)
                if isinstance(place, Column | InDocument):
                    found.add(place.parts[0])
        return sorted(found)

    def _member(self, path: str) -> Expression:
        found = self.fields.member(path)
        return found if found is not None else self.setting.dialect.missing(many=False)

    def _written(self, path: str) -> Expression:
        found = self.fields.written(path)
        return found if found is not None else exp.null()

    def _role(self) -> Expression:
        principal = self._member("userIdentity.principalId")
        role = exp.func("NULLIF", self.setting.dialect.before_colon(principal), text(""))
        return exp.case().when(self._member("userIdentity.type").eq(text("AssumedRole")), role)

    def _any_action(self, actions: Sequence[str]) -> Expression:
        """Whether a row of the table is an event of one of the actions."""
        source, name = self._written("eventSource"), self._written("eventName")
        return exp.or_(
            *(
                exp.and_(source.copy().eq(text(each)), name.copy().isin(*map(text, names)))
                for each, names in by_source(actions).items()
            )
        )


def _kept_name(query: Query, dialect: Dialect) -> str:
    """What the step is called that the others read, which may be a table."""
    if not dialect.prepare:
        return "events"
    own = f"_{snake_case(query.cascade)}" if dialect.own_table else ""
    return f"cascade_events{own}"


def _number_in_copies() -> Expression:
    return exp.Window(
        this=exp.RowNumber(),
        partition_by=[column("event_id")],
        order=exp.Order(expressions=[exp.Ordered(this=column("event_time"))]),
    )
