"""Datadog's log search, held to the model that the exported rules are held to; cases, held to counting."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudcascade.exporters.languages.datadog import bare, quoted
from cloudcascade.review import NotJudged, Unreadable
from cloudcascade.review.expression import compiled, fields_of
from cloudcascade.review.languages.datadog.cases import ways
from cloudcascade.review.languages.datadog.json_text import Node
from cloudcascade.review.languages.datadog.json_text import parse as parse_json
from cloudcascade.review.languages.datadog.logs import FUNCTIONS
from cloudcascade.review.languages.datadog.search import parse
from cloudcascade.tests.support.datadog_search import search

VALUES = ("x", "y", 'a "b"', "a:b", "\\", "*")
TERMS = st.one_of(
    st.sampled_from(["@a:*", "-@b:*", "source:cloudtrail", "@a:(x OR y)"]),
    st.tuples(st.sampled_from("ab"), st.sampled_from(VALUES)).map(
        lambda each: f"@{each[0]}:{quoted(each[1])}"
    ),
)
SEARCHES = st.recursive(
    TERMS,
    lambda inner: st.one_of(
        inner.map("({})".format),
        inner.map("-({})".format),
        st.tuples(inner, inner).map(" ".join),
        st.tuples(inner, inner).map(lambda each: f"({each[0]} OR {each[1]})"),
    ),
    max_leaves=6,
)


def finds(text: str, log: dict[str, Any]) -> bool:
    parsed = parse(text)
    fields = fields_of(parsed)
    return (
        compiled(parsed, fields, FUNCTIONS)([log.get(name.removeprefix("@")) for name in fields])
        is True
    )


@settings(max_examples=300, deadline=None)
@given(text=SEARCHES, a=st.sampled_from([None, *VALUES]), b=st.sampled_from([None, *VALUES]))
def test_a_search_means_what_exports_take_it_for(text: str, a: str | None, b: str | None) -> None:
    log = {"a": a, "b": b, "source": "cloudtrail"}
    assert finds(text, log) is search(text)(log)


@settings(max_examples=200)
@given(
    value=st.text(
        st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=10
    )
)
def test_an_escaped_value_equals_itself_alone(value: str) -> None:
    spellings = [f"@a:{quoted(value)}", f"@a:*{bare(value)}"]
    if not value.startswith("@"):
        spellings += [f"@a:{bare(value)}", f"@a:{bare(value)}*"]
    for written in spellings:
        assert finds(written, {"a": value})
        assert not finds(written, {"a": f"\0{value}\0"})


@pytest.mark.parametrize(
    "text",
    [
        "@a:",
        "@a: x",
        "(@a:x",
        "@a:x)",
        "@a:[1 TO",
        "@a:x OR",
        "@a:“x”",
        "CIDR(@a)",
        "CIDR(@a,1.2.3.4/99)",
    ],
)
def test_what_is_no_search_is_not_judged(text: str) -> None:
    with pytest.raises(NotJudged):
        parse(text)


def test_a_number_in_a_text_is_not_compared() -> None:
    with pytest.raises(NotJudged, match="facet"):
        finds("@a:>5", {"a": "7"})


@pytest.mark.parametrize(
    ("condition", "needs", "absent", "one"),
    [
        ("a > 0", {"a": 1}, set(), True),
        ("a >= 3", {"a": 3}, set(), False),
        ("a > 2", {"a": 3}, set(), False),
        ("a > 0 && b == 0", {"a": 1}, {"b"}, False),
        ("a > 0 && b < 1", {"a": 1}, {"b"}, False),
        ("a > 0 && a > 4", {"a": 5}, set(), False),
        ("a > 0 && a < 9", {"a": 1}, set(), False),
    ],
)
def test_a_condition_says_what_it_takes(
    condition: str, needs: dict[str, float], absent: set[str], one: bool
) -> None:
    (way,) = ways(condition)
    assert (dict(way.needs), set(way.absent), way.takes_one) == (needs, absent, one)


def test_or_is_another_way() -> None:
    assert [dict(each.needs) for each in ways("(a > 0 || b > 1) && c > 0")] == [
        {"a": 1, "c": 1},
        {"b": 2, "c": 1},
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-999, 999) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=10,
)


def plain(node: Node) -> Any:
    if isinstance(node.value, dict):
        return {name: plain(each) for name, each in node.value.items()}
    return [plain(each) for each in node.value] if isinstance(node.value, list) else node.value


@settings(max_examples=200)
@given(value=JSON, indent=st.sampled_from([None, 1]), ascii_only=st.booleans())
def test_json_comes_back_with_its_places(value: Any, indent: int | None, ascii_only: bool) -> None:
    text = f" {json.dumps(value, indent=indent, ensure_ascii=ascii_only)}\n"
    root = parse_json("a.json", text)
    assert plain(root) == value
    waiting = [root]
    while waiting:
        node = waiting.pop()
        assert json.loads(text[node.start : node.end]) == plain(node)
        held = node.value.values() if isinstance(node.value, dict) else node.value
        waiting += held if isinstance(node.value, dict | list) else []


@pytest.mark.parametrize(
    "text", ["", "{", '{"a"}', "[1,]", "[1 2]", '"a', "nul", "[" * 9_999, '{"a": 1}}']
)
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        parse_json("a.json", text)
