"""The verdicts of a stream that silenced an event, for as long as what comes late may take the silence away.

Of each is kept what explains the event, and where something stricter might. It is filed under everything that speaks
against it: where its roots would be looked for by a spoiler, where a parent of a stricter policy would look for its
child, the ids of its events, and the actions of its spoilers.
"""

from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Iterable, Iterator

import msgspec

from ..event import Event
from ..instances import Path
from ..joins import Equal, PartnerIndex, fits
from ..plan.nodes import ActionPlan, CascadePlan, NodePlan, Plan, SpoilerPlan
from .checkpoint import Silenced
from .codec import Codec
from .spill import Place, Spill

_ID, _CASCADE = -1, -2
_EDGES = 1 << 32
_ALWAYS = 1 << 62

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[Silenced, list[bytes]]).decode


class Open(msgspec.Struct, frozen=True, gc=False, eq=False):
    """A place in an explanation that no event takes: the parent at the edge of `node` on which `event` would hang, or
    with `required` the member `node` beside `event`, which would then begin an instance."""

    node: NodePlan
    event: Event
    required: bool


class Silence(msgspec.Struct, frozen=True, gc=False, eq=False):
    """A final verdict that silenced `event`: its id is `verdict`, and it is remembered until then, in seconds since the
    epoch, UTC.

    `paths` are all that explain the event, each with the node that it stands at. `open` are the places that are open in
    explanations under a stricter policy.
    """

    event: Event
    until: int
    verdict: str
    paths: tuple[tuple[NodePlan, Path], ...]
    open: tuple[Open, ...]

    def events(self) -> dict[str, Event]:
        """All events that are kept for it, by id."""
        events = {self.event.id: self.event}
        events.update((each.id, each) for _, path in self.paths for each in path)
        events.update((each.event.id, each.event) for each in self.open)
        return events

    def form(self) -> Silenced:
        """What is written of it."""
        events = self.events()
        place = {id_: number for number, id_ in enumerate(events)}
        return Silenced(
            self.event.id,
            self.until,
            self.verdict,
            tuple((id_, each.actor) for id_, each in events.items()),
            tuple(
                (node.cascade.id, node.name, tuple(place[each.id] for each in path))
                for node, path in self.paths
            ),
            tuple(
                (each.node.cascade.id, each.node.name, place[each.event.id], each.required)
                for each in self.open
            ),
        )


class Silences:
    """Remember silences, then ask which of them something speaks against.

    A part may lie in a spill, where `codec` writes events.
    """

    def __init__(self, plan: Plan, codec: Codec) -> None:
        self._codec = codec
        self._nodes = {
            (cascade.id, node.name): node for cascade in plan.cascades for node in _effects(cascade)
        }
        # Spoilers that ask for the same of a root look for it in one place.
        self._numbers: dict[tuple[ActionPlan, tuple[int, ...], bool], int] = {}
        self._of_roots: dict[CascadePlan, dict[int, PartnerIndex]] = {}
        self._edges: dict[tuple[NodePlan, bool], tuple[int, PartnerIndex]] = {}
        # What a late event may be: a role, how far before and after it those lie that it speaks against, and where.
        self._roles: dict[
            ActionPlan, list[tuple[NodePlan | SpoilerPlan, int, int, int, PartnerIndex]]
        ] = {}
        for cascade in plan.cascades:
            if any(node.policy == "suppress" for node in _effects(cascade)):
                for spoiler in (*cascade.spoilers, *cascade.between):
                    self._add_spoiler(cascade, spoiler)
            if any(_may_be_silenced(node) for node in _effects(cascade)):
                for node in cascade.nodes:
                    self._add_edge(node, required=False)
                for member in cascade.required:
                    self._add_edge(member, required=True)
        self._held: dict[str, Silence] = {}
        self._places: dict[Place, list[tuple[int, str]]] = {}
        self._ending: deque[tuple[int, str]] = deque()
        self._weight = 0
        self._spill: Spill | None = None

    def _add_spoiler(self, cascade: CascadePlan, spoiler: SpoilerPlan) -> None:
        asked = tuple(theirs for _, _, theirs in spoiler.join)
        key = (cascade.root.action, asked, spoiler.same_account)
        number = self._numbers.setdefault(key, len(self._numbers))
        equal = Equal(account=spoiler.same_account)
        index = PartnerIndex((), spoiler.join, equal, of_parents=True, lenient=True)
        self._of_roots.setdefault(cascade, {}).setdefault(number, index)
        role = (spoiler, spoiler.after, spoiler.before, number, index)
        self._roles.setdefault(spoiler.action, []).append(role)

    def _add_edge(self, node: NodePlan, *, required: bool) -> None:
        """Who may come late is a required member, or else the parent on which an event hangs at `node`."""
        assert node.parent is not None
        index = PartnerIndex((), node.join, Equal.on(node), of_parents=required)
        number = _EDGES + len(self._edges)
        self._edges[node, required] = (number, index)
        role = (
            (node, node.after, node.before, number, index)
            if required
            else (node.parent, node.before, node.after, number, index)
        )
        self._roles.setdefault(role[0].action, []).append(role)

    def __len__(self) -> int:
        """How many are remembered in memory."""
        return len(self._held)

    @property
    def weight(self) -> int:
        """How many events and places those take."""
        return self._weight

    def remember(self, silence: Silence) -> None:
        """Remember a silence, which ends no sooner than those before."""
        self._held[silence.event.id] = silence
        self._ending.append((silence.until, silence.event.id))
        for place, time in self._places_of(silence):
            filed = self._places.get(place)
            if filed is None:
                self._places[place] = [(time, silence.event.id)]
            else:
                insort(filed, (time, silence.event.id))
        self._weight += _weight(silence)

    def restore(self, silenced: Silenced, events: Iterable[Event | None]) -> Silence | None:
        """Remember what was written of a silence; `events` are those that it names, in that order. None where the plan
        explains nothing by them.

        Raises:
            ValueError: it was not written so.
        """
        if not silenced.is_sound():
            raise ValueError(f"what is kept of the silence of {silenced.id} names no events")
        silence = self._read(silenced, list(events))
        if silence is not None:
            self.remember(silence)
        return silence

    def take(self, silence: Silence) -> None:
        """Remember a silence no longer."""
        if self._held.pop(silence.event.id, None) is None:
            if self._spill is not None:
                self._spill.drop_silence(silence.event.id, self._places_of(silence))
            return
        self._weight -= _weight(silence)
        for place, time in self._places_of(silence):
            filed = self._places.get(place, [])
            at = bisect_left(filed, (time, silence.event.id))
            if at < len(filed) and filed[at] == (time, silence.event.id):
                del filed[at]
            if not filed:
                self._places.pop(place, None)

    def holding(self, id_: str) -> Iterator[Silence]:
        """Those that rest on the event of this id."""
        return self._at((_ID, id_), -_ALWAYS, _ALWAYS)

    def doubted(self, action: ActionPlan) -> Iterator[Silence]:
        """Those that an event of this action may spoil, if nobody knows what it says."""
        for cascade in dict.fromkeys(action.spoils):
            yield from self._at((_CASCADE, cascade.id), -_ALWAYS, _ALWAYS)

    def concerned(self, event: Event) -> Iterator[Silence]:
        """Those that an event may speak against, perhaps more than once, and perhaps more than it does."""
        for role, earlier, later, number, index in self._roles.get(event.action, ()):
            if fits(role, event):
                for place in index.places_asked(event):
                    yield from self._at((number, *place), event.time - earlier, event.time + later)

    def forget(self, before: int) -> list[str]:
        """Forget those that ended before an instant; the ids of their events."""
        over = []
        while self._ending and self._ending[0][0] < before:
            id_ = self._ending.popleft()[1]
            silence = self._held.get(id_)
            if silence is not None and silence.until < before:
                self.take(silence)
                over.append(id_)
        if self._spill is not None:
            for data in self._spill.silences_ended(before):
                silence = self._thaw(data)
                self.take(silence)
                over.append(silence.event.id)
        return over

    def drain(self, spill: Spill) -> None:
        """Move everything to `spill`, and look there, too, from now on."""
        spill.put_silences(
            (id_, each.until, self._freeze(each), [*self._places_of(each)])
            for id_, each in self._held.items()
        )
        self._held.clear()
        self._places.clear()
        self._ending.clear()
        self._weight = 0
        self._spill = spill

    def _at(self, place: Place, earliest: int, latest: int) -> Iterator[Silence]:
        filed = self._places.get(place)
        if filed:
            low = bisect_left(filed, (earliest, ""))
            high = bisect_right(filed, (latest + 1, ""))
            yield from [self._held[id_] for _, id_ in filed[low:high]]
        if self._spill is not None and self._spill.silences:
            for data in self._spill.silences_at(place, earliest, latest):
                yield self._thaw(data)

    def _places_of(self, silence: Silence) -> set[tuple[Place, int]]:
        places: set[tuple[Place, int]] = set()
        roots = {(node.cascade, path[-1].id): path[-1] for node, path in silence.paths}
        for _, path in silence.paths:
            places.update(((_ID, each.id), 0) for each in path)
        for (cascade, _), root in roots.items():
            places.add(((_CASCADE, cascade.id), 0))
            for number, index in self._of_roots.get(cascade, {}).items():
                places.update(((number, *place), root.time) for place in index.places_filed(root))
        for each in silence.open:
            number, index = self._edges[each.node, each.required]
            places.update(
                ((number, *place), each.event.time) for place in index.places_filed(each.event)
            )
        return places

    def _freeze(self, silence: Silence) -> bytes:
        events = silence.events().values()
        return _encode((silence.form(), [self._codec.encode(each) for each in events]))

    def _thaw(self, data: bytes) -> Silence:
        silenced, events = _decode(data)
        silence = self._read(silenced, [self._codec.decode(each) for each in events])
        assert silence is not None
        return silence

    def _read(self, silenced: Silenced, events: list[Event | None]) -> Silence | None:
        for at, (event, (_, actor)) in enumerate(zip(events, silenced.events, strict=True)):
            if event is not None and event.actor != actor:
                events[at] = msgspec.structs.replace(event, actor=actor)
        paths = [
            (node, path)
            for cascade, name, places in silenced.paths
            if (node := self._nodes.get((cascade, name))) is not None
            and node.policy == "suppress"
            and (path := tuple([each for at in places if (each := events[at]) is not None]))
            and [each.action for each in path] == [each.action for each in _upwards(node)]
        ]
        if not paths:
            return None
        open_ = [
            Open(node, event, required)
            for cascade, name, at, required in silenced.open
            if (node := self._nodes.get((cascade, name))) is not None
            and (node, required) in self._edges
            and (event := events[at]) is not None
        ]
        of_it = paths[0][1][0]
        return Silence(of_it, silenced.until, silenced.verdict, tuple(paths), tuple(open_))


def _effects(cascade: CascadePlan) -> Iterable[NodePlan]:
    return (*cascade.nodes, *([cascade.root] if cascade.ensemble else []))


def _may_be_silenced(node: NodePlan) -> bool:
    """Whether an event at this node, whose policy is stricter, is silenced where nothing explains it here."""
    return node.policy != "suppress" and any(
        each.policy == "suppress" for each in node.action.effects
    )


def _upwards(node: NodePlan) -> Iterator[NodePlan]:
    step: NodePlan | None = node
    while step is not None:
        yield step
        step = step.parent


def _weight(silence: Silence) -> int:
    """How many events and, about, places it takes."""
    return 2 * (len(silence.events()) + len(silence.paths) + len(silence.open))
