"""Makes catalog/data/record_facts.json anew from public collections of CloudTrail records.

    python bench/record_facts.py \
        invictus-ir/aws_dataset=DIR sans-504=DIR stratus=DIR permiso=DIR > catalog/data/record_facts.json

Each argument is a data set of catalog/data/service_events.yaml and the folder or file that holds its records.
Taken from them: which fields an action's records hold and of what kind their values are, in how many of the calls that
succeeded requests and responses are null, which services set `sessionCredentialFromConsole`, and who made calls for
others. Each fact has the eventID of a record that shows it. No value of a record is kept but names of AWS services.
"""

import gzip
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Json = dict[str, Any]

# Where the source had the flag put on every record by hand.
FLAG_NOT_AS_LOGGED = frozenset({"permiso"})
DEEPEST = 7
MOST_PATHS = 80
_SIDES = ("requestParameters", "responseElements")
# Documents and maps whose members are chosen by the caller: their names are nobody's spelling.
_CHOSEN = re.compile(
    r".*([pP]olicyDocument|bucketPolicy|encryptionContext|[tT]ags?|[eE]nvironment\.variables|filterSet|filters?|policy)"
)


def kind_of(value: object) -> str | None:
    """What kind of a value this is: `arn`, `id`, `uuid`, `url`, `number`, `boolean` or `text`; None for none.

    >>> kind_of("arn:aws:sns:us-east-1:111122223333:t"), kind_of("sg-0a1b2c3d"), kind_of("web")
    ('arn', 'id', 'text')
    """
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if not isinstance(value, str) or value in ("", "HIDDEN_DUE_TO_SECURITY_REASONS"):
        return None
    if value.startswith("arn:"):
        return "arn"
    if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value):
        return "uuid"
    # The records of some data sets have ids whose letters were changed.
    if re.fullmatch(r"[a-z]{1,8}-[0-9a-zA-Z]{8,17}", value):
        return "id"
    return "url" if re.match(r"https?://", value) else "text"


def leaves(value: object, path: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Every path below `path` that holds a value, with the value's kind."""
    if depth > DEEPEST:
        return
    if isinstance(value, dict):
        if _CHOSEN.fullmatch(path):
            return
        for name, inner in value.items():
            if re.fullmatch(r"[A-Za-z0-9_-]+", name):
                yield from leaves(inner, f"{path}.{name}", depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, f"{path}[]", depth + 1)
    elif (kind := kind_of(value)) is not None:
        yield path, kind


@dataclass(slots=True)
class Learnt:
    """What the records of one action have shown. The counts are of calls that succeeded."""

    calls: int = 0
    requests: int = 0
    responses: int = 0
    of_console: int = 0
    flagged: int = 0
    kinds: dict[str, set[str]] = field(default_factory=dict)
    invoked_by: Counter[str] = field(default_factory=Counter)
    refs: list[str] = field(default_factory=list)

    def add(self, record: Json, ref: str) -> None:
        """Learn from one record."""
        new = not self.refs
        invoker = (record.get("userIdentity") or {}).get("invokedBy")
        if isinstance(invoker, str):
            new |= invoker not in self.invoked_by
            self.invoked_by[invoker] += 1
        if not record.get("errorCode") and not record.get("errorMessage"):
            self.calls += 1
            self.requests += bool(record.get("requestParameters"))
            self.responses += bool(record.get("responseElements"))
        for side in _SIDES:
            for path, kind in leaves(record.get(side), side):
                if path not in self.kinds and len(self.kinds) >= MOST_PATHS:
                    continue
                kinds = self.kinds.setdefault(path, set())
                new |= kind not in kinds
                kinds.add(kind)
        if new:
            self.refs.append(ref)

    def row(self) -> Json:
        """The action's entry in the table."""
        row: Json = {"calls": [self.calls, self.requests, self.responses], "refs": self.refs}
        if self.kinds:
            row["fields"] = {
                path: " ".join(sorted(kinds)) for path, kinds in sorted(self.kinds.items())
            }
        if self.of_console:
            row["console"] = [self.of_console, self.flagged]
        if self.invoked_by:
            row["invoked_by"] = dict(sorted(self.invoked_by.items()))
        return row


def records_of(place: Path) -> list[Json]:
    """The records of a data set, by time, each eventID once."""
    found: dict[str, Json] = {}
    files = sorted(place.rglob("*")) if place.is_dir() else [place]
    for file in files:
        if not file.name.endswith((".json", ".json.gz")):
            continue
        content = file.read_bytes()
        data = json.loads(gzip.decompress(content) if file.suffix == ".gz" else content)
        for record in data.get("Records", ()) if isinstance(data, dict) else data:
            if isinstance(record, dict) and record.get("eventID"):
                found.setdefault(record["eventID"], record)
    return sorted(found.values(), key=lambda record: (record["eventTime"], record["eventID"]))


def _is_flagged(record: Json) -> bool:
    return str(record.get("sessionCredentialFromConsole")).lower() == "true"


def _is_of_console(record: Json, keys: set[str]) -> bool:
    agent = str(record.get("userAgent"))
    known = agent in ("console.amazonaws.com", "AWSCloudTrail") or agent.startswith("[S3Console/")
    return known or (record.get("userIdentity") or {}).get("accessKeyId") in keys


def flags(
    records: Iterable[Json], dataset: str, table: dict[str, Json], actions: dict[str, Learnt]
) -> None:
    """Count per service and per action how many records of console sessions have the flag.

    A session is a console's where one of its records has the flag, or the userAgent is a console's own.
    """
    records = list(records)
    keys = {
        key
        for record in records
        if _is_flagged(record) and (key := (record.get("userIdentity") or {}).get("accessKeyId"))
    }
    for record in records:
        if not _is_of_console(record, keys) and not _is_flagged(record):
            continue
        service = record["eventSource"].removesuffix(".amazonaws.com")
        row = table.setdefault(service, {"records": 0, "flagged": 0, "refs": {}})
        row["records"] += 1
        learnt = actions[f"{service}:{record['eventName']}"]
        learnt.of_console += 1
        learnt.flagged += _is_flagged(record)
        row["flagged"] += _is_flagged(record)
        row["refs"].setdefault(f"{dataset} {_is_flagged(record)}", f"{dataset}:{record['eventID']}")


def facts(datasets: Iterable[tuple[str, list[Json]]]) -> Json:
    """The table that `cloudcascade.catalog.record_facts` reads."""
    actions: dict[str, Learnt] = {}
    console: dict[str, Json] = {}
    counts: dict[str, int] = {}
    for name, records in datasets:
        counts[name] = len(records)
        for record in records:
            action = f"{record['eventSource'].removesuffix('.amazonaws.com')}:{record['eventName']}"
            actions.setdefault(action, Learnt()).add(record, f"{name}:{record['eventID']}")
        if name not in FLAG_NOT_AS_LOGGED:
            flags(records, name, console, actions)
    for row in console.values():
        row["refs"] = sorted(row["refs"].values())
    return {
        "datasets": counts,
        "console": dict(sorted(console.items())),
        "actions": {action: learnt.row() for action, learnt in sorted(actions.items())},
    }


def main(arguments: list[str]) -> None:
    """Write the table of the data sets that were named."""
    pairs = [argument.partition("=") for argument in arguments]
    table = facts((name, records_of(Path(place))) for name, _, place in pairs)
    # One line an action: a change of the table shows what it changes.
    lines = [f'"datasets": {json.dumps(table["datasets"])}']
    for part in ("console", "actions"):
        rows = ",\n".join(
            f"{json.dumps(key)}: {json.dumps(row)}" for key, row in table[part].items()
        )
        lines.append(f'"{part}": {{\n{rows}\n}}')
    print("{" + ",\n".join(lines) + "}")


if __name__ == "__main__":
    main(sys.argv[1:])
