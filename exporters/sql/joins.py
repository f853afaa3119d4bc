"""What an event is joined with: an effect with its parent, a spoiler with the root.

The joins are equalities first and windows second, since every engine does those well.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from ..query import Edge, Key, KeyPair, Node, Pattern, Query, Spoiler
from .conditions import Conditions
from .dialect import Expression, number, text
from .events import Events
from .expressions import column, named, within
from .fields import is_null, not_null
from .wording import between_words, effect_words, spoiler_words


@dataclass(slots=True)
class _On:
    """What a join asks: the equalities on which it is made, and conditions on what they let through."""

    equal: list[Expression] = field(default_factory=list)
    conditions: list[Expression] = field(default_factory=list)


class Joins:
    """Joins the events of one step with those of another."""

    def __init__(self, events: Events, conditions: Conditions) -> None:
        self.events = events
        self.fits = conditions
        self.dialect = events.setting.dialect

    def effects(
        self, query: Query, nodes: Sequence[Node], parents: str, parent: Pattern
    ) -> exp.Select:
        """The events `own` of nodes that are alike, each with its `parent`; it selects nothing yet."""
        edge = nodes[0].edge
        on = _On()
        self._same_keys(on, edge.join, "own", "parent")
        self._different_keys(on, edge.distinct, "own", "parent")
        if edge.same_account:
            on.equal.append(column("account", "own").eq(column("account", "parent")))
        self._actor(on, edge, "own", "parent", lenient=self._is_veto(query))
        on.conditions += self.fits.fit([node.pattern for node in nodes], "own")
        on.conditions.append(within("own", "parent", edge.before, edge.after))
        if any(node.pattern.action == parent.action for node in nodes):
            on.conditions.append(_another("own", "parent"))
        return self._joined(exp.select(), "own", (parents, "parent"), on)

    def judgeable(self, query: Query) -> list[Expression]:
        """What a root must say, since spoilers join on it."""
        keys = self.events.keys
        found = [self._is_there(key, column(keys[key])) for key in query.root_keys]
        return [*found, not_null(column("account"))] if query.root_account else found

    def certain(self, query: Query, table: str | None = None) -> list[Expression]:
        """What an event must be to explain something that may be silenced: no copy of it says something else."""
        return [column("copies", table).eq(1)] if query.purpose == "alert" else []

    def voided(self, query: Query, spoilers: Sequence[Spoiler], roots: str) -> list[exp.Query]:
        """Selects of the ids of the roots that one of the spoilers, which are alike, voids."""
        root = query.root
        around = [within("other", "root", spoilers[0].before, spoilers[0].after)]
        if any(spoiler.pattern.action == root.action for spoiler in spoilers):
            around.append(_is_other([column("event_id", "root")]))
        around += self._sure(query)
        ids = exp.select(named(column("event_id", "root"), "event_id"))
        found: list[exp.Query] = []
        for on in self._concerning(spoilers):
            on.conditions += around
            found.append(self._joined(ids.copy(), "other", (roots, "root"), on))
        return found

    def concerning(self, query: Query, spoilers: Sequence[Spoiler], roots: str) -> list[exp.Query]:
        """Selects of the events that fit one of the spoilers, which are alike, and concern a root: the `instance`, and
        the event with its time."""
        rows = exp.select(
            named(column("event_id", "root"), "instance"),
            column("event_id", "other"),
            column("event_time", "other"),
        )
        found: list[exp.Query] = []
        for on in self._concerning(spoilers):
            on.conditions.append(within("other", "root", spoilers[0].before, spoilers[0].after))
            on.conditions += self._sure(query)
            found.append(self._joined(rows.copy(), "other", (roots, "root"), on))
        return found

    @staticmethod
    def cut(paths: str, between: str, path: Sequence[str]) -> exp.Query:
        """The paths of the step `paths`, each named by the columns `path`, between whose events lies one of the step
        `between`. A hop that a path does not have is the empty text, which is no event's id."""
        names = [column(name, "own") for name in path]
        lies = exp.Between(
            this=column("event_time", "other"),
            low=column("first_time", "own"),
            high=column("last_time", "own"),
        )
        return (
            exp.select(*(named(column(name, "own"), name) for name in path))
            .from_(exp.alias_(exp.to_table(paths), "own", table=True))
            .join(
                exp.alias_(exp.to_table(between), "other", table=True),
                on=column("instance", "other").eq(column("origin_event_id", "own")),
                join_type="inner",
            )
            .where(lies, _is_other(names))
        )

    def _sure(self, query: Query) -> list[Expression]:
        """Of what lets a stricter cascade explain less no copy may say something else."""
        return [column("copies", "other").eq(1)] if self._is_veto(query) else []

    def _is_veto(self, query: Query) -> bool:
        return query.purpose == "enrich" and self.events.query.purpose == "alert"

    def doubtful(self, spoilers: Sequence[Spoiler], roots: str) -> exp.Query:
        """The ids of all roots, where there is an event of what may void them whose time cannot be read, or of which
        copies differ."""
        on = _On()
        actions = [
            exp.and_(*self.fits.of_actions([spoiler.pattern], "other")) for spoiler in spoilers
        ]
        unsure = exp.or_(
            is_null(column("event_time", "other")),
            exp.GT(this=column("copies", "other"), expression=number(1)),
        )
        on.conditions = [exp.or_(*dict.fromkeys(actions)), unsure]
        ids = exp.select(named(column("event_id", "root"), "event_id"))
        return self._joined(ids, "other", (roots, "root"), on)

    def _concerning(self, spoilers: Sequence[Spoiler]) -> Iterator[_On]:
        """How an event `other` that fits one of the spoilers, which are alike, concerns the `root`: by its keys and
        account, and for what cannot be read of them; these are few, and no equality leads to them."""
        spoiler = spoilers[0]
        patterns = [each.pattern for each in spoilers]
        kept = self._kept(spoiler)
        on = _On()
        self._same_keys(on, kept, "other", "root")
        account = column("account", "other").eq(column("account", "root"))
        if spoiler.same_account:
            on.equal.append(account)
        on.conditions += self.fits.fit(patterns, "other", lenient=True)
        yield on
        lacking = [
            self._is_missing(pair.own, column(self.events.keys[pair.own], "other")) for pair in kept
        ]
        no_account = is_null(column("account", "other"))
        unreadable = _On()
        unreadable.conditions += self.fits.fit(patterns, "other", lenient=True)
        if kept:
            by_key = _On()
            self._same_keys(by_key, kept, "other", "root")
            equal = exp.and_(*by_key.equal, *by_key.conditions)
            lacks = exp.or_(*lacking)
            unreadable.conditions.append(
                exp.or_(lacks, no_account) if spoiler.same_account else lacks
            )
            unreadable.conditions.append(exp.or_(lacks.copy(), equal))
        elif spoiler.same_account:
            unreadable.conditions.append(no_account)
        if spoiler.same_account:
            unreadable.conditions.append(exp.or_(no_account.copy(), account.copy()))
        if kept or spoiler.same_account:
            yield unreadable

    def effect_words(self, nodes: Sequence[Node], parents: str) -> str:
        """What `effects` finds, in words."""
        patterns = [node.pattern for node in nodes]
        return effect_words(patterns, nodes[0].edge, parents, self.events.keys)

    def between_words(self, spoiler: Spoiler) -> str:
        """What `cut` looks for, in words."""
        return between_words(spoiler, self._kept(spoiler), self.events.keys)

    def spoiler_words(self, spoiler: Spoiler, roots: str) -> str:
        """What `voided` looks for, in words."""
        return spoiler_words(spoiler, self._kept(spoiler), roots, self.events.keys)

    def _joined(self, select: exp.Select, own: str, parent: tuple[str, str], on: _On) -> exp.Select:
        joined = exp.alias_(exp.to_table(parent[0]), parent[1], table=True)
        select = select.from_(exp.alias_(exp.to_table(self.events.name), own, table=True))
        if on.equal:
            select = select.join(joined, on=exp.and_(*on.equal), join_type="inner")
        else:
            select = select.join(joined, join_type="cross")
        return select.where(*on.conditions)

    def _actor(self, on: _On, edge: Edge, own: str, parent: str, *, lenient: bool) -> None:
        """What the actor rule asks. Where that is `lenient`, an actor that is not known is the same as any."""
        same: Expression = column("actor", own).eq(column("actor", parent))
        unknown = [is_null(column("actor", own)), is_null(column("actor", parent))]
        if edge.actor == "same" and not lenient:
            on.equal.append(same)
        elif edge.actor == "same":
            on.conditions.append(exp.or_(same, *unknown))
        elif edge.actor == "same-role":
            role = column("role", own).eq(column("role", parent))
            on.conditions.append(exp.or_(same, role, *(unknown if lenient else ())))
        elif edge.actor == "service":
            service = edge.service or ""
            pattern = "^arn:([^:]*:){4}role/aws-service-role/" + service.replace(".", "[.]") + "/"
            linked = self.dialect.matches(column("issuer", own), pattern)
            invoked = column("invoked_by", own).eq(text(service))
            on.conditions.append(exp.or_(invoked, exp.func("COALESCE", linked, exp.false())))

    def _kept(self, spoiler: Spoiler) -> list[KeyPair]:
        """The keys that the table keeps: without the others the spoiler voids more, never less."""
        find = self.events.setting.layout.find
        return [
            pair
            for pair in spoiler.join
            if all(find(path) is not None for path in (*pair.own.paths, *pair.parent.paths))
        ]

    def _same_keys(self, on: _On, pairs: Sequence[KeyPair], own: str, parent: str) -> None:
        for pair in pairs:
            mine, theirs = self._columns(pair, own, parent)
            if not _lists(pair):
                on.equal.append(mine.eq(theirs))
                continue
            on.conditions += self._present(pair, own, parent)
            mine, theirs = self._as_lists(pair, mine, theirs)
            on.conditions.append(self.dialect.covers(theirs, mine))

    def _different_keys(self, on: _On, pairs: Sequence[KeyPair], own: str, parent: str) -> None:
        for pair in pairs:
            mine, theirs = self._columns(pair, own, parent)
            if not _lists(pair):
                on.conditions.append(exp.NEQ(this=mine, expression=theirs))
                continue
            on.conditions += self._present(pair, own, parent)
            mine, theirs = self._as_lists(pair, mine, theirs)
            on.conditions.append(exp.not_(self.dialect.overlaps(mine, theirs)))

    def _columns(self, pair: KeyPair, own: str, parent: str) -> tuple[Expression, Expression]:
        keys = self.events.keys
        return column(keys[pair.own], own), column(keys[pair.parent], parent)

    def _present(self, pair: KeyPair, own: str, parent: str) -> list[Expression]:
        mine, theirs = self._columns(pair, own, parent)
        return [self._is_there(pair.own, mine), self._is_there(pair.parent, theirs)]

    def _is_there(self, key: Key, value: Expression) -> Expression:
        return self.dialect.list_present(value) if key.many else not_null(value)

    def _is_missing(self, key: Key, value: Expression) -> Expression:
        return exp.not_(self.dialect.list_present(value)) if key.many else is_null(value)

    def _as_lists(
        self, pair: KeyPair, mine: Expression, theirs: Expression
    ) -> tuple[Expression, Expression]:
        return (
            mine if pair.own.many else self.dialect.single(mine),
            theirs if pair.parent.many else self.dialect.single(theirs),
        )


def _lists(pair: KeyPair) -> bool:
    return pair.own.many or pair.parent.many


def _is_other(path: Sequence[Expression]) -> Expression:
    """The event `other` is none of these; one without an id is none of any."""
    name = column("event_id", "other")
    differs = [exp.NEQ(this=name.copy(), expression=each.copy()) for each in path]
    return exp.or_(is_null(name), exp.and_(*differs))


def _another(own: str, parent: str) -> Expression:
    """An event is no partner of itself."""
    return exp.NEQ(this=column("event_id", own), expression=column("event_id", parent))
