"""Panther: RateMinutes says how often and nothing says at which second; the statement holds the slice."""

from collections.abc import Iterator

import yaml

from cloudcascade.exporters.schedule import DEFAULT_LATENESS
from cloudcascade.tests.support.golden import make_export
from cloudcascade.tests.support.schedule_simulator import ScheduledArtefact, before_start
from cloudcascade.tests.support.sql_slices import slice_of

CASCADES = ("aws.iam.delete-user", "aws.ec2.delete-vpc")


def artefacts() -> Iterator[ScheduledArtefact]:
    made = make_export("panther", CASCADES)
    texts = {str(each.path): each.text for each in made.artefacts}
    for job in made.jobs:
        stem = job.query.cascade.replace(".", "_").replace("-", "_")
        rule = yaml.safe_load(texts[f"rules/cloudcascade/{stem}.yml"])
        for answer in ("alert", "silenced"):
            query = yaml.safe_load(texts[f"queries/cloudcascade/{stem}_{answer}.yml"])
            every = 60 * query["Schedule"]["RateMinutes"]
            held = slice_of(query["Query"], "snowflake")
            # What a rule's alert is open for takes the rows of later runs; a count is one row an interval.
            span = held.told_by * every
            yield ScheduledArtefact(
                name=f"panther, {answer}: {job.query.cascade}",
                every=every,
                anchored=False,
                reads_from=held.reads_from,
                reads_to=before_start(-1),
                judges_from=held.judges_from,
                judges_to=held.judges_to,
                needs_before=job.query.reach_before,
                needs_after=job.query.reach_after,
                deduplicates=answer == "silenced" or 60 * rule["DedupPeriodMinutes"] >= span,
                told_at_most=held.told_by,
            )
    made = make_export("panther", CASCADES[:1], "correlation", allow_fail_closed=True)
    for artefact in made.artefacts:
        if artefact.path.parts[0] != "correlation_rules" or "silenced" in artefact.path.stem:
            continue
        (detection,) = yaml.safe_load(artefact.text)["Detection"]
        every = 60 * detection["Schedule"]["RateMinutes"]
        back = 60 * detection["LookbackWindowMinutes"]
        yield ScheduledArtefact(
            name=f"panther, correlation: {artefact.path.stem}",
            every=every,
            anchored=False,
            reads_from=before_start(back),
            reads_to=before_start(-1),
            judges_from=before_start(back),
            judges_to=before_start(-1),
            # It holds nothing back, and its header says that it fails closed.
            deduplicates=False,
            told_at_most=-(-(back + DEFAULT_LATENESS) // every),
        )
