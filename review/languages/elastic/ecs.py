"""CloudTrail as Elastic's AWS integration stores it (ECS): which fields there are, and what a record has in them.

https://github.com/elastic/integrations/tree/main/packages/aws/data_stream/cloudtrail : its ingest pipeline and its
fields. What is null or empty is dropped first; a `flattened` field keeps leaves, each as a text.
"""

import ipaddress
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml

from ....exporters.field_maps import field_map
from ...errors import NoFix, NotJudged
from ...expression import Value
from ...rule import EXPLAINED, Json, Spelling
from .java_text import java_text

_DATA = Path(__file__).parents[2] / "data" / "fields" / "ecs.yaml"
# Fleet's own limit for a keyword: https://www.elastic.co/docs/reference/elasticsearch/mapping-reference/ignore-above
_LONGEST = 1024
# The pipeline flattens only what is shorter as a text.
_FLATTENED = 32766
_KEPT_TEXTS = 65_536
_CONSOLE_LOGIN = "aws.cloudtrail.console_login.additional_eventdata."

Get = Callable[[Json], Value]

# Beginnings of names that something else than the record decides, and what that is.
_ENRICHED = {
    "source.geo": "a database of places fills it",
    "source.as": "a database of networks fills it",
    "user_agent": "a database of user agents fills it",
    "related": "the integration gathers it from fields that differ by action",
    "aws.cloudtrail.digest": "it belongs to digests",
    "aws.cloudtrail.flattened.digest": "it belongs to digests",
    "aws.cloudtrail.flattened.insight_details": "it belongs to insights",
}


@cache
def _data() -> Mapping[str, Any]:
    found: Mapping[str, Any] = yaml.safe_load(_DATA.read_text(encoding="utf-8"))
    return found


@cache
def _paths() -> Mapping[str, str]:
    """CloudTrail's path by the platform's name, where the field is one member of a record and nothing else."""
    exported = field_map("ecs").fields
    extra = {**_data()["fields"], **_data()["copies"]}
    return {name: path for path, name in {**exported, **extra}.items() if name != "user.name"}


@cache
def _below() -> Mapping[str, str]:
    return {name: path for path, name in field_map("ecs").below.items()}


@cache
def _texts() -> Mapping[str, str]:
    return {name: path for path, name in _data()["texts"].items()}


@cache
def _categories() -> Mapping[str, tuple[str, tuple[str, ...]]]:
    return {
        action: (each["category"], tuple(each["type"]))
        for each in _data()["categories"]
        for action in each["names"]
    }


_DERIVED: Mapping[str, Get] = {
    "event.category": lambda record: _category(record)[0],
    "event.outcome": lambda record: _outcome(record),
    "event.type": lambda record: list(_category(record)[1]),
    "source.ip": lambda record: _address(record),
    "tls.version": lambda record: _tls(record)[1],
    "tls.version_protocol": lambda record: _tls(record)[0],
    "user.name": lambda record: _user_name(record),
    f"{_CONSOLE_LOGIN}login_to": lambda record: _console_login(record, "LoginTo"),
    f"{_CONSOLE_LOGIN}mfa_used": lambda record: _console_flag(record, "MFAUsed"),
    f"{_CONSOLE_LOGIN}mobile_version": lambda record: _console_flag(record, "MobileVersion"),
}


@cache
def mapped() -> tuple[str, ...]:
    """The fields that a search finds by a name with a wildcard, sorted; members of flattened fields are not."""
    return tuple(sorted({*_paths(), *_texts(), *_below(), *_data()["constants"], *_DERIVED}))


def matching(pattern: str) -> tuple[str, ...]:
    """The mapped fields whose names fit the pattern, in which `*` stands for anything."""
    safe = pattern.replace("[", "[[]").replace("?", "[?]")
    return tuple(name for name in mapped() if fnmatchcase(name, safe))


@lru_cache(maxsize=4096)
def kind(name: str) -> str:
    """What a field is: `keyword`, `boolean`, `ip`, `date`, `flattened`, or `member` of a flattened field.

    Raises:
        NotJudged: the field is none of the integration's, or does not follow from the record.
    """
    if name == EXPLAINED:
        return "boolean"
    if name in _below():
        return "flattened"
    if name in mapped():
        found: str = _data()["kinds"].get(name, "keyword")
        return found
    for beginning, reason in _ENRICHED.items():
        if name == beginning or name.startswith(f"{beginning}."):
            raise NotJudged(f"the field {_brief(name)} cannot be told from a record: {reason}")
    if _flattened(name):
        return "member"
    if name.endswith(".text") and name.removesuffix(".text") in mapped():
        raise NotJudged(f"the field {_brief(name)} is searched by words, which is not modelled")
    raise NotJudged(
        f"the field {_brief(name)} is none that the AWS integration fills from a record"
    )


def _brief(name: str) -> str:
    return name if len(name) <= 120 else f"{name[:120]}..."


def _flattened(name: str) -> str | None:
    return next((each for each in _below() if name.startswith(f"{each}.")), None)


def name_of(path: str) -> str:
    """The field in which a member of a record stands, alone and whole.

    Raises:
        NoFix: there is none.
    """
    if path == "userIdentity.userName":
        raise NoFix(
            "Elastic keeps userIdentity.userName in user.name, where a role's name stands, too"
        )
    for found in (_data()["fields"].get(path), field_map("ecs").find(path)):
        if found is not None and isinstance(found, str):
            return found
    raise NoFix(f"Elastic's AWS integration keeps no field for {path}")


def copy_of(path: str) -> str | None:
    """The field beside the flattened one into which the integration copies the member, if it does."""
    found: str | None = _data()["copies"].get(path)
    return found


def longest(name: str) -> int | None:
    """How long a value may be, in characters, to be found at all; None without a limit that matters."""
    if kind(name) in ("member", "flattened"):
        return None
    found: int = _data()["longest"].get(name, _LONGEST)
    return found


def path(name: str) -> str | None:
    """CloudTrail's path of a field; None where it is no single member."""
    found = _paths().get(name)
    if found is not None:
        return found
    below = _flattened(name)
    return None if below is None else _below()[below] + name[len(below) :]


def value(record: Json, name: str) -> Value:
    """What a search finds in the field: None, a text, a boolean, or a list of them."""
    return _getter(name)(record)


SPELLING = Spelling("ecs", value, path)
"""The spelling of Elastic's AWS integration."""


@lru_cache(maxsize=4096)
def _getter(name: str) -> Get:
    if name == EXPLAINED:
        return lambda record: record.get(EXPLAINED) is True
    if name in _data()["constants"]:
        constant: str = _data()["constants"][name]
        return lambda record: constant
    if name in _DERIVED:
        return _DERIVED[name]
    if name in _texts():
        member, most = _texts()[name], longest(name) or _LONGEST
        return lambda record: _short(_rendered(record.get(member)), most)
    if name in _below():
        root = _below()[name]
        return lambda record: _one([*_leaves(_kept(record.get(root)))])
    below = _flattened(name)
    if below is not None:
        root, rest = _below()[below], tuple(name[len(below) + 1 :].split("."))
        return lambda record: _one([*_at(_kept(record.get(root)), rest)])
    segments = tuple(_paths()[name].split("."))
    if name in _data()["copies"].values():
        root, rest = segments[0], segments[1:]
        return lambda record: _one([*_at(_kept(record.get(root)), rest)])
    if _data()["kinds"].get(name) == "boolean":
        return lambda record: _boolean(_member(record, segments))
    most = longest(name) or _LONGEST
    return lambda record: _keyword(record, segments, most)


def _member(record: Any, segments: tuple[str, ...]) -> Any:
    for segment in segments:
        if not isinstance(record, Mapping):
            return None
        record = record.get(segment)
    return record


def _keyword(record: Json, segments: tuple[str, ...], most: int) -> Value:
    found = _member(record, segments)
    if isinstance(found, str):
        return found if 0 < len(found) <= most else None
    kept = [*_at(record, segments)] if found is None else [*_leaves(found)]
    return _one([each for each in kept if len(each) <= most])


def _boolean(found: Any) -> bool | None:
    if isinstance(found, bool):
        return found
    return {"true": True, "false": False}.get(found) if isinstance(found, str) else None


def _one(found: list[str]) -> Value:
    return found[0] if len(found) == 1 else found or None


def _short(text: str | None, most: int) -> str | None:
    return text if text is not None and len(text) <= most else None


def _leaves(found: Any) -> Iterator[str]:
    """The leaves below a value, from left to right."""
    waiting = [found]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Mapping):
            waiting.extend(reversed([*each.values()]))
        elif isinstance(each, list | tuple):
            waiting.extend(reversed(each))
        else:
            text = java_text(each)
            if text is not None:
                yield text


def _at(found: Any, segments: tuple[str, ...]) -> Iterator[str]:
    """The leaves whose path is that; a list is looked through, and a member's own name may hold dots."""
    waiting = [(found, segments)]
    while waiting:
        each, rest = waiting.pop()
        if isinstance(each, list | tuple):
            waiting.extend((inner, rest) for inner in reversed(each))
        elif isinstance(each, Mapping):
            for length in range(len(rest), 0, -1):
                key = rest[0] if length == 1 else ".".join(rest[:length])
                if key in each:
                    waiting.append((each[key], rest[length:]))
        elif not rest:
            text = java_text(each)
            if text is not None:
                yield text


# By identity: a rule after the other asks for the texts of the same records. The object is kept so that its
# identity is nobody else's.
_texts_made: dict[int, tuple[Any, str | None]] = {}


def _rendered(found: Any) -> str | None:
    if not isinstance(found, Mapping | list):
        return java_text(found)
    known = _texts_made.get(id(found))
    if known is not None and known[0] is found:
        return known[1]
    if len(_texts_made) >= _KEPT_TEXTS:
        _texts_made.clear()
    text = java_text(found)
    _texts_made[id(found)] = (found, text)
    return text


def _kept(found: Any) -> Any:
    """What the pipeline flattens of it: nothing of what is too long."""
    text = _rendered(found)
    return found if text is not None and len(text) < _FLATTENED else None


def _text_at(record: Json, *segments: str) -> str | None:
    found = _member(record, segments)
    return found if isinstance(found, str) and found else None


def _outcome(record: Json) -> str:
    if record.get("eventName") == "ConsoleLogin":
        told = _text_at(record, "responseElements", "ConsoleLogin")
        if told is not None:
            return told.lower()
    failed = java_text(record.get("errorCode")) or java_text(record.get("errorMessage"))
    return "failure" if failed else "success"


def _category(record: Json) -> tuple[str | None, tuple[str, ...]]:
    action = record.get("eventName")
    found = _categories().get(action) if isinstance(action, str) else None
    return found if found is not None else (None, ("info",))


def _address(record: Json) -> str | None:
    text = _text_at(record, "sourceIPAddress")
    if text is None:
        return None
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def _tls(record: Json) -> tuple[str | None, str | None]:
    protocol, mark, version = (_text_at(record, "tlsDetails", "tlsVersion") or "").partition("v")
    return (protocol.lower() or None, version or None) if mark else (None, None)


def _user_name(record: Json) -> str | None:
    # The second rename fails where the first one filled the field.
    return _text_at(record, "userIdentity", "userName") or _text_at(
        record, "userIdentity", "sessionContext", "sessionIssuer", "userName"
    )


def _console_login(record: Json, member: str) -> str | None:
    if record.get("eventName") != "ConsoleLogin":
        return None
    return java_text(_member(record, ("additionalEventData", member)))


def _console_flag(record: Json, member: str) -> bool | None:
    told = _console_login(record, member)
    return None if told is None else told != "No"
