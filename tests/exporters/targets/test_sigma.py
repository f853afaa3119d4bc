"""Sigma's rules are read by pySigma, pass its validators, and mean on SQLite what they say."""

import builtins
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from importlib import import_module
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cloudcascade.catalog import Cascade, Controller
from cloudcascade.exporters.capabilities import Direction
from cloudcascade.exporters.errors import ExportError
from cloudcascade.exporters.export import Export, export
from cloudcascade.exporters.query import Query
from cloudcascade.exporters.registry import find_target
from cloudcascade.exporters.sigma.detection import literal
from cloudcascade.exporters.sigma.text import to_yaml
from cloudcascade.tests.support.cascades import from_yaml
from cloudcascade.tests.support.cloudtrail import (
    ALICE,
    MALLORY,
    OTHER_ACCOUNT,
    Event,
    call,
    session,
    user,
)
from cloudcascade.tests.support.golden import (
    CATALOG,
    SUPPRESSIBLE,
    check_golden,
    make_export,
    make_options,
)
from cloudcascade.tests.support.iam_user_scenarios import SCENARIOS
from cloudcascade.tests.support.offboarding import (
    Scenario,
    create_user,
    deactivate,
    delete_user,
    strip,
)
from cloudcascade.tests.support.query_oracle import alerts, candidates, explained

pytest.importorskip("sigma", reason="pySigma is not installed")
pytest.importorskip("sigma.backends.sqlite", reason="pySigma's SQLite backend is not installed")

from sigma.collection import SigmaCollection
from sigma.types import SigmaString
from sigma.validation import SigmaValidator
from sigma.validators.core import validators

SQLITE: Any = import_module("sigma.backends.sqlite").sqliteBackend
GOLDEN = ("aws.iam.delete-user", "aws.ec2.delete-vpc", "aws.servicecatalog.delete-portfolio")
USER = "aws.iam.delete-user"
HOSTILE = "arn:aws:iam::111111111111:role/a\"'|*\\b$(x)`/x"
# The file refuses wildcards; who builds a controller otherwise is held to its letters as well.
ROLE = Controller.model_construct(name="offboarding", arn=HOSTILE, note=None)
# They ask for pages of the network.
OFFLINE = ("attacktag", "d3_fendtag")
ALL = tuple(cascade.id for cascade in CATALOG.cascades)
HOUR = 3_600
NEWER: dict[str, Any] = {"sigma_version": "2.2", "allow_fail_closed": True}


def documents(made: Export) -> list[dict[str, Any]]:
    """The rules; what else is written are the pipelines that convert them."""
    written = [each for each in made.artefacts if each.path.parts[0] != "pipelines"]
    return [rule for each in written for rule in yaml.safe_load_all(each.text)]


@cache
def everything(style: str) -> Export:
    return make_export("sigma", ALL, style, **NEWER_OF[style])


@cache
def alone(style: str, cascade: str = USER) -> Export:
    """The export of a cascade where there is no other: what a stricter one may explain is not covered."""
    target = find_target("sigma")
    wanted = [CATALOG.get(cascade)]
    more = {**NEWER_OF[style]}
    allowed = more.pop("allow_fail_closed", False)
    options = make_options(**more)
    return export(
        wanted, wanted, target, target.style(style), options, allow_fail_closed=bool(allowed)
    )


@cache
def rules(style: str = "rules", cascade: str = USER) -> tuple[dict[str, Any], ...]:
    return tuple(documents(alone(style, cascade)))


NEWER_OF: dict[str, dict[str, Any]] = {"rules": {}, "absence": NEWER}


def at(event: Event, path: str) -> Any:
    """A field as a flattening store keeps it: texts, numbers and truth values."""
    held: Any = event
    for member in path.split("."):
        held = held.get(member) if isinstance(held, dict) else None
    return held if isinstance(held, str | int) else None


def fields_of(written: Sequence[dict[str, Any]]) -> list[str]:
    found: dict[str, None] = {"eventID": None}
    for rule in written:
        correlation = rule.get("correlation", {})
        for renamed in correlation.get("aliases", {}).values():
            found.update(dict.fromkeys(renamed.values()))
        found.update(
            (name, None)
            for name in correlation.get("group-by", ())
            if name not in correlation.get("aliases", {})
        )
        for part in rule.get("detection", {}).values():
            maps = part if isinstance(part, list) else [part]
            for each in maps:
                if isinstance(each, dict):
                    found.update((name.partition("|")[0], None) for name in each)
    return list(found)


class Store:
    """Events in SQLite, and what rules say of them there."""

    def __init__(self, written: Sequence[dict[str, Any]], events: Iterable[Event]) -> None:
        self.written = written
        self.events = {event["eventID"]: event for event in events}
        fields = fields_of(written)
        columns = ", ".join(f'"{name}"' for name in [*fields, "timestamp"])
        self.connection = sqlite3.connect(":memory:")
        self.connection.row_factory = sqlite3.Row
        self.connection.execute(f"CREATE TABLE logs ({columns})")
        self.connection.executemany(
            f"INSERT INTO logs VALUES ({', '.join('?' * (len(fields) + 1))})",
            [
                (*(at(event, name) for name in fields), event.get("eventTime"))
                for event in self.events.values()
            ],
        )

    def ask(self, query: str) -> list[sqlite3.Row]:
        return self.connection.execute(query.replace("<TABLE_NAME>", "logs")).fetchall()

    def matches(self, rule: dict[str, Any]) -> set[str]:
        """The ids of the events that a base rule finds."""
        return {row["eventID"] for row in self.ask(queries(json.dumps(rule, default=str)))}

    def correlated(self, rule: dict[str, Any]) -> list[sqlite3.Row]:
        named = [each for each in self.written if each.get("name") in rule["correlation"]["rules"]]
        return self.ask(queries(json.dumps([*named, rule], default=str)))

    def starting(self, rule: dict[str, Any]) -> set[str]:
        """The ids of the effects at which an absence begins."""
        correlation = rule["correlation"]
        effect = next(each for each in self.written if each["name"] == correlation["rules"][0])
        aliases = correlation.get("aliases", {})
        found = set()
        matching = self.matches(effect)
        for row in self.correlated(rule):
            group = json.loads(row["group_keys"])
            for event_id in matching:
                event = self.events[event_id]
                alike = all(
                    folded(at(event, aliases.get(name, {}).get(effect["name"], name))) == value
                    for name, value in group.items()
                )
                if alike and seconds(event) == row["window_start"]:
                    found.add(event_id)
        return found


@cache
def queries(written: str) -> str:
    """The query of a rule, or of the last of several, by pySigma's SQLite backend."""
    held = json.loads(written)
    several = held if isinstance(held, list) else [held]
    last = several[-1]
    if "correlation" in last:
        last["correlation"].pop("generate", None)
    (query,) = SQLITE().convert(SigmaCollection.from_dicts(several))
    return str(query)


def folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def seconds(event: Event) -> float:
    return datetime.fromisoformat(event["eventTime"]).timestamp()


def alerted(written: Sequence[dict[str, Any]], events: Sequence[Event]) -> set[str]:
    """The events that a file of the style `absence` alerts on."""
    # The backend judges an absence only once the log has gone on for the whole span.
    store = Store(written, [*events, call("sts:GetCallerIdentity", "later", 90 * 24 * HOUR)])
    found: set[str] = set()
    for rule in written:
        if rule["level"] == "medium":
            found |= store.starting(rule) if "correlation" in rule else store.matches(rule)
    return found


def sigma_actor(event: Event, log: list[Event]) -> str | None:
    """The caller as the rules tell it: principal and access key, whatever the case."""
    principal = at(event, "userIdentity.principalId")
    key = at(event, "userIdentity.accessKeyId")
    return None if not principal or not key or principal == "Anonymous" else f"{principal}|{key}"


def ahead(query: Query) -> Query:
    """The query as SQLite answers it: an origin counts from its effect on, for the whole span."""
    nodes = tuple(
        replace(
            node,
            edge=replace(node.edge, before=max(node.edge.before, node.edge.after), after=0),
        )
        for node in query.nodes
    )
    return replace(query, nodes=nodes)


def planned(cascade: str = USER) -> Query:
    return alone("absence", cascade).jobs[0].query


def test_what_a_stricter_cascade_may_explain_is_not_covered_by_an_absence() -> None:
    (job,) = make_export("sigma", [USER], "absence", **NEWER).jobs
    assert "iam:DeactivateMFADevice" not in job.query.actions
    assert any(
        "aws.iam.mfa-replace-device may explain it" in loss.text
        and loss.direction is Direction.UNCOVERED
        for loss in job.losses
    )


@pytest.mark.parametrize("style", ["rules", "absence"])
def test_every_rule_of_the_catalogue_passes_the_validators(style: str) -> None:
    validator = SigmaValidator(_validators())
    made = everything(style)
    assert len(made.artefacts) > 5
    read = SigmaCollection.from_dicts(documents(made), collect_errors=False)
    issues = validator.validate_rules(iter(read.rules))  # type: ignore[arg-type]  # correlations, too
    assert issues == []


def _validators() -> list[Any]:
    return [check for name, check in validators.items() if name not in OFFLINE]


def test_the_validators_find_a_broken_rule() -> None:
    rule = {**rules()[0]}
    rule["detection"] = {**rule["detection"], "unused": {"a": "b"}}
    collection = SigmaCollection.from_dicts([rule])
    validator = SigmaValidator(_validators())
    assert validator.validate_rule(collection.rules[0])  # type: ignore[arg-type]


@pytest.mark.parametrize("style", ["rules", "absence"])
def test_ids_and_names_are_each_rules_own(style: str) -> None:
    written = documents(everything(style))
    assert len({rule["id"] for rule in written}) == len(written)
    assert len({rule["name"] for rule in written}) == len(written)
    assert len({rule["title"] for rule in written}) == len(written)


def test_rules_are_read_as_they_are_written() -> None:
    for rule in rules("absence"):
        (read,) = SigmaCollection.from_dicts([rule], resolve_references=False).rules
        again = read.to_dict()
        kept = ("title", "id", "level", "detection", "falsepositives", "references", "author")
        assert {key: again.get(key) for key in kept} == {key: rule.get(key) for key in kept}


def test_every_suppressible_cascade_is_rendered_or_says_why() -> None:
    made = everything("rules")
    rendered = {job.query.cascade for job in made.jobs}
    left_out = {each.cascade: each.reason for each in made.omitted}
    for cascade in SUPPRESSIBLE:
        assert cascade in rendered or "nothing of it can be said" in left_out[cascade]
    base = [each for each in made.artefacts if each.path.is_relative_to("rules/cloud")]
    assert len(base) == len(rendered)


def test_nothing_that_only_labels_fails_closed() -> None:
    for job in everything("rules").jobs:
        assert not [loss for loss in job.losses if loss.direction is Direction.CLOSED]


def test_the_base_rules_go_on_alerting() -> None:
    for rule in rules():
        if "correlation" in rule:
            assert rule["correlation"]["generate"] is True
    collection = SigmaCollection.from_dicts([dict(rule) for rule in rules()])
    converted = SQLITE().convert(collection)
    assert len(converted) == len(rules())


def test_what_is_only_to_be_labelled_does_not_alert() -> None:
    written = documents(make_export("sigma", ["aws.guardduty.delete-detector"]))
    assert {rule["level"] for rule in written} == {"informational"}
    assert any("correlation" in rule for rule in written)
    assert all("generate" not in rule.get("correlation", {}) for rule in written)


def base_alerts(events: Sequence[Event]) -> set[str]:
    """What the base rules of the style `rules` find of the effects."""
    store = Store(rules(), events)
    return set().union(
        *(
            store.matches(rule)
            for rule in rules()
            if "detection" in rule and rule["level"] != "informational"
        )
    )


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_the_base_rules_find_every_call_that_is_to_be_judged(scenario: Scenario) -> None:
    query = make_export("sigma", [USER]).jobs[0].query
    assert base_alerts(scenario.events) == candidates(query, unique(scenario.events))


def unique(events: Iterable[Event]) -> list[Event]:
    return list({event["eventID"]: event for event in events}.values())


# How SQLite differs from the oracle on what is left of the query: what it alerts on, and the loss that says so.
DECLARED: dict[str, tuple[set[str], str]] = {
    "the Kelvin sign is no K": (set(), "Alice and alice"),
    "the dotted capital I is no i": (set(), "Alice and alice"),
    "the name is True in both": (set(), "true and 1"),
    "without recipientAccountId the caller's account counts": ({"mfa"}, "recipientAccountId"),
}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_an_absence_alerts_as_declared(scenario: Scenario) -> None:
    events = unique(scenario.events)
    found = alerted(rules("absence"), events)
    expected = alerts(ahead(planned()), events, sigma_actor)
    if scenario.name not in DECLARED:
        assert found == expected
        return
    found_there, text = DECLARED[scenario.name]
    assert found == found_there != expected
    direction = Direction.OPEN if found > expected else Direction.CLOSED
    losses = alone("absence").jobs[0].losses
    assert any(text in loss.text and loss.direction is direction for loss in losses)


NAMES = st.sampled_from(["bob", "Bob", "eve", "", None, HOSTILE])
CALLERS = st.sampled_from(
    [ALICE, ALICE, MALLORY, user("alice"), session("alice", "work", "ASIA1"), {}]
)


@st.composite
def busy_logs(draw: st.DrawFn) -> Iterator[list[Event]]:
    actions = st.sampled_from(
        ["DeleteUser", "DeleteUser", "DeactivateMFADevice", "UpdateAccessKey", "DeleteAccessKey"]
    )
    return [  # type: ignore[return-value]  # a composite returns what its strategy yields
        strip(
            draw(actions),
            f"event-{number}",
            draw(st.sampled_from([0, 1, 1, 60, HOUR - 1, HOUR, HOUR + 1, 2 * HOUR])),
            draw(NAMES),
            by=draw(CALLERS),
            account=draw(st.sampled_from(["111111111111", "111111111111", OTHER_ACCOUNT, None])),
            error=draw(st.sampled_from([None, None, "", "AccessDenied"])),
            requestParameters={
                "userName": draw(NAMES),
                "status": draw(st.sampled_from(["Inactive", "Active", "inactive", "", None])),
            },
        )
        for number in range(draw(st.integers(2, 8)))
    ]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(busy_logs())
def test_an_absence_alerts_as_declared_on_any_log(events: list[Event]) -> None:
    # An event without its own account has no other here: the rules do not fall back on the caller's.
    for event in events:
        if "recipientAccountId" not in event:
            event["userIdentity"] = {**event["userIdentity"], "accountId": None}
    assert alerted(rules("absence"), events) == alerts(ahead(planned()), events, sigma_actor)


@pytest.mark.parametrize(
    ("events", "recognised"),
    [
        pytest.param([deactivate("mfa", 0), delete_user("gone", 60)], True, id="an offboarding"),
        pytest.param([deactivate("mfa", 0), delete_user("gone", 0)], True, id="in one second"),
        pytest.param([deactivate("mfa", 0)], False, id="no deletion"),
        pytest.param(
            [deactivate("mfa", 0), delete_user("gone", 60, by=MALLORY)], False, id="another actor"
        ),
        pytest.param(
            [deactivate("mfa", 0), delete_user("gone", 60, "eve")], False, id="another user"
        ),
        pytest.param(
            [deactivate("mfa", 0, None), delete_user("gone", 60, None)], False, id="no user"
        ),
        pytest.param([deactivate("mfa", 0), delete_user("gone", HOUR + 1)], False, id="too late"),
        pytest.param(
            [deactivate("mfa", 0), delete_user("gone", 60, error="DeleteConflict")],
            False,
            id="a deletion that failed",
        ),
    ],
)
def test_the_correlation_recognises_a_cascade(events: list[Event], recognised: bool) -> None:
    (label,) = (
        rule
        for rule in rules()
        if rule["title"] == "AWS DeactivateMFADevice Explained by DeleteUser in iam.delete-user"
    )
    assert bool(Store(rules(), events).correlated(label)) is recognised
    assert ("mfa" in alerted(rules("absence"), events)) is not recognised


def test_the_label_covers_what_the_cascade_explains_but_for_the_declared_losses() -> None:
    query = make_export("sigma", [USER]).jobs[0].query
    for scenario in SCENARIOS:
        events = unique(scenario.events)
        store = Store(rules(), events)
        labelled: set[str] = set()
        for rule in rules():
            if "correlation" in rule:
                ids = [json.loads(row["event_ids"]) for row in store.correlated(rule)]
                labelled.update(each for found in ids for each in found)
        rows = {f"0:{number}": name for number, name in enumerate(store.events, 1)}
        named = {rows[each] for each in labelled}
        if scenario.name not in DECLARED:
            assert explained(query, events, sigma_actor) <= named, scenario.name


def test_a_spoiler_goes_unnoticed_as_declared() -> None:
    events = [deactivate("mfa", 0), delete_user("gone", 60), create_user("again", 120)]
    assert alerted(rules("absence"), events) == set()
    losses = make_export("sigma", [USER], "absence", **NEWER).jobs[0].losses
    closed = [loss.text for loss in losses if loss.direction is Direction.CLOSED]
    assert any("user recreated" in text for text in closed)


WHERE = """
id: aws.test.alias
title: Closing a shop empties it first
provider: aws
description: A shop is emptied before it is closed.
origin:
  action: shop:Close
  keys: {name: requestParameters.shopName}
  where: {requestParameters.mode: {in: ['a*c', 'b?\\d']}}
effects:
  - action: shop:Empty
    relation: precondition
    keys: {name: requestParameters.shop}
    join: [name]
    within: {before: 10m}
    where:
      requestParameters.kind: {startswith: 'x*'}
      requestParameters.count: 0
      requestParameters.gone: {absent: true}
      requestParameters.there: {exists: true}
suppression: {policy: suppress, residual_risk: None to speak of.}
evidence:
  - {kind: observed, ref: a log, supports: [shop:Close, shop:Empty]}
"""


def shop() -> Cascade:
    return from_yaml(WHERE)


@pytest.mark.parametrize(
    ("change", "mode", "silent"),
    [
        ({}, "a*c", True),
        ({}, "b?\\d", True),
        ({}, "abc", False),
        ({}, "A*C", False),
        ({"kind": "x*y"}, "a*c", True),
        ({"kind": "xy*"}, "a*c", False),
        ({"kind": "X*"}, "a*c", False),
        ({"kind": None}, "a*c", False),
        ({"count": 1}, "a*c", False),
        ({"count": None}, "a*c", False),
        ({"gone": "no"}, "a*c", False),
        ({"there": None}, "a*c", False),
        ({"there": ""}, "a*c", False),
        ({"shop": "other"}, "a*c", False),
    ],
)
def test_conditions_and_keys_of_other_names(
    change: dict[str, Any], mode: str, silent: bool
) -> None:
    target = find_target("sigma")
    made = export(
        [shop()],
        [shop()],
        target,
        target.style("absence"),
        make_options(sigma_version="2.2"),
        allow_fail_closed=True,
    )
    parameters = {"shop": "s", "kind": "x*", "count": 0, "there": "yes", **change}
    events = [
        call("shop:Empty", "empty", 0, parameters),
        call("shop:Close", "close", 60, {"shopName": "s", "mode": mode}),
    ]
    assert alerted(documents(made), events) == (set() if silent else {"empty"})
    oracle = alerts(ahead(made.jobs[0].query), events, sigma_actor)
    assert oracle == (set() if silent else {"empty"})


@pytest.mark.parametrize("style", ["rules", "absence"])
def test_an_effect_that_is_its_own_origin_is_refused(style: str) -> None:
    effect = WHERE.replace("action: shop:Empty", "action: shop:Close\n    name: closed-before")
    twice = from_yaml(effect.replace("[shop:Close, shop:Empty]", "[shop:Close]"))
    target = find_target("sigma")
    options = make_options(sigma_version="2.2" if style == "absence" else "2.1")
    made = export([twice], [twice], target, target.style(style), options, allow_fail_closed=True)
    assert "explain itself" in made.omitted[0].reason


def test_absence_takes_the_newer_specification() -> None:
    made = make_export("sigma", [USER], "absence", allow_fail_closed=True)
    assert not made.artefacts
    assert "--sigma-version 2.2" in made.omitted[0].reason


def test_the_newer_specification_leads_to_absence() -> None:
    made = make_export("sigma", [USER], sigma_version="2.2")
    assert "--style absence" in made.omitted[0].reason


def test_absence_is_refused_unless_it_is_asked_for() -> None:
    made = make_export("sigma", [USER], "absence", sigma_version="2.2")
    assert not made.artefacts
    assert "fails closed" in made.omitted[0].reason


@pytest.mark.parametrize(
    ("event", "kept"),
    [
        pytest.param(deactivate("mfa", 0), True, id="anybody"),
        pytest.param(deactivate("mfa", 0, by={**ALICE, "arn": ROLE.arn}), False, id="the user"),
        pytest.param(deactivate("mfa", 0, by={**ALICE, "arn": ROLE.arn.upper()}), True, id="case"),
        pytest.param(
            deactivate("mfa", 0, by={**ALICE, "arn": ROLE.arn.replace("*", "-")}),
            True,
            id="no wildcard",
        ),
        pytest.param(
            deactivate(
                "mfa", 0, by={"sessionContext": {"sessionIssuer": {"arn": ROLE.arn}}, "arn": "x"}
            ),
            False,
            id="the role's session",
        ),
        pytest.param(
            strip("UpdateAccessKey", "key", 0, by={**ALICE, "arn": ROLE.arn}),
            True,
            id="a call of another kind",
        ),
    ],
)
def test_a_filter_keeps_what_the_controllers_did_not_do(event: Event, kept: bool) -> None:
    made = make_export("sigma", [USER], "filter", controllers=(ROLE,), allow_fail_closed=True)
    (filtering,) = documents(made)
    assert filtering["filter"]["condition"] == "not selection"
    base = [rule for rule in rules() if "detection" in rule and rule["level"] == "low"]
    assert set(filtering["filter"]["rules"]) < {rule["id"] for rule in base}
    fields = [{"detection": {"selection": each}} for each in filtering["filter"]["selection"]]
    store = Store([*base, *fields], [event])
    converted = SQLITE().convert(SigmaCollection.from_dicts([*base, filtering]))
    assert bool([row for query in converted for row in store.ask(query)]) is kept


def test_a_filter_fails_closed() -> None:
    made = make_export("sigma", [USER], "filter", controllers=(ROLE,))
    assert not made.artefacts


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({}, "names no controllers"),
        ({"controllers": (ROLE,), "backend": "sqlite"}, "converted with the rules"),
    ],
)
def test_a_filter_says_what_it_lacks(options: dict[str, Any], reason: str) -> None:
    made = make_export("sigma", [USER], "filter", allow_fail_closed=True, **options)
    assert reason in made.omitted[0].reason


def test_a_backend_that_is_wrong_is_refused() -> None:
    pytest.importorskip("sigma.backends.kusto")
    made = make_export("sigma", [USER], backend="kusto")
    assert "is wrong" in made.omitted[0].reason
    offered = find_target("sigma").backends
    assert offered is not None
    assert "sqlite" in offered()
    assert "kusto" not in offered()


def test_a_backend_that_is_not_there_is_named() -> None:
    with pytest.raises(ExportError, match="no backend 'nothing'"):
        make_export("sigma", [USER], backend="nothing")


def test_pysigma_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    there = builtins.__import__

    def missing(name: str, *args: Any, **more: Any) -> Any:
        if name.startswith("sigma."):
            raise ImportError(name)
        return there(name, *args, **more)

    monkeypatch.setattr(builtins, "__import__", missing)
    asked: tuple[dict[str, Any], ...] = ({}, {"backend": "sqlite"})
    for options in asked:
        with pytest.raises(ExportError, match=r"pip install 'cloudcascade\[sigma\]'"):
            make_export("sigma", [USER], **options)


@pytest.mark.parametrize(
    ("backend", "labels", "comment"),
    [
        ("sqlite", True, "-- aws.iam.delete-user: "),
        ("splunk", True, "``` aws.iam.delete-user: "),
        ("esql", True, "// aws.iam.delete-user: "),
        ("eql", False, "// aws.iam.delete-user: "),
        ("lucene", False, None),
    ],
)
def test_a_backend_gets_the_correlation_only_where_it_is_right(
    backend: str, labels: bool, comment: str | None
) -> None:
    if backend not in (find_target("sigma").backends or tuple)():
        pytest.skip(f"the backend {backend} is not installed")
    made = make_export("sigma", [USER], backend=backend)
    texts = {artefact.path.stem: artefact.text for artefact in made.artefacts}
    assert any("_explained_" in name for name in texts) is labels
    assert "delete_user_aws_iam_delete_user" in texts
    if comment is None:
        assert texts.pop("about").startswith("aws.iam.delete-user: ")
    else:
        assert all(text.startswith(comment) for text in texts.values())
    said = " ".join(loss.text for loss in made.jobs[0].losses)
    assert ("nothing is labelled" in said) is not labels
    assert ("fixed buckets" in said) is (backend in ("splunk", "esql"))


def test_a_query_runs_with_its_comment() -> None:
    made = make_export("sigma", [USER], "absence", backend="sqlite", **NEWER)
    store = Store(rules("absence"), [deactivate("mfa", 0), delete_user("later", 90_000, "zoe")])
    for artefact in made.artefacts:
        found = store.ask(artefact.text)
        unexplained = "_unexplained_" in artefact.path.stem
        if "deactivate_mfa" in artefact.path.stem and "_explained_" not in artefact.path.stem:
            assert len(found) == 1
        elif unexplained:
            assert found == []


@pytest.mark.parametrize("backend", ["esql", "eql", "lucene"])
def test_an_absence_is_for_backends_that_say_it_right(backend: str) -> None:
    made = make_export("sigma", [USER], "absence", backend=backend, **NEWER)
    assert "no right form" in made.omitted[0].reason


def test_a_backend_that_refuses_a_rule_leaves_the_cascade_out() -> None:
    pytest.importorskip("sigma.backends.elasticsearch")
    made = make_export("sigma", ["aws.servicecatalog.delete-portfolio", USER], backend="esql")
    assert [each.cascade for each in made.omitted] == ["aws.servicecatalog.delete-portfolio"]
    assert "refuses" in made.omitted[0].reason


def test_a_backend_without_case_says_so_where_it_hides_something() -> None:
    pytest.importorskip("sigma.backends.splunk")
    cascade = "aws.organizations.close-account"
    losses = make_export("sigma", [cascade], "absence", backend="splunk", **NEWER).jobs[0].losses
    assert any(
        "without case" in loss.text and "splunk" in loss.text and loss.direction is Direction.CLOSED
        for loss in losses
    )


# What YAML cannot hold, its dumper escapes; a lone surrogate is in no UTF-8 log.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=2_048)


@given(TEXTS)
@example(HOSTILE)
@example("a\\*b?c\\\\")
@example("line\nline\r\n\tend\0 \u202e\u2028x")
@example("x" * 2_048)
def test_a_literal_is_compared_as_it_is(value: str) -> None:
    written = to_yaml(("a comment",), [{"f|cased": [literal(value)]}])
    assert yaml.safe_load(written) == {"f|cased": [literal(value)]}
    read = SigmaString(literal(value))
    assert not read.contains_special()
    assert "".join(str(part) for part in read.s) == value


def test_golden_files() -> None:
    check_golden("sigma", make_export("sigma", GOLDEN).artefacts)


def test_golden_files_of_an_absence() -> None:
    check_golden("sigma-absence", make_export("sigma", [USER], "absence", **NEWER).artefacts)


def test_golden_files_of_a_filter() -> None:
    made = make_export("sigma", [USER], "filter", controllers=(ROLE,), allow_fail_closed=True)
    check_golden("sigma-filter", made.artefacts)
