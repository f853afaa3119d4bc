"""CloudWatch's scheduled queries, as their schedules and offsets say."""

import re
from collections.abc import Iterator

import yaml

from cloudcascade.tests.support.golden import SUPPRESSIBLE, make_export
from cloudcascade.tests.support.schedule_simulator import ScheduledArtefact, before_due

_CRON = re.compile(r"cron\((\d+)(?:/(\d+))? (\*|0/(\d+)|0) \* \* \? \*\)")


def artefacts() -> Iterator[ScheduledArtefact]:
    """The alerts of three cascades at several rates. What fills the log group of explained ids reads all."""
    for cascade in SUPPRESSIBLE[:3]:
        for every in (900, 3_600, 7_200):
            made = make_export("cloudwatch", [cascade], every=every)
            (job,) = made.jobs
            (text,) = [
                each.text for each in made.artefacts if each.path.name.endswith("alert.yaml")
            ]
            asked = yaml.safe_load(text)
            cron = _CRON.fullmatch(asked["scheduleExpression"])
            assert cron is not None
            minute, step, hours, hour_step = cron.groups()
            seconds = (
                60 * int(step) if step else 3_600 * int(hour_step or (1 if hours == "*" else 24))
            )
            start, end = asked["startTimeOffset"], asked["endTimeOffset"]
            (told,) = re.findall(r"alerts in up to (\d+) runs", text)
            yield ScheduledArtefact(
                name=f"cloudwatch: {cascade} every {every}s",
                every=seconds,
                offset=60 * int(minute),
                reads_from=before_due(start + job.query.reach_before),
                reads_to=before_due(0),
                judges_from=before_due(start),
                judges_to=before_due(end),
                needs_before=job.query.reach_before,
                needs_after=job.query.reach_after,
                deduplicates=False,
                told_at_most=int(told),
            )
