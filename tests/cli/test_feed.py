"""`cascade feed`, as somebody types it."""

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import typer

from cloudcascade.cli.app import app
from cloudcascade.cli.feed import complete_feed
from cloudcascade.cli.main import run
from cloudcascade.feeds import feed_names
from cloudcascade.tests.support.siem_apis import PLATFORMS, SECRET, SECRETS, Splunk
from cloudcascade.tests.support.siem_server import Platform, serving

SAMPLE = Path(__file__).parents[2] / "docs" / "sample" / "AWSLogs"
TEN_YEARS = "3650d"


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `classify` says of the day in docs/sample."""
    file = tmp_path_factory.mktemp("verdicts") / "verdicts.ndjson"
    assert run(["classify", str(SAMPLE), "--format", "ndjson", "--output", str(file)]) == 0
    return file


@pytest.fixture
def splunk() -> Iterator[Splunk]:
    with serving(Splunk()) as platform:
        assert isinstance(platform, Splunk)
        yield platform


def silenced_in(file: Path) -> list[str]:
    found = [msgspec.json.decode(line) for line in file.read_bytes().splitlines()]
    return sorted(each["event_id"] for each in found if each["policy"] == "suppress")


@pytest.mark.parametrize("target", feed_names())
def test_what_classify_silences_comes_into_the_table_and_a_second_run_changes_nothing(
    target: str, verdicts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(PLATFORMS[target]()) as platform:
        platform.page = 1_000
        arguments = ["feed", target, str(verdicts), "--url", platform.url, "--keep", TEN_YEARS]
        assert run(arguments) == 0
        assert platform.ids() == silenced_in(verdicts)
        assert "44 added, 0 changed, 0 taken back, 0 expired\n" in capsys.readouterr().out
        before = platform.changed
        assert run(arguments) == 0
        assert platform.changed == before
        told = capsys.readouterr().out
        assert "0 added, 0 changed, 0 taken back, 0 expired, 44 unchanged\n" in told


def test_verdicts_come_from_standard_input(
    splunk: Splunk, verdicts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(verdicts.read_bytes())))
    assert run(["feed", "splunk", "--url", splunk.url, "--keep", TEN_YEARS]) == 0
    assert len(splunk.ids()) == 44


def test_a_line_that_is_no_verdict_is_told_and_all_others_count(
    splunk: Splunk, verdicts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "broken.ndjson"
    file.write_bytes(b'{"event_id":"\x1b[2J"}\n' + verdicts.read_bytes() + b'{"event_id":"cut o\n[')
    assert run(["feed", "splunk", str(file), "--url", splunk.url, "--keep", TEN_YEARS]) == 2
    assert len(splunk.ids()) == 44
    told = capsys.readouterr().err
    last = file.read_bytes().count(b"\n")
    assert f"cascade: {file}: line 1: no verdict: " in told
    assert f"cascade: {file}: line {last}: no verdict: " in told
    assert f"cascade: {file}: line {last + 1} has no end yet" in told
    assert "\x1b" not in told


def test_a_file_that_is_not_there_stops_before_anything_is_changed(
    splunk: Splunk, verdicts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["feed", "splunk", str(verdicts), "missing.ndjson", "--url", splunk.url]) == 2
    assert splunk.log == []
    assert "missing.ndjson: No such file or directory" in capsys.readouterr().err


def test_a_dry_run_names_each_row_and_changes_nothing(
    splunk: Splunk, verdicts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["feed", "splunk", str(verdicts), "--url", splunk.url, "--keep", TEN_YEARS]
    assert run([*arguments, "--dry-run"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines[:-1]] == [
        f"+ {each}" for each in silenced_in(verdicts)
    ]
    assert lines[-1].endswith(": would be 44 added, 0 changed, 0 taken back, 0 expired")
    assert splunk.changed == 0


def test_json_holds_the_counts(
    splunk: Splunk, verdicts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["feed", "splunk", str(verdicts), "--url", splunk.url, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["table"], told["dry_run"]) == ("cascade_explained", False)
    assert told["added"] + told["too_old"] == 44


def test_credentials_may_stand_in_a_file(
    splunk: Splunk, verdicts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPLUNK_TOKEN", "wr0ng")
    file = tmp_path / "credentials"
    file.write_text(f"# for the search head\n\nSPLUNK_TOKEN='{SECRET}'\n")
    given = ["--url", splunk.url, "--credentials", str(file)]
    assert run(["feed", "splunk", str(verdicts), *given]) == 0


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"s3cret", "credentials:1: no credential; write NAME=value"),
        (b"\nmy token=s3cret", "credentials:2: no credential; write NAME=value"),
        (b"SPLUNK_TOKEN=s3cret\xff", "credentials: no UTF-8"),
        (b"SPLUNK_TOKEN=s3cret\x00", "what SPLUNK_TOKEN holds cannot be sent as a header"),
        (b"SPLUNK_TOKEN=", "no credentials: set SPLUNK_TOKEN"),
        (b"#" * 100_000, "credentials: too large for a file of credentials"),
        (None, "credentials: No such file or directory"),
    ],
)
def test_a_file_of_credentials_that_cannot_be_used_is_told_without_what_it_holds(
    splunk: Splunk,
    tmp_path: Path,
    content: bytes | None,
    reason: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "credentials"
    if content is not None:
        file.write_bytes(content)
    assert run(["feed", "splunk", "--url", splunk.url, "--credentials", str(file)]) == 2
    told = capsys.readouterr().err
    assert reason in told
    assert "s3cret" not in told
    assert splunk.log == []


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://splunk.example.com:8089", "would send credentials in the clear; use https://"),
        ("https://me:s3cret@splunk.example.com", "no user, password or query belongs"),
        ("https://splunk.example.com?token=s3cret", "no user, password or query belongs"),
        ("ftp://splunk.example.com", "is no http or https address"),
    ],
)
def test_an_address_that_may_not_be_used_is_told(
    url: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["feed", "splunk", "--url", url]) == 2
    told = capsys.readouterr().err
    assert reason in told
    assert "s3cret" not in told


def test_without_an_address_the_error_says_which_it_is_to_be(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["feed", "splunk"]) == 2
    assert "give --url: the management port, such as" in capsys.readouterr().err


def test_a_platform_that_has_no_table_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["feed", "splunck"]) == 2
    told = capsys.readouterr().err
    assert "did you mean 'splunk'?" in told
    assert "give one of datadog, elastic" in told


def test_the_list_names_tables_addresses_and_credentials(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["feed", "--list"]) == 0
    told = capsys.readouterr().out
    assert all(name in told for name in (*feed_names(), *SECRETS))
    assert run(["feed", "--list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [each["target"] for each in listed] == list(feed_names())


def test_no_secret_is_ever_shown(
    splunk: Platform, verdicts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    splunk.there = False
    run(["feed", "splunk", str(verdicts), "--url", splunk.url])
    run(["feed", "splunk", str(verdicts), "--url", splunk.url, "--dry-run"])
    out, err = capsys.readouterr()
    assert SECRET not in out + err


@pytest.mark.parametrize(
    ("typed", "offered"),
    [("s", ["secops", "sentinel", "splunk"]), ("SPL", ["splunk"]), ("x", [])],
)
def test_platforms_are_completed(typed: str, offered: list[str]) -> None:
    assert complete_feed(typer.Context(typer.main.get_command(app)), typed) == offered
