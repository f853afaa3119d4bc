"""The measure of the console counts events that share a click, by the click of what explains them."""

import json
from pathlib import Path

import pytest

from cloudcascade.bench import console
from cloudcascade.bench.console import Click, Judged
from cloudcascade.matcher import Verdict

CLICKS = {
    "a": Click("1", "list"),
    "b": Click("1", "list"),
    "c": Click("2", "page"),
    "d": Click("2", "page"),
    "alone": Click("3", "page"),
}


def verdict(event: str, instance: str | None = None) -> Verdict:
    return Verdict(
        event_id=event,
        event_time="2026-03-17T12:00:00Z",
        action="ec2:DescribeVpcs",
        account=None,
        region=None,
        actor="AROA:pat",
        verdict="effect" if instance else "unlisted",
        failed=False,
        cascade="aws.ec2.console-page" if instance else None,
        instance=instance,
    )


@pytest.mark.parametrize(
    ("instance", "by"),
    [("b", "1"), ("a", "1"), ("c", "2"), ("elsewhere", ""), (None, None)],
    ids=["its own click", "itself", "another click", "no click", "nothing"],
)
def test_an_event_is_explained_by_the_click_of_its_root(
    instance: str | None, by: str | None
) -> None:
    found = console.judged([verdict("a", instance)], CLICKS, {"a": "s", "b": "s"})
    cascade = "aws.ec2.console-page" if instance else None
    assert found[0] == Judged("s", Click("1", "list"), cascade, by)
    assert found[0].right == (by == "1")
    assert found[0].wrong == (by in {"2", ""})


def test_an_event_without_a_verdict_counts_as_unexplained() -> None:
    found = console.judged([], CLICKS, {"c": "s", "d": "s"})
    assert [(each.right, each.wrong) for each in found] == [(False, False)] * 2


def test_an_event_that_shares_its_click_with_none_is_not_counted() -> None:
    assert console.judged([verdict("alone", "alone")], CLICKS, {"alone": "s", "a": "s"}) == []


@pytest.mark.parametrize(
    ("by", "groups"),
    [
        ("session", ["s", "t", "all"]),
        ("click", ["list", "page", "all"]),
        ("cascade", ["aws.ec2.console-page", "nothing", "all"]),
    ],
)
def test_events_are_grouped(by: str, groups: list[str]) -> None:
    sessions = {"a": "s", "b": "s", "c": "t", "d": "t"}
    found = console.judged([verdict("a", "b"), verdict("c", "d")], CLICKS, sessions)
    grouped = console.grouped(found, by)
    assert list(grouped) == groups
    assert len(grouped["all"]) == 4
    assert console.shares(grouped, by).row_count == len(groups)


def test_clicks_are_read_by_event_id(tmp_path: Path) -> None:
    file = tmp_path / "clicks.json"
    file.write_text(json.dumps({"a": {"click": "1", "label": "list", "what": "the list"}}))
    assert console.clicks_of(file) == {"a": Click("1", "list")}
