"""Takes a verdict back that silenced an event, when something comes late that a log would weigh against it.

docs/semantics.md, Live, is the definition. A stream no longer has all that a log has then: where it cannot be known
whether the log would silence the event, the verdict is taken back.
"""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from .. import wording
from ..event import Event
from ..instances import Found, Path
from ..joins import edge_holds, fits, meets, spoils
from ..plan.nodes import ActionPlan, NodePlan, Plan, SpoilerPlan
from ..silencing import Known
from ..verdict import Verdict
from .checkpoint import Changes, Silenced
from .holdings import Holdings
from .revision import LiveVerdict, Said
from .silences import Open, Silence


class Retractions:
    """Remembers the final verdicts that silenced, each for `span` seconds after it was due, and retracts them.

    What changes is noted in `journal`. `count` is how many were retracted.
    """

    def __init__(
        self,
        plan: Plan,
        held: Holdings,
        span: int,
    ) -> None:
        self.count = 0
        self.journal: Changes | None = None
        self._plan = plan
        self._silences = held.silences
        self._instances = held.state.instances
        self._partners = held.state.partners
        self._emitted = held.emitted
        self._span = span
        self._doubted: dict[str, ActionPlan] = {}
        self._conflicting: dict[str, None] = {}

    def remember(self, event: Event, due: int, told: LiveVerdict) -> None:
        """Remember a verdict that was due then, if it silences the event."""
        if told.verdict.policy != "suppress" or not self._span:
            return
        found = self._instances.found(event)
        silence = Silence(
            event,
            due + self._span,
            told.id,
            tuple((each.node, path) for each in found for path in (each.path, *each.others)),
            tuple(self._opened(event)),
        )
        self._silences.remember(silence)
        if self.journal is not None:
            self.journal.silenced[event.id] = silence.form()

    def restore(self, silenced: Silenced, events: Iterable[Event | None]) -> None:
        """Remember what an earlier run did; `events` are those that it names, in that order."""
        if self._silences.restore(silenced, events) is None and self.journal is not None:
            self.journal.silenced[silenced.id] = None

    def forget(self, front: int) -> None:
        """Forget those whose span has ended before an instant."""
        for id_ in self._silences.forget(front):
            if self.journal is not None:
                self.journal.silenced[id_] = None

    def knows(self, event: Event) -> bool | None:
        """Whether an event is one of those that silences rest on, and says the same; None where none does."""
        for silence in self._silences.holding(event.id):
            known = silence.events().get(event.id)
            if known is not None:
                return known.content() == event.content()
        return None

    def doubt(self, action: ActionPlan) -> None:
        """What an event of this action says, or when it was, is in doubt."""
        self._doubted[action.action] = action

    def conflict(self, id_: str, action: ActionPlan) -> None:
        """Two copies of an event differ."""
        self._conflicting[id_] = None
        self.doubt(action)

    def retracted(self, late: Iterable[Event], front: int) -> Iterator[LiveVerdict]:
        """What takes the place of verdicts that something speaks against: one of the events that came late, or what
        is in doubt. Those whose span ended before `front` stand."""
        late = sorted(late, key=lambda each: (each.time, each.id))
        against: dict[str, tuple[Silence, list[str]]] = {}
        for silence, reason in self._reasons(late):
            if silence.until >= front:
                reasons = against.setdefault(silence.event.id, (silence, []))[1]
                if reason not in reasons:
                    reasons.append(reason)
        self._doubted.clear()
        self._conflicting.clear()
        for id_, (silence, reasons) in sorted(
            against.items(), key=lambda each: (each[1][0].event.time, each[0])
        ):
            self.count += 1
            self._silences.take(silence)
            if self.journal is not None:
                self.journal.silenced[id_] = None
            verdict = self._instead(silence, late, tuple(f"retracted: {each}" for each in reasons))
            yield self._emitted.final(verdict, Said(silence.verdict, b""))

    def _reasons(self, late: Iterable[Event]) -> Iterator[tuple[Silence, str]]:
        for event in late:
            for silence in self._silences.concerned(event):
                for reason in _objections(silence, event):
                    yield silence, reason
        for id_ in self._conflicting:
            for silence in self._silences.holding(id_):
                if any(each.id == id_ for _, path in silence.paths for each in path):
                    yield silence, f"copies of {id_} differ"
        for action in self._doubted.values():
            for silence in self._silences.doubted(action):
                if any(action in _spoiling(node) for node, _ in silence.paths):
                    yield silence, f"what a {action.action} says, or when it was, is in doubt"

    def _instead(self, silence: Silence, late: list[Event], reasons: tuple[str, ...]) -> Verdict:
        """The verdict by what is left of the explanations."""
        event = silence.event
        left: dict[tuple[NodePlan, str], list[Path]] = {}
        for node, path in silence.paths:
            if not any(_voids(node, path, each) for each in late):
                left.setdefault((node, path[-1].id), []).append(path)
        if left:
            found = [
                Found(node, first, tuple(others)) for (node, _), (first, *others) in left.items()
            ]
            verdict = wording.effect(self._plan, event, found, Known(doubt=reasons[0]))
        elif begun := [node for node in event.action.origins if meets(node, event)]:
            verdict = wording.origin(self._plan, event, begun)
        elif event.action.orphans:
            verdict = wording.orphan(self._plan, event)
        else:
            verdict = wording.verdict_on(self._plan, event, "unlisted")
        return replace(verdict, caveats=reasons)

    def _opened(self, event: Event) -> Iterator[Open]:
        for node in event.action.effects:
            if node.policy != "suppress" and fits(node, event):
                yield from self._open_above(node, event)

    def _open_above(self, node: NodePlan, event: Event) -> Iterator[Open]:
        """The places that are open on the way from an event that fits `node` to a root, and beside a root."""
        parent = node.parent
        if parent is None:
            for member in node.cascade.required:
                yield Open(member, event, required=True)
            return
        yield Open(node, event, required=False)
        if parent.parent is None and not parent.cascade.required:
            return
        for step in self._partners.parents(node, event):
            if edge_holds(node, event, step):
                yield from self._open_above(parent, step)


def _objections(silence: Silence, event: Event) -> Iterator[str]:
    """Why a silence cannot stand now that an event has come."""
    for node, path in silence.paths:
        cascade = node.cascade
        for spoiler in (*cascade.spoilers, *cascade.between):
            if _is_voided_by(spoiler, path, event):
                yield f"{spoiler.reason} came late"
    for each in silence.open:
        role = each.node if each.required else each.node.parent
        assert role is not None
        child, parent = (event, each.event) if each.required else (each.event, event)
        if (
            event.action is role.action
            and fits(role, event)
            and event.id != each.event.id
            and edge_holds(each.node, child, parent)
        ):
            yield f"{event.id} came late, by which {each.node.cascade.id} may explain it"


def _voids(node: NodePlan, path: Path, event: Event) -> bool:
    cascade = node.cascade
    return any(
        _is_voided_by(spoiler, path, event) for spoiler in (*cascade.spoilers, *cascade.between)
    )


def _is_voided_by(spoiler: SpoilerPlan, path: Path, event: Event) -> bool:
    """Whether an event voids the instance of a path, or cuts the path."""
    root = path[-1]
    if (
        event.action is not spoiler.action
        or not fits(spoiler, event)
        or event.id == root.id
        or not spoils(spoiler, event, root)
    ):
        return False
    if not spoiler.between:
        return True
    times = [each.time for each in path]
    return min(times) <= event.time <= max(times) and event.id not in [each.id for each in path]


def _spoiling(node: NodePlan) -> set[ActionPlan]:
    return {each.action for each in (*node.cascade.spoilers, *node.cascade.between)}
