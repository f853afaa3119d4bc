"""Which paths are filed by day, and what is remembered of what was read."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudcascade.streams.sources.dated_folders import (
    DatedFolder,
    Delivered,
    days_before,
    delivered,
    is_digest,
    name_hash,
    order,
    packed_hashes,
    unpacked_hashes,
)
from cloudcascade.streams.sources.trail_prefixes import is_region_folder, leads_to_trails

MAY = date(2024, 5, 14)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a/b/2024/05/14/x.gz", Delivered("a/b", MAY, "x.gz")),
        ("2024/05/14/x.gz", Delivered("", MAY, "x.gz")),
        ("a/2024/05/14/09/x.gz", Delivered("a", MAY, "09/x.gz")),
        ("a/2024/05/x.gz", None),
        ("a/2024/05/14", None),
        ("a/2024/02/30/x.gz", None),
        ("a/2024/00/00/x.gz", None),
        ("a/20240/05/14/x.gz", None),
        ("a\n/2024/05/14/x\n.gz", Delivered("a\n", MAY, "x\n.gz")),
    ],
)
def test_a_path_may_be_filed_by_day(path: str, expected: Delivered | None) -> None:
    assert delivered(path) == expected


def test_files_are_ordered_by_when_they_were_delivered() -> None:
    paths = [
        "b/2024/05/13/1_CloudTrail_x_20240513T2355Z_u.json.gz",
        "a/2024/05/14/1_CloudTrail_x_20240514T0000Z_u.json.gz",
        "b/2024/05/14/1_CloudTrail_x_20240514T0005Z_a.json.gz",
        "a/2024/05/15/other.gz",
    ]
    mixed = [paths[each] for each in (2, 0, 3, 1)]
    assert sorted(mixed, key=order) == paths


@pytest.mark.parametrize(
    ("path", "digest"),
    [
        ("AWSLogs/1/CloudTrail-Digest/eu-west-1/2024/05/14/x.json.gz", True),
        ("CloudTrail-Digest/x", True),
        ("AWSLogs/1/CloudTrail/eu-west-1/CloudTrail-Digest.json.gz", False),
    ],
)
def test_a_digest_is_known_by_its_folder(path: str, digest: bool) -> None:
    assert is_digest(path) is digest


ACCOUNT = "111111111111"


@pytest.mark.parametrize(
    ("prefix", "leads", "region"),
    [
        ("AWSLogs/", True, False),
        ("any/where/AWSLogs/", True, False),
        (f"AWSLogs/{ACCOUNT}/", True, False),
        (f"AWSLogs/o-1234567890/{ACCOUNT}/", True, False),
        (f"AWSLogs/{ACCOUNT}/CloudTrail/", True, False),
        (f"AWSLogs/{ACCOUNT}/CloudTrail/eu-west-1/", True, True),
        (f"AWSLogs/o-1234567890/{ACCOUNT}/CloudTrail/eu-west-1/", True, True),
        (f"AWSLogs/{ACCOUNT}/CloudTrail/eu-west-1/2024/", False, False),
        (f"AWSLogs/{ACCOUNT}/CloudTrail-Digest/", False, False),
        (f"AWSLogs/{ACCOUNT}/Config/eu-west-1/", False, False),
        ("AWSLogs/someone/", False, False),
        ("AWSLogs", False, False),
        ("", False, False),
    ],
)
def test_the_way_to_a_trail_is_known(prefix: str, leads: bool, region: bool) -> None:
    assert (leads_to_trails(prefix), is_region_folder(prefix)) == (leads, region)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 3))), st.integers(0, 5))
def test_nothing_within_the_lookback_is_forgotten_and_all_beyond(
    files: list[tuple[int, int]], lookback: int
) -> None:
    folder = DatedFolder(lookback)
    read: set[Delivered] = set()
    for days, name in files:
        place = Delivered("g", MAY + timedelta(days), str(name))
        assert folder.has(place) == (place in read or folder.is_over(place.day))
        folder.add(place)
        read.add(place)
        assert folder.newest is not None
        assert all(folder.newest - day <= timedelta(lookback) for day in folder.read)


def test_a_day_may_be_before_all_days() -> None:
    assert days_before(MAY, 10**9) == date.min


@given(st.sets(st.text()))
def test_hashes_are_packed_and_unpacked(names: set[str]) -> None:
    hashes = {name_hash(name) for name in names}
    assert unpacked_hashes(packed_hashes(hashes)) == hashes


def test_half_a_mark_is_refused() -> None:
    with pytest.raises(ValueError, match="cut short"):
        unpacked_hashes(b"1234567")
