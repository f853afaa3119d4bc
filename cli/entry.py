"""Where the `cascade` command begins: bash's completion of names is answered before anything heavy is imported."""

import os
import re
import sys
from pathlib import Path

_BUNDLED = Path(__file__).parents[1] / "catalog" / "aws"
# The commands whose arguments are names of the catalogue, and the place of the first.
_NAMED = {
    "diagram": 2,
    "emits": 2,
    "explains": 2,
    "export": 3,
    "path": 2,
    "prove": 2,
    "sample": 2,
    "show": 2,
}
_ID = re.compile(r"^id: *(\S+)", re.MULTILINE)
_ACTION = re.compile(r"action: *\"?([\w-]+:[\w-]+)")


def main() -> None:
    """Run the command line, or complete a name in bash."""
    if os.environ.get("_CASCADE_COMPLETE") == "complete_bash":
        found = completions(
            os.environ.get("COMP_WORDS", "").split("\n"), os.environ.get("COMP_CWORD", "")
        )
        if found is not None:
            print("\n".join(found))
            sys.exit(0)
    from .main import main as run

    run()


def completions(words: list[str], current: str) -> list[str] | None:
    """What bash may put in the place of the current word: ids and actions; None where it is no name of those.

    bash takes `iam:Deac` for three words, and puts in the place of the last what is given here.

    >>> completions(["cascade", "explains", "iam", ":", "DeactivateMFA"], "4")
    ['DeactivateMFADevice']
    """
    if len(words) < 2 or not current.isdigit() or int(current) < _NAMED.get(words[1], 1_000):
        return None
    typed = words[: int(current) + 1]
    typed += [""] * (int(current) + 1 - len(typed))
    head = ""
    if typed[-1] == ":":
        head = typed[-2] + ":"
        word = head
    elif len(typed) > 3 and typed[-2] == ":":
        head = typed[-3] + ":"
        word = head + typed[-1]
    else:
        word = typed[-1]
    if word.startswith("-") or typed[-2].startswith("-"):
        return None
    wanted = word.lower()
    names = _names()
    found = {name for name in names if name.lower().startswith(wanted)}
    if not head:
        # What follows the colon alone cannot be put in the place of an action's whole name.
        found |= {name for name in names if ":" not in name and wanted in name}
    return sorted(name[len(head) :] for name in found)


def _names() -> set[str]:
    """The ids and actions of the bundled cascades, without reading them as YAML."""
    names: set[str] = set()
    for folder, _, files in os.walk(_BUNDLED):
        for file in files:
            text = Path(folder, file).read_text(encoding="utf-8")
            names.update(_ID.findall(text), _ACTION.findall(text))
    return names
