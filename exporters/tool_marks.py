"""The marks by which a userAgent tells its tool, for the languages that can ask for them."""

import re
from collections.abc import Iterator
from itertools import groupby

from ..events import TOOL_MARKS


def tool_patterns() -> Iterator[tuple[str, str]]:
    """Regular expressions on a userAgent in small letters, each with the tool; the first that occurs counts.

    They hold letters, digits, `-`, `/`, blanks, `|` and `[.]`, which every engine reads alike.
    """
    for tool, marks in groupby(TOOL_MARKS, key=lambda each: each[1]):
        texts = [mark for mark, _ in marks]
        assert all(re.fullmatch("[a-z0-9 ./-]+", text) for text in texts)
        yield "|".join(texts).replace(".", "[.]"), tool
