"""Datadog's scheduled rules on a table of explained ids, as their recurrence and evaluation window say.

They wait for nothing, which is a loss that they declare: here they are held to losing no event and telling none twice.
"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime

from cloudcascade.tests.support.golden import SUPPRESSIBLE, make_export
from cloudcascade.tests.support.schedule_simulator import ScheduledArtefact, before_start


def artefacts() -> Iterator[ScheduledArtefact]:
    """The alerts of three cascades at several rates."""
    for cascade in SUPPRESSIBLE[:3]:
        for every in (300, 900, 3_600):
            made = make_export("datadog", [cascade], "rule", every=every).artefacts
            (text,) = [each.text for each in made if each.path.name.endswith("unexplained.json")]
            rule = json.loads(text)
            schedule, options = rule["schedulingOptions"], rule["options"]
            (minutes,) = re.findall(r"^FREQ=MINUTELY;INTERVAL=(\d+)$", schedule["rrule"])
            start = datetime.fromisoformat(schedule["start"]).replace(tzinfo=UTC)
            by_event = "@eventID" in rule["queries"][0]["groupByFields"]
            yield ScheduledArtefact(
                name=f"datadog: {cascade} every {every}s",
                every=60 * int(minutes),
                offset=int(start.timestamp()) % (60 * int(minutes)),
                reads_from=before_start(options["evaluationWindow"]),
                reads_to=before_start(0),
                judges_from=before_start(options["evaluationWindow"]),
                judges_to=before_start(0),
                # A signal of the event's own stays open as long as runs read the event.
                deduplicates=by_event and options["keepAlive"] >= options["evaluationWindow"],
            )
