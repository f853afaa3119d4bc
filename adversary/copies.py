"""Records that say two things, half a thing, or nothing readable."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from copy import deepcopy

from ..catalog import Effect, Spoiler
from ..samples import Unsatisfiable
from .attempt import Json, Step, Tried
from .stage import Stage, act, attempt, base, changed, instants, perform

_HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
_CALL = ("requestParameters", "responseElements")
_OUTCOMES: tuple[tuple[str, Mapping[str, object]], ...] = (
    ("has failed", {"errorCode": "AccessDenied", "errorMessage": "denied", "responseElements": None}),
    ("has failed, and says so only in errorMessage", {"errorMessage": "denied"}),
    ("may have failed: its errorMessage is left out", {"errorMessage": {"omitted": True}}),
    ("may have failed: its errorCode is left out", {"errorCode": {"omitted": True}}),
)  # fmt: skip


def copies(stage: Stage) -> Iterator[Tried]:
    """Copies that differ, an origin that failed, and spoilers that cannot be read."""
    yield from _differing(stage)
    root = stage.cascade.root
    if not (isinstance(root, Effect) and root.outcome == "any"):
        for story, members in _OUTCOMES:
            events = base(stage)
            events[stage.root] = changed(events[stage.root], members)
            yield _of(stage, f"{root.action} {story}", [*events.values()])
    for spoiler in stage.cascade.spoilers:
        yield from _unreadable(stage, spoiler)


def _of(stage: Stage, story: str, steps: list[Step]) -> Tried:
    target = next(step for step in steps if step.what == stage.effect.node)
    return attempt(story, steps, target, "nothing")


def _differing(stage: Stage) -> Iterator[Tried]:
    for name in dict.fromkeys(stage.path):
        honest = base(stage)[name]
        failed = {"errorCode": "AccessDenied", "errorMessage": "denied"}
        others = [changed(honest, failed, f"{name} (failed, the same eventID)")]
        same_id = {"eventID": honest.record["eventID"]}
        with suppress(Unsatisfiable):  # where the document leaves its keys one value only
            if _is_read(stage, name):
                other = act(stage, name, stage.others[name])
                others.append(changed(other, same_id, f"{name} (of another, the same eventID)"))
        for other in others:
            copy = Step(other.what, other.at, other.record, other.by, needed=True)
            yield _of(stage, f"two copies of {name} differ", [*base(stage).values(), copy])


def _is_read(stage: Stage, name: str) -> bool:
    """Whether anything joins on the node's keys: of others the matcher knows nothing."""
    own = [
        edge.join for edge in stage.edges if name in (edge.node, stage.cascade.parent_node(edge))
    ]
    voiding = [each.join for each in stage.cascade.spoilers if name == stage.root]
    return any(own) or any(voiding)


def _unreadable(stage: Stage, spoiler: Spoiler) -> Iterator[Tried]:
    keys = {key: stage.keys(stage.root)[key] for key in spoiler.join}
    at = _when(stage, spoiler)
    whole = perform(stage, spoiler, at, keys)
    failed = changed(whole, {"errorCode": "AccessDenied", "errorMessage": "denied"})
    other = {key: stage.others[stage.root][key] for key in spoiler.join}
    same_id = {"eventID": whole.record["eventID"]}
    told = [failed]
    with suppress(Unsatisfiable):
        told.append(changed(perform(stage, spoiler, at, other), same_id))
    removal = spoiler.action == stage.cascade.root.action  # which the effect may as well belong to
    for copy in () if removal else told:
        steps = [*base(stage).values(), whole, copy]
        yield _of(stage, f"{spoiler.action} speaks against it, but a copy says otherwise", steps)
    for story, record in _blurred(whole.record, spoiler, keys):
        step = Step(f"{spoiler.action} ({story})", at, record, whole.by, needed=True)
        yield _of(
            stage, f"{spoiler.action} speaks against it, but {story}", [*base(stage).values(), step]
        )


def _when(stage: Stage, spoiler: Spoiler) -> int:
    if spoiler.within is None:
        return instants(stage, 1)[0]
    if spoiler.within.after:
        return stage.root_at + min(60, spoiler.within.after)
    return stage.root_at - min(60, spoiler.within.before)


def _blurred(
    record: Json, spoiler: Spoiler, keys: Mapping[str, object]
) -> Iterator[tuple[str, Json]]:
    paths = [path for key in spoiler.join for path in spoiler.keys[key].paths]
    if all(path.partition(".")[0] in _CALL for path in paths):
        yield "its parameters are null", {**record, **dict.fromkeys(_CALL)}
        omitted = {"omitted": True}
        yield "its parameters are left out", {**record, **dict.fromkeys(_CALL, omitted)}
    yield "its key is hidden", _hidden(record, set(keys.values()))
    yield "its time cannot be read", {**record, "eventTime": "yesterday"}
    identity = {k: v for k, v in record["userIdentity"].items() if k != "accountId"}
    nowhere: Json = {**record, "userIdentity": identity}
    nowhere.pop("recipientAccountId", None)
    yield "its account is not known", nowhere


def _hidden(value: object, secrets: set[object]) -> Json:
    made = deepcopy(value)
    assert isinstance(made, dict)

    def hide(place: object) -> object:
        if isinstance(place, dict):
            return {name: hide(each) for name, each in place.items()}
        if isinstance(place, list):
            return [hide(each) for each in place]
        if isinstance(place, str) and any(str(each) in place for each in secrets):
            return _HIDDEN
        return place

    return {name: hide(each) for name, each in made.items()}
