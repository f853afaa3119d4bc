"""LogScale's scheduled searches, read out of the call that creates them.

A search reads an interval of event time that ends an offset before the instant of its cron, however late it starts.
"""

import json
import re
from collections.abc import Iterator

from cloudcascade.tests.support.golden import make_export
from cloudcascade.tests.support.schedule_simulator import ScheduledArtefact, before_due

_CRON = {
    "every minutes": re.compile(r"(?:(\d+)-59|\*)/(\d+) \* \* \* \*"),
    "every hours": re.compile(r"(\d+) \*(?:/(\d+))? \* \* \*"),
}


def artefacts() -> Iterator[ScheduledArtefact]:
    for every in (900, 7_200):
        for cascade in ("aws.iam.delete-user", "aws.ec2.delete-vpc"):
            made = make_export("logscale", [cascade], every=every)
            (text,) = [each.text for each in made.artefacts if each.path.suffix == ".json"]
            search = json.loads(text)["variables"]["search"]
            interval, offset = (
                search["searchIntervalSeconds"],
                search["searchIntervalOffsetSeconds"],
            )
            assert search["timeZone"] == "UTC"
            assert search["backfillLimit"] > 2
            period, minute = _times(search["schedule"])
            yield ScheduledArtefact(
                name=f"logscale: {cascade} every {every}s",
                every=period,
                offset=minute,
                reads_from=before_due(offset + interval),
                reads_to=before_due(offset),
                judges_from=before_due(offset + interval),
                judges_to=before_due(offset),
                # What decides is in the file, which something else fills; that the search waits as long as windows
                # and late events take, test_logscale.py holds.
                deduplicates=False,
                backfills=True,
            )


def _times(cron: str) -> tuple[int, int]:
    """How often the cron runs, and how long after the multiple, in seconds."""
    if found := _CRON["every minutes"].fullmatch(cron):
        return int(found[2]) * 60, int(found[1] or 0) * 60
    found = _CRON["every hours"].fullmatch(cron)
    assert found, cron
    return int(found[2] or 1) * 3_600, int(found[1]) * 60
