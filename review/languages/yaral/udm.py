"""CloudTrail in Google's Unified Data Model, as its parser AWS_CLOUDTRAIL fills it.

https://cloud.google.com/chronicle/docs/reference/aws-cloudtrail-field-map
https://cloud.google.com/chronicle/docs/ingestion/parser-list/aws-cloudtrail-changelog
"""

import ipaddress
import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Final

from ....exporters.field_maps import field_map
from ...expression import Value
from ...rule import EXPLAINED, Json, Spelling

CONSTANTS: Final[Mapping[str, str]] = {
    "metadata.log_type": "AWS_CLOUDTRAIL",
    "metadata.product_name": "AWS CloudTrail",
    "metadata.vendor_name": "AMAZON",
}
"""What the parser writes into every event."""

OUTCOME: Final = field_map("udm").success.field
"""Whether the call succeeded."""

DISPUTED: Final = frozenset(("principal.user.userid", "principal.user.product_object_id"))
"""Fields that by the parser's change log hold the ARN of a role's session, of which the field map says something else:
what rules compare them with decides, so that neither is taken for granted."""

EVENT_ID: Final = field_map("udm").field("eventID")


@cache
def fields() -> Mapping[str, str]:
    """CloudTrail's paths by the names of UDM's fields."""
    return {
        name: path
        for path, name in field_map("udm").fields.items()
        if name not in DISPUTED and path != "eventTime"
    }


@cache
def field_of() -> Mapping[str, str]:
    """UDM's names by CloudTrail's paths."""
    return {path: name for name, path in fields().items()}


def known(name: str) -> bool:
    """Whether it is documented what the field holds."""
    return name in CONSTANTS or name == OUTCOME or name in fields()


def path_of(name: str) -> str | None:
    """CloudTrail's path of a field."""
    return fields().get(name)


@lru_cache(maxsize=512)
def _steps(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def _at(record: Json, path: str) -> Value:
    found: Value = record
    for step in _steps(path):
        found = found.get(step) if isinstance(found, dict) else None
    return found


def value_of(record: Json, name: str) -> Value:
    """What the field holds: an empty text where the record has none."""
    if name == EXPLAINED:
        return record.get(EXPLAINED)
    if name in CONSTANTS:
        return CONSTANTS[name]
    if name == OUTCOME:
        failed = record.get("errorCode") or record.get("errorMessage")
        denied = _at(record, "responseElements.ConsoleLogin") == "Failure"
        return "BLOCK" if failed or denied else "ALLOW"
    value = _at(record, fields()[name])
    if not isinstance(value, str):
        return "" if value is None else str(value)
    return value if name != "principal.ip" or is_address(value) else ""


@lru_cache(maxsize=4_096)
def is_address(value: str) -> bool:
    """Whether it is an address: a field of addresses holds no name of a service."""
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


def spelled(path: str) -> str:
    """A field's name with its brackets in one form."""
    return re.sub(r"\[\s*\"((?:[^\"\\]|\\.)*)\"\s*\]", r'["\1"]', path)


SPELLING: Final = Spelling("udm", value_of, path_of)
