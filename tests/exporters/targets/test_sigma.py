"""Sigma's rules are read by pySigma, pass its validators, and mean on SQLite what they say."""

import json
import sqlite3
from importlib import import_module
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from cloudcascade.catalog import Controller
from cloudcascade.exporters.errors import ExportError
from cloudcascade.exporters.targets.sigma import literal
from cloudcascade.tests.support.cloudtrail import MALLORY, Event, session
from cloudcascade.tests.support.golden import SUPPRESSIBLE, check_golden, make_export
from cloudcascade.tests.support.offboarding import deactivate, delete_user

pytest.importorskip("sigma", reason="pySigma is not installed")

from sigma.collection import SigmaCollection
from sigma.types import SigmaString
from sigma.validation import SigmaValidator
from sigma.validators.core import validators

GOLDEN = ("aws.iam.delete-user", "aws.ec2.delete-vpc", "aws.servicecatalog.delete-portfolio")
USER = "aws.iam.delete-user"
HOSTILE = "arn:aws:iam::111111111111:role/a\"'|*\\b$(x)`/x"
ROLE = Controller(name="offboarding", arn="arn:aws:iam::111111111111:role/a\\b$(x)")
# They ask for pages of the network.
OFFLINE = ("attacktag", "d3_fendtag")


def documents(style: str, **options: Any) -> list[dict[str, Any]]:
    made = make_export("sigma", [USER], style, allow_fail_closed=True, **options)
    (artefact,) = made.artefacts
    return list(yaml.safe_load_all(artefact.text))


def asked(query: str, events: list[Event]) -> list[tuple[Any, ...]]:
    """The rows that a query of the SQLite backend gives over these events."""
    fields = {
        "eventSource": lambda event: event["eventSource"],
        "eventName": lambda event: event["eventName"],
        "errorCode": lambda event: event.get("errorCode"),
        "recipientAccountId": lambda event: event["recipientAccountId"],
        "userIdentity.principalId": lambda event: event["userIdentity"]["principalId"],
        "userIdentity.accessKeyId": lambda event: event["userIdentity"].get("accessKeyId"),
        "userIdentity.sessionContext.sessionIssuer.arn": lambda event: (
            event["userIdentity"].get("sessionContext", {}).get("sessionIssuer", {}).get("arn")
        ),
        "requestParameters.userName": lambda event: event["requestParameters"].get("userName"),
        "timestamp": lambda event: event["eventTime"],
    }
    with sqlite3.connect(":memory:") as connection:
        columns = ", ".join(f'"{name}"' for name in fields)
        connection.execute(f"CREATE TABLE logs ({columns})")
        rows = [tuple(read(event) for read in fields.values()) for event in events]  # type: ignore[no-untyped-call]
        connection.executemany(f"INSERT INTO logs VALUES ({', '.join('?' * len(fields))})", rows)
        return connection.execute(query.replace("<TABLE_NAME>", "logs")).fetchall()


def converted(style: str, name: str, **options: Any) -> str:
    made = make_export("sigma", [USER], style, allow_fail_closed=True, backend="sqlite", **options)
    return next(each.text for each in made.artefacts if each.path.stem == name)


def test_every_rule_passes_the_validators() -> None:
    validator = SigmaValidator(_validators())
    for artefact in make_export("sigma", SUPPRESSIBLE).artefacts:
        issues = [
            issue
            for rule in SigmaCollection.from_yaml(artefact.text).rules
            for issue in validator.validate_rule(rule)  # type: ignore[arg-type]  # correlations, too
        ]
        assert issues == [], artefact.path


def _validators() -> list[Any]:
    return [check for name, check in validators.items() if name not in OFFLINE]


def test_the_validators_find_a_broken_rule() -> None:
    rule = documents("rules")[0]
    rule["detection"]["unused"] = {"a": "b"}
    collection = SigmaCollection.from_dicts([rule])
    validator = SigmaValidator(_validators())
    assert validator.validate_rule(collection.rules[0])  # type: ignore[arg-type]


def test_ids_and_names_are_each_rules_own() -> None:
    made = make_export("sigma", SUPPRESSIBLE).artefacts
    rules = [rule for each in made for rule in yaml.safe_load_all(each.text)]
    assert len({rule["id"] for rule in rules}) == len(rules)
    assert len({rule["name"] for rule in rules}) == len(rules)


def test_the_base_rule_finds_the_successful_calls() -> None:
    query = converted("rules", "deactivate_mfa_device_aws_iam_delete_user")
    events = [deactivate("one", 0), deactivate("two", 1, error="AccessDenied")]
    assert len(asked(query, events)) == 1


@pytest.mark.parametrize(
    ("events", "recognised"),
    [
        pytest.param([deactivate("mfa", 0), delete_user("gone", 60)], True, id="an offboarding"),
        pytest.param([deactivate("mfa", 0)], False, id="no deletion"),
        pytest.param(
            [deactivate("mfa", 0), delete_user("gone", 60, by=MALLORY)], False, id="another actor"
        ),
        pytest.param(
            [deactivate("mfa", 0), delete_user("gone", 60, "eve")], False, id="another user"
        ),
        pytest.param([deactivate("mfa", 0), delete_user("gone", 7_300)], False, id="too late"),
        pytest.param(
            [deactivate("mfa", 0), delete_user("gone", 60, error="DeleteConflict")],
            False,
            id="a deletion that failed",
        ),
    ],
)
def test_the_correlation_recognises_a_cascade(events: list[Event], recognised: bool) -> None:
    query = converted("rules", "deactivate_mfa_device_aws_iam_delete_user_explained")
    assert bool(asked(query, events)) is recognised
    absent = converted(
        "absence", "deactivate_mfa_device_aws_iam_delete_user_unexplained", sigma_version="2.2"
    )
    # The backend waits for the log to go on.
    later = delete_user("later", 50_000, "zoe")
    assert bool(asked(absent, [*events, later])) is not recognised


def test_absence_takes_the_newer_specification() -> None:
    made = make_export("sigma", [USER], "absence", allow_fail_closed=True)
    assert not made.artefacts
    assert "--sigma-version 2.2" in made.omitted[0].reason


def test_absence_is_refused_unless_it_is_asked_for() -> None:
    made = make_export("sigma", [USER], "absence", sigma_version="2.2")
    assert not made.artefacts
    assert "fails closed" in made.omitted[0].reason


def test_a_filter_keeps_what_the_controllers_did_not_do() -> None:
    rules = documents("rules")
    (filtering,) = documents("filter", controllers=(ROLE,))
    assert filtering["filter"]["condition"] == "not selection"
    assert set(filtering["filter"]["rules"]) <= {rule["id"] for rule in rules}
    base = [rule for rule in rules if "correlation" not in rule]
    backend = import_module("sigma.backends.sqlite").sqliteBackend()
    queries = backend.convert(SigmaCollection.from_dicts([*base, filtering]))
    at = [rule["title"] for rule in base].index("AWS DeactivateMFADevice")
    by_role = deactivate("mfa", 0, by=session("a", "run", "ASIA1"))
    issuer = by_role["userIdentity"]["sessionContext"]["sessionIssuer"]
    assert len(asked(queries[at], [by_role])) == 1
    issuer["arn"] = ROLE.arn
    assert asked(queries[at], [by_role]) == []


def test_a_filter_fails_closed() -> None:
    made = make_export("sigma", [USER], "filter", controllers=(ROLE,))
    assert not made.artefacts


@pytest.mark.parametrize("backend", ["kusto"])
def test_a_backend_that_is_wrong_is_refused(backend: str) -> None:
    made = make_export("sigma", [USER], backend=backend)
    assert not made.artefacts
    assert "is wrong" in made.omitted[0].reason


def test_a_backend_that_is_not_there_is_named() -> None:
    with pytest.raises(ExportError, match="no backend 'nothing'"):
        make_export("sigma", [USER], backend="nothing")


@pytest.mark.parametrize(("backend", "correlates"), [("splunk", True), ("lucene", False)])
def test_a_backend_gets_the_correlation_only_where_it_is_right(
    backend: str, correlates: bool
) -> None:
    made = make_export("sigma", [USER], backend=backend)
    names = {artefact.path.stem for artefact in made.artefacts}
    assert any(name.endswith("_explained") for name in names) is correlates
    assert "delete_user_aws_iam_delete_user" in names


@given(st.text(max_size=256))
@example(HOSTILE)
@example("a\\*b?c\\\\")
def test_a_literal_is_compared_as_it_is(value: str) -> None:
    read = SigmaString(literal(value))
    assert not read.contains_special()
    assert "".join(str(part) for part in read.s) == value


def test_rules_are_json_as_well() -> None:
    for rule in documents("rules"):
        assert json.loads(json.dumps(rule)) == rule


def test_golden_files() -> None:
    check_golden("sigma", make_export("sigma", GOLDEN).artefacts)
