"""Regular expressions of RE2, in which Kusto and YARA-L write them, of the part that Python reads alike.

https://github.com/google/re2/wiki/Syntax
"""

import re
from functools import lru_cache
from typing import Final

from ..errors import NotJudged

LONGEST: Final = 2_048
"""Texts are cut to so many characters before an expression looks at them."""

_WIDEST: Final = 3
_ITEM = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?(?:P?<\w+>|[a-zA-Z-]*:|[a-zA-Z-]+\))|[\s\S]", re.DOTALL
)
_UNBOUNDED = re.compile(r"[*+]|\{\d+,\}")


@lru_cache(maxsize=512)
def pattern(written: str) -> re.Pattern[str]:
    """A regular expression of RE2, of the part that Python reads alike.

    Raises:
        NotJudged: Python cannot read it, or it could take for ever.
    """
    if len(written) > 2_000 or _may_take_long(written):
        raise NotJudged(f"the regular expression {written[:60]!r} could take too long")
    if re.search(r"\(\?[=!<>]|\\[1-9]|\\[pPzCQ]|\[\[:", written):
        raise NotJudged(f"the regular expression {written[:60]!r} is read otherwise here")
    try:
        return re.compile(written.replace("(?U)", ""))
    except (re.error, RecursionError, OverflowError):
        raise NotJudged(f"the regular expression {written[:60]!r} cannot be read") from None


def _may_take_long(written: str) -> bool:
    """Whether a group with a choice or a repetition in it is repeated without end, or too many wide parts are."""
    choices = [False]
    wide = at = 0
    while at < len(written):
        found = _ITEM.match(written, at)
        if found is None:
            return True
        item, at = found[0], found.end()
        closed = False
        if item == ")" and len(choices) > 1:
            closed = choices.pop()
            choices[-1] |= closed
        elif item.startswith("(") and not item.endswith(")"):
            choices.append(False)
        elif item in "|?":
            choices[-1] = True
        if _UNBOUNDED.match(written, at):
            if closed:
                return True
            choices[-1] = True
            wide += item in (".", "\\S", "\\D", "\\W", "\\w") or item.startswith("[^")
    return wide > _WIDEST
