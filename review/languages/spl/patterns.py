"""Patterns of SPL: wildcards, and regular expressions that end in bounded time.

Splunk matches with PCRE; what Python's expressions do not have, or mean otherwise, is refused.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from ...errors import NotJudged

Matches = Callable[[str], bool]
_TOKEN = re.compile(
    r"\\[pPXRKGgkQEhHvVNCcHzZ]|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?(?:<(?=[A-Za-z_])|P<)[^>]*>|\(\?(?:[:=!]|<[=!])|\((?!\?)|\)|"
    r"\*\+|\+\+|\?\+|[*+?]\??|\{\d+(?:,\d*)?\}\??|.",
    re.DOTALL,
)
_LIMITS = (100_000, 4_096, 512, 256)
"""How long a text may be, by how many times something may repeat without bound."""
_BOUND = 10
_FEW = 4
_MANY = 10
_PLAIN, _CHOICE, _REPEATS = range(3)
_FOREIGN = "pPXRKGgkQEhHvVNCczZ"


def glob(pattern: str, any_run: str, any_one: str = "") -> Matches:
    """Whether a whole text fits: `any_run` stands for any letters, `any_one` for one. Linear for each run."""
    pieces = pattern.split(any_run)

    def fits(text: str, at: int, piece: str) -> bool:
        if len(piece) > len(text) - at:
            return False
        if not any_one:
            return text.startswith(piece, at)
        return all(want in (any_one, text[at + i]) for i, want in enumerate(piece))

    def matches(text: str) -> bool:
        if len(pieces) == 1:
            return len(text) == len(pattern) and fits(text, 0, pattern)
        first, last = pieces[0], pieces[-1]
        end = len(text) - len(last)
        if end < len(first) or not fits(text, 0, first) or not fits(text, end, last):
            return False
        at = len(first)
        for piece in pieces[1:-1]:
            found = text.find(piece, at, end) if not any_one else next(
                (i for i in range(at, end - len(piece) + 1) if fits(text, i, piece)), -1
            )  # fmt: skip
            if found < 0:
                return False
            at = found + len(piece)
        return True

    return matches


@lru_cache(maxsize=2048)
def wildcard(pattern: str) -> Matches:
    """The search command's: case does not matter, and `*` stands for any letters."""
    small = pattern.lower()
    if "*" not in small:
        return lambda text: text.lower() == small
    fits = glob(small, "*")
    return lambda text: fits(text.lower())


@lru_cache(maxsize=2048)
def like(pattern: str) -> Matches:
    """What `like` takes: `%` for any letters, `_` for one."""
    return glob(pattern, "%", "_")


@lru_cache(maxsize=2048)
def word(pattern: str) -> Matches:
    """A word or phrase of the search command in a raw event, between what separates words.

    https://docs.splunk.com/Documentation/Splunk/latest/Data/Abouteventsegmentation
    """
    small = pattern.lower()
    begins, ends = not small.startswith("*"), not small.endswith("*")
    parts = [re.escape(part) for part in small.strip("*").split("*")]
    inner = r"[^\s\"]{0,200}?".join(parts)
    before = r"(?<![0-9a-z])" if begins else ""
    after = r"(?![0-9a-z])" if ends else ""
    compiled = re.compile(f"{before}{inner}{after}")
    return lambda text: compiled.search(text.lower()) is not None


@lru_cache(maxsize=2048)
def regular(pattern: str) -> tuple[re.Pattern[str], int]:
    """The expression, and the longest text that it may be asked of.

    Raises:
        NotJudged: it is none, repeats what repeats, or says what Python's expressions do not.
    """
    if len(pattern) > 5_000:
        raise NotJudged("a regular expression of more than 5000 letters")
    parts: list[str] = []
    # Of each open group whether it holds a choice, or what repeats without bound.
    groups = [_PLAIN]
    closed: int | None = None
    unbounded = choices = 0
    for found in _TOKEN.finditer(pattern):
        mark = found[0]
        if mark[0] == "\\" and mark[1:] and (mark[1] in _FOREIGN or mark[1].isdigit()):
            raise NotJudged(f"the regular expression {pattern!r} has {mark}")
        most = _most(mark)
        inside, closed = closed, None
        if mark[0] == "(":
            groups.append(_PLAIN)
            mark = re.sub(r"^\(\?<(?=[A-Za-z_])", "(?P<", mark)
        elif mark == ")" and len(groups) > 1:
            closed = groups.pop()
            groups[-1] = max(groups[-1], closed)
        elif mark == "|":
            groups[-1] = max(groups[-1], _CHOICE)
            choices += 1
        elif most is not None:
            if most > 1 and inside is not None and inside > _PLAIN:
                if inside > _CHOICE or most > _FEW:
                    raise NotJudged(f"the regular expression {pattern!r} repeats what repeats")
                groups[-1] = _REPEATS
            groups[-1] = max(groups[-1], _REPEATS if most > _BOUND else _CHOICE)
            unbounded += most > _BOUND
            choices += most <= _BOUND
        parts.append(mark)
    unbounded += choices // _MANY
    if unbounded >= len(_LIMITS):
        raise NotJudged(f"the regular expression {pattern!r} repeats too often")
    try:
        return re.compile("".join(parts)), _LIMITS[unbounded]
    except (re.error, OverflowError, RecursionError) as wrong:
        raise NotJudged(f"the regular expression {pattern!r} cannot be read: {wrong}") from None


def _most(token: str) -> int | None:
    """How often a quantifier lets something come at most; None where the token is none."""
    if token[0] in "*+":
        return _BOUND + 1
    if token[0] == "?":
        return 1
    if token[0] != "{" or len(token) == 1:
        return None
    numbers = token.strip("{}?").split(",")
    return int(numbers[-1]) if numbers[-1] else _BOUND + 1
