"""Which regular expressions of RE2 are executed."""

import pytest

from cloudcascade.review.errors import NotJudged
from cloudcascade.review.languages.re2 import pattern


@pytest.mark.parametrize(
    "written",
    [
        "^Create.*",
        "(?i)admin|root",
        r"\d{12}",
        "a+b*",
        "(foo|bar)baz",
        "[^/]+$",
        r"(?P<x>a)",
        "(ab)?",
    ],
)
def test_what_python_reads_alike_is_executed(written: str) -> None:
    assert pattern(written).pattern == written


@pytest.mark.parametrize(
    "written",
    [
        "(a+)+",
        "((a+))*",
        "(a|aa)*b",
        "([a-z]*){2,}",
        ".*.*.*.*x",
        "(?=a)b",
        r"\p{L}",
        r"(a)\1",
        "[[:alpha:]]",
        "(",
        "a" * 3_000,
    ],
)
def test_what_is_read_otherwise_or_takes_long_is_refused(written: str) -> None:
    with pytest.raises(NotJudged):
        pattern(written)
