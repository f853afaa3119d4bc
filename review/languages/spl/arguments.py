"""What stands behind a command's name: options, fields behind `by`, assignments."""

import re

from .text import Text, masked, words

OPTION = re.compile(r'\b([a-z_]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,]+)', re.IGNORECASE)
_BY = re.compile(r"(?<![\w.{}])by(?=\s)", re.IGNORECASE)
AS = re.compile(r'\bAS\s+("[^"]*"|[^\s,|]+)', re.IGNORECASE)


def before_last_quote(text: str) -> str:
    """A command's text without its last quoted part, which may look like options."""
    return re.sub(r'"(?:[^"\\]|\\.)*"\s*$', "", text, flags=re.DOTALL)


def before_by(text: Text) -> str:
    """What stands before the word `by`."""
    found = _BY.search(masked(text.value))
    return text.value[: found.start()] if found else text.value


def grouped_by(text: Text) -> list[str]:
    """The fields behind the word `by`."""
    found = _BY.search(masked(text.value))
    return words(OPTION.sub("", text.value[found.end() :])) if found else []


def renamed(text: Text) -> list[tuple[str, str]]:
    """The old and the new name of each `old AS new`."""
    said = words(text.value)
    return [
        (said[at - 1], said[at + 1]) for at in range(1, len(said) - 1) if said[at].upper() == "AS"
    ]


def assignments(text: Text) -> list[Text]:
    """The assignments between commas that stand in no brackets and no quotation marks."""
    parts, start, depth = [], 0, 0
    for at, char in enumerate(masked(text.value)):
        depth += {"(": 1, ")": -1}.get(char, 0)
        if char == "," and depth == 0:
            parts.append(text.part(start, at))
            start = at + 1
    return [*parts, text.part(start)]


def shown(text: Text) -> str:
    """The text on one line, cut where it is long."""
    line = " ".join(text.value.split())
    return line if len(line) <= 120 else f"{line[:117]}..."
