"""JUnit: a case for each rule, what fails, what is skipped, and that it is XML whatever a rule says."""

from xml.etree import ElementTree

import pytest

from cloudcascade.review.finding import Level
from cloudcascade.review.outputs import junit
from cloudcascade.review.report import Report
from cloudcascade.tests.support.review_reports import (
    finding,
    held,
    hostile,
    report,
    reviewed,
    rule,
    sample,
)


def read(told: Report, level: Level = "warning") -> ElementTree.Element:
    return ElementTree.fromstring(junit(told, level).encode())


def test_there_is_a_suite_for_each_format_and_a_case_for_each_rule() -> None:
    root = read(sample())
    assert {
        suite.get("name"): [case.get("name") for case in suite] for suite in root
    } == {
        "elastic": ["Rule r3 (r3)"],
        "sigma": ["Rule r1 (r1)", "Rule r2 (r2)"],
        "files": ["c.yml"],
    }  # fmt: skip
    assert {name: root.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "4", "failures": "1", "errors": "1", "skipped": "1",
    }  # fmt: skip


def test_a_case_names_its_file_and_line() -> None:
    case = read(sample()).find(".//testcase[@name='Rule r2 (r2)']")
    assert case is not None
    assert (case.get("file"), case.get("line")) == ("rules/a.yml", "20")


@pytest.mark.parametrize(
    ("level", "failing", "beside"),
    [("error", 1, 2), ("warning", 2, 1), ("note", 3, 0)],
)
def test_findings_of_the_level_fail_and_the_others_stand_beside(
    level: Level, failing: int, beside: int
) -> None:
    case = read(sample(), level).find(".//testcase[@name='Rule r1 (r1)']")
    assert case is not None
    assert len((case.findtext("failure") or "").splitlines()) == failing
    assert len((case.findtext("system-out") or "").splitlines()) == beside


def test_a_known_finding_does_not_fail() -> None:
    old = finding()
    case = read(report(reviewed(rule(), old), baseline=[held(old)])).find(".//testcase")
    assert case is not None
    assert case.find("failure") is None
    assert "warning (known): side-effect" in (case.findtext("system-out") or "")


def test_a_rule_that_was_not_judged_is_skipped_with_the_reason() -> None:
    skipped = read(sample()).find(".//skipped")
    assert skipped is not None
    assert skipped.get("message") == "not judged: the function geo is not modelled"


def test_a_file_that_could_not_be_read_is_an_error() -> None:
    error = read(sample()).find(".//error")
    assert error is not None
    assert error.get("message") == "not read: a mapping was not closed"
    assert error.text == "c.yml:2:5: a mapping was not closed"


def test_whatever_a_rule_says_it_is_xml_and_adds_no_element() -> None:
    root = read(hostile())
    assert {each.tag for each in root.iter()} == {
        "testsuites", "testsuite", "testcase", "failure", "skipped", "error",
    }  # fmt: skip
    failure = root.find(".//failure")
    assert failure is not None
    assert "</script><img src=x" in (failure.get("message") or "")


def test_a_long_message_is_cut() -> None:
    failure = read(report(reviewed(rule(), finding(message="x" * 5_000)))).find(".//failure")
    assert failure is not None
    assert len(failure.get("message") or "") == 1_000
