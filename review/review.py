"""Executes every rule on every benign event and on the attacks that look like it, and says what follows."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from ..catalog import POLICY_ORDER, known_actions
from .asked import EVENT_NAME, EVENT_SOURCE, names_asked, paths_read, sources_asked
from .bypass import bypass_findings, bypasses
from .cases import Case, Cases, denied, elsewhere
from .errors import NotJudged
from .finding import Aim, Finding, Reviewed, SideEffect
from .judge import Records, Verdicts, verdicts
from .names import EventNames
from .rule import Predicate, Rule

EVERYTHING = 0.2
"""A rule that fires on a larger part of all actions is about everything, and not about side effects."""
_FIRST = re.compile(r"\b(new|first|rare)", re.IGNORECASE)  # what decides is that it is new
_INSTANCES = 3  # of an action, whose attacks are tried
_OF_CALLER = (
    "userIdentity",
    "sourceIPAddress",
    "userAgent",
    "sessionCredentialFromConsole",
    "tlsDetails",
)
_OF_EVENT = frozenset(
    {"eventType", "eventCategory", "eventVersion", "eventSource", "recipientAccountId", "awsRegion",
     "errorCode", "errorMessage", "managementEvent", "readOnly", "eventID", "eventTime"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Extra:
    """A record beside the benign ones: an attack, or a change of one that fires."""

    kind: str
    case: Case


def review(
    rules: Iterable[Rule], cases: Cases, names: EventNames, *, bypass: bool = False
) -> list[Reviewed]:
    """What there is to say of each rule, in the order given. With `bypass` ways past each are tried, too.

    A rule that cannot be executed is in the answer too, with the reason.
    """
    records = Records([case.record for case in cases.benign])
    firing: dict[str, frozenset[str]] = {}
    done = []
    for number, rule in enumerate(rules):
        try:
            told = verdicts(rule, records)
            _refuse_untold(rule, told)
            one = _reviewed(rule, told, cases, names)
            if bypass:
                found = tuple(bypass_findings(rule, bypasses(rule, one.fired)))
                one = replace(one, findings=(*found, *one.findings))
        except NotJudged as reason:
            done.append(_unexecuted(rule, str(reason)))
            continue
        firing[str(number)] = frozenset(
            case.action for case, fires in zip(cases.benign, told, strict=True) if fires
        )
        done.append(one)
    return _with_overlaps(done, firing)


def _refuse_untold(rule: Rule, told: Verdicts) -> None:
    """A program that fires on nothing, and of which some records tell nothing, may well fire on these."""
    untold = sum(1 for each in told if each is None)
    if untold and not any(told) and not isinstance(rule.test, Predicate):
        raise NotJudged(
            f"it fires on no record, and fails on {untold:,}, of which nothing can be told"
        )


def _unexecuted(rule: Rule, reason: str) -> Reviewed:
    finding = Finding(
        "not-judged", "note", rule.id, rule.place, f"not judged: {reason}", about="", remedy=""
    )
    return Reviewed(rule, reason, None, 0, (), (finding,))


def _reviewed(rule: Rule, told: Verdicts, cases: Cases, names: EventNames) -> Reviewed:
    fired = [case for case, fires in zip(cases.benign, told, strict=True) if fires]
    actions = {case.action for case in fired}
    known = len({case.action for case in cases.benign})
    aim = _aim(rule, actions, known)
    effects = _by_action(case for case in fired if case.side_effect)
    extras = list(_extras(fired, effects, cases, names, aim))
    answers = verdicts(rule, Records([each.case.record for each in extras])) if extras else []
    seen: dict[str, list[bool]] = defaultdict(list)
    by_kind: dict[str, list[Case]] = defaultdict(list)
    for extra, fires in zip(extras, answers, strict=True):
        if extra.kind == "attack":
            seen[extra.case.action].append(fires is True)
        elif fires:
            by_kind[extra.kind].append(extra.case)
    side_effects = tuple(
        _side_effect(action, found, seen[action]) for action, found in sorted(effects.items())
    )
    findings = [
        *_on_side_effects(rule, side_effects, aim),
        *_on_names(rule, names),
        *_on_sources(rule, by_kind["elsewhere"], names),
        *_on_success(rule, by_kind["denied"]),
        *_on_counting(rule, side_effects),
        *_on_aim(rule, aim, len(actions), known),
    ]
    return Reviewed(
        rule, None, aim, len(actions), side_effects, tuple(findings), fired=tuple(fired)
    )


def _by_action(found: Iterable[Case]) -> Mapping[str, list[Case]]:
    by_action: dict[str, list[Case]] = defaultdict(list)
    for case in found:
        by_action[case.action].append(case)
    return by_action


def _aim(rule: Rule, actions: set[str], known: int) -> Aim:
    read = paths_read(rule)
    if read is not None and EVENT_NAME not in read:
        others = {path for path in read if path not in _OF_EVENT}
        if others and all(path.startswith(_OF_CALLER) for path in others):
            return "identity"
    return "everything" if len(actions) > EVERYTHING * known else "action"


def _extras(
    fired: Sequence[Case],
    effects: Mapping[str, list[Case]],
    cases: Cases,
    names: EventNames,
    aim: Aim,
) -> Iterator[_Extra]:
    if aim != "action":
        return
    for found in effects.values():
        nodes = {(case.cascade, case.node): case for case in reversed(found)}
        for case in list(nodes.values())[-_INSTANCES:]:
            for attack in cases.attacks(case):
                yield _Extra("attack", attack)
    for case in {case.action: case for case in reversed(fired)}.values():
        yield _Extra("denied", replace(case, record=denied(case.record)))
        service, _, name = case.action.partition(":")
        for other in names.others(name, service)[:1]:
            record = elsewhere(case.record, f"{other}.amazonaws.com")
            yield _Extra("elsewhere", replace(case, record=record))


def _side_effect(action: str, found: Sequence[Case], seen: Sequence[bool]) -> SideEffect:
    policies = sorted(
        {case.policy for case in found if case.policy is not None}, key=POLICY_ORDER.index
    )
    return SideEffect(
        action=action,
        cascades=sorted({case.cascade for case in found}),
        profiles=sorted({case.profile for case in found}),
        policy=policies[0],
        least=policies[-1],
        attested=all(case.attested for case in found),
        attested_some=any(case.attested for case in found if case.profile != "service"),
        attacks=len(seen),
        seen=sum(seen),
    )


_TREATMENT = {
    "suppress": "may be silenced when its cascade is seen",
    "annotate": "may be labelled, not silenced",
    "never": "must never be silenced",
}


def _on_side_effects(rule: Rule, effects: Sequence[SideEffect], aim: Aim) -> Iterator[Finding]:
    if aim != "action":
        return
    for effect in effects:
        causes = _listed(effect.cascades)
        whose = "AWS attests the caller" if effect.attested else "nothing in the record attests it"
        if effect.attested_some and not effect.attested:
            whose = "AWS attests the caller in some of them"
        yield Finding(
            "side-effect",
            "note" if effect.policy == "never" else "warning",
            rule.id,
            rule.place,
            f"fires on {effect.action} as a side effect of {causes}; {whose}; it {_TREATMENT[effect.policy]}",
            about=effect.action,
            remedy=f"cascade explains {effect.action}",
            details={
                "cascades": list(effect.cascades),
                "profiles": list(effect.profiles),
                "policy": effect.policy,
                "attested": effect.attested,
            },
        )


def _listed(names: Sequence[str], most: int = 3) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def _on_names(rule: Rule, names: EventNames) -> Iterator[Finding]:
    services = sources_asked(rule)
    for name, line in names_asked(rule).items():
        if not names.unknown(name, services):
            continue
        near = names.nearest(name)
        yield Finding(
            "unknown-name",
            "warning",
            rule.id,
            replace(rule.place, line=line),
            f"no AWS service is known to log an event {name}",
            about=name,
            remedy=f"did you mean {near}?" if near else "",
        )


def _on_sources(rule: Rule, fired: Sequence[Case], names: EventNames) -> Iterator[Finding]:
    by_name: dict[str, set[str]] = defaultdict(set)
    for case in fired:
        service, _, name = case.action.partition(":")
        by_name[name].add(service)
    for name, services in sorted(by_name.items()):
        service = _meant(rule, name, services)
        others = names.others(name, service)
        # Of most namesakes no log here has shown one: then it is a matter of tidiness.
        seen = any(names.seen(f"{each}:{name}") for each in others)
        yield Finding(
            "ignores-event-source",
            "warning" if seen else "note",
            rule.id,
            rule.place,
            f"{name} is logged by {_listed([service, *others], 5)}, and the rule fires on all of them",
            about=name,
            remedy=f"ask for {EVENT_SOURCE}, such as {service}.amazonaws.com",
        )


def _meant(rule: Rule, name: str, services: Set[str]) -> str:
    """The service that a rule most likely means: one that it names in words, else one that attackers use."""
    words = set(re.findall(r"[a-z0-9]+", f"{rule.title} {rule.query}".lower()))
    return min(
        services,
        key=lambda each: (each not in words, f"{each}:{name}" not in known_actions(), each),
    )


def _on_success(rule: Rule, fired: Sequence[Case]) -> Iterator[Finding]:
    if fired:
        yield Finding(
            "ignores-success",
            "note",
            rule.id,
            rule.place,
            "fires on calls that were refused (errorCode AccessDenied), too",
            remedy="ask for the absence of errorCode, unless attempts are what it is about",
        )


def _on_counting(rule: Rule, effects: Sequence[SideEffect]) -> Iterator[Finding]:
    if rule.counts is None or not rule.group_by or not effects or _FIRST.search(rule.counts):
        return
    test = rule.test
    spelling = getattr(test, "spelling", None)
    paths = [spelling.path(name) for name in rule.group_by] if spelling else list(rule.group_by)
    known = [path for path in paths if path]
    if known and all(
        path.startswith((*_OF_CALLER, "awsRegion", "recipientAccountId", EVENT_NAME))
        for path in known
    ):
        yield Finding(
            "counts-by-caller",
            "note",
            rule.id,
            rule.place,
            f"counts by {', '.join(rule.group_by)}: whom it is done to is not asked, so that one teardown by one "
            "caller counts like an attack on many",
            remedy="add the target to what it counts by",
        )


def _on_aim(rule: Rule, aim: Aim, actions: int, known: int) -> Iterator[Finding]:
    if aim == "everything":
        yield Finding(
            "everything",
            "note",
            rule.id,
            rule.place,
            f"fires on {actions} of {known} actions: side effects are not told one by one",
        )


def _with_overlaps(
    done: Sequence[Reviewed], firing: Mapping[str, frozenset[str]]
) -> list[Reviewed]:
    """The findings, with those of rules that fire on the very same actions."""
    same: dict[frozenset[str], list[str]] = defaultdict(list)
    for number, actions in firing.items():
        if actions and done[int(number)].aim == "action":
            same[actions].append(number)
    told = list(done)
    for numbers in same.values():
        for number in numbers[1:]:
            first = done[int(numbers[0])].rule
            one = told[int(number)]
            message = f"fires on the same actions as {first.title!r} ({first.place})"
            finding = Finding(
                "overlap", "note", one.rule.id, one.rule.place, message, about=first.id
            )
            told[int(number)] = replace(one, findings=(*one.findings, finding))
    return told
