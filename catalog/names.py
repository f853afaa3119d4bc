"""Names as people type them, resolved to names as the catalogue has them."""

import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches

from .findings import UnknownName

# Some services put the API's version behind the operation's name: CreateFunction20150331,
# UpdateFunctionCode20150331v2, CreateDistribution2020_05_31.
_API_VERSION = re.compile(r"(20\d{6}|20\d{2}_\d{2}_\d{2})(v\d+)?$")
_SHOWN = 10
_LIKENESS = 0.75


def resolve_action(text: str, actions: Iterable[str]) -> str:
    """The one of `actions` that `text` means.

    Case does not matter. The service may be left out, or be written `iam.amazonaws.com`, and be
    parted from the event by `:`, `.` or `/`. The API version at the end of some event names may be
    left out where that is clear.

    Raises:
        UnknownName: there is none, or more than one.

    >>> resolve_action("deleteuser", ["iam:DeleteUser", "s3:DeleteBucket"])
    'iam:DeleteUser'
    """
    known = sorted(set(actions))
    typed = text.strip()
    if typed in known:
        return typed
    service, event = _parts(typed)

    def matches(spell: Callable[[str], str]) -> list[str]:
        return [
            action
            for action in known
            if service in ("", action.partition(":")[0].lower())
            and spell(action.partition(":")[2].lower()) == event
        ]

    found = matches(lambda name: name) or matches(lambda name: _API_VERSION.sub("", name))
    return _only(found, typed, "action", known, lambda: _close_action(typed, service, event, known))


def resolve_cascade(text: str, ids: Iterable[str]) -> str:
    """The one of `ids` that `text` means: the id, or as many of its last parts as make it clear.

    Raises:
        UnknownName: there is none, or more than one.

    >>> resolve_cascade("delete-user", ["aws.iam.delete-user", "aws.s3.delete-bucket"])
    'aws.iam.delete-user'
    """
    known = sorted(set(ids))
    typed = text.strip()
    if typed in known:
        return typed
    wanted = re.sub(r"[:/]", ".", typed.lower().replace("_", "-")).removesuffix(".yaml")
    found = [id_ for id_ in known if id_ == wanted or id_.endswith(f".{wanted}")]

    def close() -> list[str]:
        by_last = {id_.rpartition(".")[2]: id_ for id_ in known}
        near = get_close_matches(wanted, [*known, *by_last], n=3, cutoff=_LIKENESS)
        return list(dict.fromkeys(by_last.get(name, name) for name in near))

    return _only(found, typed, "cascade", known, close)


def _parts(typed: str) -> tuple[str, str]:
    """Service (empty when left out) and event, in lower case."""
    lowered = typed.lower().replace(".amazonaws.com", "")
    service, parted, event = re.sub(r"[./]", ":", lowered).rpartition(":")
    return (service, event) if parted else ("", lowered)


def _close_action(typed: str, service: str, event: str, known: list[str]) -> list[str]:
    spelled = {action.lower(): action for action in known}
    near = get_close_matches(
        f"{service}:{event}" if service else event, spelled, n=3, cutoff=_LIKENESS
    )
    by_event: dict[str, list[str]] = {}
    for action in known:
        by_event.setdefault(action.partition(":")[2].lower(), []).append(action)
    for name in get_close_matches(event, by_event, n=3, cutoff=_LIKENESS):
        near += by_event[name]
    return list(dict.fromkeys(spelled.get(name, name) for name in near))[:3]


def _only(
    found: list[str],
    typed: str,
    kind: str,
    known: list[str],
    close: Callable[[], list[str]],
) -> str:
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(found[:_SHOWN]) + (", ..." if len(found) > _SHOWN else "")
        raise UnknownName(f"{typed!r} may be any of these {kind}s: {listed}", found)
    if not known:
        raise UnknownName(f"no {kind} {typed!r}: the catalogue is empty")
    near = close() if typed else []
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    raise UnknownName(f"the catalogue has no {kind} {typed!r}{hint}", near)
