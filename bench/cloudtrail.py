"""A seeded generator of CloudTrail records: everyday noise, and a given share of cascades in it.

    python bench/cloudtrail.py --events 100000 --share 0.05 --seed 7 out/trail

The same arguments give the same records. Nothing in them names a real account, person or key.
"""

import argparse
import gzip
from collections.abc import Callable, Iterable, Iterator
from heapq import heappop, heappush
from itertools import count as counter
from pathlib import Path
from random import Random

import msgspec

from cloudcascade.bench import changes
from cloudcascade.bench.changes import Step
from cloudcascade.bench.everyday import Routine
from cloudcascade.bench.household import Household, household
from cloudcascade.samples import callers
from cloudcascade.samples.callers import Caller, Json
from cloudcascade.samples.identifiers import Ids
from cloudcascade.samples.records import record

START = 1_773_705_600
"""2026-03-17T00:00:00Z, in seconds since 1970."""
DAY = 86_400
PLACES = (
    ("111122223333", "us-east-1"),
    ("111122223333", "eu-west-1"),
    ("444455556666", "us-east-1"),
)
_PLACE_WEIGHTS = (6, 2, 2)

Burst = list[tuple[int, Caller, Step]]


def stream(
    seed: int,
    count: int,
    *,
    share: float = 0.05,
    start: int = START,
    span: int = DAY,
    without: frozenset[str] = frozenset(),
) -> Iterator[Json]:
    """`count` records over `span` seconds from `start`, nearly by time.

    A `share` of them (0 to 1) belong to cascades, whole ones and the fragments that attackers leave;
    the rest is everyday noise, from which the actions in `without` (`service:EventName`) are left out;
    one event in eight assumes a role all the same.

    Raises:
        ValueError: `share` is no share, or `count` or `span` is not positive.
    """
    if not 0 <= share <= 1 or count <= 0 or span <= 0:
        raise ValueError("share lies between 0 and 1; count and span are positive")
    rng = Random(seed)
    ids = Ids(rng)
    homes = [household(ids, account, region, start) for account, region in PLACES]
    routine = Routine(without, steady=True)
    waiting: list[tuple[int, int, Household, Caller, Step]] = []
    tie = counter()
    planned = made = 0
    while made < count:
        now = start + span * made // count
        home = rng.choices(homes, _PLACE_WEIGHTS)[0]
        while planned < share * (made + 1):
            burst = _burst(home, now)
            planned += len(burst)
            for at, caller, step in burst:
                heappush(waiting, (at, next(tie), home, caller, step))
        if waiting and (waiting[0][0] <= now or share == 1):
            at, _, home, caller, step = heappop(waiting)
            yield record(ids, caller, step.call, at, region=home.region, account=home.account)
        else:
            yield routine.event(home, now)
        made += 1


def _burst(home: Household, at: int) -> Burst:
    """The events of one change, or of one intruder."""
    kind: Callable[[Household, int], Burst] = home.ids.rng.choices(
        (_offboarding, _teardown, _bucket, _rotation, _secret, _intruder), (5, 5, 3, 2, 4, 1)
    )[0]
    return kind(home, at)


def _offboarding(home: Household, at: int) -> Burst:
    ids = home.ids
    user = f"user-{ids.hex(6)}"
    steps = changes.offboarding(
        ids, home.account, user, f"{user}-phone",
        groups=("developers", "vpn")[: ids.rng.randrange(1, 3)],
        ssh_keys=ids.rng.randrange(2), password=ids.rng.random() < 0.7,
    )  # fmt: skip
    return changes.begun_by(home.caller(ids.of("pipeline", "person")), steps, at)


def _teardown(home: Household, at: int) -> Burst:
    steps = changes.role_teardown(home.ids, home.account, f"svc-{home.ids.hex(6)}")
    return changes.begun_by(home.caller("pipeline"), steps, at)


def _bucket(home: Household, at: int) -> Burst:
    name = f"example-old-{home.ids.hex(8)}"
    steps = changes.bucket_decommission(home.ids, home.account, home.region, name)
    return changes.begun_by(home.caller(home.ids.of("pipeline", "person")), steps, at)


def _rotation(home: Household, at: int) -> Burst:
    user = f"svc-{home.ids.hex(6)}"
    steps = changes.key_rotation(home.ids, user, at, home.ids.unique("AKIA"))
    return changes.begun_by(home.caller("pipeline"), steps, at)


def _secret(home: Household, at: int) -> Burst:
    reader = home.caller("workload")
    read, decrypt = changes.secret_read(home.account, home.pick(home.secrets), home.pick(home.keys))
    service = callers.on_behalf(reader, "secretsmanager.amazonaws.com")
    return [(at, reader, read), (at, service, decrypt)]


def _intruder(home: Household, at: int) -> Burst:
    """MFA stripped off a user who stays."""
    user = f"user-{home.ids.hex(6)}"
    steps = changes.mfa_removed(home.account, user, f"{user}-phone", at=0)
    return changes.begun_by(home.caller("user"), steps, at)


def log_file_name(ids: Ids, account: str, region: str, minute: str) -> str:
    """Where CloudTrail delivers a file, below the bucket's root. `minute`: `20260317T0955Z`.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
    """
    year, month, day = minute[:4], minute[4:6], minute[6:8]
    folder = f"AWSLogs/{account}/CloudTrail/{region}/{year}/{month}/{day}"
    return f"{folder}/{account}_CloudTrail_{region}_{minute}_{ids.upper(16)}.json.gz"


def write_file(path: Path, records: list[Json], *, level: int = 6) -> None:
    """Write one log file as CloudTrail does: one JSON object, gzipped; no time in the gzip header."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with (
        path.open("wb") as raw,
        gzip.GzipFile("", "wb", compresslevel=level, fileobj=raw, mtime=0) as packed,
    ):
        packed.write(msgspec.json.encode({"Records": records}))


def write_trail(
    folder: Path, records: Iterable[Json], *, seed: int, per_file: int = 500
) -> Iterator[int]:
    """Write `records` below `folder`, so many a file, in no particular order; yield each file's count."""
    ids = Ids(Random(seed), token_chunks=1)
    buffers: dict[tuple[str, str], list[Json]] = {}

    def flush(place: tuple[str, str], held: list[Json]) -> int:
        latest = max(each["eventTime"] for each in held)
        minute = latest[:16].replace("-", "").replace(":", "") + "Z"
        ids.rng.shuffle(held)
        write_file(folder / log_file_name(ids, *place, minute), held)
        return len(held)

    for each in records:
        place = (each["recipientAccountId"], each["awsRegion"])
        held = buffers.setdefault(place, [])
        held.append(each)
        if len(held) == per_file:
            yield flush(place, held)
            buffers[place] = []
    for place, held in buffers.items():
        if held:
            yield flush(place, held)


def main() -> None:
    """Write a trail as the command line asks."""
    parser = argparse.ArgumentParser(description="Write synthetic CloudTrail log files.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--share", type=float, default=0.05, help="of events in cascades, 0 to 1")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--per-file", type=int, default=500)
    chosen = parser.parse_args()
    records = stream(chosen.seed, chosen.events, share=chosen.share)
    written = write_trail(chosen.folder, records, seed=chosen.seed, per_file=chosen.per_file)
    files = list(written)
    print(f"{sum(files):,} events in {len(files):,} files below {chosen.folder}")


if __name__ == "__main__":
    main()
