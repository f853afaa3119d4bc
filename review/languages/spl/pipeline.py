"""A search, command by command, as one condition on a record.

Each field is followed from command to command as the expression of what it holds. What filters before the first
command that puts records together is the condition. Behind `stats` a field of its `by` holds the same in all
records of a group, so that a filter on such fields alone is a filter on records, and is taken for one; what asks of
anything that was counted stands in `counts`. `stats` leaves out a record that lacks a field of its `by`, which is
part of the condition: https://docs.splunk.com/Documentation/Splunk/latest/SearchReference/Stats
"""

import re

from ...errors import NotJudged
from .arguments import shown
from .commands import COMMANDS, PASSING, search
from .state import Search, State
from .text import Text, commands

_COMMAND = re.compile(r"[A-Za-z_]\w*")
_LONGEST = 200
_MOST_LETTERS = 30_000


def read(text: Text) -> Search:
    """The search, its macros expanded.

    Raises:
        NotJudged: it does what is not modelled; the text says what.
    """
    if len(text.value) > _MOST_LETTERS:
        raise NotJudged(f"a search of more than {_MOST_LETTERS} letters, its macros expanded")
    parts = list(commands(text))
    if len(parts) > _LONGEST:
        raise NotJudged(f"a search of more than {_LONGEST} commands")
    first, *rest = parts
    state = State()
    if first.value:
        head = re.match(r"search(?=\s)", first.value)
        search(state, first.part(head.end()) if head else first)
    elif not rest or not rest[0].value.startswith("search"):
        name = _COMMAND.match(rest[0].value) if rest else None
        word = name[0] if name else "|"
        raise NotJudged(f"`{word}` makes its rows itself: from a data model, a lookup or nothing")
    for each in rest:
        if state.closed:
            break
        _run(state, each)
    return state.result()


def _run(state: State, command: Text) -> None:
    """One command behind a bar."""
    if command.value.startswith("`"):
        name = command.value[1:].partition("`")[0].partition("(")[0]
        raise NotJudged(f"the macro `{name}` is not among the files")
    found = _COMMAND.match(command.value)
    if not found:
        raise NotJudged(f"the command {command.value[:20]!r} cannot be read")
    name = found[0].lower()
    runner = COMMANDS.get(name)
    if runner is None:
        if name in PASSING:
            return
        if state.counts:
            state.counts.append(shown(command))
            state.closed = True
            return
        raise NotJudged(f"the command `{name}` is not modelled")
    runner(state, command.part(found.end()).stripped())
