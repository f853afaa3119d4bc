"""The JSON Schema of a cascade file, for editors: completion, and errors while one types.

It is made from the models, and says what a file says: field names as the file spells them,
shorthand forms, durations as text. Some rules it leaves to the loader: how parts of a document
refer to each other, and that a window is at most 31 days.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .models import Cascade
from .terms import FIELD_PATH_PATTERN, RECORD_FIELDS

SCHEMA_FILE = Path(__file__).parent / "data" / "cascade.schema.json"

Node = dict[str, Any]


def json_schema() -> Node:
    """The schema, draft 2020-12."""
    schema: Node = Cascade.model_json_schema(by_alias=True, mode="validation")
    _walk(schema, _drop_null)
    _walk(schema, _close_mapping)
    _walk(schema, _name_record_fields)
    definitions = schema["$defs"]
    definitions["Condition"]["minProperties"] = 1
    definitions["KeySource"]["oneOf"] = _one_of("path", "first-of")
    definitions["Spoiler"]["oneOf"] = _one_of("within", "between")
    schema["oneOf"] = _one_of("origin", "ensemble")
    schema["title"] = "cascade"
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def schema_text() -> str:
    """The schema as it is written to `SCHEMA_FILE`."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def _one_of(*fields: str) -> list[Node]:
    return [{"required": [field]} for field in fields]


def _walk(part: object, change: Callable[[Node], None]) -> None:
    if isinstance(part, dict):
        change(part)
        for inner in part.values():
            _walk(inner, change)
    elif isinstance(part, list):
        for inner in part:
            _walk(inner, change)


def _drop_null(node: Node) -> None:
    """A field is left out rather than null; titles only repeat the field's name."""
    if isinstance(node.get("title"), str):
        del node["title"]
    if node.get("default", ...) in (None, []):
        del node["default"]
    choices = node.get("anyOf")
    if not isinstance(choices, list) or {"type": "null"} not in choices:
        return
    choices = [choice for choice in choices if choice != {"type": "null"}]
    if len(choices) > 1:
        node["anyOf"] = choices
        return
    del node["anyOf"]
    for name, value in choices[0].items():
        node.setdefault(name, value)


def _close_mapping(node: Node) -> None:
    if "patternProperties" in node:
        node["additionalProperties"] = False
        # Descriptions of a key mean nothing to an editor in this place.
        node.pop("propertyNames", None)


def _name_record_fields(node: Node) -> None:
    first, rest = "|".join(sorted(RECORD_FIELDS)), FIELD_PATH_PATTERN.partition("*")[2]
    pattern = f"^({first}){rest}"
    if node.get("pattern") == FIELD_PATH_PATTERN:
        node["pattern"] = pattern
    properties = node.get("patternProperties")
    if isinstance(properties, dict) and FIELD_PATH_PATTERN in properties:
        properties[pattern] = properties.pop(FIELD_PATH_PATTERN)
