"""One JSON document: a summary, then every verdict, written as they come."""

from collections.abc import Iterable
from typing import BinaryIO

import msgspec

from ..matcher import Verdict
from .tally import Tally


def write_json(out: BinaryIO, verdicts: Iterable[Verdict], tally: Tally) -> None:
    """Write `{"verdicts": [...], "summary": {...}}`; the summary comes last, when all is counted."""
    encode = msgspec.json.Encoder().encode
    out.write(b'{"verdicts":[')
    separator = b"\n"
    for verdict in verdicts:
        out.write(separator)
        out.write(encode(verdict))
        separator = b",\n"
    out.write(b'\n],"summary":')
    out.write(encode(summary(tally)))
    out.write(b"}\n")


def summary(tally: Tally) -> dict[str, object]:
    """What was counted, as plain data."""
    facts = tally.facts
    return {
        **({"overlay": facts.overlay} if facts.overlay else {}),
        "records": facts.records,
        "duplicates": facts.duplicates,
        "conflicting": facts.conflicting,
        "undecodable": facts.undecodable,
        "verdicts": dict(sorted(tally.verdicts.items())),
        "cascades": {
            name: {
                "instances": len(each.instances),
                "effects": each.effects,
                "suppressible": each.suppressible,
            }
            for name, each in sorted(tally.cascades.items())
        },
        "actions": {
            name: {
                "fires": each.fires,
                "suppressed": each.suppressed,
                "annotated": each.annotated,
                "left": each.left,
            }
            for name, each in sorted(tally.actions.items())
        },
    }
