"""Panther's signals and the correlation rules on them.

One signal for the effects, one for their origin; a rule alerts on an effect's key that no origin has.
https://docs.panther.com/detections/correlation-rules
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from ...header import overlay_lines
from ...query import Condition, Denied, Key, Node, Pattern, Query, Test
from ...schedule import SKIPPED_RUNS, overlap, require_minutes
from ...target import Artefact, Options
from . import cloudcascade_signal
from .documents import document
from .python_source import module, table

FOLDER = "cloudcascade"
GLOBAL = "cloudcascade_signal"
# What a rule's name may not hold: panther_analysis_tool refuses it.
_FORBIDDEN = str.maketrans(dict.fromkeys('<>&"%', " "))

_EFFECT = '''\
def rule(event):
    """Every such call, even one that failed or has no key: it finds no origin, so it alerts."""
    return is_call(event, CALLS)
'''
_ORIGIN = '''\
def rule(event):
    """Only a call that has all that is compared can explain another."""
    return is_call(event, CALLS) and compared(event) is not None
'''
_REST = '''\
def compared(event):
    """What an effect and its origin have in common."""
    return cascade_key(event, CALLS, SAME_ACTOR, SAME_ACCOUNT)


def title(event):
    """What happened, and by whom."""
    return f"{event.get('eventName')} by {value(event, 'userIdentity.arn')}"


def alert_context(event):
    """What the correlation rule reads."""
    return {
        "cascade_key": compared(event) or no_key(event),
        "event_id": event.get("eventID"),
        "event_name": event.get("eventName"),
        "principal": value(event, "userIdentity.arn"),
    }
'''


@dataclass(frozen=True, slots=True)
class Pairing:
    """Effects that compare the same of their origin. `suffix` tells the pairings of a cascade apart."""

    nodes: tuple[Node, ...]
    suffix: str

    @property
    def origin_keys(self) -> tuple[Key, ...]:
        """The keys that are read of the origin."""
        return tuple(pair.parent for pair in self.nodes[0].edge.join)

    @property
    def same_actor(self) -> bool:
        """Whether both must have one actor."""
        return self.nodes[0].edge.actor != "any"

    @property
    def same_account(self) -> bool:
        """Whether both must lie in one account."""
        return self.nodes[0].edge.same_account


def pairings(query: Query) -> tuple[Pairing, ...]:
    """The pairs of signals that the query takes; without what `left_out` names."""
    out = left_out(query)
    found: dict[object, list[Node]] = {}
    for node in query.subjects:
        if node not in out:
            keys = tuple(pair.parent for pair in node.edge.join)
            likeness = (keys, node.edge.actor == "any", node.edge.same_account)
            found.setdefault(likeness, []).append(node)
    several = len(found) > 1
    return tuple(
        Pairing(tuple(nodes), f"_{number}" if several else "")
        for number, nodes in enumerate(found.values(), start=1)
    )


def left_out(query: Query) -> tuple[Node, ...]:
    """The effects that no signal can stand for.

    A call has one key, so the first effect of an action counts; and one signal cannot be effect and origin.
    """
    seen: set[str] = {query.root.action}
    out = []
    for node in query.subjects:
        if node.pattern.action in seen:
            out.append(node)
        seen.add(node.pattern.action)
    return tuple(out)


def rate(options: Options) -> int:
    """Minutes from run to run.

    Raises:
        ExportError: Panther takes whole minutes, and two at least.
    """
    require_minutes(options.every, "Panther", least=2)
    return options.every // 60


def timetable(options: Options) -> dict[str, int]:
    """When a scheduled query or a correlation rule runs; a run may not take longer than until the next.
    https://docs.panther.com/data-analytics/scheduled-queries"""
    every = rate(options)
    return {"RateMinutes": every, "TimeoutMinutes": min(5, every)}


def lookback(query: Query, options: Options) -> int:
    """Minutes that a run looks back: what came late is still there, and what skipped runs did not see."""
    back = query.lateness + options.every + overlap(options.every, 0)
    return -(-back // 60)


def repeats(query: Query, options: Options) -> int:
    """How many runs at most look back to one event."""
    return -(-lookback(query, options) // rate(options))


def reach(query: Query, options: Options) -> int:
    """Seconds, on either side, within which an origin may silence an effect, whatever its window.

    The first run to see the effect comes `every + lateness` after it at the latest, and alerts unless it
    sees an origin; so does the last run, whose look-back begins at most `every` before it.
    """
    return rate(options) * 60 + query.lateness


def late_reach(query: Query, options: Options) -> int:
    """The same where as many runs in a row were skipped as may be: the first and the last run are then so far off."""
    return (SKIPPED_RUNS + 1) * rate(options) * 60 + query.lateness


def artefacts(query: Query, head: Sequence[str], name: str, options: Options) -> Iterator[Artefact]:
    """The files of one cascade. `name` is their stem."""
    for pairing in pairings(query):
        stem, rule_id = f"{name}{pairing.suffix}", f"Cascade.{query.cascade}{pairing.suffix}"
        effects, origin = _effect_calls(query, pairing), _origin_call(query, pairing)
        for role, calls, rule in (("effect", effects, _EFFECT), ("origin", origin, _ORIGIN)):
            place = PurePosixPath("rules", FOLDER, f"{stem}_{role}")
            yield document(
                place.with_suffix(".yml"),
                _signal(query, pairing, role, rule_id, place.name, head, options),
            )
            summary = f"{query.cascade}, {role}s: a signal, and no alert."
            yield Artefact(place.with_suffix(".py"), _source(summary, head, calls, pairing, rule))
        for silenced in (False, True):
            kind = "silenced" if silenced else "unexplained"
            yield document(
                PurePosixPath("correlation_rules", FOLDER, f"{stem}_{kind}.yml"),
                _correlation(query, rule_id, silenced, head, options),
            )


def shared_source(options: Options) -> Iterator[Artefact]:
    """The global that all signals import, as it stands in this package."""
    source = Path(cloudcascade_signal.__file__).read_text(encoding="utf-8")
    place = PurePosixPath("global_helpers", f"{GLOBAL}.py")
    yield Artefact(place, source)
    written = {
        "AnalysisType": "global",
        "GlobalID": GLOBAL,
        "Filename": place.name,
        "Description": "\n".join(
            (
                "What the signals of cloudcascade read of a CloudTrail event",
                *overlay_lines(options),
            )
        ),
    }
    yield document(place.with_suffix(".yml"), written)


def _source(
    summary: str, head: Iterable[str], calls: Mapping[str, Any], pairing: Pairing, rule: str
) -> str:
    docstring = "\n".join((summary, "", *head)) + "\n"
    names = "cascade_key, is_call, no_key, value"
    parts = (
        f"{module(docstring)}\nfrom {GLOBAL} import {names}\n",
        table("CALLS", calls)
        + table("SAME_ACTOR", pairing.same_actor)
        + table("SAME_ACCOUNT", pairing.same_account),
        f"\n{rule}",
        f"\n{_REST}",
    )
    return "\n".join(parts)


def _effect_calls(query: Query, pairing: Pairing) -> dict[str, Any]:
    calls = {}
    for node in pairing.nodes:
        call: dict[str, Any] = {"keys": [_key(pair.own) for pair in node.edge.join]}
        if node.pattern.may_fail:
            call["failed_too"] = True
        if node.pattern.where:
            call["where"] = [_condition(each) for each in node.pattern.where]
        calls[node.pattern.action] = call
    return calls


def _origin_call(query: Query, pairing: Pairing) -> dict[str, Any]:
    call: dict[str, Any] = {"keys": [_key(each) for each in pairing.origin_keys]}
    if query.root.may_fail:
        call["failed_too"] = True
    if query.root.where:
        call["where"] = [_condition(each) for each in query.root.where]
    return {query.root.action: call}


def _key(wanted: Key) -> dict[str, Any]:
    written: dict[str, Any] = {"paths": list(wanted.paths)}
    if wanted.arn_name:
        written["arn_name"] = True
    if wanted.tool:
        written["tool"] = True
    if wanted.fold:
        written["fold"] = True
    return written


def _condition(wanted: Condition) -> dict[str, Any]:
    if isinstance(wanted, Denied):
        tests = [_condition(test) for test in wanted.tests]
        return {"path": wanted.path, "operator": "not", "tests": tests}
    written: dict[str, Any] = {"path": wanted.path, "operator": wanted.operator}
    if wanted.values:
        written["values"] = list(wanted.values)
    # One value is one of a list of one.
    return written | ({"operator": "in"} if wanted.operator == "equals" else {})


def _signal(
    query: Query,
    pairing: Pairing,
    role: str,
    rule_id: str,
    stem: str,
    head: Sequence[str],
    options: Options,
) -> dict[str, Any]:
    tests = _effect_tests if role == "effect" else _origin_tests
    return {
        "AnalysisType": "rule",
        "RuleID": f"{rule_id}.{role.capitalize()}",
        "DisplayName": _display(f"Signal, {role}: {query.title}"),
        "Filename": f"{stem}.py",
        "Enabled": True,
        "CreateAlert": False,
        "LogTypes": ["AWS.CloudTrail"],
        "Severity": "Info",
        "Description": "\n".join(head),
        "DedupPeriodMinutes": 60,
        "Tags": tags(options),
        "Tests": list(tests(query, pairing)),
    }


def _correlation(
    query: Query, rule_id: str, silenced: bool, head: Sequence[str], options: Options
) -> dict[str, Any]:
    title = "Explained" if silenced else "Not explained"
    origin: dict[str, Any] = {"ID": "Origin", "RuleID": f"{rule_id}.Origin"}
    if not silenced:
        origin["Absence"] = True
    matched = "p_alert_context.cascade_key"
    return {
        "AnalysisType": "correlation_rule",
        "RuleID": f"{rule_id}.{'Silenced' if silenced else 'Unexplained'}",
        "DisplayName": _display(f"{title}: {query.title}"),
        "Enabled": True,
        # What is silenced is counted among the signals, and nobody is woken.
        "CreateAlert": not silenced,
        "Severity": "Info" if silenced else "Medium",
        "Description": "\n".join(head),
        "Tags": tags(options),
        "Reports": {"MITRE ATT&CK": list(query.techniques)},
        "Detection": [
            {
                "Group": [{"ID": "Effect", "RuleID": f"{rule_id}.Effect"}, origin],
                "MatchCriteria": {
                    "cascade_key": [
                        {"GroupID": "Effect", "Match": matched},
                        {"GroupID": "Origin", "Match": matched},
                    ]
                },
                "LookbackWindowMinutes": lookback(query, options),
                "Schedule": timetable(options),
            }
        ],
        "Tests": list(_correlation_tests(silenced)),
    }


def _correlation_tests(silenced: bool) -> Iterator[dict[str, Any]]:
    early, late = "2024-05-14T09:00:00Z", "2024-05-14T09:00:05Z"
    matched = "p_alert_context.cascade_key"

    def seen(role: str, key: str, moment: str) -> dict[str, Any]:
        return {"ID": role, "Matches": {matched: {key: [moment]}}}

    cases = (
        ("An effect and then its origin", False, ("Origin", "one", late)),
        ("An origin and then its effect", False, ("Origin", "one", early)),
        ("An effect and the origin of another", True, ("Origin", "other", late)),
        ("An effect alone", True, None),
    )
    for name, alerts, origin in cases:
        outputs = [seen("Effect", "one", late if origin and origin[2] == early else early)]
        if origin:
            outputs.append(seen(*origin))
        yield {"Name": name, "ExpectedResult": alerts is not silenced, "RuleOutputs": outputs}


def _effect_tests(query: Query, pairing: Pairing) -> Iterator[dict[str, Any]]:
    for node in pairing.nodes:
        keys = [pair.own for pair in node.edge.join]
        yield _test(f"{node.pattern.action}", True, _sample(node.pattern, keys))
    first = pairing.nodes[0]
    keys = [pair.own for pair in first.edge.join]
    failed = {**_sample(first.pattern, keys), "errorCode": "AccessDenied"}
    yield _test("A call that failed", True, failed)
    yield _test("A call without its key alerts", True, _sample(first.pattern, ()))


def _origin_tests(query: Query, pairing: Pairing) -> Iterator[dict[str, Any]]:
    there = _sample(query.root, pairing.origin_keys)
    yield _test(query.root.action, True, there)
    failed = {**there, "errorCode": "DeleteConflict"}
    yield _test("A call that failed explains nothing", query.root.may_fail, failed)
    hinted = {**there, "errorMessage": "User is not authorized"}
    yield _test("A call with a message of failure, too", query.root.may_fail, hinted)
    yield _test("A call without its key explains nothing", False, _sample(query.root, ()))
    if pairing.same_actor:
        yield _test("A call by nobody explains nothing", False, {**there, "userIdentity": {}})


def _test(name: str, expected: bool, log: Mapping[str, Any]) -> dict[str, Any]:
    return {"Name": name, "ExpectedResult": expected, "Log": dict(log)}


def _sample(wanted: Pattern, keys: Iterable[Key]) -> dict[str, Any]:
    """An event that fits the pattern, with a value for each of these keys."""
    event: dict[str, Any] = {
        "eventSource": wanted.event_source,
        "eventName": wanted.event_name,
        "eventID": "00000000-0000-4000-8000-000000000001",
        "eventTime": "2024-05-14T09:00:00Z",
        "recipientAccountId": "111111111111",
        "userIdentity": {
            "type": "IAMUser",
            "principalId": "AIDAEXAMPLE",
            "arn": "arn:aws:iam::111111111111:user/admin",
        },
    }
    for key in keys:
        _put(event, key.paths[0], f"example-{key.name}")
    for each in wanted.where:
        _satisfy(event, each)
    return event


def _satisfy(event: dict[str, Any], condition: Condition) -> None:
    """Give the condition's field a value for which it holds."""
    if isinstance(condition, Test) and condition.operator == "absent":
        return
    first = condition.values[:1] if isinstance(condition, Test) else ()
    for value in (*first, "example", "another", True, False, 1):
        _put(event, condition.path, value)
        if cloudcascade_signal.holds(event, _condition(condition)):
            return


def _put(event: dict[str, Any], path: str, value: object) -> None:
    *above, last = path.split(".")
    for member in above:
        event = event.setdefault(member, {})
    event[last] = value


def tags(options: Options) -> list[str]:
    """Who answers for it, and until when."""
    return [
        "cloudcascade",
        f"owner:{options.owner or 'nobody'}",
        f"expires:{options.expires.isoformat()}",
    ]


def _display(title: str) -> str:
    return " ".join(title.translate(_FORBIDDEN).split())
