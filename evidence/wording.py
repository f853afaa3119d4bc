"""What the service models say in their own words: whether an operation's text speaks of an effect."""

import html
import re
from dataclasses import dataclass
from typing import Any, Protocol

_API_VERSION = re.compile(r"(20\d{6}|20\d{2}_\d{2}_\d{2})(v\d+)?$")
# Verbs by the part that all their forms share.
_STEMS = {
    "delete": "delet",
    "remove": "remov",
    "create": "creat",
    "disable": "disabl",
    "enable": "enabl",
    "terminate": "terminat",
    "disassociate": "disassociat",
    "associate": "associat",
    "release": "releas",
    "revoke": "revok",
    "authorize": "authoriz",
    "update": "updat",
}


_JOINTS = ("from", "with", "for", "and")


class Loader(Protocol):
    """What is used of botocore's `Loader`."""

    def load_service_model(self, service_name: str, type_name: str) -> Any:
        """The model of a service, as JSON has it."""


@dataclass(frozen=True, slots=True)
class Wording:
    """What an operation's text says of an action: it names the operation (`named`), it speaks of the thing
    that the action is about (`spoken`), it is the action itself (`same`), or nothing of it (`silent`)."""

    operation: str
    action: str
    found: str


def wording_of(loader: Loader, service: str, operation: str, action: str) -> Wording:
    """Look for `action` in the text of a service's operation; both by their names in the API."""
    text = _documentation(loader, service, operation)
    name = _API_VERSION.sub("", action.partition(":")[2])
    told = f"{service}:{operation}"
    if name == operation:
        return Wording(told, action, "same")
    if re.search(rf"\b{re.escape(name)}\b", text):
        return Wording(told, action, "named")
    words = [word.lower() for word in _words(name)]
    things = [word.rstrip("s") for word in words[1:] if len(word) > 2 and word not in _JOINTS]
    lowered = text.lower()
    things_there = bool(things) and all(thing in lowered for thing in things)
    if things_there or (not things and _STEMS.get(words[0], words[0]) in lowered):
        return Wording(told, action, "spoken")
    return Wording(told, action, "silent")


def _documentation(loader: Loader, service: str, operation: str) -> str:
    model = loader.load_service_model(service, "service-2")
    marked = model["operations"].get(operation, {}).get("documentation", "")
    return html.unescape(re.sub(r"<[^>]+>", " ", marked))


def _words(name: str) -> list[str]:
    """The words of a name: `DB`, `Instance` of `DBInstance`."""
    return re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+", name)
