"""`cascade export` as a person meets it: what is printed where, which files come out, which status."""

import json
import os
import pty
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from cloudcascade.cli.export import complete_target, visible
from cloudcascade.cli.main import run
from cloudcascade.tests.support.cloudtrail import MALLORY, call

ROOT = Path(__file__).parents[2]
FINISHED = ("clickhouse", "duckdb", "sentinel", "suppression-list")
LABELLED = "aws.cloudformation.delete-stack"
PROGRAM = [sys.executable, "-c", "from cloudcascade.cli.main import main; main()", "export"]


def export(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *arguments],
        capture_output=True,
        encoding="utf-8",
        cwd=cwd or ROOT,
        env={**os.environ, "COLUMNS": "200"},
        timeout=120,
        check=False,
    )


def out(*arguments: str, **more: Any) -> str:
    done = export(*arguments, **more)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def finished(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only some targets, so that the words are those of this test."""
    module = import_module("cloudcascade.exporters.matrix")
    monkeypatch.setattr(module, "target_names", lambda: FINISHED)


def test_several_artefacts_are_printed_each_below_its_path() -> None:
    text = out("duckdb", "delete-user")
    assert re.findall(r"^==> (.*) <==$", text, re.MULTILINE) == [
        f"duckdb/aws.iam.delete-user/{name}.sql" for name in ("alert", "silenced", "explained")
    ]


def test_one_artefact_is_printed_as_it_is(tmp_path: Path) -> None:
    text = out("duckdb", LABELLED)
    assert text.startswith(f"-- {LABELLED}: ")
    out("duckdb", LABELLED, "--out", str(tmp_path), "--no-samples")
    (path,) = [each for each in tmp_path.rglob("*") if each.is_file()]
    assert path.read_text() == text


def test_what_is_written_runs_and_finds_the_attack_and_not_the_housekeeping(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    housekeeping = [
        call("iam:DeactivateMFADevice", "explained", 0, {"userName": "bob", "serialNumber": "m"}),
        call("iam:DeleteUser", "origin", 60, {"userName": "bob"}),
    ]
    attack = [
        call("iam:DeactivateMFADevice", "attack", 30, {"userName": "eve", "serialNumber": "n"}),
        call("iam:DeleteUser", "other", 90, {"userName": "eve"}, by=MALLORY),
    ]
    out("duckdb", "delete-user", "--out", str(tmp_path))
    database = duckdb.connect()
    database.execute("CREATE TABLE cloudtrail_events (event JSON)")
    # Nothing is silenced where the log does not show what may void it.
    around = [call("sts:GetCallerIdentity", f"at {at}", at) for at in (-7_200, 7_200)]
    for event in (*housekeeping, *attack, *around):
        database.execute("INSERT INTO cloudtrail_events VALUES (?)", [json.dumps(event)])

    def answer(name: str) -> list[str]:
        query = (tmp_path / "duckdb" / "aws.iam.delete-user" / f"{name}.sql").read_text()
        return [row[0] for row in database.execute(query).fetchall()]

    assert answer("alert") == ["attack"]
    assert answer("explained") == ["explained"]


def test_files_are_written_below_the_folder_and_listed(tmp_path: Path) -> None:
    command = ("duckdb", "aws.iam.delete-user", "--out", "rules", "--no-samples")
    listed = out(*command, cwd=tmp_path).split()
    assert listed == [
        f"rules/duckdb/aws.iam.delete-user/{name}.sql"
        for name in ("alert", "silenced", "explained")
    ]
    assert all((tmp_path / name).read_text().endswith("\n") for name in listed)


def test_sample_events_are_written_beside_a_query(tmp_path: Path) -> None:
    listed = out("duckdb", "aws.iam.delete-user", "--out", "rules", cwd=tmp_path).split()
    folder = "rules/duckdb/aws.iam.delete-user/tests/whole"
    beside = [name for name in listed if name.startswith(folder)]
    assert {f"{folder}/{name}" for name in ("explained.ndjson", "alone.ndjson")} < set(beside)
    expected = json.loads((tmp_path / folder / "expected.json").read_text())
    assert [log["file"] for log in expected["logs"]] == [
        name.rpartition("/")[2] for name in beside if name.endswith(".ndjson")
    ]


def test_no_samples_are_left_out_where_none_would_be_written() -> None:
    done = export("duckdb", LABELLED, "--no-samples")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--no-samples goes with --out" in done.stderr


def test_the_header_carries_owner_day_and_release(tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    text = out("duckdb", "delete-user", "--owner", "soc@example.com")
    days = {today + timedelta(days=180 + late) for late in (0, 1)}
    assert any(f"-- owner: soc@example.com; expires {day.isoformat()}" in text for day in days)
    assert "catalogue 0.1.0" in text
    later = (today + timedelta(days=30)).isoformat()
    assert f"expires {later}" in out("duckdb", "delete-user", "--expires", later)


@pytest.mark.parametrize(
    ("epoch", "typed", "made", "expires"),
    [
        ("1767225600", (), "2026-01-01", "2026-06-30"),
        ("1767225600", ("--made", "2026-02-01"), "2026-02-01", "2026-07-31"),
        ("1767225600", ("--expires", "2026-01-02"), "2026-01-01", "2026-01-02"),
        ("", ("--made", "2026-02-01"), "2026-02-01", "2026-07-31"),
    ],
)
def test_the_day_can_be_told(
    epoch: str,
    typed: tuple[str, ...],
    made: str,
    expires: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    text = out("duckdb", LABELLED, *typed)
    assert re.search(rf"catalogue \S+ [0-9a-f]{{12}}, made {made}\n", text)
    assert f"; expires {expires}\n" in text


@pytest.mark.parametrize("epoch", ["yesterday", "-1", "1e9", "\u0661", "9" * 40])
def test_an_epoch_that_is_no_time_is_refused(epoch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    done = export("duckdb", LABELLED)
    assert (done.returncode, done.stdout) == (2, "")
    assert "SOURCE_DATE_EPOCH is seconds since 1970" in " ".join(done.stderr.split())


def test_durations_reach_the_query() -> None:
    text = out(
        "duckdb", "delete-user", "--style", "scheduled", "--window", "10m", "--lateness", "1h"
    )
    # A cap narrows the windows, 10m and 2m on the way to the device; spoilers keep their hour.
    assert "-- waits 72m for the window and 1h for late events" in text


def test_the_table_and_its_layout_reach_the_query() -> None:
    text = out("duckdb", "delete-user", "--table", "trail", "--layout", "tailpipe")
    assert "\n  FROM trail\n" in text
    assert "FROM aws_cloudtrail_log" not in text
    assert "FROM aws_cloudtrail_log" in out("duckdb", "delete-user", "--layout", "tailpipe")


def test_all_is_every_cascade_that_has_a_form(tmp_path: Path) -> None:
    done = export("sentinel", "--all", "--style", "watchlist", "--out", str(tmp_path))
    assert done.returncode == 0
    assert done.stdout.split()
    assert re.search(r"^cascade: \d+ left out: \d+ because its policy is annotate", done.stderr)
    assert re.search(r"^cascade: loss, fails open: .* \(\d+ of \d+\)$", done.stderr, re.MULTILINE)
    assert len(done.stderr.splitlines()) < 15


def test_losses_and_omissions_are_told_beside_the_artefacts() -> None:
    done = export("sentinel", "delete-user", LABELLED, "--style", "watchlist")
    assert done.returncode == 0
    assert f"cascade: {LABELLED} left out: its policy is annotate" in done.stderr
    assert "cascade: loss, fails open: " in done.stderr
    assert "more losses, which the artefacts list" in done.stderr
    assert "left out" not in done.stdout
    quiet = export("sentinel", "delete-user", LABELLED, "--style", "watchlist", "--quiet")
    assert (quiet.returncode, quiet.stderr, quiet.stdout) == (0, "", done.stdout)


def test_where_nothing_is_made_the_status_is_2_and_the_reason_is_told_even_to_the_quiet() -> None:
    for more in ((), ("--quiet",)):
        done = export("sentinel", LABELLED, "--style", "watchlist", *more)
        assert done.returncode == 2
        assert done.stdout == ""
        assert "its policy is annotate" in done.stderr


def test_a_cascade_given_twice_is_exported_once() -> None:
    assert out("duckdb", "delete-user", "aws.iam.delete-user") == out("duckdb", "delete-user")


def test_what_fails_closed_takes_leave(tmp_path: Path) -> None:
    config = tmp_path / "cascade.toml"
    config.write_text(
        '[[controllers]]\nname = "terraform"\n'
        'arn = "arn:aws:iam::111122223333:role/terraform-deploy"\n'
    )
    arguments = ("sentinel", "delete-user", "--style", "allow-list", "--config", str(config))
    refused = export(*arguments)
    assert refused.returncode == 2
    assert "fails closed" in refused.stderr
    made = export(*arguments, "--allow-fail-closed")
    assert made.returncode == 0
    assert "terraform-deploy" in made.stdout
    assert "cascade: loss, fails closed: " in made.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("duckbd", "delete-user"), "no export target is called 'duckbd'; did you mean 'duckdb'?"),
        (("duckdb", "delete-usr"), "did you mean aws.iam.delete-user"),
        (("duckdb", "delete-user", "--style", "hole"), "no style 'hole'; did you mean 'whole'? (whole, scheduled)"),
        (("duckdb", "delete-user", "--layout", "tailpip"), "no layout 'tailpip'; did you mean 'tailpipe'?"),
        (("duckdb", "delete-user", "--backend", "splunk"), "duckdb has no backends to choose from"),
        (("duckdb", "delete-user", "--window", "10"), "a duration is digits and one of s, m, h, d"),
        (("duckdb", "delete-user", "--every", "0m"), "must be longer than nothing"),
        (("duckdb", "delete-user", "--lateness", "soon"), "a duration is digits and one of s, m, h, d"),
        (("duckdb", "delete-user", "--expires", "tomorrow"), "a day is YYYY-MM-DD"),
        (("duckdb", "delete-user", "--expires", "2020-01-01"), "2020-01-01 is no day after"),
        (("duckdb", "delete-user", "--sigma-version", "3"), "2.1 or 2.2"),
        (("duckdb",), "give either a CASCADE or --all"),
        (("duckdb", "delete-user", "--all"), "give either a CASCADE or --all"),
        ((), "give a TARGET; --list tells which there are"),
        (("--all",), "give a TARGET; --list tells which there are"),
        (("duckdb", "--list"), "--list is about all targets; --explain about one"),
        (("duckdb", "delete-user", "--json"), "--json goes with --list"),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, tuple) else "",
)  # fmt: skip
def test_unusable_arguments_are_explained_with_status_2(
    arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["export", *arguments]) == 2
    told = capsys.readouterr()
    assert words in " ".join(told.err.split())
    assert told.out == ""


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "duckdb").write_text("in the way")
    done = export("duckdb", "delete-user", "--out", str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.startswith(f"cascade: {tmp_path}")
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("finished")
def test_the_list_fits_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["export", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    (row,) = [line.split() for line in lines if line.split()[:1] == ["duckdb"]]
    assert row == ["duckdb", "whole", "both", "yes", "ended", "yes", "executed"]


@pytest.mark.usefixtures("finished")
def test_the_list_is_told_without_a_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(*_: object, **__: object) -> None:
        raise AssertionError("a catalogue was opened")

    monkeypatch.setattr("cloudcascade.catalog.load_catalog", opened)
    assert run(["export", "--list"]) == 0
    assert run(["export", "--list", "--json"]) == 0


@pytest.mark.usefixtures("finished")
def test_the_list_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["export", "--list", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [each["target"] for each in told] == list(FINISHED)
    assert all(style["capabilities"] for each in told for style in each["styles"])


def test_a_target_is_explained_in_words_with_counts() -> None:
    text = out("--explain", "sentinel")
    assert text.startswith("sentinel  ")
    assert "style rule, the default: " in text
    assert "  - compares sessions: two sessions of one person are two actors (fails open)" in text
    assert re.search(
        r"^the (\d+) suppressible cascades as sentinel rule: \d+ made", text, re.MULTILINE
    )
    assert re.search(r"^  fails open: credentials .* \(\d+ of \d+\)$", text, re.MULTILINE)


def test_a_target_is_explained_for_given_cascades_and_one_style() -> None:
    text = out("--explain", "duckdb", "delete-portfolio", "delete-user", "--style", "whole")
    assert "aws.servicecatalog.delete-portfolio as duckdb whole: made, nothing is lost" in text
    left_alone = (
        "iam:DeleteUserPolicy, iam:RemoveUserFromGroup, iam:DeleteUserPermissionsBoundary: the policy is annotate, "
        "and nothing is said of it"
    )
    assert f"aws.iam.delete-user as duckdb whole: made\n  not covered: {left_alone}" in text
    assert "scheduled" not in text
    refused = out("--explain", "sentinel", LABELLED, "--style", "watchlist")
    assert f"{LABELLED} as sentinel watchlist: refused, its policy is annotate" in refused


def test_the_steps_of_a_query_in_sql_are_outlined() -> None:
    text = out("--explain", "snowflake", "delete-user", "--style", "whole")
    steps = text[text.index("  steps:\n") :].splitlines()[1:]
    assert steps[0].startswith("    read_events from cloudtrail_events: events of ")
    assert any(
        line.startswith("    standing_delete_user from seen_delete_user, ") for line in steps
    )
    assert steps[-1].startswith("    explained from ")
    assert "steps:" in out("--explain", "panther", "delete-user", "--style", "scheduled")
    assert "steps:" not in out("--explain", "splunk", "delete-user")


def test_names_of_targets_complete() -> None:
    assert complete_target(None, "duck") == ["duckdb"]  # type: ignore[arg-type]  # typer's, unused


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A catalogue with an escape sequence and a mark that turns the line around in its texts."""
    document = yaml.safe_load((ROOT / "catalog/aws/iam/delete-group.yaml").read_text())
    document["id"] = "aws.test.hostile"
    document["title"] = "Bad \x1b[2J\u202e title"
    document["suppression"]["residual_risk"] = "Bad \x1b[2J risk"
    folder = tmp_path / "catalog" / "aws" / "test"
    folder.mkdir(parents=True)
    (folder / "hostile.yaml").write_text(yaml.safe_dump(document))
    return tmp_path / "catalog"


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("duckdb", "aws.test.hostile"), 0),
        (("--explain", "duckdb", "aws.test.hostile"), 0),
        (("duckdb", "aws.test.hostile", "--owner", "\x1b[2J"), 0),
        (("duckdb", "aws.test.\x1b[2J"), 2),
        (("duck\x1b[2J", "aws.test.hostile"), 2),
        (("duckdb", "aws.test.hostile", "--style", "\x1b[2J"), 2),
        (("duckdb", "aws.test.hostile", "--layout", "\x1b[2J"), 2),
        (("duckdb", "aws.test.hostile", "--expires", "\x1b[2J"), 2),
        (("sentinel", "aws.test.hostile", "--sigma-version", "\x1b[2J"), 2),
    ],
)
def test_hostile_texts_are_not_printed_as_they_are(
    arguments: tuple[str, ...], status: int, hostile: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["export", *arguments, "--catalog", str(hostile)]) == status
    told = capsys.readouterr()
    assert told.out if status == 0 else told.err
    for stream in (told.out, told.err):
        assert "\x1b" not in stream
        assert "\u202e" not in stream


def test_on_a_terminal_unprintable_characters_are_spelt_out() -> None:
    assert visible("a\x1b[2J\tb\u202e\n\n") == "a\\x1b[2J\tb\\u202e\n\n"
    # The table's name is the user's own and goes into the query as it is.
    arguments = ["duckdb", LABELLED, "--quiet", "--table", "a\u202eb"]
    piped = out(*arguments)
    main, worker = pty.openpty()
    with subprocess.Popen([*PROGRAM, *arguments], stdout=worker, cwd=ROOT) as process:
        os.close(worker)
        seen = b""
        try:
            while chunk := os.read(main, 65_536):
                seen += chunk
        except OSError:  # Linux says so when the other end has closed
            pass
    os.close(main)
    assert process.returncode == 0
    assert "\u202e" in piped
    assert "\u202e" not in seen.decode()
    assert "\\u202e" in seen.decode()
