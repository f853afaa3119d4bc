"""How Elastic's languages compare texts: wildcards, Lucene's regular expressions, addresses.

A pattern holds `*` (anything) and, where a language knows it, `?` (one character); a backslash before a character
takes its meaning away.
"""

import ipaddress
import re
from collections.abc import Callable
from functools import lru_cache

from ...errors import NotJudged

Test = Callable[[str], bool | None]

_ANY, _ONE = object(), object()
# By how many unbounded repetitions a pattern has: how long a text may be, so that no search takes more than a moment.
_LONGEST = (32_768, 8_192, 1_024, 256)
_MOST_LENGTH = 4_096


@lru_cache(maxsize=8192)
def wildcard(pattern: str, single: bool = True, ignore_case: bool = False) -> Test:
    """A test of whole texts. `single`: whether `?` is one character.

    The parts between stars have a fixed length, so that the first place of each is the right one.
    """
    parts = _parts(pattern, single)
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
    if len(parts) == 1:
        only = re.compile("".join(parts[0]), flags)
        return lambda text: only.fullmatch(text) is not None
    first, *middle, last = (re.compile("".join(part), flags) for part in parts)
    tail = len(parts[-1])

    def holds(text: str) -> bool:
        found = first.match(text)
        if found is None:
            return False
        at = found.end()
        for part in middle:
            found = part.search(text, at)
            if found is None:
                return False
            at = found.end()
        return len(text) - tail >= at and last.fullmatch(text, len(text) - tail) is not None

    return holds


def _parts(pattern: str, single: bool) -> list[list[str]]:
    """Between the stars: a regular expression for each character."""
    parts: list[list[str]] = [[]]
    escaped = False
    for char in pattern:
        if escaped or char not in "*?\\" or (char == "?" and not single):
            parts[-1].append(re.escape(char))
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == "*":
            parts.append([])
        else:
            parts[-1].append(".")
    if escaped:
        parts[-1].append(re.escape("\\"))
    return parts


def has_wildcard(pattern: str) -> bool:
    """Whether a star or a question mark in it is one."""
    return re.search(r"[*?]", re.sub(r"\\.", "", pattern, flags=re.DOTALL)) is not None


def escaped(text: str) -> str:
    """The pattern that only this text fits."""
    return re.sub(r"([*?\\])", r"\\\1", text)


@lru_cache(maxsize=2048)
def lucene(pattern: str, ignore_case: bool = False) -> Test:
    """A test of whole texts by Lucene's syntax; a text that is too long for it gives None.

    https://www.elastic.co/docs/reference/query-languages/query-dsl/regexp-syntax

    Raises:
        NotJudged: it uses what is not modelled, or would take too long.
    """
    if len(pattern) > _MOST_LENGTH:
        raise NotJudged(f"a regular expression of {len(pattern)} characters is too long to execute")
    whole = _for_python(pattern)
    begins, ends = whole.startswith(".*"), whole.endswith(".*") and not whole.endswith(r"\.*")
    core = whole[2 if begins else 0 : -2 if ends and len(whole) > 2 else None]
    if _top_level_bar(core) and (begins or ends):
        begins = ends = False
        core = whole
    return _bounded(core, ignore_case, begins, ends)


def _for_python(pattern: str) -> str:
    """The pattern as Python writes it.

    Raises:
        NotJudged: it has an operator that Python's expressions have not.
    """
    out: list[str] = []
    inside = False
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            following = pattern[at + 1 : at + 2]
            if following in "dDwWsS" and following:
                out.append(_ASCII[following] if not inside else _INSIDE.get(following, ""))
                if inside and following not in _INSIDE:
                    raise NotJudged(f"the regular expression uses \\{following} in brackets")
            else:
                out.append(re.escape(following or "\\"))
            at += 2
            continue
        if inside:
            inside = char != "]"
            out.append(f"\\{char}" if char in "[&~|" else char)
        elif char == "[":
            inside = True
            out.append(char)
        elif char in '~<>&@#"' or pattern.startswith("(?", at):
            raise NotJudged(
                f"the regular expression uses the operator {char}, which is not modelled"
            )
        elif char in "^$":
            out.append(f"\\{char}")
        else:
            out.append(char)
        at += 1
    return "".join(out)


_INSIDE = {"d": "0-9", "w": "a-zA-Z0-9_", "s": r" \t\n\r\f\v"}
_ASCII = {
    **{name: f"[{chars}]" for name, chars in _INSIDE.items()},
    **{name.upper(): f"[^{chars}]" for name, chars in _INSIDE.items()},
}


def _top_level_bar(pattern: str) -> bool:
    depth = 0
    for char in re.sub(r"\\.|\[[^\]]*\]", "", pattern, flags=re.DOTALL):
        depth += {"(": 1, ")": -1}.get(char, 0)
        if char == "|" and depth == 0:
            return True
    return False


def _bounded(core: str, ignore_case: bool, begins: bool, ends: bool) -> Test:
    compiled = safe(core, re.DOTALL | (re.IGNORECASE if ignore_case else 0))
    most = length_for(core)
    if begins and ends:
        search = compiled.search
    elif ends:
        search = compiled.match
    elif begins:
        search = safe(f"(?:{core})\\Z", compiled.flags).search
    else:
        search = compiled.fullmatch
    return lambda text: None if len(text) > most else search(text) is not None


def safe(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """The pattern, compiled.

    Raises:
        NotJudged: it repeats what repeats, or has too many repetitions, so that it could run for ever; or it
            breaks the syntax.
    """
    if len(pattern) > _MOST_LENGTH:
        raise NotJudged(f"a regular expression of {len(pattern)} characters is too long to execute")
    if _nested(pattern):
        raise NotJudged(
            "the regular expression repeats what repeats itself, which may run too long"
        )
    length_for(pattern)
    try:
        return re.compile(pattern, flags)
    except (re.error, OverflowError, RecursionError, ValueError) as error:
        raise NotJudged(f"the regular expression cannot be read: {error}") from None


_REPETITION = re.compile(r"[*+]|\{\d*,\}|\{\d*,?\d{3,}\}")


def length_for(pattern: str) -> int:
    """How long a text may be for the pattern to take a moment at most.

    Raises:
        NotJudged: there are too many unbounded repetitions in it.
    """
    plain = re.sub(r"\\.|\[\^?\]?(?:\\.|[^\]])*\]", "_", pattern, flags=re.DOTALL)
    count = len(_REPETITION.findall(plain))
    if count >= len(_LONGEST):
        raise NotJudged(
            f"the regular expression has {count} unbounded repetitions, and may run too long"
        )
    return _LONGEST[count]


def _nested(pattern: str) -> bool:
    """Whether a group that holds a repetition or a choice is itself repeated."""
    plain = re.sub(r"\\.|\[\^?\]?(?:\\.|[^\]])*\]", "_", pattern, flags=re.DOTALL)
    holds = [False]
    for at, char in enumerate(plain):
        if char == "(":
            holds.append(False)
        elif char == ")" and len(holds) > 1:
            inner = holds.pop()
            repeated = _REPETITION.match(plain, at + 1) or plain.startswith("{", at + 1)
            if inner and repeated:
                return True
            holds[-1] = holds[-1] or inner or bool(repeated)
        elif char in "*+{|" or (char == "?" and at and plain[at - 1] != "("):
            holds[-1] = True
    return False


@lru_cache(maxsize=4096)
def network(block: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """The block of addresses; None where the text is none."""
    try:
        return ipaddress.ip_network(block, strict=False)
    except ValueError:
        return None


def within(address: str, block: str) -> bool:
    """Whether the address lies in the block."""
    found = network(block)
    if found is None:
        return False
    try:
        return ipaddress.ip_address(address) in found
    except ValueError:
        return False
