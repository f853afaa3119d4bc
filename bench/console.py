"""How much of a console session is explained by the click that caused it, and how much by another one.

    python bench/console.py RECORDS CLICKS [--by click|cascade] [--only PRINCIPAL ...]

RECORDS is a CloudTrail file, CLICKS a JSON object of `{event id: {"click": id, "label": name}}`. Counted are the events
that share their click with at least one more. One is explained by its click when the root of its primary explanation
has the same click (the root of an ensemble is explained by itself), and by another one when the root has a different
click or none.
"""

import argparse
import gzip
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from cloudcascade.catalog import load_catalog
from cloudcascade.events import Record, expand_sources, read_batches
from cloudcascade.matcher import Engine, compile_catalog
from cloudcascade.matcher.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Click:
    """What somebody clicked on: an id of its own, and the name of what it was."""

    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Judged:
    """An event that shares its click, and the click of what explains it: None where nothing does.

    The click of a root that has none is the empty text.
    """

    session: str
    click: Click
    cascade: str | None
    by: str | None

    @property
    def right(self) -> bool:
        return self.by == self.click.id

    @property
    def wrong(self) -> bool:
        return self.by is not None and not self.right


def clicks_of(path: Path) -> dict[str, Click]:
    """The click of each event id."""
    told = json.loads(path.read_text(encoding="utf-8"))
    return {event: Click(each["click"], each["label"]) for event, each in told.items()}


def judged(
    verdicts: Iterable[Verdict], clicks: Mapping[str, Click], sessions: Mapping[str, str]
) -> list[Judged]:
    """The events that share a click, each with the click by which it is explained.

    `sessions` has the principal of each event id. What nothing in the catalogue names has no verdict.
    """
    told = {each.event_id: each for each in verdicts}
    sizes = Counter(clicks[event].id for event in sessions if event in clicks)
    found = []
    for event, session in sessions.items():
        click, verdict, by = clicks.get(event), told.get(event), None
        if click is None or sizes[click.id] < 2:
            continue
        if verdict is not None and verdict.verdict == "effect":
            root = clicks.get(verdict.instance or "")
            by = root.id if root else ""
        found.append(
            Judged(session, click, verdict.cascade if verdict and by is not None else None, by)
        )
    return found


def _principals(path: Path) -> dict[str, str]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as file:
        records = json.load(file)["Records"]
    return {each["eventID"]: each["userIdentity"].get("principalId", "") for each in records}


def _read(path: Path) -> list[Record]:
    batches = read_batches(expand_sources([str(path)]), on_problem=print)
    return [record for batch in batches for record in batch]


def classified(records: list[Record]) -> tuple[list[Verdict], float]:
    """The verdicts of a finished log, and the seconds they took."""
    engine = Engine(compile_catalog(load_catalog().cascades))
    start = time.perf_counter()
    engine.feed(records)
    verdicts = list(engine.verdicts())
    return verdicts, time.perf_counter() - start


def shares(groups: Mapping[str, list[Judged]], name: str) -> Table:
    """A row for each group: events, and the share of them explained by their own click and by another one."""
    table = Table(name, "events", "own click", "another", "own %", "another %")
    for group, events in groups.items():
        right, wrong = sum(each.right for each in events), sum(each.wrong for each in events)
        table.add_row(
            group,
            f"{len(events):,}",
            f"{right:,}",
            f"{wrong:,}",
            f"{100 * right / len(events):.1f}",
            f"{100 * wrong / len(events):.1f}",
        )
    return table


def grouped(events: list[Judged], by: str) -> dict[str, list[Judged]]:
    """The events by session, label of the click, or cascade of the explanation, and all of them at the end."""
    groups: dict[str, list[Judged]] = defaultdict(list)
    for each in events:
        name = {
            "session": each.session,
            "click": each.click.label,
            "cascade": each.cascade or "nothing",
        }[by]
        groups[name].append(each)
    return dict(sorted(groups.items())) | {"all": events}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("records", type=Path)
    parser.add_argument("clicks", type=Path)
    parser.add_argument("--by", choices=("session", "click", "cascade"), default="session")
    parser.add_argument("--only", nargs="*", metavar="PRINCIPAL", help="sessions to count")
    asked = parser.parse_args()
    verdicts, seconds = classified(_read(asked.records))
    events = judged(verdicts, clicks_of(asked.clicks), _principals(asked.records))
    if asked.only:
        events = [each for each in events if each.session in asked.only]
    Console().print(shares(grouped(events, asked.by), asked.by))
    print(f"{len(verdicts):,} events classified in {seconds:.2f} s")


if __name__ == "__main__":
    main()
