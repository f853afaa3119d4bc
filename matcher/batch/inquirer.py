"""Tells the whole story of one event of a log: each cascade that lists it, what held there, and what did not."""

from collections.abc import Iterable, Iterator
from itertools import islice

from ..event import Event
from ..inquiry import Attempt, Candidate, Edge, Inquiry, Seen, Spoiled
from ..instances import Instances, is_judgeable
from ..joins import edge_holds, fits
from ..plan.found import cut
from ..plan.nodes import NodePlan
from ..verdict import Fault, Verdict
from ..wording import moment_of
from .checks import edge_checks, node_checks
from .faults import missing_key, service_fault
from .near_misses import NearMisses

MAX_ATTEMPTS = 5
# Above the first edge, so many events are tried against each, so that the work does not grow with the depth.
MAX_STEPS = 3


class Inquirer:
    """Asks in a log whose instances are known, among the same events that near misses are found among."""

    def __init__(self, near: NearMisses, instances: Instances) -> None:
        self._near = near
        self._instances = instances

    def inquire(self, event: Event, verdict: Verdict | None) -> Inquiry:
        """The story of an event that has this verdict."""
        nodes = [*event.action.effects, *event.action.origins]
        found = [self._candidate(node, event) for node in nodes]
        found.sort(key=lambda each: (not each.explains, _distance(each), each.cascade, each.node))
        return Inquiry(_seen(event), verdict, tuple(_why(event, verdict, found)), tuple(found))

    def _candidate(self, node: NodePlan, event: Event) -> Candidate:
        none = None
        attempts = sorted(self._climb(node, (event,), ()), key=_rank)[:MAX_ATTEMPTS]
        if not attempts:
            none = self._none(node, event)
        return Candidate(
            node.cascade.id,
            node.name,
            node.relation,
            node.policy,
            any(attempt.explains for attempt in attempts),
            tuple(attempts),
            none,
        )

    def _none(self, node: NodePlan, event: Event) -> str:
        """Why there is no event to try one at `node` against."""
        assert node.parent is not None
        own = [check for check in node_checks(node, event) if not check.holds]
        words = [
            f"{check.field} {check.expected}; found {check.found or 'nothing'}" for check in own
        ]
        missing = [name for name, ours, _ in node.join if event.values[ours] is None]
        if missing:
            words += [missing_key(node, name).reason for name in missing]
        else:
            named = ", ".join(name for name, *_ in node.named) or "actor"
            words.append(
                f"no {node.parent.action.action} of the same {named} within a day of its window"
            )
        if node.service is not None and node.service not in event.services:
            words.append(service_fault(node, event).words)
        return "; ".join(words)

    def _climb(
        self, node: NodePlan, path: tuple[Event, ...], edges: tuple[Edge, ...]
    ) -> Iterator[Attempt]:
        """The ways from the last event of a path, at this node, up to roots: the best for each event that it is tried
        against."""
        event = path[-1]
        above = node.parent
        if above is None:
            yield self._at_root(node, path, (*edges, self._edge(node, event, None)))
            return
        for parent in islice(self._near.near(node, event), None if not edges else MAX_STEPS):
            if parent in path:
                continue
            longer = (*edges, self._edge(node, event, parent))
            found = list(self._climb(above, (*path, parent), longer))
            if found:
                yield min(found, key=_rank)
            else:
                fault = Fault(f"{above.name}: {self._none(above, parent)}")
                reached = self._edge(above, parent, None)
                yield Attempt(False, None, (*longer, reached), faults=(fault,))

    def _at_root(self, node: NodePlan, path: tuple[Event, ...], edges: tuple[Edge, ...]) -> Attempt:
        cascade, root = node.cascade, path[-1]
        void = lacking = cut_by = None
        faults: tuple[Fault, ...] = ()
        if fits(node, root):
            if not is_judgeable(cascade, root):
                faults = (Fault("the origin lacks a key by which something else would void it"),)
            elif (spoiled := self._instances.void(cascade, root)) is not None:
                void = _spoiled(spoiled)
            else:
                lacking = self._instances.lacking(cascade, root)
        holds = all(edge.holds for edge in edges) and not (void or lacking or faults)
        if holds:
            cut_by = _spoiled(self._instances.cut_by(cascade, path))
        members = tuple(self._members(node, root)) if lacking is not None else ()
        return Attempt(
            holds and cut_by is None, root.id, (*edges, *members), void, cut_by, lacking, faults
        )

    def _members(self, node: NodePlan, root: Event) -> Iterator[Edge]:
        """The nearest event to what an ensemble requires beside its root, of each member of which none fits."""
        for member in node.cascade.required:
            tried = [self._edge(member, other, root) for other in self._near.beside(member, root)]
            if tried and not any(edge.holds for edge in tried):
                yield min(tried, key=_failing)

    def _edge(self, node: NodePlan, event: Event, parent: Event | None) -> Edge:
        checks = tuple(node_checks(node, event))
        holds = fits(node, event)
        if parent is not None:
            checks += tuple(edge_checks(node, event, parent))
            holds = holds and edge_holds(node, event, parent)
        return Edge(
            node.name, _seen(event), None if parent is None else _seen(parent), holds, checks
        )


def _seen(event: Event) -> Seen:
    return Seen(
        event.id,
        moment_of(event.time),
        event.action.action,
        event.actor,
        event.arn,
        event.source and cut(event.source),
        event.error,
        event.file,
        event.position,
    )


def _spoiled(found: tuple[str, Event | None] | None) -> Spoiled | None:
    if found is None:
        return None
    reason, by = found
    return Spoiled(reason, None if by is None else _seen(by))


def _failing(edge: Edge) -> int:
    return sum(not check.holds for check in edge.checks)


def _rank(attempt: Attempt) -> tuple[bool, int, str]:
    """The best attempt first: one that explains, then by how much is wrong."""
    wrong = sum(map(_failing, attempt.edges)) + len(attempt.faults)
    wrong += sum(each is not None for each in (attempt.void, attempt.cut, attempt.lacking))
    return not attempt.explains, wrong, attempt.instance or ""


def _distance(candidate: Candidate) -> int:
    if not candidate.attempts:
        return 1_000
    return _rank(candidate.attempts[0])[1]


def _why(event: Event, verdict: Verdict | None, candidates: Iterable[Candidate]) -> Iterator[str]:
    action = event.action.action
    count = len(list(candidates))
    if verdict is None or verdict.verdict == "unlisted":
        yield (
            f"it gets no verdict: {count} cascades list {action}, none explains it, and of none is it an orphan"
            if count
            else f"it gets no verdict: {action} only voids what other events explain"
        )
        return
    if verdict.verdict == "orphan":
        yield f"an orphan: {count} cascades list {action}, and none explains it"
        return
    if verdict.verdict == "origin":
        yield f"an origin of {verdict.cascade}; {verdict.silenced} events are silenced because of it"
        return
    yield f"a side effect: {verdict.relation} in {verdict.cascade}, whose instance is {verdict.instance}"
    if verdict.policy == "suppress":
        yield (
            "it may be silenced: every explanation says suppress, one hand made it and its origin, and the log "
            "rules out what would void it"
        )
    elif verdict.caveats:
        for caveat in verdict.caveats:
            yield f"it is not silenced: {caveat}"
    else:
        yield f"it is not silenced: {verdict.cascade} says {verdict.policy}"
