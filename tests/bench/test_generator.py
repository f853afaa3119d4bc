"""The generator of CloudTrail records: the same seed, the same trail; and a trail like a real one."""

import gzip
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cloudcascade.bench.classify import everyday
from cloudcascade.bench.cloudtrail import DAY, START, stream, write_trail
from cloudcascade.events import Record

Json = dict[str, Any]
COUNT = 6_000


def made(seed: int = 1, count: int = COUNT, **settings: Any) -> list[Json]:
    return list(stream(seed, count, **settings))


@pytest.fixture(scope="module")
def trail() -> list[Json]:
    return made(share=0.05)


def action(record: Json) -> str:
    return f"{record['eventSource'].removesuffix('.amazonaws.com')}:{record['eventName']}"


def share_of(records: list[Json], actions: set[str]) -> float:
    return sum(action(record) in actions for record in records) / len(records)


def test_a_seed_gives_the_same_records() -> None:
    assert msgspec.json.encode(made(7, 2_000)) == msgspec.json.encode(made(7, 2_000))


def test_another_seed_gives_others() -> None:
    one, other = ({record["eventID"] for record in made(seed, 500)} for seed in (1, 2))
    assert not one & other


def test_a_longer_trail_begins_within_the_same_day(trail: list[Json]) -> None:
    times = [
        datetime.strptime(record["eventTime"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
        for record in trail
    ]
    assert min(times) >= START
    assert max(times) < START + DAY


@pytest.mark.parametrize("count", [1, 999])
def test_it_gives_as_many_as_asked_for(count: int) -> None:
    assert len(made(count=count)) == count


@pytest.mark.parametrize("settings", [{"share": 1.1}, {"share": -0.1}, {"count": 0}, {"span": 0}])
def test_it_refuses_what_makes_no_sense(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="share lies between"):
        made(**{"count": 10, **settings})


def test_every_record_is_a_cloudtrail_record(trail: list[Json]) -> None:
    for record in trail:
        decoded = msgspec.json.decode(msgspec.json.encode(record), type=Record)
        assert decoded.eventID
        assert decoded.recipientAccountId in ("111122223333", "444455556666")
        assert record["eventVersion"] in ("1.09", "1.10", "1.11")
        assert record["eventCategory"] == "Management"


def test_event_ids_are_unique(trail: list[Json]) -> None:
    assert len({record["eventID"] for record in trail}) == len(trail)


def test_every_kind_of_caller_appears(trail: list[Json]) -> None:
    kinds = {record["userIdentity"]["type"] for record in trail}
    assert kinds == {"IAMUser", "AssumedRole", "AWSService", "WebIdentityUser", "AWSAccount"}
    issuers = [
        record["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"]
        for record in trail
        if record["userIdentity"]["type"] == "AssumedRole"
    ]
    for path in ("/aws-reserved/sso.amazonaws.com/", "/aws-service-role/", "/service-role/"):
        assert any(path in issuer for issuer in issuers), path


@pytest.mark.parametrize("share", [0, 0.05, 0.2])
def test_records_are_as_large_as_real_ones(share: float) -> None:
    sizes = [len(msgspec.json.encode(record)) for record in made(share=share)]
    assert 1_300 <= sum(sizes) / len(sizes) <= 1_500


def test_most_events_are_reads(trail: list[Json]) -> None:
    assert sum(record["readOnly"] for record in trail) / len(trail) > 0.75


def test_one_event_in_eight_assumes_a_role(trail: list[Json]) -> None:
    sessions = {"sts:AssumeRole", "sts:AssumeRoleWithWebIdentity"}
    assert 0.10 <= share_of(trail, sessions) <= 0.15


def test_so_it_does_whatever_is_left_out() -> None:
    sessions = {"sts:AssumeRole", "sts:AssumeRoleWithWebIdentity"}
    fewer = made(without=everyday())
    assert 0.09 <= share_of(fewer, sessions) <= 0.15


def test_credentials_that_were_handed_out_are_used(trail: list[Json]) -> None:
    issued = {
        record["responseElements"]["credentials"]["accessKeyId"]
        for record in trail
        if record["eventName"].startswith("AssumeRole")
    }
    used = {record["userIdentity"].get("accessKeyId") for record in trail}
    assert len(issued & used) > 50


@pytest.mark.parametrize("share", [0, 0.01, 0.05, 0.2, 0.5])
def test_the_share_of_cascades_is_kept(share: float) -> None:
    # Reading a secret brings a Decrypt along; without the everyday ones it can be told apart.
    without = frozenset({"kms:Decrypt"})
    everyday = {action(record) for record in made(9, COUNT, share=0, without=without)}
    in_cascades = 1 - share_of(made(share=share, without=without), everyday)
    assert in_cascades == pytest.approx(share, abs=0.01)


def test_a_trail_may_consist_of_cascades_alone() -> None:
    counted = Counter(record["eventName"] for record in made(count=2_000, share=1))
    assert counted["DeleteUser"] > 50
    assert counted["DescribeInstances"] == 0


def test_actions_can_be_left_out() -> None:
    unwanted = {"ec2:DescribeInstances", "kms:Decrypt"}
    assert share_of(made(share=0), unwanted) > 0.05
    assert share_of(made(share=0, without=frozenset(unwanted)), unwanted) == 0


def test_files_lie_where_cloudtrail_delivers_them(tmp_path: Path, trail: list[Json]) -> None:
    counts = list(write_trail(tmp_path, trail, seed=1, per_file=200))
    paths = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.json.gz")]
    assert len(paths) == len(counts)
    for path in paths:
        assert re.fullmatch(
            r"AWSLogs/(\d{12})/CloudTrail/([a-z]+-[a-z]+-\d)/2026/03/17/"
            r"\1_CloudTrail_\2_20260317T\d{4}Z_[A-Z2-7]{16}\.json\.gz",
            path,
        )


def test_files_hold_all_records_in_no_order(tmp_path: Path, trail: list[Json]) -> None:
    counts = list(write_trail(tmp_path, trail, seed=1, per_file=200))
    assert max(counts) == 200
    read: list[Json] = []
    sorted_files = 0
    for path in tmp_path.rglob("*.json.gz"):
        held = msgspec.json.decode(gzip.decompress(path.read_bytes()))["Records"]
        times = [record["eventTime"] for record in held]
        sorted_files += times == sorted(times) and len(times) > 1
        read += held
    assert sorted_files == 0
    assert Counter(record["eventID"] for record in read) == Counter(
        record["eventID"] for record in trail
    )


def test_files_are_the_same_each_time(tmp_path: Path, trail: list[Json]) -> None:
    for name in ("one", "other"):
        list(write_trail(tmp_path / name, trail, seed=3))
    contents = [
        {path.name: path.read_bytes() for path in (tmp_path / name).rglob("*.gz")}
        for name in ("one", "other")
    ]
    assert contents[0] == contents[1]
