"""What an event is joined with: an effect with its parent, a spoiler with the root.

The joins are equalities first and windows second, since every engine does those well.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from ..query import Edge, Key, KeyPair, Node, Pattern, Spoiler
from .conditions import FITS, Conditions
from .dialect import Expression, text
from .events import Events
from .expressions import column, within
from .fields import not_null
from .wording import effect_words, spoiler_words


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

    def effects(self, nodes: Sequence[Node], parents: str, parent: Pattern) -> exp.Select:
        """The events `own` of nodes that are alike, each with its `parent`; it selects nothing yet."""
        edge = nodes[0].edge
        on = _On()
        self._same_keys(on, edge.join, "own", "parent")
        self._different_keys(on, edge.distinct, "own", "parent")
        if edge.same_account:
            on.equal.append(column("account", "own").eq(column("account", "parent")))
        self._actor(on, edge, "own", "parent")
        on.conditions += self.fits.fit([node.pattern for node in nodes], "own")
        on.conditions.append(within("own", "parent", edge.before, edge.after))
        if any(node.pattern.action == parent.action for node in nodes):
            on.conditions.append(_another("own", "parent"))
        return self._joined(exp.select(), "own", (parents, "parent"), on)

    def voided(self, spoiler: Spoiler, roots: str, root: Pattern) -> exp.Select:
        """The ids of the roots that the spoiler voids."""
        on = _On()
        self._same_keys(on, self._kept(spoiler), "other", "root")
        if spoiler.same_account:
            on.equal.append(column("account", "other").eq(column("account", "root")))
        on.conditions += self.fits.fit([spoiler.pattern], "other", unknown=FITS)
        on.conditions.append(within("other", "root", spoiler.before, spoiler.after))
        if spoiler.pattern.action == root.action:
            on.conditions.append(
                exp.or_(
                    exp.Is(this=column("event_id", "other"), expression=exp.null()),
                    _another("other", "root"),
                )
            )
        ids = exp.select(exp.alias_(column("event_id", "root"), "event_id"))
        return self._joined(ids, "other", (roots, "root"), on)

    def effect_words(self, nodes: Sequence[Node], parents: str) -> str:
        """What `effects` finds, in words."""
        patterns = [node.pattern for node in nodes]
        return effect_words(patterns, nodes[0].edge, parents, self.events.keys)

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

    def _actor(self, on: _On, edge: Edge, own: str, parent: str) -> None:
        """What the actor rule asks."""
        same: Expression = column("actor", own).eq(column("actor", parent))
        if edge.actor == "same":
            on.equal.append(same)
        elif edge.actor == "same-role":
            role = column("role", own).eq(column("role", parent))
            on.conditions.append(exp.or_(same, role))
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

    def _as_lists(
        self, pair: KeyPair, mine: Expression, theirs: Expression
    ) -> tuple[Expression, Expression]:
        return (
            mine if pair.own.many else self.dialect.single(mine),
            theirs if pair.parent.many else self.dialect.single(theirs),
        )


def _lists(pair: KeyPair) -> bool:
    return pair.own.many or pair.parent.many


def _another(own: str, parent: str) -> Expression:
    """An event is no partner of itself."""
    return exp.NEQ(this=column("event_id", own), expression=column("event_id", parent))
