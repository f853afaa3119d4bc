"""A query as common table expressions: one a step, each named for the event it finds.

`events` reads the table once and gives every event its keys. An origin's step keeps what no spoiler
voids; a node's step keeps the events that hang on its parent's. What remains of the subjects' events
is the alert. The joins are equalities first and windows second, since every engine does those well.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from sqlglot import exp

from ..query import Condition, Edge, Key, KeyPair, Node, Pattern, Query, Spoiler
from .actors import CREDENTIAL_CALLS, actor_steps, session_actor
from .answers import Asked, alert, counted, listed
from .dialect import Dialect, Expression, number, text
from .expressions import by_source, column, keys_of, likeness, named, union, within
from .fields import Fields, is_null, not_null
from .layout import Column, InDocument, Layout
from .names import Names, snake_case

Answer = Literal["alert", "silenced", "explained"]
ActorKey = Literal["initial-principal", "session"]

# An effect or an origin of which a field is unknown does not fit, and the event alerts; a spoiler fits.
_UNKNOWN = exp.false()


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How a query is to be asked. `every`: seconds between runs, each of which judges one slice; None:
    the whole table at once."""

    dialect: Dialect
    layout: Layout
    table: str
    actor: ActorKey
    every: int | None = None


@dataclass(slots=True)
class _Steps:
    """The common table expressions so far."""

    names: Names
    done: list[tuple[str, exp.Query]] = field(default_factory=list)

    def add(self, wanted: str, select: exp.Query) -> str:
        name = self.names.unique(wanted)
        self.done.append((name, select))
        return name


def script(query: Query, answer: Answer, setting: Setting) -> tuple[str, ...]:
    """The statements, in order, of which one answers `query`; most engines need no other.

    `alert` lists the events that nothing explains. `explained` lists those that are, with what explains
    them. `silenced` counts the explained by action, actor and day.
    """
    return _Script(query, setting).build(answer)


class _Script:
    """Builds the statements: it holds which keys `events` gives, and under which names."""

    def __init__(self, query: Query, setting: Setting) -> None:
        self.query = query
        self.setting = setting
        self.dialect = setting.dialect
        self.fields = Fields(setting.dialect, setting.layout)
        self.steps = _Steps(Names())
        self.events = "cascade_events" if setting.dialect.prepare else "events"
        self.queries = (query, *query.rivals)
        self.keys: dict[Key, str] = {}
        columns = Names(reserved=_COLUMNS)
        for each in self.queries:
            for key in keys_of(each):
                if key not in self.keys:
                    self.keys[key] = columns.unique(key.name)
        edges = [node.edge for each in self.queries for node in each.nodes]
        self.needs_role = any(edge.actor == "same-role" for edge in edges)
        self.needs_caller = any(edge.actor == "service" for edge in edges)
        self.needs_actor = any(edge.actor in ("same", "same-role") for edge in edges)
        self.follows = setting.actor == "initial-principal" and self.needs_actor

    def build(self, answer: Answer) -> tuple[str, ...]:
        before, after = self.dialect.prepare or ("", "")
        self._events()
        statements = []
        if before:
            name, read = self.steps.done.pop()
            kept = self._written_out(self.dialect.finish(self._with_steps(read)))
            statements.append(f"{before.format(name)}\n{kept}")
            self.steps.done.clear()
        explained: list[exp.Query] = []
        for each in self.queries:
            explained += self._explained(each)
        listed_step = self.steps.add("explained", union(explained))
        asked = Asked(
            self.query,
            self.events,
            self.keys,
            self._some_may_fail(),
            self.dialect,
            self.setting.every,
        )
        if answer == "alert":
            result: exp.Query = alert(asked, listed_step)
        elif answer == "explained":
            result = listed(asked, listed_step)
        else:
            result = counted(asked, listed_step)
        statements.append(self._written_out(self.dialect.finish(self._with_steps(result))))
        if after:
            statements.append(after.format(self.events))
        return tuple(statements)

    def _with_steps(self, result: exp.Query) -> exp.Query:
        for name, select in self.steps.done:
            result = result.with_(name, as_=select, copy=False)
        return result

    def _written_out(self, statement: exp.Query) -> str:
        return statement.sql(self.dialect.name, pretty=True)

    def _events(self) -> None:
        """The step that reads the table: one row an event id."""
        fields, dialect = self.fields, self.dialect
        source = dialect.table(self.setting.table)
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
        if self.needs_actor and not self.follows:
            columns.append(named(session_actor(fields), "actor"))
        if self.needs_role:
            columns.append(named(self._role(), "role"))
        if self.needs_caller:
            columns.append(named(self._member("userIdentity.invokedBy"), "invoked_by"))
            issuer = self._member("userIdentity.sessionContext.sessionIssuer.arn")
            columns.append(named(issuer, "issuer"))
        if self.follows:
            handed = self._member("responseElements.credentials.accessKeyId")
            columns.append(named(handed, "handed_out"))
        if self._some_may_fail():
            columns.append(named(not_null(self._member("errorCode")), "failed"))
        for key, name in self.keys.items():
            value = fields.key(key)
            value = exp.null() if value is None else value
            columns.append(named(value, "agent" if key.tool else name))
        columns += [dialect.column((document,)) for document in self._documents()]
        actions = [pattern.action for each in self.queries for pattern in each.patterns()]
        if self.follows:
            actions += CREDENTIAL_CALLS
        wanted = exp.select(*columns).from_(source).where(self._any_action(actions))
        if not self._some_may_fail():
            wanted = wanted.where(is_null(self._member("errorCode")))
        read = self.steps.add("read_events", wanted)
        if self.setting.every is not None:
            start = self._ago(self.setting.every + self.query.hold + self.query.reach_before)
            recent = exp.GTE(this=column("event_time"), expression=start)
            read = self.steps.add("recent_events", exp.select("*").from_(read).where(recent))
        for key, name in self.keys.items():
            if key.tool:
                # A step of its own, since the agent is asked for many marks.
                tool = named(dialect.tool_family(column("agent")), name)
                read = self.steps.add("told_events", exp.select("*", tool).from_(read))
        number_in_copies = exp.Window(
            this=exp.RowNumber(),
            partition_by=[column("event_id")],
            order=exp.Order(expressions=[exp.Ordered(this=column("event_time"))]),
        )
        copies = self.steps.add(
            "numbered_events",
            exp.select("*", named(number_in_copies, "copy_number")).from_(read),
        )
        first = exp.or_(column("copy_number").eq(1), is_null(column("event_id")))
        name = "unresolved_events" if self.follows else self.events
        unique = self.steps.add(name, exp.select("*").from_(copies).where(first))
        if self.follows:
            for step, select in actor_steps(unique, self._some_may_fail()):
                self.steps.add(step, select)
            _, events = self.steps.done.pop()
            self.steps.done.append((self.events, events))

    def _explained(self, query: Query) -> list[exp.Query]:
        """The steps of one cascade; returns a select for each subject, of what is explained."""
        root = self._root(query)
        found: list[exp.Query] = []
        if query.root_is_subject:
            relation = query.root_relation or "companion"
            found.append(self._listing(root, query, text(query.root_name), relation))
        places: dict[str | None, str] = {None: root}
        needed = {step.name for node in query.subjects for step in query.chain(node)}
        alike: dict[object, list[Node]] = {}
        for node in query.nodes:
            if node.name in needed:
                alike.setdefault(likeness(query, node), []).append(node)
        for nodes in alike.values():
            first = nodes[0]
            step = self._node(query, nodes, places[first.parent])
            places.update((node.name, step) for node in nodes)
            if first in query.subjects:
                name: Expression = text(first.name)
                if len(nodes) > 1:
                    service = text(first.pattern.action.partition(":")[0] + ":")
                    name = exp.DPipe(this=service, expression=column("event_name"), safe=True)
                found.append(self._listing(step, query, name, first.relation))
        return found

    def _listing(self, step: str, query: Query, node: Expression, relation: str) -> exp.Query:
        return exp.select(
            "event_id",
            named(text(query.cascade), "cascade"),
            named(node, "effect"),
            named(text(relation), "relation"),
            named(column("instance"), "origin_event_id"),
        ).from_(step)

    def _root(self, query: Query) -> str:
        """The step of the root's events that begin an instance."""
        label = snake_case(query.root.event_name)
        # An event without an id could not be told from its own spoiler.
        fitting = (
            self._fitting(query.root)
            .select(named(column("event_id"), "instance"))
            .where(not_null(column("event_id")))
        )
        if not query.spoilers and not query.required:
            return self.steps.add(label, fitting)
        step = self.steps.add(f"{label}_calls", fitting)
        if query.spoilers:
            voided: list[exp.Query] = [
                self._voided(step, query.root, each) for each in query.spoilers
            ]
            spoiled = self.steps.add(f"voided_{label}", union(voided))
            name = f"{label}_kept" if query.required else label
            step = self.steps.add(name, self._without(step, spoiled))
        for place, name in enumerate(query.required, 1):
            member = query.node(name)
            hung = self._hung([member], step, query.root)
            wanted = self.steps.add(
                f"{label}_with_{snake_case(member.pattern.event_name)}",
                hung.select(named(column("instance", "parent"), "instance"), append=False),
            )
            last = place == len(query.required)
            here = column("event_id").isin(query=exp.select("instance").from_(wanted))
            step = self.steps.add(
                label if last else f"{label}_{place}", exp.select("*").from_(step).where(here)
            )
        return step

    def _voided(self, root: str, pattern: Pattern, spoiler: Spoiler) -> exp.Query:
        conditions = [
            *self._conditions([spoiler.pattern], "other", unknown=exp.true()),
            within("other", "root", spoiler.before, spoiler.after),
        ]
        if spoiler.pattern.action == pattern.action:
            same = exp.NEQ(this=column("event_id", "other"), expression=column("event_id", "root"))
            conditions.append(exp.or_(is_null(column("event_id", "other")), same))
        known = [pair for pair in spoiler.join if self._is_kept(pair)]
        equal, more = self._keys_equal(known, "other", "root")
        if spoiler.same_account:
            equal.append(column("account", "other").eq(column("account", "root")))
        return self._joined(
            exp.select(named(column("event_id", "root"), "event_id")),
            (self.events, "other"),
            (root, "root"),
            equal,
            [*more, *conditions],
        )

    def _without(self, step: str, unwanted: str) -> exp.Query:
        """The rows of `step` whose event is not in `unwanted`."""
        ids = exp.select("event_id").distinct().from_(unwanted).subquery("unwanted")
        return (
            exp.select("kept.*")
            .from_(exp.alias_(exp.to_table(step), "kept", table=True))
            .join(
                ids,
                on=column("event_id", "unwanted").eq(column("event_id", "kept")),
                join_type="left",
            )
            .where(is_null(column("event_id", "unwanted")))
        )

    def _node(self, query: Query, nodes: Sequence[Node], parent: str) -> str:
        """The step of these nodes' events that hang on the events of their parent's step."""
        first = nodes[0]
        parent_pattern = query.node(first.parent).pattern if first.parent else query.root
        hung = self._hung(nodes, parent, parent_pattern).select(
            "own.*", named(column("instance", "parent"), "instance")
        )
        label = snake_case(first.pattern.event_name)
        if len(nodes) > 1:
            label = f"effects_of_{snake_case(parent_pattern.event_name)}"
        return self.steps.add(label, hung)

    def _hung(self, nodes: Sequence[Node], parent: str, parent_pattern: Pattern) -> exp.Select:
        """The join of the events of nodes that are alike with their parent's."""
        edge = nodes[0].edge
        conditions = [
            *self._conditions([node.pattern for node in nodes], "own"),
            within("own", "parent", edge.before, edge.after),
        ]
        if any(node.pattern.action == parent_pattern.action for node in nodes):
            conditions.append(
                exp.NEQ(this=column("event_id", "own"), expression=column("event_id", "parent"))
            )
        equal, more = self._keys_equal(edge.join, "own", "parent")
        if edge.same_account:
            equal.append(column("account", "own").eq(column("account", "parent")))
        actors_equal, actors = self._actors(edge)
        return self._joined(
            exp.select(),
            (self.events, "own"),
            (parent, "parent"),
            [*equal, *actors_equal],
            [*more, *self._keys_differ(edge.distinct), *actors, *conditions],
        )

    def _joined(
        self,
        select: exp.Select,
        own: tuple[str, str],
        parent: tuple[str, str],
        equal: list[Expression],
        conditions: list[Expression],
    ) -> exp.Select:
        joined = exp.alias_(exp.to_table(parent[0]), parent[1], table=True)
        select = select.from_(exp.alias_(exp.to_table(own[0]), own[1], table=True))
        if equal:
            select = select.join(joined, on=exp.and_(*equal), join_type="inner")
        else:
            select = select.join(joined, join_type="cross")
        return select.where(*conditions)

    def _actors(self, edge: Edge) -> tuple[list[Expression], list[Expression]]:
        """What the actor rule asks: equalities of the join, and conditions."""
        same: Expression = column("actor", "own").eq(column("actor", "parent"))
        if edge.actor == "same":
            return [same], []
        if edge.actor == "same-role":
            role = column("role", "own").eq(column("role", "parent"))
            return [], [exp.or_(same, role)]
        if edge.actor == "service":
            service = edge.service or ""
            pattern = "^arn:([^:]*:){4}role/aws-service-role/" + service.replace(".", "[.]") + "/"
            linked = self.dialect.matches(column("issuer", "own"), pattern)
            invoked = column("invoked_by", "own").eq(text(service))
            return [], [exp.or_(invoked, exp.func("COALESCE", linked, exp.false()))]
        return [], []

    def _is_kept(self, pair: KeyPair) -> bool:
        """Whether the table keeps the keys; a spoiler without one voids more, never less."""
        paths = (*pair.own.paths, *pair.parent.paths)
        return all(self.setting.layout.find(path) is not None for path in paths)

    def _keys_equal(
        self, pairs: Sequence[KeyPair], own: str, parent: str
    ) -> tuple[list[Expression], list[Expression]]:
        equal: list[Expression] = []
        more: list[Expression] = []
        for pair in pairs:
            mine: Expression = column(self.keys[pair.own], own)
            theirs: Expression = column(self.keys[pair.parent], parent)
            if not pair.own.many and not pair.parent.many:
                equal.append(mine.eq(theirs))
            else:
                present = [
                    self._present(pair.own, mine.copy()),
                    self._present(pair.parent, theirs.copy()),
                ]
                mine = mine if pair.own.many else self.dialect.single(mine)
                theirs = theirs if pair.parent.many else self.dialect.single(theirs)
                more += [*present, self.dialect.covers(theirs, mine)]
        return equal, more

    def _present(self, key: Key, value: Expression) -> Expression:
        return self.dialect.list_present(value) if key.many else not_null(value)

    def _keys_differ(self, pairs: Sequence[KeyPair]) -> list[Expression]:
        found: list[Expression] = []
        for pair in pairs:
            mine: Expression = column(self.keys[pair.own], "own")
            theirs: Expression = column(self.keys[pair.parent], "parent")
            if not pair.own.many and not pair.parent.many:
                found.append(exp.NEQ(this=mine, expression=theirs))
                continue
            found += [
                self._present(pair.own, mine.copy()),
                self._present(pair.parent, theirs.copy()),
            ]
            mine = mine if pair.own.many else self.dialect.single(mine)
            theirs = theirs if pair.parent.many else self.dialect.single(theirs)
            found.append(exp.not_(self.dialect.overlaps(mine, theirs)))
        return found

    def _fitting(self, pattern: Pattern) -> exp.Select:
        return exp.select("*").from_(self.events).where(*self._conditions([pattern], None))

    def _conditions(
        self, patterns: Sequence[Pattern], table: str | None, unknown: Expression = _UNKNOWN
    ) -> list[Expression]:
        """What makes an event fit one of the patterns, which differ in nothing but the event's name.

        `unknown` stands for a condition on a field that the table does not keep.
        """
        pattern = patterns[0]
        names = [text(each.event_name) for each in patterns]
        name = column("event_name", table)
        found: list[Expression] = [
            column("event_source", table).eq(text(pattern.event_source)),
            name.isin(*names) if len(names) > 1 else name.eq(names[0]),
        ]
        if self._some_may_fail() and not pattern.may_fail:
            found.append(exp.not_(column("failed", table)))
        return [*found, *(self._condition(test, table, unknown) for test in pattern.where)]

    def _condition(
        self, condition: Condition, table: str | None, unknown: Expression
    ) -> Expression:
        test = self.fields.condition(condition)
        if test is None:
            return unknown.copy()
        if table is None:
            return test
        for read in test.find_all(exp.Column):
            if not read.table:
                read.set("table", exp.to_identifier(table))
        return test

    def _documents(self) -> list[str]:
        """The columns that conditions read, in the order of their names."""
        found: set[str] = set()
        for each in self.queries:
            for pattern in each.patterns():
                for condition in pattern.where:
                    place = self.setting.layout.find(condition.path)
                    if isinstance(place, Column | InDocument):
                        found.add(place.parts[0])
        return sorted(found)

    def _some_may_fail(self) -> bool:
        patterns = [pattern for each in self.queries for pattern in each.patterns()]
        return any(pattern.may_fail for pattern in patterns)

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
        role = exp.func("NULLIF", self.dialect.before_colon(principal), text(""))
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
        return exp.Sub(this=self.dialect.now(), expression=number(seconds))


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
