"""Processing pipelines for pySigma: how each platform spells the CloudTrail fields that the rules name.

`sigma convert -t splunk -p pipelines/splunk.yml rules`
https://sigmahq-pysigma.readthedocs.io/en/latest/Processing_Pipelines.html
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from ..field_maps import FieldMap, field_map
from ..languages.sentinel.kusto import text_literal
from ..target import Artefact
from .detection import Map
from .text import to_yaml

FOLDER = PurePosixPath("pipelines")
_CLOUDTRAIL = [{"type": "logsource", "product": "aws", "service": "cloudtrail"}]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the rules name: all fields, and those that they compare with true or false."""

    fields: tuple[str, ...]
    truths: tuple[str, ...]


def pipelines(rules: Sequence[Map]) -> Iterator[Artefact]:
    """A pipeline for each platform, with every field of these rules."""
    asked = _Asked(tuple(sorted(set(_fields(rules)))), tuple(sorted(set(_truths(rules)))))
    for name, write in _PLATFORMS.items():
        title, known, items = write(asked)
        document = {"name": f"cloudcascade: CloudTrail in {title}", "priority": 10, **items}
        missing = [each for each in asked.fields if known.find(each) is None]
        head = [f"CloudTrail's fields in {title}", f"spelt as in {known.source}"]
        # A table of Kusto refuses a name that it does not know; a search of the others finds nothing there.
        what = "an empty text" if name == "sentinel" else "left as it is"
        head += [f"not kept there, and {what}: {each}" for each in missing]
        yield Artefact(FOLDER / f"{name}.yml", to_yaml(head, [document]))


def _fields(rules: Iterable[Map]) -> Iterator[str]:
    for rule in rules:
        for name, part in rule.get("detection", {}).items():
            if name != "condition":
                yield from _tested(part)
        correlation = rule.get("correlation", {})
        aliases = correlation.get("aliases", {})
        yield from (each for each in correlation.get("group-by", ()) if each not in aliases)
        for spelt in aliases.values():
            yield from spelt.values()


def _truths(rules: Iterable[Map]) -> Iterator[str]:
    """The fields that are compared with true or false."""
    for rule in rules:
        for name, part in rule.get("detection", {}).items():
            if name != "condition":
                for each in part if isinstance(part, list) else [part]:
                    yield from (
                        field.partition("|")[0]
                        for field, value in each.items()
                        if any(isinstance(one, bool) for one in _listed(value))
                    )


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _tested(part: Map | list[Map]) -> Iterator[str]:
    for each in part if isinstance(part, list) else [part]:
        yield from (name.partition("|")[0] for name in each)


def _mapping(spelt: Mapping[str, str]) -> dict[str, Any]:
    changed = {path: name for path, name in spelt.items() if path != name}
    return {
        "id": "cloudtrail_fields",
        "type": "field_name_mapping",
        "mapping": changed,
    }


def _found(known: FieldMap, fields: Iterable[str]) -> dict[str, str]:
    spelt = ((path, known.find(path)) for path in fields)
    return {path: name for path, name in spelt if name is not None}


_Written = tuple[str, FieldMap, dict[str, Any]]


def _splunk(asked: _Asked) -> _Written:
    known = field_map("splunk")
    only = {
        "id": "cloudtrail_events",
        "type": "add_condition",
        "conditions": {"sourcetype": "aws:cloudtrail"},
        "rule_conditions": _CLOUDTRAIL,
    }
    return known.title, known, {"transformations": [_mapping(_found(known, asked.fields)), only]}


def _elastic(asked: _Asked) -> _Written:
    known = field_map("ecs")
    index = {
        "id": "cloudtrail_index",
        "type": "set_state",
        "key": "index",
        "val": "logs-aws.cloudtrail-*",
    }
    return known.title, known, {"transformations": [_mapping(_found(known, asked.fields)), index]}


def _sentinel(asked: _Asked) -> _Written:
    """Fields inside a column of JSON become columns of their own: the backend quotes no dotted name rightly.

    They are texts, as are the table's columns, and Kusto compares no text with a truth value or a number.
    """
    known = field_map("sentinel")
    columns, names, steps = {}, {}, []
    for path in asked.fields:
        found = known.find(path)
        if found is None:
            names[path] = f"Cascade_{_plain(path)}"
            steps.append((names[path], '""'))
            continue
        column, _, inside = found.partition(".")
        if not inside:
            columns[path] = found
            continue
        name = names[path] = f"Cascade_{column}_{_plain(inside)}"
        keys = "".join(f"[{text_literal(key)}]" for key in inside.split("."))
        steps.append((name, f"tostring(parse_json({column}){keys})"))
    table = {"id": "cloudtrail_table", "type": "template", "template": _extended(steps)}
    texts = [_as_text(asked.truths, value) for value in (True, False)] if asked.truths else []
    texts.append({"id": "text_of_numbers", "type": "convert_type", "target_type": "str"})
    items = {"transformations": [*texts, _mapping(columns | names)], "postprocessing": [table]}
    return known.title, known, items


def _plain(path: str) -> str:
    return "".join(char if char.isalnum() else "_" for char in path)


def _as_text(fields: Sequence[str], value: bool) -> dict[str, Any]:
    """A truth value as JSON writes it. Only of these fields: to pySigma 1 is true."""
    return {
        "id": f"text_of_{value}".lower(),
        "type": "set_value",
        "value": str(value).lower(),
        "field_name_conditions": [{"type": "include_fields", "fields": list(fields)}],
        "detection_item_conditions": [{"type": "match_value", "cond": "all", "value": value}],
    }


def _extended(steps: Sequence[tuple[str, str]]) -> str:
    """A Jinja template: the columns that a query names, and the query. A rule of Sentinel holds 10,000 characters,
    which the columns of all rules together would fill.

    Jinja reads escapes as Python does, so that JSON's are right.
    """
    pairs = "\n".join(f"  {json.dumps(step)}," for step in steps)
    return (
        "AWSCloudTrail\n"
        f"{{%- for name, value in [\n{pairs}\n] if name in query %}}\n"
        "| extend {{ name }} = {{ value }}{% endfor %}\n"
        "| where {{ query }}"
    )


_PLATFORMS: Mapping[str, Callable[[_Asked], _Written]] = {
    "splunk": _splunk,
    "elastic": _elastic,
    "sentinel": _sentinel,
}
