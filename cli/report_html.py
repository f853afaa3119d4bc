"""A self-contained report: the timeline drawn, the tables, every orphan with its near misses.

The page has no script and loads nothing. Values go through Jinja's autoescaping; the timeline is SVG in
the same template.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import BinaryIO

from jinja2 import Environment, StrictUndefined

from ..catalog import technique
from ..matcher import Verdict
from .shown import shown
from .tally import ActionCount, Tally

MAX_MARKS = 500
MAX_ORPHANS = 1_000

_WIDTH = 980
_LEFT = 300
_LANE = 22
_TOP = 34


@dataclass(slots=True)
class Lane:
    """One cascade on the timeline. Each instance has its effects as (time, action, actor, policy)."""

    cascade: str
    instances: dict[str, list[tuple[str, str, str, str]]] = field(default_factory=dict)
    marks: int = 0

    @property
    def first(self) -> str:
        """When its first effect happened."""
        return min(mark[0] for marks in self.instances.values() for mark in marks)


@dataclass(slots=True)
class _Collected:
    lanes: dict[str, Lane] = field(default_factory=dict)
    origins: dict[str, Verdict] = field(default_factory=dict)
    orphans: list[Verdict] = field(default_factory=list)
    more_marks: int = 0
    more_orphans: int = 0

    def watch(self, verdicts: Iterable[Verdict]) -> Iterator[Verdict]:
        for verdict in verdicts:
            if verdict.verdict == "effect" and verdict.cascade and verdict.instance:
                self._add_effect(verdict, verdict.cascade, verdict.instance)
            elif verdict.verdict == "origin":
                self.origins[verdict.event_id] = verdict
            elif verdict.verdict == "orphan":
                if len(self.orphans) < MAX_ORPHANS:
                    self.orphans.append(verdict)
                else:
                    self.more_orphans += 1
            yield verdict

    def _add_effect(self, verdict: Verdict, cascade: str, instance: str) -> None:
        lane = self.lanes.setdefault(cascade, Lane(cascade))
        if lane.marks >= MAX_MARKS:
            self.more_marks += 1
            return
        lane.marks += 1
        actor = (verdict.actor_arn or verdict.actor or "unknown").rpartition(":")[2]
        mark = (verdict.event_time, verdict.action, actor, verdict.policy or "")
        lane.instances.setdefault(instance, []).append(mark)


def write_html(out: BinaryIO, verdicts: Iterable[Verdict], tally: Tally) -> None:
    """Write the report. It shows at most MAX_MARKS effects a cascade and MAX_ORPHANS orphans, and says so."""
    collected = _Collected()
    for _ in collected.watch(verdicts):
        pass
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["shown"] = shown
    template = environment.from_string(
        files(__package__).joinpath("templates/report.html.j2").read_text("utf-8")
    )
    page = template.render(
        tally=tally,
        facts=tally.facts,
        actions=_ranked_actions(tally),
        cascades=sorted(tally.cascades.items(), key=lambda item: (-item[1].effects, item[0])),
        silenced=sum(each.suppressed for each in tally.actions.values()),
        labelled=sum(each.annotated for each in tally.actions.values()),
        orphans=collected.orphans,
        more_orphans=collected.more_orphans,
        more_marks=collected.more_marks,
        timeline=_timeline(collected, tally),
        technique_name=_technique_name,
        technique_url=_technique_url,
    )
    out.write(page.encode("utf-8", "backslashreplace"))


def _ranked_actions(tally: Tally) -> list[tuple[str, ActionCount]]:
    explained = [item for item in tally.actions.items() if item[1].suppressed or item[1].annotated]
    return sorted(explained, key=lambda item: (-item[1].suppressed, -item[1].annotated, item[0]))


def _technique_name(identifier: str) -> str:
    known = technique(identifier)
    return known.name if known else identifier


def _technique_url(identifier: str) -> str:
    known = technique(identifier)
    return known.url if known else ""


def _timeline(collected: _Collected, tally: Tally) -> dict[str, object] | None:
    """Where everything stands on the drawing, in pixels; None when there is nothing to draw."""
    if not tally.first_time or not (collected.lanes or collected.orphans):
        return None
    start, end = _seconds(tally.first_time), _seconds(tally.last_time)
    margin = max((end - start) // 50, 30)
    start, end = start - margin, end + margin

    def at(time: str) -> float:
        return round(_LEFT + (_WIDTH - _LEFT - 16) * (_seconds(time) - start) / (end - start), 1)

    lanes = []
    ordered = sorted(collected.lanes.values(), key=lambda lane: (lane.first, lane.cascade))
    for row, lane in enumerate(ordered):
        bars = []
        for instance, marks in lane.instances.items():
            origin = collected.origins.get(instance)
            xs = [at(mark[0]) for mark in marks] + ([at(origin.event_time)] if origin else [])
            bars.append(
                {
                    "from_x": min(xs),
                    "to_x": max(xs),
                    "marks": [
                        {
                            "x": at(time),
                            "time": time,
                            "action": action,
                            "actor": actor,
                            "policy": policy,
                        }
                        for time, action, actor, policy in marks
                    ],
                    "root": {
                        "x": at(origin.event_time),
                        "time": origin.event_time,
                        "action": origin.action,
                    }
                    if origin
                    else None,
                }
            )
        lanes.append({"y": _TOP + row * _LANE + _LANE / 2, "lane": lane, "bars": bars})
    orphan_row = _TOP + len(lanes) * _LANE + _LANE
    return {
        "width": _WIDTH,
        "left": _LEFT,
        "height": orphan_row + 26,
        "lanes": lanes,
        "orphan_y": orphan_row,
        "orphans": [{"x": at(each.event_time), "verdict": each} for each in collected.orphans],
        "ticks": [
            {"x": at(tick), "label": tick[5:16].replace("T", " ")} for tick in _ticks(start, end)
        ],
    }


def _seconds(time: str) -> int:
    return int(datetime.fromisoformat(time).timestamp())


def _ticks(start: int, end: int) -> list[str]:
    """Five to ten round instants between two others, as ISO texts."""
    steps = (
        60,
        300,
        900,
        1_800,
        3_600,
        10_800,
        21_600,
        43_200,
        86_400,
        604_800,
        2_592_000,
        31_536_000,
    )
    step = next((each for each in steps if (end - start) / each <= 8), steps[-1])
    first = datetime.fromtimestamp(start - start % step + step, UTC)
    count = min(int((end - first.timestamp()) // step) + 1, 12)
    return [
        (first + timedelta(seconds=step * index)).strftime("%Y-%m-%dT%H:%M:%SZ")
        for index in range(count)
    ]
