"""A line fits where it goes, says when it was cut, and goes in groups that respect the limits."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudcascade.streams.ocsf import as_ocsf
from cloudcascade.streams.sinks.aws import MOST_BYTES, plain
from cloudcascade.streams.sinks.batching import chunks
from cloudcascade.streams.sinks.rendering import as_ndjson, fitted
from cloudcascade.tests.support.messages import line, message, messages

MISSES = [{"cascade": "c", "instance": "i", "reason": "r" * 400}]
ALSO = [{"cascade": "c", "instance": "i" * 400, "relation": None, "policy": None}]
FULL: dict[str, Any] = {"also": ALSO, "near_misses": MISSES, "path": ["e" * 200] * 2}


def test_a_line_that_fits_stays_as_it_is() -> None:
    told = line(**FULL)
    assert fitted(told, as_ndjson, len(told)) == told


@pytest.mark.parametrize(
    ("less", "left"),
    [
        (1, {"near_misses", "path"}),
        (500, {"path"}),
        (900, set()),
    ],
)
def test_no_more_lists_are_cut_than_must_be(less: int, left: set[str]) -> None:
    told = line(**FULL)
    got = json.loads(fitted(told, as_ndjson, len(told) - less))
    assert {name for name in FULL if got[name]} == left
    assert got["truncated"] is True
    assert got["id"] == "v1"


def test_the_values_of_a_target_are_cut_with_the_texts() -> None:
    told = line(target={"user": "k" * 5_000, "keys": ["a" * 5_000] * 50})
    got = json.loads(fitted(told, as_ndjson, 1_000))
    assert got["target"] == {"user": "k" * 1_024, "keys": ["a" * 1_024] * 32}


@given(st.text(max_size=50), st.integers(1, 20_000), st.sampled_from([as_ndjson, as_ocsf]))
@settings(deadline=None, max_examples=40)
def test_any_text_fits_what_the_services_take(text: str, times: int, render: Any) -> None:
    members = dict.fromkeys(("actor", "actor_arn", "action", "error", "region"), text * times)
    got = fitted(line(techniques=[text] * 99, **members), plain(render), MOST_BYTES)
    assert len(got) <= MOST_BYTES
    json.loads(got)


def test_a_finding_that_was_cut_says_so_too() -> None:
    told = line(path=["e"] * MOST_BYTES)
    assert json.loads(fitted(told, as_ocsf, MOST_BYTES))["unmapped"]["truncated"] is True


@given(st.lists(st.integers(1, 30), max_size=40), st.integers(1, 10), st.integers(1, 60))
@settings(deadline=None)
def test_groups_keep_order_and_limits(sizes: list[int], most: int, most_bytes: int) -> None:
    sized = [(message(number), size) for number, size in enumerate(sizes)]
    groups = list(chunks(sized, most_messages=most, most_bytes=most_bytes))
    assert [each.number for group in groups for each in group] == list(range(len(sizes)))
    for group in groups:
        assert len(group) <= most
        held = sum(sizes[each.number] for each in group)
        assert held <= most_bytes or len(group) == 1


def test_no_messages_are_no_group() -> None:
    assert list(chunks([], most_messages=1, most_bytes=1)) == []
    assert len(messages(1, 0)) == 0
