"""`cascade schema`: the JSON Schemas of what is written, and of a cascade file."""

import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from .app import app

SCHEMA_FILES = Path(__file__).parent / "data"
_DRAFT = "https://json-schema.org/draft/2020-12/schema"

Node = dict[str, Any]


class Kind(StrEnum):
    """What a schema is of."""

    verdict = "verdict"
    report = "report"
    why = "why"
    review = "review"
    cascade = "cascade"


# What stands beside the members of `Verdict`: of a stream, of --with-record, and of a sink that had to cut a line.
_BESIDES: Mapping[str, Node] = {
    "late": {
        "type": "boolean",
        "description": "watch: the event came after its time, and was judged by what was known then.",
    },
    "final": {"type": "boolean", "description": "watch: no other verdict will take its place."},
    "id": {
        "type": "string",
        "description": "watch: follows from what is said and from what it replaces; the same verdict has the same id.",
    },
    "supersedes": {
        "type": ["string", "null"],
        "description": "watch: the id of the verdict whose place it takes.",
    },
    "truncated": {
        "const": True,
        "description": "watch: the line was too large for where it went; lists are empty, and texts are cut.",
    },
    "record": {
        "type": ["object", "null"],
        "description": "classify --with-record: the CloudTrail record as it stands in the log; null where it is larger "
        "than 256 KiB.",
    },
    "record_bytes": {
        "type": "integer",
        "description": "classify --with-record: how large a record is that was left out.",
    },
}

_MEMBERS: Mapping[str, str] = {
    "event_id": "The eventID; `sha256:` and the hash of the record's content where it has none.",
    "event_time": "The eventTime, UTC.",
    "action": "service:EventName, such as iam:DeleteUser.",
    "account": "The account that the event happened in.",
    "region": "The awsRegion.",
    "actor": "The principal id of the initial principal; null where it is not known.",
    "verdict": "docs/semantics.md, Verdicts. `pending` is a stream's only.",
    "failed": "Whether the call failed.",
    "cascade": "The cascade that explains the event, or that it begins.",
    "instance": "The event id of the root of the instance that explains it.",
    "relation": "What the event is in the cascade.",
    "policy": "What may be done with it. Only `suppress` silences.",
    "path": "Event ids from the event to the root.",
    "techniques": "ATT&CK ids.",
    "near_misses": "What almost explained an orphan, the fewest faults first.",
    "also": "Further explanations, or cascades that it begins.",
    "actor_arn": "The ARN that the event itself shows.",
    "error": "Why the call failed.",
    "controller": "The known program behind the call.",
    "caveats": "Why the policy is stricter than the cascade's own.",
    "silences": "classify: events that are silenced because of it, at most 100.",
    "silenced": "classify: how many those are in all.",
    "target": "What the event was about: values by key, a text, a number or a list.",
    "source_ip": "The sourceIPAddress: an address, or the name of a service.",
    "user_agent": "The userAgent.",
    "tool": "The family of the userAgent, such as aws-cli.",
    "initial_principal": "The actor, where credentials that were handed out lead to another principal than the "
    "event's own.",
    "session": "Tells one sign-in of a principal from another: when its session was made, or its access key.",
    "file": "classify: the file that the record was read from.",
    "position": "classify: the record's number in that file, from 1, among the API calls.",
    "next": "A command that says more.",
}


@app.command(rich_help_panel="Catalogue")
def schema(
    kind: Annotated[
        Kind,
        typer.Argument(
            metavar="verdict|report|why|review|cascade",
            help="A line of NDJSON; the document of --format json; that of `why --json`; a line of "
            "`review --format ndjson`; a cascade's file.",
        ),
    ],
) -> None:
    """Print the JSON Schema (draft 2020-12) of what is written, or of a cascade file.

    Members are only ever added: take no notice of those that you do not know.

    **Examples**

    `cascade schema verdict > verdict.schema.json`

    `cascade schema cascade > cascade.schema.json` · for the YAML plugin of an editor
    """
    typer.echo(schema_file(kind).read_text(encoding="utf-8"), nl=False)


def schema_file(kind: Kind) -> Path:
    """Where the schema lies in the package."""
    if kind is Kind.cascade:
        from ..catalog.schema import SCHEMA_FILE

        return SCHEMA_FILE
    return SCHEMA_FILES / f"{kind.value}.schema.json"


def schema_text(kind: Kind) -> str:
    """The schema as it is written to its file, made from the types that are encoded."""
    from ..catalog import schema_text as cascade_text

    match kind:
        case Kind.verdict:
            made = _rooted("A verdict of cloudcascade, a line of NDJSON", *_verdict())
        case Kind.report:
            made = _report()
        case Kind.why:
            made = _why()
        case Kind.review:
            made = _review()
        case Kind.cascade:
            return cascade_text()
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"


def _rooted(title: str, root: Node, definitions: Node) -> Node:
    return {"$schema": _DRAFT, "title": title, **root, "$defs": definitions}


def _components(*types: type) -> Node:
    _, found = msgspec.json.schema_components(types, ref_template="#/$defs/{name}")
    return found


def _verdict() -> tuple[Node, Node]:
    """The schema of a verdict, and what it refers to. Members that lines of earlier versions lack are optional."""
    from ..matcher import Verdict

    definitions = _components(Verdict)
    root = definitions.pop("Verdict")
    root.pop("title")
    for name, member in root["properties"].items():
        member.pop("default", None)
        member["description"] = _MEMBERS[name]
    root["description"] = "Unknown members are to be passed over: a later version may add some."
    root["properties"].update(_BESIDES)
    for each in definitions.values():
        each.pop("title", None)
    return root, definitions


def _named(definitions: Node) -> Node:
    """The verdict with its definitions, under their names."""
    root, inner = _verdict()
    return {**definitions, **inner, "Verdict": root}


_HEAD: Node = {
    "tool": {
        "type": "object",
        "required": ["name", "version"],
        "properties": {"name": {"const": "cloudcascade"}, "version": {"type": "string"}},
    },
    "catalog": {
        "type": "object",
        "description": "The catalogue that was judged by, its overlay included.",
        "required": ["digest", "cascades"],
        "properties": {
            "digest": {
                "type": "string",
                "pattern": "^[0-9a-f]{32}$",
                "description": "Equal for two catalogues that say the same of every event.",
            },
            "cascades": {"type": "integer", "minimum": 0},
        },
    },
}
_COUNT: Node = {"type": "integer", "minimum": 0}


def _counts(description: str) -> Node:
    return {"type": "object", "description": description, "additionalProperties": _COUNT}


def _counted(description: str, *names: str) -> Node:
    return {
        "type": "object",
        "description": description,
        "additionalProperties": {
            "type": "object",
            "required": list(names),
            "properties": dict.fromkeys(names, _COUNT),
        },
    }


def _report() -> Node:
    summary: Node = {
        "overlay": {"type": "string", "description": "The overlay that is in force, if one is."},
        "shown": {
            "type": "object",
            "description": "The filters of the verdicts that are given and counted; every event was matched.",
        },
        "records": {**_COUNT, "description": "Records that were read."},
        "duplicates": {**_COUNT, "description": "Copies of an event."},
        "conflicting": {**_COUNT, "description": "Copies that say something else."},
        "undecodable": {**_COUNT, "description": "Pieces of input that are no usable record."},
        "passed_over": _counts("What is no API call, by name."),
        "verdicts": _counts("How often each verdict."),
        "caveats": _counts("Why explained events are not silenced."),
        "cascades": _counted(
            "What was found of each cascade.", "instances", "effects", "suppressible"
        ),
        "actions": _counted(
            "What became of each action's events.", "fires", "suppressed", "annotated", "left"
        ),
    }
    optional = {"overlay", "shown", "passed_over"}
    root: Node = {
        "type": "object",
        "required": [*_HEAD, "verdicts", "summary"],
        "properties": {
            **_HEAD,
            "verdicts": {"type": "array", "items": {"$ref": "#/$defs/Verdict"}},
            "summary": {
                "type": "object",
                "required": [name for name in summary if name not in optional],
                "properties": summary,
            },
        },
    }
    return _rooted("What `cascade classify --format json` writes", root, _named({}))


def _why() -> Node:
    from ..matcher import Inquiry

    definitions = _components(Inquiry)
    for each in definitions.values():
        each.pop("title", None)
    root: Node = {
        "type": "object",
        "required": [*_HEAD, "event_id", "action", "inquiry"],
        "properties": {
            **_HEAD,
            "event_id": {"type": "string"},
            "action": {"type": "string"},
            "inquiry": {
                "description": "Null where the catalogue says nothing of the action.",
                "anyOf": [{"type": "null"}, {"$ref": "#/$defs/Inquiry"}],
            },
        },
    }
    return _rooted("What `cascade why --json` writes", root, _named(definitions))


_OF_A_RULE: Mapping[str, str] = {
    "document": "Tells the lines apart: one for each rule, and the summary, which is the last.",
    "id": "The rule's own id.",
    "title": "The rule's own title.",
    "format": "The format of its file.",
    "file": "Its file, as it was named.",
    "line": "Where its condition begins, from 1; 0: not known.",
    "severity": "As the rule says it.",
    "not_judged": "Why the rule could not be executed; null where it was.",
    "aim": "What it is about: actions, an identity, or so much that it is everything; null where it was not executed.",
    "actions": "On how many benign actions it fires.",
    "counts": "What decides beside the filter: a threshold, a first time, a sequence.",
    "remarks": "What executing it leaves out.",
    "side_effects": "The benign effects on which it fires.",
    "findings": "What there is to say of it, the gravest first.",
    "log": "How often it fired in the log, where one was given.",
}
_OF_A_SUMMARY: Mapping[str, str] = {
    "document": _OF_A_RULE["document"],
    "version": "The program's version.",
    "catalog": "The digest of the catalogue, its overlay included.",
    "files": "Files of a known format of rules.",
    "other_rules": "Rules that are about other logs: they are left out of everything.",
    "baseline": "The file with the findings that are known; null where none was given, and all are new.",
    "totals": "Of how many rules what is true.",
    "by_format": "The same of the rules of each format.",
    "not_judged": "How often each reason.",
    "levels": "How many findings of each level.",
    "fixed": "What the baseline holds and rules that were executed no longer have.",
    "not_seen": "What the baseline holds of rules that were not executed this time.",
    "problems": "Files that could not be read.",
}


def _review() -> Node:
    from ..review.outputs import RuleDocument, SummaryDocument

    definitions = _components(RuleDocument, SummaryDocument)
    for each in definitions.values():
        each.pop("title", None)
        for member in each.get("properties", {}).values():
            member.pop("default", None)
    for name, told in (("RuleDocument", _OF_A_RULE), ("SummaryDocument", _OF_A_SUMMARY)):
        document = definitions[name]
        document["required"] = list(document["properties"])
        for member, description in told.items():
            document["properties"][member]["description"] = description
    root: Node = {
        "description": "Unknown members are to be passed over: a later version may add some.",
        "anyOf": [{"$ref": f"#/$defs/{name}"} for name in ("RuleDocument", "SummaryDocument")],
    }
    return _rooted("A line of `cascade review --format ndjson`", root, definitions)
