"""Observed evidence run again: whether a cascade explains the events by which it is said to have been observed.

A claim is one effect, or origin, of one cascade with one reference to a data set. The data set is classified, and the
claim holds when it has an event of the claimed action that this cascade explains at that effect, and which the
reference points at: the event itself or one on its path to the origin, any in the file, any in the data set.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ..catalog import Cascade
from ..catalog.recorded import recorded
from ..events import Problem, Record, read_batches
from ..matcher import Engine, Verdict, compile_catalog
from .datasets import Located, Reference, file_name, locate, reference

Status = Literal["holds", "fails", "not-here"]


@dataclass(frozen=True, slots=True)
class Claim:
    """That `node`, an effect or the origin of `cascade`, was observed where `ref` points."""

    cascade: str
    node: str
    action: str
    ref: str
    dataset: str


@dataclass(frozen=True, slots=True)
class Rerun:
    """What came of a claim.

    `not-here`: what it refers to is not on this machine. `events` are those of the action where the reference points,
    `explained` those of them which the cascade explains. `reason` says why it does not hold.
    """

    claim: Claim
    status: Status
    events: int = 0
    explained: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Dataset:
    """A data set that claims refer to. `path` is None where it is not here; `claims` are all that refer to it,
    `rerun` those of them that could be run again."""

    name: str
    path: str | None
    records: int
    unreadable: int
    claims: int
    rerun: int


@dataclass(frozen=True, slots=True)
class Observed:
    """All claims of observed evidence run again, and the data sets they refer to."""

    datasets: tuple[Dataset, ...]
    reruns: tuple[Rerun, ...]

    @property
    def failed(self) -> tuple[Rerun, ...]:
        """The claims that do not hold."""
        return tuple(each for each in self.reruns if each.status == "fails")


def rerun(cascades: Iterable[Cascade], logs: Sequence[str] = ()) -> Observed:
    """Classify the data sets that lie in `logs` (see `locate`) and hold every claim against the verdicts.

    Raises:
        LogsError: logs are given for a data set that no evidence refers to.
        EventsError: the logs cannot be read.
    """
    by_dataset: dict[str, list[_Question]] = {}
    for cascade in cascades:
        for question in _questions(cascade):
            by_dataset.setdefault(question.claim.dataset, []).append(question)
    located = locate(sorted(by_dataset), logs)
    datasets: list[Dataset] = []
    reruns: list[Rerun] = []
    for name, questions in sorted(by_dataset.items()):
        dataset, answers = _run(name, questions, located.get(name))
        datasets.append(dataset)
        reruns.extend(answers)
    reruns.sort(key=lambda each: (each.claim.cascade, each.claim.ref, each.claim.node))
    return Observed(tuple(datasets), tuple(reruns))


@dataclass(slots=True)
class _Question:
    """A claim, and the engine that answers it: its plan has the path to the claimed effect and nothing else, so that an
    explanation by this cascade is one at this effect. `depth` is how many events such an explanation has."""

    claim: Claim
    at: Reference
    engine: Engine
    verdict: Literal["effect", "origin"]
    depth: int


@dataclass(slots=True)
class _Places:
    """Which of the cited files and events a data set holds: the ids of the events of each file, and the events'
    actions."""

    wanted: frozenset[str]
    files: dict[str, set[str]] = field(default_factory=dict)
    events: dict[str, str] = field(default_factory=dict)
    actions: Counter[str] = field(default_factory=Counter)
    by_file: dict[str, Counter[str]] = field(default_factory=dict)

    def note(self, file: str, record: Record) -> None:
        """Take note of a record of a file."""
        action = f"{record.eventSource.removesuffix('.amazonaws.com')}:{record.eventName}"
        self.actions[action] += 1
        event = record.eventID
        if event in self.wanted:
            self.events[event] = action
        if file in self.wanted:
            self.by_file.setdefault(file, Counter())[action] += 1
            if event:
                self.files.setdefault(file, set()).add(event)

    def holds(self, at: Reference) -> bool:
        """Whether what is cited is there; a data set as a whole is."""
        cited = at.event or at.place
        return cited is None or cited in self.events or cited in self.files


def _questions(cascade: Cascade) -> Iterable[_Question]:
    names = recorded().datasets
    for evidence in cascade.evidence:
        if evidence.kind != "observed":
            continue
        at = reference(evidence.ref, names)
        for node in evidence.supports:
            path = _path(cascade, node)
            action = cascade.effect(node).action if path else cascade.root.action
            claim = Claim(cascade.id, node, action, evidence.ref, at.dataset)
            engine = Engine(compile_catalog([_alone(cascade, path)]))
            depth = len(path) + (cascade.origin is not None)
            yield _Question(claim, at, engine, "effect" if path else "origin", depth)


def _path(cascade: Cascade, node: str) -> tuple[str, ...]:
    """The effects from `node` to the root, which an origin is not one of."""
    path: list[str] = []
    names = {effect.node for effect in cascade.effects}
    while node in names:
        path.append(node)
        if node == cascade.root_node:
            break
        node = cascade.parent_node(cascade.effect(node))
    return tuple(path)


def _alone(cascade: Cascade, path: tuple[str, ...]) -> Cascade:
    kept = {*path, *(cascade.ensemble.require if cascade.ensemble else ())}
    effects = tuple(effect for effect in cascade.effects if effect.node in kept)
    return cascade.model_copy(update={"effects": effects})


def _run(
    name: str, questions: Sequence[_Question], located: Located | None
) -> tuple[Dataset, list[Rerun]]:
    claims = len(questions)
    if located is None:
        return _absent(name, questions)
    cited = {each.at.event or each.at.place for each in questions}
    places = _Places(frozenset(each for each in cited if each is not None))
    problems: list[Problem] = []
    for source in located.sources:
        file = file_name(source.name)
        for batch in read_batches([source], on_problem=problems.append):
            for record in batch:
                places.note(file, record)
            for question in questions:
                question.engine.feed(batch)
    if not places.actions or not (located.named or places.events or places.files):
        return _absent(name, questions)
    answers = [_answer(each, places) for each in questions]
    ran = sum(each.status != "not-here" for each in answers)
    records = places.actions.total()
    return Dataset(name, located.path, records, len(problems), claims, ran), answers


def _absent(name: str, questions: Sequence[_Question]) -> tuple[Dataset, list[Rerun]]:
    reason = f"data set {name} is not here"
    answers = [Rerun(each.claim, "not-here", reason=reason) for each in questions]
    return Dataset(name, None, 0, 0, len(questions), 0), answers


def _answer(question: _Question, places: _Places) -> Rerun:
    claim, at = question.claim, question.at
    if not places.holds(at):
        # A file may have been left out of a copy. An event that is missing where others are found was never there.
        gone = bool(places.events)
        reason = f"{claim.dataset} holds no {at.event or at.place}"
        return Rerun(claim, "fails" if gone else "not-here", reason=reason)
    there = _events_there(claim, at, places)
    said = [each for each in question.engine.verdicts() if each.action == claim.action]
    paths = {
        path[0]
        for verdict in said
        for path in _paths(verdict, question)
        if _points_at(at, path, places)
    }
    if paths:
        return Rerun(claim, "holds", max(there, len(paths)), len(paths))
    return Rerun(claim, "fails", there, 0, _reason(claim, at, places, said, there))


def _events_there(claim: Claim, at: Reference, places: _Places) -> int:
    cited = at.event or at.place
    if cited is None or cited in places.events:
        return places.actions[claim.action]
    return places.by_file[cited][claim.action]


def _paths(verdict: Verdict, question: _Question) -> Iterable[tuple[str, ...]]:
    """The paths of the verdict's explanations at the claimed effect; an origin's is the event itself."""
    if verdict.verdict == question.verdict:
        for path in (verdict.path, *(each.path for each in verdict.also)):
            if len(path) == question.depth:
                yield path


def _points_at(at: Reference, path: Sequence[str], places: _Places) -> bool:
    cited = at.event or at.place
    if cited is None:
        return True
    if cited in places.events:
        return cited in path
    return path[0] in places.files[cited]


def _reason(
    claim: Claim, at: Reference, places: _Places, said: Sequence[Verdict], there: int
) -> str:
    cited = at.event or at.place
    where = claim.dataset if cited is None or cited in places.events else cited
    if not there:
        return f"{where} has no event of {claim.action}"
    events = "the event" if there == 1 else f"none of {there} events"
    nearest = next(_misses(at, places, said), "")
    if not nearest and any(verdict.verdict in ("effect", "origin") for verdict in said):
        nearest = f"; it is explained elsewhere, not at {cited}"
    verb = "is not" if there == 1 else "is"
    return f"{events} of {claim.action} in {where} {verb} explained{nearest}"


def _misses(at: Reference, places: _Places, said: Sequence[Verdict]) -> Iterator[str]:
    """The near misses of what is cited: of the event itself, or with the event as their root."""
    cited = at.event or at.place
    for verdict in said:
        for miss in verdict.near_misses:
            if (
                cited is None
                or cited in (verdict.event_id, miss.instance)
                or verdict.event_id in places.files.get(cited, ())
            ):
                yield f"; nearest miss: {miss.reason}"
