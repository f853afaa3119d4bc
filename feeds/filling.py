"""Brings a table to what the verdicts say: what is taken back and what has expired goes first, then new rows come.

The table itself is all the memory there is. A run that is stopped anywhere has silenced nothing that it should not,
and the next one does the rest; one that finds everything in place changes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields

from .row import Row
from .table import Held, Table
from .wanted import Wanted, batches

Say = Callable[[str, str, str], None]


@dataclass(slots=True)
class Report:
    """What became of a table's rows.

    `added` and `changed` are those of verdicts; `taken_back` those of events that may not be silenced after all;
    `expired` those that serve no more; `repeated` second rows of one event. `unchanged` stand as the verdicts say, and
    of `others` these verdicts say nothing; of `undated` ones among them nothing tells when they may go. `too_old` are
    verdicts on events that would expire at once.
    """

    added: int = 0
    changed: int = 0
    taken_back: int = 0
    expired: int = 0
    repeated: int = 0
    unchanged: int = 0
    others: int = 0
    undated: int = 0
    too_old: int = 0

    def as_dict(self) -> dict[str, int]:
        """The counts by name."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


def fill(
    table: Table, wanted: Wanted, *, keep: int, now: float, dry_run: bool = False, say: Say
) -> Report:
    """Compare and change the table; with `dry_run` only compare.

    `say` hears of each change before any is made: its name in `Report`, the event's id, and the cascade or "".

    Raises:
        FeedError: the platform refuses something; what was done until then stays done.
    """
    report = Report()
    report.too_old = wanted.judge(lambda row: row.event_time + keep <= now)
    for held in table.held():
        _compare(table, wanted, held, now, report, say)
    for row, ref in wanted.missing():
        if ref is None:
            report.added += 1
            say("added", row.event_id, row.cascade)
    if not dry_run:
        _change(table, wanted)
    return report


def _compare(
    table: Table, wanted: Wanted, held: Held, now: float, report: Report, say: Say
) -> None:
    found = wanted.find(held.event_id)
    row, met = found or (None, False)
    if found is not None and row is None:
        report.taken_back += 1
        say("taken_back", held.event_id, "")
        wanted.drop(held.ref)
    elif held.theirs:
        report.others += 1
    elif row is not None and met:
        report.repeated += 1
        say("repeated", held.event_id, row.cascade)
        wanted.drop(held.ref)
    elif row is not None and _stands(table, held, row):
        report.unchanged += 1
        wanted.meet(held.event_id, stands=True)
    elif row is not None:
        report.changed += 1
        say("changed", held.event_id, row.cascade)
        wanted.meet(held.event_id, held.ref, stands=False)
        if not table.replaces:
            wanted.drop(held.ref)
    elif held.ends is not None and held.ends <= now:
        report.expired += 1
        say("expired", held.event_id, "")
        wanted.drop(held.ref)
    else:
        report.others += 1
        report.undated += held.ends is None


def _stands(table: Table, held: Held, row: Row) -> bool:
    return held.values is None or dict(held.values) == dict(table.values(row))


def _change(table: Table, wanted: Wanted) -> None:
    for refs in batches(wanted.dropped(), table.most_removed):
        table.remove(refs)
    for rows in batches(wanted.missing(), table.most_put):
        table.put(rows)
    table.finish()
