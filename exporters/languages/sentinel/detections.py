"""The detections as files: analytics rules of those that alert, a hunting query of what merely tells."""

from collections.abc import Sequence
from dataclasses import replace

from ....catalog.terms import format_duration
from ...detections import Burst, Detection, FirstSeen
from ...query import Pattern
from ...target import Artefact, Options
from .analytics_rule import detection_rule, hunting, stable_id, to_yaml
from .folders import DETECTIONS, HUNTING
from .kusto import comment_line, pascal_name
from .kusto_detections import detection_query, reach_before
from .timing import Slice, longest_lookback, prompt_timing

_DAY = 86_400


def bare_query(
    detection: Detection, about: Sequence[str], table: str, options: Options
) -> Artefact:
    """The query alone, over the time range that whoever runs it chooses."""
    head = "".join(f"{comment_line(line)}\n" for line in about)
    text = detection_query(detection, table, _controllers(options))
    return Artefact(HUNTING / f"{pascal_name(detection.id)}.kql", f"{head}{text}\n")


def document(detection: Detection, about: Sequence[str], table: str, options: Options) -> Artefact:
    """The rule, or the hunting query over one day.

    Raises:
        ExportError: Sentinel runs no rule so often; the nearest that it does.
        Refused: the rule would have to look back further than one can.
    """
    if isinstance(detection, Burst | FirstSeen):
        return _rule(detection, about, table, options)
    made = hunting(
        stable_id(detection.id, "hunting"),
        detection.title,
        f"{detection.description}\nCovers one day.",
        detection.techniques,
        detection_query(detection, table, _controllers(options), Slice(_DAY, 0)) + "\n",
    )
    return Artefact(HUNTING / f"{pascal_name(detection.id)}.yaml", to_yaml(made, tuple(about)))


def _rule(
    detection: Burst | FirstSeen, about: Sequence[str], table: str, options: Options
) -> Artefact:
    if isinstance(detection, FirstSeen):
        wanted = detection.lookback
        detection = _within_a_rule(detection, options)
        if detection.lookback < wanted:
            days = format_duration(detection.lookback)
            about = (
                *about,
                f"loss, fails open: a rule sees 14 days: new is who has not called in {days}",
            )
    times = prompt_timing(reach_before(detection), options.lateness, options.every)
    query = detection_query(detection, table, _controllers(options), times.slice)
    who = "Principal" if isinstance(detection, Burst) else "Arn"
    made = detection_rule(
        detection, query + "\n", times, {"AwsAccount": "Account", f"Aws{who}": who}
    )
    path = DETECTIONS / f"{pascal_name(detection.id)}.yaml"
    return Artefact(path, to_yaml(made, (*about, times.said(options.lateness))))


def _within_a_rule(detection: FirstSeen, options: Options) -> FirstSeen:
    """The detection with no more days than a rule can ask, and a title that says how many."""
    longest = longest_lookback(options.lateness, options.every)
    if detection.lookback <= longest:
        return detection
    called = Pattern(detection.action).event_name
    title = f"{called} by an identity that has not called it in {longest // _DAY} days"
    return replace(detection, lookback=longest, title=title)


def _controllers(options: Options) -> list[str]:
    return [controller.arn for controller in options.controllers]
