"""The step that reads the table: one row an event, with the columns that the other steps ask for."""

from collections.abc import Sequence

from sqlglot import exp

from ...catalog.terms import format_duration
from ..query import Key, Query
from .actors import CREDENTIAL_CALLS, add_actor_steps, session_actor
from .dialect import Expression, number, text
from .expressions import by_source, column, keys_of, named
from .fields import Fields, is_null, not_null
from .layout import Column, InDocument
from .names import Names
from .setting import Setting
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
    "instance",
)


class Events:
    """What the queries need to know of events: `keys` are the columns of the keys that they compare."""

    def __init__(self, query: Query, setting: Setting) -> None:
        self.query = query
        self.setting = setting
        self.name = "cascade_events" if setting.dialect.prepare else "events"
        self.fields = Fields(setting.dialect, setting.layout)
        self.keys: dict[Key, str] = {}
        queries = (query, *query.rivals)
        columns = Names(reserved=_COLUMNS)
        for each in queries:
            for key in keys_of(each):
                if key not in self.keys:
                    self.keys[key] = columns.unique(key.name)
        self._patterns = [pattern for each in queries for pattern in each.patterns()]
        self.some_may_fail = any(pattern.may_fail for pattern in self._patterns)
        rules = {node.edge.actor for each in queries for node in each.nodes}
        self._needs_role = "same-role" in rules
        self._needs_caller = "service" in rules
        self._needs_actor = not rules.isdisjoint(("same", "same-role"))
        self._follows = setting.actor == "initial-principal" and self._needs_actor

    def read(self, steps: Steps) -> None:
        """Add the steps from the table to the events."""
        step = self._wanted(steps)
        if self.setting.every is not None:
            back = self.setting.every + self.query.hold + self.query.reach_before
            start = self._ago(back)
            recent = exp.GTE(this=column("event_time"), expression=start)
            step = steps.add(
                "recent_events",
                exp.select("*").from_(step).where(recent),
                f"those of the last {format_duration(back)}",
            )
        step = self._told(steps, step)
        step = self._unique(steps, step)
        if self._follows:
            add_actor_steps(step, self.name, self.some_may_fail, steps)

    def _wanted(self, steps: Steps) -> str:
        """The rows of the table that are events of the queries' actions."""
        source = self.setting.dialect.table(self.setting.table)
        actions = [pattern.action for pattern in self._patterns]
        if self._follows:
            actions += CREDENTIAL_CALLS
        wanted = exp.select(*self._columns()).from_(source).where(self._any_action(actions))
        if not self.some_may_fail:
            wanted = wanted.where(is_null(self._member("errorCode")))
        outcome = "" if self.some_may_fail else " that succeeded"
        keeps = (
            f"events of {len(set(actions))} actions{outcome}, with the columns that steps ask for"
        )
        return steps.add("read_events", wanted, keeps)

    def _columns(self) -> list[Expression]:
        fields = self.fields
        columns: list[Expression] = [
            named(self._member("eventID"), "event_id"),
            named(fields.seconds(), "event_time"),
            named(self._member("eventSource"), "event_source"),
            named(self._member("eventName"), "event_name"),
            named(fields.account(), "account"),
            named(self._principal(), "principal"),
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
        if self.some_may_fail:
            columns.append(named(not_null(self._member("errorCode")), "failed"))
        for key, name in self.keys.items():
            value = fields.key(key)
            value = exp.null() if value is None else value
            columns.append(named(value, "agent" if key.tool else name))
        return columns + [self.setting.dialect.column((name,)) for name in self._documents()]

    def _told(self, steps: Steps, step: str) -> str:
        """The events with the tool that each agent tells: asked for many marks, it stands in a step before."""
        for key, name in self.keys.items():
            if key.tool:
                tool = named(self.setting.dialect.tool_family(column("agent")), name)
                step = steps.add(
                    "told_events",
                    exp.select("*", tool).from_(step),
                    f"all, with the tool that the userAgent tells as {name}",
                )
        return step

    def _unique(self, steps: Steps, step: str) -> str:
        """The first copy of each event; those without an id are all kept."""
        number_in_copies = exp.Window(
            this=exp.RowNumber(),
            partition_by=[column("event_id")],
            order=exp.Order(expressions=[exp.Ordered(this=column("event_time"))]),
        )
        copies = steps.add(
            "numbered_events",
            exp.select("*", named(number_in_copies, "copy_number")).from_(step),
            "all, the copies of each event numbered",
        )
        first = exp.or_(column("copy_number").eq(1), is_null(column("event_id")))
        name = "unresolved_events" if self._follows else self.name
        keeps = "the first copy of each event"
        return steps.add(name, exp.select("*").from_(copies).where(first), keeps)

    def _documents(self) -> list[str]:
        """The columns that conditions read, in the order of their names."""
        found: set[str] = set()
        for pattern in self._patterns:
            for condition in pattern.where:
                place = self.setting.layout.find(condition.path)
                if isinstance(place, Column | InDocument):
                    found.add(place.parts[0])
        return sorted(found)

    def _member(self, path: str) -> Expression:
        found = self.fields.member(path)
        return found if found is not None else exp.null()

    def _written(self, path: str) -> Expression:
        found = self.fields.written(path)
        return found if found is not None else exp.null()

    def _principal(self) -> Expression:
        return exp.func("NULLIF", self._member("userIdentity.principalId"), text("Anonymous"))

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

    def _ago(self, seconds: int) -> Expression:
        return exp.Sub(this=self.setting.dialect.now(), expression=number(seconds))
