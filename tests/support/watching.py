"""`cascade watch` as a process of its own, and what it has told."""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

CASCADE = (sys.executable, "-c", "from cloudcascade.cli.main import main; main()")
WATCH = (*CASCADE, "watch")
# What a stream says besides, and what it does not look for.
_ASIDE = frozenset(
    {
        "late",
        "final",
        "id",
        "supersedes",
        "near_misses",
        "silences",
        "silenced",
        "file",
        "position",
        "next",
    }
)

Told = dict[str, Any]


def watch(*arguments: str | Path, timeout: float = 600) -> str:
    """Let it run to its end; its journal."""
    done = subprocess.run(
        [*WATCH, *map(str, arguments)], capture_output=True, text=True, timeout=timeout, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def read(lines: Iterable[bytes]) -> list[Told]:
    """What lines say, in their order; each has an id of its own."""
    told: list[Told] = [json.loads(line) for line in lines]
    assert len({each["id"] for each in told}) == len(told), "an id was told twice"
    return told


def last_words(told: Iterable[Told]) -> dict[str, Told]:
    """The final verdict on each event, as a finished log would say it. No event has two, and none was late."""
    final = [each for each in told if each["final"]]
    assert not any(each["late"] for each in final)
    words = {each["event_id"]: plain(each) for each in final if each["verdict"] != "unlisted"}
    assert len(words) == sum(each["verdict"] != "unlisted" for each in final)
    return words


def plain(told: Told) -> Told:
    """A verdict without what only a stream says, and only a finished log."""
    return {name: value for name, value in told.items() if name not in _ASIDE}


def batch(*arguments: str | Path) -> dict[str, Told]:
    """The verdicts of `cascade classify` on the finished log, by event id."""
    done = subprocess.run(
        [*CASCADE, "classify", *map(str, arguments), "--format", "ndjson"],
        capture_output=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    return {each["event_id"]: plain(each) for each in told}
