"""How the value of a key may be written: as an ARN, an id, a number or a name."""

import re
from collections.abc import Iterable
from functools import cache
from typing import Literal

from .field_paths import judge_path
from .models import KeySource
from .namesakes import member_of
from .record_facts import record_facts
from .recorded import recorded
from .service_models import ServiceModels, Shape
from .spellings import spellings

Writing = Literal["arn", "id", "name", "number"]

_ARN_MEMBER = re.compile(r"(?!.*(Name|Id|Identifier)s?$).*(Arn|ARN|arn)s?$")
_OF_KIND: dict[str, Writing] = {"arn": "arn", "id": "id", "uuid": "id", "number": "number"}
_SOME_NAME = "example-0a1b2c3d"


def writings(
    action: str, source: KeySource, models: ServiceModels | None
) -> frozenset[Writing] | None:
    """How the key's value may be written once its transform was applied; None where nothing tells.

    Of several fields the first counts that records of the action do not have as null.
    """
    path = next((each for each in source.paths if not _is_null(action, each)), source.paths[0])
    found = _of_field(action, path, models)
    if found is None or source.transform not in ("arn-name", "resource-name"):
        return found
    return frozenset("name" if each == "arn" else each for each in found)


def _is_null(action: str, path: str) -> bool:
    return record_facts().null_because(action, path.partition(".")[0]) is not None


def _of_field(action: str, path: str, models: ServiceModels | None) -> frozenset[Writing] | None:
    service, member = action.partition(":")[0], member_of(path)
    if _ARN_MEMBER.fullmatch(member):
        return frozenset({"arn"})
    told = _told(_shape(action, path, models))
    if told is not None:
        return told
    if path.startswith("requestParameters.") and member in spellings().either.get(service, ()):
        # What a call makes has no ARN yet.
        makes = action.partition(":")[2].startswith("Create")
        return frozenset({"name"} if makes else {"arn", "name"})
    seen = _seen(action, path)
    return seen if seen == frozenset({"arn"}) else None


def _seen(action: str, path: str) -> frozenset[Writing]:
    facts = record_facts().actions.get(action)
    kinds: Iterable[str] = facts.fields.get(path, ()) if facts is not None else ()
    return frozenset(_OF_KIND.get(kind, "name") for kind in kinds)


def _shape(action: str, path: str, models: ServiceModels | None) -> Shape | None:
    if models is None or path.partition(".")[0] not in ("requestParameters", "responseElements"):
        return None
    operations = models.operations(action)
    return judge_path(operations, path, recorded().fields_of(action)).shape if operations else None


def _told(shape: Shape | None) -> frozenset[Writing] | None:
    """What the pattern of a type says of how its values are written."""
    if shape is None:
        return None
    if shape.kind in ("integer", "long"):
        return frozenset({"number"})
    compiled = _compiled(shape.pattern) if shape.kind == "string" and shape.pattern else None
    if compiled is None:
        return None
    names = compiled.search(_SOME_NAME) is not None
    if "arn" in (shape.pattern or ""):
        if names:
            return frozenset({"arn", "name"})
        # One with alternatives, but for partitions, may admit ids as well.
        rest = re.sub(r"\((\?:)?aws[^()]*\)", "", shape.pattern or "")
        return None if "|" in rest else frozenset({"arn"})
    # One that admits colons and slashes says nothing.
    admits = any(
        compiled.search(each) for each in ("arn:aws:s:r:1:x", "arn:aws:s:r:111122223333:x/y")
    )
    return frozenset({"name"}) if names and not admits else None


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(f"^(?:{pattern})$")
    except re.error:
        return None
