"""What a review comes to: its counts, its order, and what is new or fixed beside a baseline."""

import pytest

from cloudcascade.review.finding import KINDS, LEVELS, Level
from cloudcascade.review.outputs import ADVICE
from cloudcascade.review.report import Counts, at_least
from cloudcascade.tests.support.review_reports import (
    effect,
    finding,
    held,
    report,
    reviewed,
    rule,
    sample,
    unjudged,
)


def test_rules_are_counted_by_what_is_true_of_them() -> None:
    assert sample().counts == Counts(
        rules=3, executed=2, not_judged=1, firing=1, attested_only=1, bypassable=1, everything=0, identity=0
    )  # fmt: skip
    assert {name: each.rules for name, each in sample().by_format.items()} == {
        "elastic": 1,
        "sigma": 2,
    }


def test_attested_only_takes_that_all_side_effects_are() -> None:
    mixed = reviewed(rule(), side_effects=(effect("a:B", attested=True), effect("a:C")))
    assert report(mixed).counts.firing == 1
    assert report(mixed).counts.attested_only == 0


def test_a_rule_about_everything_is_not_counted_as_firing() -> None:
    wide = reviewed(rule(), aim="everything", side_effects=(effect(),))
    assert (report(wide).counts.firing, report(wide).counts.everything) == (0, 1)


def test_the_gravest_finding_of_a_rule_comes_first() -> None:
    assert [each.finding.level for each in sample().told] == ["error", "warning", "note", "note"]


def test_reasons_come_by_how_often_they_are_given() -> None:
    rules = [unjudged(rule(f"r{number}"), reason) for number, reason in enumerate("abb")]
    assert list(report(*rules).reasons.items()) == [("b", 2), ("a", 1)]


def test_without_a_baseline_all_is_new() -> None:
    assert all(each.new for each in sample().told)
    assert sample().new == {"error": 1, "warning": 1, "note": 2}


@pytest.mark.parametrize(("level", "failing"), [("error", 0), ("warning", 1), ("note", 2)])
def test_only_new_findings_of_the_level_fail(level: Level, failing: int) -> None:
    error = finding("bypassable", "error", "userAgent")
    found = reviewed(rule(), error, finding(), finding("ignores-success", "note", ""))
    assert len(report(found, baseline=[held(error)]).failing(level)) == failing


def test_levels_are_ordered() -> None:
    assert [at_least(each, "warning") for each in LEVELS] == [True, True, False]


def test_what_an_executed_rule_no_longer_has_is_fixed_and_of_others_nothing_is_said() -> None:
    old = [held(finding(of=rule(each))) for each in ("r1", "r2", "r3")]
    now = report(reviewed(rule("r1")), unjudged(rule("r2"), "no"), baseline=old)
    assert [each.rule for each in now.fixed] == ["r1"]
    assert [each.rule for each in now.not_seen] == ["r2", "r3"]


def test_two_findings_of_one_fingerprint_have_two_keys() -> None:
    twice = report(reviewed(rule(), finding()), reviewed(rule(file="copy.yml"), finding()))
    assert len({each.key for each in twice.told}) == 2


def test_there_is_advice_on_every_kind() -> None:
    assert set(ADVICE) == set(KINDS)
