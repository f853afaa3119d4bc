"""Questions to the catalogue in a terminal: what an origin is asked, what may be done, and that everything fits."""

import json
import re
import shlex
from pathlib import Path

import pytest
import yaml

from cloudcascade.catalog import json_schema, load_catalog
from cloudcascade.cli.main import run

WIDTHS = (60, 80, 120, 200)


def told(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    assert run(list(arguments)) == status
    return capsys.readouterr().out


@pytest.fixture(autouse=True)
def _no_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)


def words(text: str) -> set[str]:
    return {each for each in re.split(r"[\s.:/\-_@,;─]+", text) if each}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    "question",
    [
        ("show", "aws.iam.delete-user"),
        ("show", "aws.cloudformation.delete-stack"),
        ("explains", "iam:DeactivateMFADevice"),
        ("emits", "iam:DeleteUser"),
        ("search", "mfa"),
        ("list", "--service", "ec2"),
        ("actions", "--service", "iam"),
        ("controllers",),
        ("export", "--list"),
    ],
    ids=" ".join,
)
def test_no_word_is_broken_and_what_is_left_out_is_named(
    question: tuple[str, ...],
    width: int,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = told(capsys, *question)
    monkeypatch.setenv("COLUMNS", str(width))
    text = told(capsys, *question)
    notes = words("left out for want of room shows all")
    assert words(text) - words(whole) - notes <= {"wide"}
    if words(whole) - words(text):
        assert "left out for want of room" in re.sub(r"\s+", " ", text)
    long = [line for line in text.splitlines() if len(line) > width]
    assert all(len(line.split()) == 1 for line in long)


def test_wide_shows_all_whatever_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = told(capsys, "show", "aws.iam.delete-user")
    monkeypatch.setenv("COLUMNS", "60")
    assert told(capsys, "show", "aws.iam.delete-user", "--wide") == whole


def commands(text: str) -> list[list[str]]:
    return [shlex.split(each) for each in re.findall(r"cascade (export [^-\n]\S* .*|new .*)", text)]


@pytest.mark.parametrize(
    "question",
    [
        ("show", "aws.iam.delete-user"),
        ("show", "aws.iam.mfa-replace-device"),
        ("explains", "iam:DeactivateMFADevice"),
        ("explains", "iam:CreateAccessKey"),
        ("explains", "iam:UpdateSAMLProvider"),
    ],
    ids=" ".join,
)
def test_the_command_that_is_named_works(
    question: tuple[str, ...],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = commands(told(capsys, *question))
    monkeypatch.chdir(tmp_path)
    assert found
    assert run(found[0]) == 0
    assert [each for each in tmp_path.rglob("*") if each.is_file()]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (("explains", "iam:DeactivateMFADevice"), "may be silenced here, as a side effect of\n"),
        (
            ("explains", "iam:CreateAccessKey"),
            "nothing of this may be silenced, because each cascade that explains it says annotate; label it with\n",
        ),
        (
            ("explains", "iam:UpdateSAMLProvider"),
            "nothing of this may be silenced, because no cascade brings iam:UpdateSAMLProvider along; "
            "label it by a cascade of your own\n",
        ),
        (("show", "aws.iam.delete-user"), "may be silenced here: iam:DeactivateMFADevice, "),
        (
            ("show", "aws.iam.mfa-replace-device"),
            "nothing of this may be silenced, because its policy is annotate; label it: ",
        ),
    ],
    ids=" ".join,
)
def test_what_may_be_done_is_said(
    question: tuple[str, ...], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert expected in told(capsys, *question)


@pytest.mark.parametrize("asked", ["show", "explains"])
def test_what_an_origin_is_asked_is_shown(asked: str, capsys: pytest.CaptureFixture[str]) -> None:
    cascade = next(each for each in load_catalog().cascades if each.origin and each.origin.where)
    assert cascade.origin is not None
    name = cascade.id if asked == "show" else cascade.effects[0].action
    text = told(capsys, asked, name)
    for path in cascade.origin.where:
        assert f"{cascade.origin.action} only where {path} " in text


@pytest.mark.parametrize(
    ("arguments", "nearest"),
    [
        (("list", "--policy", "supress"), "did you mean 'suppress'"),
        (("list", "--policy", "bogus"), "(suppress, annotate, never)"),
        (("list", "--service", "imm"), "did you mean 'iam'"),
        (("actions", "--service", "imm"), "did you mean 'iam'"),
        (("actions", "--log", "wirte"), "did you mean 'write'"),
        (("actions", "--technique", "T109"), "no technique or tactic 'T109'"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, tuple) else "",
)
def test_what_is_none_of_a_closed_set_is_an_error_with_the_nearest(
    arguments: tuple[str, ...], nearest: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(list(arguments)) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert nearest in re.sub(r"\s+", " ", said.err)


def test_nothing_found_is_no_empty_table(capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, "explains", "iam:UpdateSAMLProvider", "--deep")
    assert text == "iam:UpdateSAMLProvider is brought along by nothing that the catalogue knows\n"


def test_a_scaffold_has_the_keys_that_are_known_and_names_its_schema(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told(capsys, "new", "aws.iam.mine", "--origin", "iam:DeleteUser", "--effect",
         "iam:DeactivateMFADevice", "--effect", "iam:Unheard", "--dir", str(tmp_path))  # fmt: skip
    path = tmp_path / "aws" / "iam" / "mine.yaml"
    text = path.read_text()
    named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)
    assert named is not None
    assert json.loads((path.parent / named[1]).read_text()) == json_schema()
    document = yaml.safe_load(text)
    known, unheard = document["effects"]
    assert document["origin"]["keys"]["user"] == "requestParameters.userName"
    assert known["keys"]["device"] == "requestParameters.serialNumber"
    assert known["join"] == ["user"]
    assert unheard["join"] == ["user"]
    assert "aws.iam.mine" in told(capsys, "list", "--catalog", str(tmp_path))
