"""One JSON document: a summary, then every verdict, written as they come."""

from collections.abc import Callable, Iterable
from typing import BinaryIO

import msgspec

from ..matcher import Verdict
from .tally import Tally

_encode = msgspec.json.Encoder().encode


def write_json(
    out: BinaryIO,
    verdicts: Iterable[Verdict],
    tally: Tally,
    encode_verdict: Callable[[Verdict], bytes] = _encode,
) -> None:
    """Write `{"tool": …, "catalog": …, "verdicts": [...], "summary": {...}}`; the summary comes last, when all is
    counted."""
    out.write(_encode(tally.facts.made_by.members())[:-1] + b',"verdicts":[')
    separator = b"\n"
    for verdict in verdicts:
        out.write(separator)
        out.write(encode_verdict(verdict))
        separator = b",\n"
    out.write(b'\n],"summary":')
    out.write(_encode(summary(tally)))
    out.write(b"}\n")


def summary(tally: Tally) -> dict[str, object]:
    """What was counted, as plain data."""
    facts = tally.facts
    return {
        **({"overlay": facts.overlay} if facts.overlay else {}),
        **({"shown": facts.shown} if facts.shown else {}),
        "records": facts.records,
        "duplicates": facts.duplicates,
        "conflicting": facts.conflicting,
        "undecodable": facts.undecodable,
        **({"passed_over": dict(sorted(facts.passed_over.items()))} if facts.passed_over else {}),
        "verdicts": dict(sorted(tally.verdicts.items())),
        "caveats": dict(sorted(tally.caveats.items())),
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
