"""The bundled sample: it can be made again, and the engine reads its story as it was written."""

import gzip
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cloudcascade.bench.sample_day import SAMPLE, Day, day, expected, write_day
from cloudcascade.catalog import load_catalog
from cloudcascade.events import Problem, expand_sources, read_batches
from cloudcascade.matcher import Engine, Verdict, compile_catalog

Json = dict[str, Any]
MFA = ("iam:DeactivateMFADevice", "iam:DeleteVirtualMFADevice")
STORY: list[Json] = msgspec.json.decode((SAMPLE / "expected.json").read_bytes())["story"]


@pytest.fixture(scope="module")
def the_day() -> Day:
    return day()


@pytest.fixture(scope="module")
def bundled() -> dict[str, list[Json]]:
    return {
        path.relative_to(SAMPLE).as_posix(): msgspec.json.decode(
            gzip.decompress(path.read_bytes())
        )["Records"]
        for path in SAMPLE.rglob("*.json.gz")
    }


@pytest.fixture(scope="module")
def engine() -> Engine:
    problems: list[Problem] = []
    engine = Engine(compile_catalog(load_catalog().cascades))
    for batch in read_batches(
        expand_sources([str(SAMPLE / "AWSLogs")]), on_problem=problems.append
    ):
        engine.feed(batch)
    assert problems == []
    return engine


@pytest.fixture(scope="module")
def verdicts(engine: Engine) -> dict[str, Verdict]:
    return {verdict.event_id: verdict for verdict in engine.verdicts()}


def test_the_bundled_files_are_what_the_program_writes(
    the_day: Day, bundled: dict[str, list[Json]]
) -> None:
    assert the_day.files == bundled


def test_writing_it_twice_gives_the_same_bytes(the_day: Day, tmp_path: Path) -> None:
    for name in ("one", "other"):
        write_day(tmp_path / name, the_day)
    one, other = (
        {
            path.relative_to(tmp_path / name): path.read_bytes()
            for path in (tmp_path / name).rglob("*.*")
            if path.is_file()
        }
        for name in ("one", "other")
    )
    assert one == other


def test_writing_removes_the_files_of_another_day(the_day: Day, tmp_path: Path) -> None:
    stale = tmp_path / "AWSLogs" / "old.json.gz"
    stale.parent.mkdir()
    stale.touch()
    write_day(tmp_path, the_day)
    assert not stale.exists()


def test_no_file_carries_the_time_it_was_written() -> None:
    for path in SAMPLE.rglob("*.json.gz"):
        assert path.read_bytes()[4:8] == bytes(4), path.name


def test_expected_json_is_what_the_program_writes(the_day: Day) -> None:
    bundled_text = msgspec.json.decode((SAMPLE / "expected.json").read_bytes())
    assert msgspec.json.decode(msgspec.json.encode(expected(the_day))) == bundled_text


def test_it_is_small_enough_for_a_repository() -> None:
    files = list(SAMPLE.rglob("*.json.gz"))
    assert sum(path.stat().st_size for path in files) <= 600_000


def test_it_is_a_trail_as_it_comes(bundled: dict[str, list[Json]], engine: Engine) -> None:
    records = [record for held in bundled.values() for record in held]
    times = [record["eventTime"] for record in records]
    assert 2_500 <= len(records) <= 4_000
    assert {record["recipientAccountId"] for record in records} == {"111122223333", "444455556666"}
    assert {time[:10] for time in times} == {"2026-03-17"}
    assert times != sorted(times)
    assert len({record["eventID"] for record in records}) < len(records)
    assert engine.records == len(records)


@pytest.mark.parametrize(
    "told", STORY, ids=[f"{told['event_time'][11:19]}-{told['action']}" for told in STORY]
)
def test_the_engine_reads_the_story_as_it_was_written(
    told: Json, verdicts: dict[str, Verdict]
) -> None:
    verdict = verdicts.get(told["event_id"])
    if told["verdict"] == "unlisted":
        assert verdict is None
        return
    assert verdict is not None
    assert (verdict.verdict, verdict.cascade, verdict.failed) == (
        told["verdict"],
        told["cascade"],
        told["failed"],
    )


def test_the_naive_rule_fires_six_times_and_two_remain(verdicts: dict[str, Verdict]) -> None:
    fires = [each for each in verdicts.values() if each.action in MFA and not each.failed]
    left = [each for each in fires if each.verdict != "effect"]
    assert (len(fires), len(left)) == (6, 2)
    attack = {told["event_id"] for told in STORY if told["scene"] == "attack"}
    assert {each.event_id for each in left} <= attack


def test_what_was_explained_may_be_silenced(verdicts: dict[str, Verdict]) -> None:
    explained = [
        each for each in verdicts.values() if each.action in MFA and each.verdict == "effect"
    ]
    assert {each.policy for each in explained} == {"suppress"}


def test_the_attack_says_why_nothing_explains_it(verdicts: dict[str, Verdict]) -> None:
    reasons = {
        told["action"]: verdicts[told["event_id"]].near_misses[0].reason
        for told in STORY
        if told["scene"] == "attack" and told["action"] in MFA
    }
    assert set(reasons) == set(MFA)
    for reason in reasons.values():
        assert "origin failed: DeleteConflictException" in reason


def test_the_attack_shares_its_role_with_an_offboarding_within_the_hour(the_day: Day) -> None:
    """Why a rule that trusts the role, or waits for any deletion by it, would miss the attack."""
    deletions = {
        each.scene: each.record for each in the_day.told if each.record["eventName"] == "DeleteUser"
    }
    benign, hostile = deletions["offboarding 1"], deletions["attack"]
    issuers = [
        each["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"] for each in (benign, hostile)
    ]
    assert issuers[0] == issuers[1]
    assert "09:51" in benign["eventTime"]
    assert "10:21" in hostile["eventTime"]


def test_beside_the_attack_nothing_is_left(verdicts: dict[str, Verdict]) -> None:
    attack = {told["event_id"] for told in STORY if told["scene"] == "attack"}
    left = [
        each
        for each in verdicts.values()
        if each.verdict == "orphan" and each.event_id not in attack
    ]
    assert left == []
