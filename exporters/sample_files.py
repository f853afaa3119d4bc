"""Sample events as files beside the artefacts: a log of CloudTrail records a line each, and what is expected."""

import json
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any

from .header import loss_lines
from .sample_cases import SampleCase
from .target import Artefact, Job, Style, Target

_NOTE = (
    "What a query that loses nothing says of each log, judged as one that has ended. Where the losses say `fails open` "
    "this artefact alerts on more, where they say `fails closed` on less."
)


def sample_files(jobs: Iterable[Job], target: Target, style: Style) -> Iterator[Artefact]:
    """For each job its logs and `expected.json`, below `<target>/<cascade>/tests/<style>/`.

    A style that silences on a single event, or lists what is to be silenced, is tried on no log.
    """
    if style.kind != "query":
        return
    for job in jobs:
        folder = PurePosixPath(target.name, job.query.cascade, "tests", style.name)
        cases = job.samples
        for case in cases:
            lines = (json.dumps(record, separators=(",", ":")) for record in case.records)
            yield Artefact(folder / f"{case.name}.ndjson", "".join(f"{line}\n" for line in lines))
        if cases:
            expected = json.dumps(_expected(job, cases), indent=2, ensure_ascii=False)
            yield Artefact(folder / "expected.json", f"{expected}\n")


def _expected(job: Job, cases: Iterable[SampleCase]) -> dict[str, Any]:
    query = job.query
    labels = query.purpose == "enrich"
    return {
        "cascade": query.cascade,
        "purpose": "label" if labels else "alert",
        "actions": list(query.actions),
        "note": _NOTE,
        "losses": list(loss_lines(job.losses)),
        "logs": [
            {
                "file": f"{case.name}.ndjson",
                "what": case.what,
                "unlabelled" if labels else "alerts": list(case.alerts),
                "labelled" if labels else "silent": list(case.explained),
            }
            for case in cases
        ],
    }
