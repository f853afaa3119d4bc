"""The report for a terminal: what stands on its first screen, and how it fits."""

import io
import re
from pathlib import Path

import pytest

from cloudcascade.bench.cloudtrail import write_file
from cloudcascade.bench.sample_day import SAMPLE
from cloudcascade.catalog import load_catalog
from cloudcascade.cli.problem_log import ProblemLog
from cloudcascade.cli.reading import read_log
from cloudcascade.cli.report_table import Watched, write_table
from cloudcascade.cli.tally import LogFacts, Shape, Tally
from cloudcascade.events import expand_sources
from cloudcascade.matcher import Verdict, compile_catalog
from cloudcascade.tests.support.kms_load import kms_load

Read = tuple[LogFacts, list[Verdict]]

LOAD = 20_000
WIDTHS = (60, 80, 120, 200)
ATTACK = (
    "iam:DeactivateMFADevice",
    "iam:DeleteVirtualMFADevice",
    "iam:CreateAccessKey",
    "iam:AttachUserPolicy",
    "ec2:CreateSnapshot",
    "ec2:ModifySnapshotAttribute",
    "cloudtrail:StopLogging",
)


def read(*sources: Path) -> Read:
    with ProblemLog(None) as problems:
        plan = compile_catalog(load_catalog().cascades)
        engine = read_log(plan, expand_sources([str(each) for each in sources]), None, problems)
    facts = LogFacts(("AWSLogs",), engine.records, engine.duplicates, 0, 0, len(plan.cascades))
    return facts, list(engine.verdicts())


def report(of: Read, shape: Shape) -> str:
    facts, verdicts = of
    tally, watched = Tally(facts), Watched()
    for verdict in watched.stories.rarities.counted(tally.count(verdicts)):
        watched.add(verdict)
    out = io.BytesIO()
    write_table(out, tally, watched, shape)
    return out.getvalue().decode()


@pytest.fixture(scope="module")
def the_day() -> Read:
    return read(SAMPLE / "AWSLogs")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Read:
    path = tmp_path_factory.mktemp("load") / "kms.json.gz"
    write_file(path, list(kms_load(LOAD)), level=1)
    return read(SAMPLE / "AWSLogs", path)


def at_width(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))


def test_an_attack_within_twenty_thousand_equal_events_stands_on_the_first_screen(
    loaded: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_width(monkeypatch, 80)
    screen = report(loaded, Shape(40)).splitlines()[:24]
    rows = [line.split()[1] for line in screen if re.match(r"    \d\d:\d\d:\d\d  ", line)]
    assert set(rows) == set(ATTACK)
    assert max(map(len, screen)) <= 80


def test_the_load_is_some_rows_that_count_every_event(
    loaded: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_width(monkeypatch, 200)
    text = report(loaded, Shape(1_000))
    told = re.findall(r"^ *\d+  03-17 .*  ([\d,]+) events?", text, re.MULTILINE)
    counted = [int(number.replace(",", "")) for number in told]
    orphans = sum(each.verdict == "orphan" for each in loaded[1])
    assert sum(counted) == orphans == LOAD * 3 // 4 + len(ATTACK)
    assert len(counted) < 20


def words(text: str) -> set[str]:
    """Everything between blanks and separators."""
    return {each for each in re.split(r"[\s.:/\-_@,;─…]+", text) if each}


@pytest.mark.parametrize("width", WIDTHS)
def test_no_word_is_broken_and_lines_fit(
    the_day: Read, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    at_width(monkeypatch, width)
    text = report(the_day, Shape(40, labelled=True))
    whole = report(the_day, Shape(40, wide=True, labelled=True))
    notes = words("left out for want of room reasons is cut wide shows all")
    assert words(text) - words(whole) <= notes
    assert max(map(len, text.splitlines())) <= width


@pytest.mark.parametrize("width", WIDTHS)
def test_what_is_not_shown_is_told(
    the_day: Read, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    at_width(monkeypatch, width)
    text = report(the_day, Shape(40, labelled=True))
    missing = words(report(the_day, Shape(40, wide=True, labelled=True))) - words(text)
    assert not missing or "--wide shows all" in re.sub(r"\s+", " ", text)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_rows_of_an_attack_keep_action_and_actor_at_any_width(
    the_day: Read, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    at_width(monkeypatch, width)
    text = report(the_day, Shape(40))
    for name in (*ATTACK, "deploy-pipeline/offboard-1183", "executives/dana.whitfield"):
        assert name in text


def test_labelled_effects_are_listed_on_request(
    the_day: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_width(monkeypatch, 200)
    assert "--labelled lists" in report(the_day, Shape(40))
    text = report(the_day, Shape(40, labelled=True))
    listed = text.partition("Explained, to be shown with a label\n")[2]
    assert "aws.iam.access-key-rotation" in listed.partition("Explained, and")[0]


def test_a_limit_hides_rows_and_says_how_many(
    the_day: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_width(monkeypatch, 120)
    text = report(the_day, Shape(2))
    assert "… and 1 more kinds of event" in text
    assert "… and 1 more stories of 4 events: --limit shows more" in text


def test_nothing_read_makes_no_empty_table() -> None:
    text = report((LogFacts((), 0, 0, 0, 0, 1), []), Shape(40, wide=True))
    assert text.splitlines() == [
        "0 events read; 1 cascades known",
        "0 may be side effects by name: 0 explained and safe to silence, "
        "0 explained, to be shown with a label, 0 left over; 0 origins",
    ]
