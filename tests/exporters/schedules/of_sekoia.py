"""Sekoia's rules, as the instants in their text say. Nobody knows at which second of the interval they run."""

import re
from collections.abc import Iterator

from cloudcascade.tests.support.golden import make_export
from cloudcascade.tests.support.schedule_simulator import ScheduledArtefact, before_start


def artefacts() -> Iterator[ScheduledArtefact]:
    """The rules of a cascade at several rates."""
    for every in (300, 900, 3_600):
        made = make_export("sekoia", ["aws.iam.delete-user"], allow_fail_closed=True, every=every)
        (job,) = made.jobs
        for node, artefact in zip(job.query.subjects, made.artefacts, strict=True):
            read, since, until = map(int, re.findall(r"ago\((\d+)s\)", artefact.text))
            (told,) = re.findall(r"alerts in up to (\d+) runs", artefact.text)
            yield ScheduledArtefact(
                name=f"sekoia: {artefact.path.stem} every {every}s",
                every=every,
                anchored=False,
                reads_from=before_start(read),
                reads_to=before_start(0),
                judges_from=before_start(since),
                judges_to=before_start(until),
                needs_before=node.edge.after,
                needs_after=node.edge.before,
                deduplicates=False,
                told_at_most=int(told),
            )
