"""Writes the bundled sample: one synthetic day of two accounts, as CloudTrail delivers it.

    python bench/sample_day.py            # writes docs/sample anew
    python bench/sample_day.py FOLDER

docs/sample/README.md tells the story. The same program writes the same records, whatever is in the catalogue.
"""

import shutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import msgspec

from cloudcascade.bench import changes, story
from cloudcascade.bench.cloudtrail import START, log_file_name, write_file
from cloudcascade.bench.everyday import Routine
from cloudcascade.bench.household import Household, household
from cloudcascade.bench.telling import Told, clock, stage
from cloudcascade.samples import callers
from cloudcascade.samples.callers import Json
from cloudcascade.samples.identifiers import Ids, iso
from cloudcascade.samples.records import record

SEED = "2026-03-17"
MAIN, VAULT = "111122223333", "444455556666"
SAMPLE = Path(__file__).parents[1] / "docs" / "sample"
LEVEL = 9

# Everyday events that may be part of a cascade and here are not: they would drown the story in orphans.
WITHOUT = frozenset({"kms:Decrypt", "kms:GenerateDataKey"})
# Events an hour from midnight: an office day.
_HOURS = (
    *(34, 30, 30, 28, 28, 30, 40, 70, 110, 130, 135, 130),
    *(105, 120, 130, 130, 120, 100, 70, 55, 45, 42, 40, 36),
)
_SECRETS = 24


@dataclass(frozen=True, slots=True)
class Quiet:
    """How much happens in a household beside the story, and how long its log files wait (seconds)."""

    home: Household
    tenths: int
    delivery: int


@dataclass(frozen=True, slots=True)
class Day:
    """The sample: `told` is the story; `files` are all records by the path they are delivered at."""

    told: list[Told]
    files: dict[str, list[Json]]


def day() -> Day:
    """The whole day, made anew."""
    ids = Ids(Random(f"{SEED} noise"), token_chunks=16)
    main = household(ids, MAIN, "us-east-1", START)
    second = household(ids, MAIN, "eu-west-1", START)
    vault = household(ids, VAULT, "us-east-1", START)
    places = (Quiet(main, 10, 3_600), Quiet(second, 2, 14_400), Quiet(vault, 2, 14_400))
    noise = [each for place in places for each in _noise(place)]

    # The story has identifiers of its own, so that more or less noise does not change it.
    main.ids = vault.ids = Ids(Random(f"{SEED} story"), token_chunks=16)
    told = story.all_scenes(stage(main, vault))

    shuffled = Random(f"{SEED} delivery")
    records = [*noise, *(each.record for each in told)]
    # CloudTrail may deliver an event twice.
    doubled = shuffled.sample(noise, 24) + [
        each.record for each in told if each.record["eventName"] == "DetachUserPolicy"
    ]
    return Day(told, _delivered([*records, *doubled], places, shuffled))


def _noise(place: Quiet) -> Iterator[Json]:
    home, rng = place.home, place.home.ids.rng
    routine = Routine(WITHOUT)
    for hour, amount in enumerate(_HOURS):
        moments = sorted(rng.randrange(3_600) for _ in range(amount * place.tenths // 10))
        for moment in moments:
            yield routine.event(home, START + hour * 3_600 + moment)
    for number in range(_SECRETS * place.tenths // 10):
        at = START + number * 3_600 + rng.randrange(3_000)
        reader = home.caller("workload")
        service = callers.on_behalf(reader, "secretsmanager.amazonaws.com")
        read, decrypt = changes.secret_read(
            home.account, home.pick(home.secrets), home.pick(home.keys)
        )
        for caller, step in ((reader, read), (service, decrypt)):
            yield record(home.ids, caller, step.call, at, region=home.region, account=home.account)


def _delivered(
    records: Iterable[Json], places: Iterable[Quiet], rng: Random
) -> dict[str, list[Json]]:
    """Records by file, in the disorder in which CloudTrail writes them."""
    waits = {(each.home.account, each.home.region): each.delivery for each in places}
    slots: dict[tuple[str, str, int], list[Json]] = {}
    for each in records:
        place = (each["recipientAccountId"], each["awsRegion"])
        at = clock(each["eventTime"][11:19])
        slots.setdefault((*place, (at - START) // waits[place]), []).append(each)
    ids = Ids(rng, token_chunks=1)
    files = {}
    for (account, region, slot), held in sorted(slots.items()):
        rng.shuffle(held)
        delivered = START + (slot + 1) * waits[account, region] + 60 * rng.randrange(3, 7)
        minute = iso(delivered)[:16].replace("-", "").replace(":", "") + "Z"
        files[log_file_name(ids, account, region, minute)] = held
    return files


def expected(of: Day) -> Json:
    """What a reader, and the engine, should make of the day: docs/sample/expected.json."""
    records = [each for held in of.files.values() for each in held]
    removals = [
        each
        for each in of.told
        if each.record["eventName"] in ("DeactivateMFADevice", "DeleteVirtualMFADevice")
    ]
    return {
        "records": len(records),
        "events": len({each["eventID"] for each in records}),
        "naive_rule": {
            "rule": "DeactivateMFADevice or DeleteVirtualMFADevice succeeded",
            "fires": [each.record["eventID"] for each in removals],
            "explained": [each.record["eventID"] for each in removals if each.scene != "attack"],
            "left": [each.record["eventID"] for each in removals if each.scene == "attack"],
        },
        "story": [
            {
                "event_id": each.record["eventID"],
                "event_time": each.record["eventTime"],
                "scene": each.scene,
                "what": each.what,
                "action": f"{each.record['eventSource'].partition('.')[0]}:{each.record['eventName']}",
                "verdict": each.verdict[0],
                "cascade": each.verdict[1],
                "failed": "errorCode" in each.record,
            }
            for each in sorted(of.told, key=lambda each: each.record["eventTime"])
        ],
    }


def write_day(folder: Path, of: Day) -> None:
    """Write the log files and expected.json below `folder`; log files that were there are removed."""
    shutil.rmtree(folder / "AWSLogs", ignore_errors=True)
    for path, held in of.files.items():
        write_file(folder / path, held, level=LEVEL)
    text = msgspec.json.format(msgspec.json.encode(expected(of)), indent=1)
    (folder / "expected.json").write_bytes(text + b"\n")


if __name__ == "__main__":
    write_day(Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLE, day())
