"""The one representation of a cascade that every export target renders from.

A `Query` asks: which events of these actions does the cascade not explain? docs/semantics.md says
what explains means; this module says it in the terms that an exporter needs: patterns of events, edges
between them with keys and windows, spoilers, and how far in time an answer reaches. Nothing here knows
a target, and no target reads a cascade document.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from ..catalog.terms import Policy, Relation

Scalar = bool | int | str
Operator = Literal["equals", "in", "startswith", "endswith", "exists", "absent", "grants", "only"]
ActorRule = Literal["same", "same-role", "any", "service"]
Purpose = Literal["alert", "enrich"]

SERVICE_SUFFIX = ".amazonaws.com"


@dataclass(frozen=True, slots=True)
class Key:
    """Where a value to compare stands in an event: the first of `paths` that holds one.

    `arn_name` takes the last part of an ARN, `resource_name` the name in one (`catalog.resource_names`); `fold`
    compares without case (ASCII letters only); `tool` takes the family of a userAgent (`events.user_agent_family`).
    Paths are CloudTrail's, dotted; `[]` after a member steps into every element of a list.
    """

    name: str
    paths: tuple[str, ...]
    arn_name: bool = False
    resource_name: bool = False
    fold: bool = False
    tool: bool = False

    @property
    def many(self) -> bool:
        """Whether the key is the set of the values of a list's elements."""
        return any("[]" in path for path in self.paths)


@dataclass(frozen=True, slots=True)
class Test:
    """One test of one field. Except for `absent` it fails on a field that is missing or null.

    `values` holds the operand of `equals`, `startswith` and `endswith`, the choices of `in`, the members of `only`, and
    is empty otherwise. `grants`: the resource policy at `path` lets nobody outside the account in. `only`: the object
    at `path` has no members that are not null but these.
    """

    __test__ = False  # pytest, which looks for classes of this name, shall not collect it

    path: str
    operator: Operator
    values: tuple[Scalar, ...] = ()


@dataclass(frozen=True, slots=True)
class Denied:
    """The field holds something, and not all of `tests` hold for it."""

    path: str
    tests: "tuple[Condition, ...]"


Condition = Test | Denied


@dataclass(frozen=True, slots=True)
class Pattern:
    """Which events can stand at a place: the action, the conditions on it, whether it may have failed."""

    action: str
    where: tuple[Condition, ...] = ()
    may_fail: bool = False

    @property
    def event_source(self) -> str:
        """`eventSource` as CloudTrail spells it."""
        return self.action.partition(":")[0] + SERVICE_SUFFIX

    @property
    def event_name(self) -> str:
        """`eventName` as CloudTrail spells it."""
        return self.action.partition(":")[2]


@dataclass(frozen=True, slots=True)
class KeyPair:
    """Two keys to compare: of the effect (or spoiler), and of its parent (or the root)."""

    own: Key
    parent: Key


def _same(key: Key) -> KeyPair:
    return KeyPair(key, key)


# What an effect is joined on whose cascade says `tool: same`, and `region: same`.
SAME_TOOL = _same(Key("tool_family", ("userAgent",), tool=True))
SAME_REGION = _same(Key("region", ("awsRegion",)))
# What makes one hand (docs/semantics.md, Silencing): where the call came from, and what it was signed with.
SAME_ADDRESS = _same(Key("address", ("sourceIPAddress",)))
SAME_CREDENTIAL = _same(
    Key(
        "credential",
        (
            "userIdentity.sessionContext.attributes.creationDate",
            "userIdentity.accessKeyId",
        ),
    )
)
ONE_HAND = (SAME_ADDRESS, SAME_CREDENTIAL)


@dataclass(frozen=True, slots=True)
class Edge:
    """What must hold between an effect's event and its parent's.

    `before` and `after` are seconds: parent.time - before <= own.time <= parent.time + after.
    `service` is the attested caller that `actor` "service" asks of the effect's event.
    """

    join: tuple[KeyPair, ...]
    before: int
    after: int
    distinct: tuple[KeyPair, ...] = ()
    actor: ActorRule = "same"
    service: str | None = None
    same_account: bool = True


@dataclass(frozen=True, slots=True)
class Node:
    """An effect: `parent` is None where it hangs on the root, else another node's name. `rank` is the class of its
    explanations (docs/semantics.md, Verdicts), the best 0."""

    name: str
    pattern: Pattern
    edge: Edge
    parent: str | None
    relation: Relation
    policy: Policy
    techniques: tuple[str, ...] = ()
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Spoiler:
    """An event that voids an instance whose root it joins; the actor does not matter.

    root.time - before <= spoiler.time <= root.time + after, in seconds. With `between` it voids only those
    explanations between whose first and last event it lies; `before` and `after` are how far these may reach.

    What cannot be read of it speaks against the root: a key or an account that is missing counts as equal, and a
    condition on a member of an object that is not there (`may_be_omitted`) holds.
    """

    pattern: Pattern
    join: tuple[KeyPair, ...]
    before: int
    after: int
    same_account: bool
    reason: str
    between: bool = False


# Members in whose place CloudTrail writes null, or `{"omitted": true}` where they are too large.
_OMITTED = frozenset(
    ("additionalEventData", "requestParameters", "responseElements", "serviceEventDetails")
)


def may_be_omitted(path: str) -> str | None:
    """The member of a record that is or holds the field at `path` and may be left out; None where none may.

    >>> may_be_omitted("requestParameters.userName"), may_be_omitted("errorCode")
    ('requestParameters', None)
    """
    top = path.partition(".")[0]
    return top if top in _OMITTED else None


def alike(spoilers: Iterable[Spoiler], *, in_where: bool = False) -> list[list[Spoiler]]:
    """The spoilers, together those that differ in nothing but their patterns; with `in_where` in nothing but the name
    of the event."""
    found: dict[object, list[Spoiler]] = {}
    for spoiler in spoilers:
        pattern = spoiler.pattern
        where = (pattern.event_source, pattern.where) if in_where else ()
        edge = (spoiler.join, spoiler.before, spoiler.after, spoiler.same_account, spoiler.between)
        found.setdefault((edge, where), []).append(spoiler)
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Query:
    """A cascade, lowered. `nodes` stand parents before children and leave an ensemble's root out.

    `purpose`: alert on the subjects that nothing explains, or merely label those that are explained.
    For an ensemble `required` names the nodes besides the root without which nothing is explained, and
    the root is an effect itself (`root_policy` is then not None).
    `root_keys`, and with `root_account` the account, are what a root must say to begin an instance, since spoilers
    join on it. `rivals` are other cascades that may silence some of the same actions, cut down to those. An event that
    one of the `vetoes` explains is not silenced, whoever else explains it: nodes of a stricter policy, of this cascade
    or of others.
    `lateness` is how long, in seconds, a log event may take to arrive.
    """

    cascade: str
    title: str
    description: str
    root: Pattern
    root_name: str
    nodes: tuple[Node, ...]
    residual_risk: str
    lateness: int
    purpose: Purpose = "alert"
    root_techniques: tuple[str, ...] = ()
    root_policy: Policy | None = None
    root_relation: Relation | None = None
    root_rank: int = 0
    required: tuple[str, ...] = ()
    spoilers: tuple[Spoiler, ...] = ()
    references: tuple[str, ...] = ()
    root_keys: tuple[Key, ...] = ()
    root_account: bool = False
    rivals: "tuple[Query, ...]" = field(default=(), repr=False)
    vetoes: "tuple[Query, ...]" = field(default=(), repr=False)

    @property
    def ensemble(self) -> bool:
        """Whether there is no origin, and the members explain each other."""
        return bool(self.required)

    def node(self, name: str) -> Node:
        """The node of that name.

        Raises:
            KeyError: there is none.
        """
        for node in self.nodes:
            if node.name == name:
                return node
        raise KeyError(name)

    def chain(self, node: Node) -> tuple[Node, ...]:
        """`node`, its parent and so on; the last of them hangs on the root."""
        chain = [node]
        while chain[-1].parent is not None:
            chain.append(self.node(chain[-1].parent))
        return tuple(chain)

    def repeated_above(self, node: Node) -> tuple[Node | None, ...]:
        """What stands further up than its parent with the very action of `node`; None is the root.

        An event has one place on its way to the root, and these could take it again.
        """
        above = self.chain(node)[1:]
        same = [step for step in above[1:] if step.pattern.action == node.pattern.action]
        is_root = bool(above) and self.root.action == node.pattern.action
        return (*same, None) if is_root else tuple(same)

    def groups(self) -> tuple[tuple[Node, ...], ...]:
        """The nodes that the subjects need, parents first; together those that hang on one parent by one edge.

        A node on which others hang stands alone.
        """
        needed = {step.name for node in self.subjects for step in self.chain(node)}
        found: dict[object, list[Node]] = {}
        for node in self.nodes:
            if node.name in needed:
                has_child = any(other.parent == node.name for other in self.nodes)
                likeness = (node.parent, node.edge, node in self.subjects)
                found.setdefault(node.name if has_child else likeness, []).append(node)
        return tuple(map(tuple, found.values()))

    @property
    def subject_policy(self) -> Policy:
        """The policy of the nodes that this query is about."""
        return "suppress" if self.purpose == "alert" else "annotate"

    @property
    def subjects(self) -> tuple[Node, ...]:
        """The nodes this query is about: those whose explained events may be silenced, or are labelled."""
        return tuple(node for node in self.nodes if node.policy == self.subject_policy)

    @property
    def root_is_subject(self) -> bool:
        """Whether the root, too, is an effect that may be silenced or labelled: an ensemble's."""
        return self.root_policy == self.subject_policy

    @property
    def actions(self) -> tuple[str, ...]:
        """The actions of the subjects, each once."""
        found = [self.root.action] if self.root_is_subject else []
        found += [node.pattern.action for node in self.subjects]
        return tuple(dict.fromkeys(found))

    @property
    def may_fail(self) -> frozenset[str]:
        """The actions of subjects whose failed calls can be explained, too. Unexplained, every call alerts."""
        return frozenset(node.pattern.action for node in self.subjects if node.pattern.may_fail) | (
            {self.root.action} if self.root_is_subject and self.root.may_fail else frozenset()
        )

    @property
    def techniques(self) -> tuple[str, ...]:
        """The ATT&CK ids of the subjects, sorted."""
        found = {technique for node in self.subjects for technique in node.techniques}
        if self.root_is_subject:
            found.update(self.root_techniques)
        return tuple(sorted(found))

    def patterns(self) -> Iterator[Pattern]:
        """Every pattern of the query: the root's, the nodes', the spoilers'. Rivals and vetoes have their own."""
        yield self.root
        yield from (node.pattern for node in self.nodes)
        yield from (spoiler.pattern for spoiler in self.spoilers)

    def members(self) -> tuple[Node, ...]:
        """The nodes besides the root without which nothing is explained. They need not be of one hand."""
        return tuple(without_hand(self.node(name)) for name in self.required)

    def all_actions(self) -> tuple[str, ...]:
        """Every action that a log must hold for the answer to be right, rivals' and vetoes' included; each once."""
        found = [pattern.action for pattern in self.patterns()]
        found += [
            action for other in (*self.rivals, *self.vetoes) for action in other.all_actions()
        ]
        return tuple(dict.fromkeys(found))

    @property
    def reach_after(self) -> int:
        """How many seconds after an event the last one may lie that decides its verdict."""
        return self._reach()[1]

    @property
    def reach_before(self) -> int:
        """How many seconds before an event the first one may lie that decides its verdict."""
        return self._reach()[0]

    @property
    def hold(self) -> int:
        """How many seconds a verdict must wait: the reach ahead, and the lateness of the log."""
        return self.reach_after + self.lateness

    def _reach(self) -> tuple[int, int]:
        # own.time lies in [parent - before, parent + after], so the parent in [own - after, own + before].
        # What lies between the events of a path lies no further than they do.
        around_root = [(each.before, each.after) for each in self.spoilers if not each.between]
        around_root += [
            (self.node(name).edge.before, self.node(name).edge.after) for name in self.required
        ]
        root_back = max((before for before, _ in around_root), default=0)
        root_ahead = max((after for _, after in around_root), default=0)
        back, ahead = (root_back, root_ahead) if self.root_is_subject else (0, 0)
        for node in self.subjects:
            chain = self.chain(node)
            back = max(back, sum(step.edge.after for step in chain) + root_back)
            ahead = max(ahead, sum(step.edge.before for step in chain) + root_ahead)
        for other in (*self.rivals, *self.vetoes):
            back, ahead = max(back, other.reach_before), max(ahead, other.reach_after)
        return back, ahead


def without_hand(node: Node) -> Node:
    """The node, whoever's hand made it."""
    join = tuple(pair for pair in node.edge.join if pair not in ONE_HAND)
    return node if join == node.edge.join else replace(node, edge=replace(node.edge, join=join))
