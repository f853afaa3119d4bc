"""Finding the rules of a repository: what cannot be read is told with its place, and costs no other file."""

import json
from pathlib import Path

import pytest

from cloudcascade.review import ReviewError, read_rules
from cloudcascade.review.reading import MOST_BYTES
from cloudcascade.tests.support.toy_rules import TOY

RULES = [
    {"id": "one", "all": [["eventName", "DeleteUser"]]},
    {"id": "two", "all": [["eventName", "StopLogging"]], "about": "windows"},
]


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("registry", "reading"):
        monkeypatch.setattr(f"cloudcascade.review.{module}.formats", lambda: (TOY,))


def test_rules_about_other_logs_are_counted_and_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(RULES))
    found = read_rules([tmp_path])
    assert [rule.id for rule in found.rules] == ["one"]
    assert (found.others, found.files) == (1, 1)


def test_a_file_of_no_format_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"nothing": 1}')
    (tmp_path / "b.md").write_text('"all"')
    assert read_rules([tmp_path]).files == 0


def test_a_broken_file_is_told_and_costs_no_other(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('"all" [')
    (tmp_path / "b.json").write_text(json.dumps(RULES))
    found = read_rules([tmp_path])
    (problem,) = found.problems
    assert problem.place.file == str(tmp_path / "a.json")
    assert [rule.id for rule in found.rules] == ["one"]


def test_no_utf8_and_too_large_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b'"all" \xff')
    (tmp_path / "b.json").write_bytes(b" " * (MOST_BYTES + 1))
    reasons = [problem.reason for problem in read_rules([tmp_path]).problems]
    assert reasons[0].startswith("it is no UTF-8 text")
    assert "too many for a rule" in reasons[1]


def test_a_file_is_read_by_its_own_name(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(RULES))
    (rule,) = read_rules([path]).rules
    assert rule.read_from == str(path)


def test_what_lies_beside_a_named_file_is_at_hand(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(RULES))
    (tmp_path / "macros.yml").write_text("x: 1")
    found = read_rules([tmp_path / "a.json"])
    held = found.repositories[str(tmp_path / "a.json")]
    assert [Path(source.path).name for source in held.sources] == ["a.json", "macros.yml"]


def test_links_out_of_a_repository_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside.json").write_text(json.dumps(RULES))
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "link.json").symlink_to(tmp_path / "outside.json")
    assert read_rules([tmp_path / "rules"]).files == 0


@pytest.mark.parametrize(
    ("path", "only", "message"),
    [
        pytest.param("missing", None, "there is no", id="no such path"),
        pytest.param(".", "sigmah", "no format of rules is called 'sigmah'", id="no such format"),
    ],
)
def test_what_was_asked_for_must_be_there(
    path: str, only: str | None, message: str, tmp_path: Path
) -> None:
    with pytest.raises(ReviewError, match=message):
        read_rules([tmp_path / path], only=only)
