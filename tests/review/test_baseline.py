"""A baseline file: what it holds, what is new beside it, and what it refuses."""

import json
import random
from pathlib import Path

import pytest

from cloudcascade.errors import Place
from cloudcascade.review import Unreadable
from cloudcascade.review.baseline import baseline_text, gone, known, read_baseline
from cloudcascade.tests.support.line_rules import EVIL
from cloudcascade.tests.support.review_reports import finding, rule

A = finding(about="iam:DeleteUser")
B = finding(about="iam:DeleteRole")
C = finding("ignores-success", "note", "", of=rule("r2"))


def written(path: Path, *findings: object) -> Path:
    file = path / "baseline.json"
    file.write_text(baseline_text(findings))  # type: ignore[arg-type]
    return file


def test_it_reads_what_it_writes(tmp_path: Path) -> None:
    evil = finding(about=EVIL, of=rule(EVIL))
    read = read_baseline(written(tmp_path, A, C, evil))
    assert {each.fingerprint for each in read.held} == {
        A.fingerprint,
        C.fingerprint,
        evil.fingerprint,
    }
    assert known([A, C, evil], read) == [True, True, True]


def test_the_text_is_the_same_in_whatever_order_the_findings_come() -> None:
    findings = [A, B, C]
    texts = set()
    for seed in range(6):
        random.Random(seed).shuffle(findings)
        texts.add(baseline_text(findings))
    assert len(texts) == 1


def test_a_further_finding_changes_one_line() -> None:
    few, more = baseline_text([A, C]).splitlines(), baseline_text([A, B, C]).splitlines()
    assert [line for line in more if line not in few] == [
        line for line in more if "iam:DeleteRole" in line
    ]
    assert len(more) == len(few) + 1


def test_without_findings_it_is_still_one(tmp_path: Path) -> None:
    assert read_baseline(written(tmp_path)).held == ()


def test_what_it_does_not_hold_is_new(tmp_path: Path) -> None:
    read = read_baseline(written(tmp_path, A))
    assert known([A, B], read) == [True, False]


def test_a_moved_rule_is_no_new_finding(tmp_path: Path) -> None:
    read = read_baseline(written(tmp_path, A))
    moved = finding(about="iam:DeleteUser", of=rule("r1", "elsewhere.yml", 99))
    assert known([moved], read) == [True]


def test_a_copy_of_a_rule_is_not_hidden_by_the_finding_of_the_first(tmp_path: Path) -> None:
    read = read_baseline(written(tmp_path, A))
    assert known([A, A], read) == [True, False]
    assert known([A, A], read_baseline(written(tmp_path, A, A))) == [True, True]


def test_what_is_no_longer_found_is_gone(tmp_path: Path) -> None:
    read = read_baseline(written(tmp_path, A, A, B))
    assert [each.about for each in gone([A], read)] == ["iam:DeleteRole", "iam:DeleteUser"]


ENTRY = {"rule": "r", "kind": "k", "about": "", "level": "note", "fingerprint": "a" * 20}


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ('{"version": 1,\n"findings": [\n{]', 3, "it is no JSON"),
        ("[]", 1, "it is no baseline"),
        ('{"findings": {}}', 1, "it is no baseline"),
        ('{"version": 2, "findings": []}', 1, "of version 1"),
        (json.dumps({"version": 1, "findings": [ENTRY, 7]}), 1, "is an object"),
        (f'{{"version": 1,\n"findings": [\n{json.dumps(ENTRY)},\n{{"rule": 3}}]}}', 4, "a text 'rule'"),
        (json.dumps({"version": 1, "findings": [{**ENTRY, "fingerprint": "xyz"}]}), 1, "20 hexadecimal digits"),
        (json.dumps({"version": 1, "findings": [{**ENTRY, "level": "fatal"}]}), 1, "error, warning, note"),
        ("[" * 200_000, 0, "nested too deeply"),
    ],
)  # fmt: skip
def test_what_is_no_baseline_is_refused_where_that_shows(
    tmp_path: Path, text: str, line: int, reason: str
) -> None:
    file = tmp_path / "baseline.json"
    file.write_text(text)
    with pytest.raises(Unreadable, match=reason) as refused:
        read_baseline(file)
    place: Place = refused.value.place
    assert (place.file, place.line) == (str(file), line)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    file.write_bytes(b"\xff\xfe{}")
    with pytest.raises(Unreadable, match="no UTF-8"):
        read_baseline(file)
