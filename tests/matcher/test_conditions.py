"""Which fields satisfy a `where`. An effect that does not satisfy its own is left over."""

import json
from typing import Any

import pytest

from cloudcascade.catalog.models import Cascade
from cloudcascade.tests.oracle import oracle_verdicts
from cloudcascade.tests.support.cascades import cascade
from cloudcascade.tests.support.cloudtrail import ALICE, OTHER_ACCOUNT, Event, call, classify

ABSENT = object()


def with_condition(path: str, condition: Any) -> Cascade:
    """s3:PutBucketPolicy goes before s3:DeleteBucket, on that condition."""
    return cascade(
        origin={"action": "s3:DeleteBucket"},
        effects=[
            {
                "action": "s3:PutBucketPolicy",
                "within": {"before": "60s"},
                "where": {path: condition},
            }
        ],
    )


def holds(path: str, condition: Any, parameters: object, **members: Any) -> bool:
    """Whether the engine finds that the condition holds; the oracle is to find the same."""
    catalogue = [with_condition(path, condition)]
    events: list[Event] = [
        call("s3:PutBucketPolicy", "effect", 0, parameters, **members),
        call("s3:DeleteBucket", "origin", 9, account=members.get("account", "111111111111")),
    ]
    found = classify(catalogue, events).get("effect")
    wanted = oracle_verdicts(catalogue, events).get("effect")
    assert (found and found.verdict) == (wanted and wanted.verdict)
    return found is not None and found.verdict == "effect"


def parameters(name: str, value: object) -> dict[str, object]:
    return {} if value is ABSENT else {name: value}


ON_A_FIELD: list[tuple[Any, list[object], list[object]]] = [
    ("on", ["on"], ["On", "on ", "", None, ABSENT, True, 1, ["on"], {"on": "on"}]),
    ({"equals": "on"}, ["on"], ["ON", None, ABSENT]),
    (True, [True], [1, "true", "True", False, None, ABSENT]),
    (False, [False], [0, "", "false", True, None, ABSENT]),
    (1, [1], [True, "1", 0, 1.5, None, ABSENT]),
    (0, [0], [False, "", "0", None, ABSENT]),
    ({"in": ["a", 1, True]}, ["a", 1, True], ["A", "1", 0, False, None, ABSENT, ["a"]]),
    ({"in": [1]}, [1], [True, "1"]),
    ({"startswith": "ab"}, ["ab", "abc"], ["Ab", "a", "xab", "", None, ABSENT, ["ab"], 1]),
    ({"endswith": "yz"}, ["yz", "xyz"], ["YZ", "z", "yzx", "", None, ABSENT, ["yz"], 1]),
    ({"startswith": "a", "endswith": "z"}, ["az", "a-z"], ["a", "z", "za"]),
    ({"startswith": "a*"}, ["a*b"], ["ab"]),
    ({"exists": True}, ["x", 0, False, [0], {"a": None}], ["", [], {}, None, ABSENT]),
    ({"absent": True}, ["", [], {}, None, ABSENT], ["x", 0, False, [0], {"a": None}]),
    ({"not": "on"}, ["off", "On", 1, ["on"], {"a": 1}], ["on", None, ABSENT]),
    ({"not": {"in": ["a", "b"]}}, ["c", 1], ["a", "b", None, ABSENT]),
    ({"not": {"startswith": "a"}}, ["b", 1], ["a", None, ABSENT]),
    ({"not": {"startswith": "a", "endswith": "z"}}, ["a", "z", "b"], ["az", None, ABSENT]),
    ({"not": {"not": "on"}}, ["on"], ["off", None, ABSENT]),
    ({"not": {"absent": True}}, ["x", 0], [None, ABSENT]),
    ({"startswith": "a", "not": "ab"}, ["a", "abc"], ["ab", "b", None, ABSENT]),
    ({"exists": True, "not": {"equals": "x"}}, ["y"], ["x", "", None, ABSENT]),
]


@pytest.mark.parametrize(
    ("condition", "satisfied_by", "not_by"),
    ON_A_FIELD,
    ids=[json.dumps(row[0]) for row in ON_A_FIELD],
)
def test_a_condition_on_one_field(
    condition: Any, satisfied_by: list[object], not_by: list[object]
) -> None:
    path = "requestParameters.flag"
    for value in satisfied_by:
        assert holds(path, condition, parameters("flag", value)), value
    for value in not_by:
        assert not holds(path, condition, parameters("flag", value)), value


@pytest.mark.parametrize("parent", [None, "text", 7, [], [{"flag": "on"}], {}], ids=json.dumps)
@pytest.mark.parametrize("condition", ["on", {"exists": True}, {"not": "off"}], ids=json.dumps)
def test_a_field_below_what_is_no_object_is_missing(parent: object, condition: Any) -> None:
    assert not holds("requestParameters.inner.flag", condition, {"inner": parent})
    assert holds("requestParameters.inner.flag", {"absent": True}, {"inner": parent})


ITEMS = "requestParameters.items[].flag"


ON_A_LIST: list[tuple[Any, list[object], list[object]]] = [
    (
        "on",
        [[{"flag": "on"}], [{"flag": "on"}, {"flag": "on"}]],
        [
            [{"flag": "on"}, {"flag": "off"}],
            [{"flag": "on"}, {}],
            [{"flag": "on"}, {"flag": None}],
            [{"flag": "on"}, "on"],
            [{"flag": "on"}, None],
            [],
            None,
            ABSENT,
            {"flag": "on"},
            "on",
        ],
    ),
    (
        {"exists": True},
        [[{"flag": 0}], [{"flag": "x"}, {"flag": False}]],
        [[{"flag": "x"}, {"flag": ""}], [{}], [], None, ABSENT],
    ),
    (
        {"absent": True},
        [[{}], [{}, {"flag": None}], [{"flag": ""}], [], None, ABSENT],
        [[{"flag": "x"}], [{}, {"flag": "x"}], [{"flag": "x"}, {}]],
    ),
    (
        {"not": "on"},
        [[{"flag": "off"}], [{"flag": "off"}, {"flag": "x"}]],
        [[{"flag": "off"}, {"flag": "on"}], [{"flag": "off"}, {}], [], None, ABSENT],
    ),
]


@pytest.mark.parametrize(
    ("condition", "satisfied_by", "not_by"),
    ON_A_LIST,
    ids=[json.dumps(row[0]) for row in ON_A_LIST],
)
def test_a_condition_on_a_list_must_hold_for_every_element_and_there_must_be_one(
    condition: Any, satisfied_by: list[object], not_by: list[object]
) -> None:
    for value in satisfied_by:
        assert holds(ITEMS, condition, parameters("items", value)), value
    for value in not_by:
        assert not holds(ITEMS, condition, parameters("items", value)), value


@pytest.mark.parametrize(
    ("outer", "expected"),
    [
        ([{"inner": [{"flag": "on"}]}, {"inner": [{"flag": "on"}]}], True),
        ([{"inner": [{"flag": "on"}]}, {"inner": [{"flag": "off"}]}], False),
        ([{"inner": [{"flag": "on"}]}, {"inner": []}], False),
        ([{"inner": [{"flag": "on"}]}, {}], False),
    ],
    ids=json.dumps,
)
def test_a_list_within_a_list(outer: object, expected: bool) -> None:
    found = holds("requestParameters.outer[].inner[].flag", "on", {"outer": outer})
    assert found is expected


def test_a_list_of_plain_values() -> None:
    path = "requestParameters.groups[]"
    assert holds(path, {"not": "all"}, {"groups": ["111111111111"]})
    assert not holds(path, {"not": "all"}, {"groups": ["111111111111", "all"]})


def allow(principal: object, **more: object) -> dict[str, object]:
    return {"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", **more}


OWN = allow({"AWS": "arn:aws:iam::111111111111:root"})
DENY_ALL = {"Effect": "Deny", "Principal": "*", "Action": "s3:*"}
OWN_ACCOUNT_ONLY = [
    {"Statement": [OWN]},
    {"Statement": OWN},
    {"Statement": [allow({"AWS": "111111111111"})]},
    {"Statement": [allow({"AWS": ["111111111111", "arn:aws:iam::111111111111:role/x/y"]})]},
    {"Statement": [allow({"AWS": "arn:aws-cn:iam::111111111111:root"})]},
    {"Statement": [OWN, DENY_ALL]},
    {"Statement": [DENY_ALL]},
]
BEYOND_THE_ACCOUNT = [
    {"Statement": [allow("*")]},
    {"Statement": allow("*")},
    {"Statement": [allow({"AWS": "*"})]},
    {"Statement": [allow({"AWS": ["111111111111", "*"]})]},
    {"Statement": [allow({"AWS": "222222222222"})]},
    {"Statement": [allow({"AWS": "arn:aws:iam::222222222222:root"})]},
    {"Statement": [allow({"AWS": "arn:aws:iam::222222222222:role/111111111111"})]},
    {
        "Statement": [
            allow({"AWS": "arn:aws:iam::222222222222:user/arn:aws:iam::111111111111:root"})
        ]
    },
    {"Statement": [allow({"AWS": "1111111111110"})]},
    {"Statement": [allow({"AWS": "arn:aws:iam::*:root"})]},
    {
        "Statement": [
            allow({"AWS": "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1"})
        ]
    },
    {"Statement": [allow({"AWS": "AIDAEXAMPLE"})]},
    {"Statement": [allow({"CanonicalUser": "79a59df900b949e55d96a1e698fbaced"})]},
    {"Statement": [allow({"AWS": "111111111111", "CanonicalUser": "79a59df900b949e5"})]},
    {"Statement": [allow({"Federated": "accounts.google.com"})]},
    {"Statement": [OWN, allow({"AWS": "222222222222"})]},
    {"Statement": [allow("*", Condition={"StringEquals": {"aws:SourceAccount": "111111111111"}})]},
    {"Statement": [{"Effect": "Allow", "NotPrincipal": {"AWS": "222222222222"}, "Action": "*"}]},
    {"Statement": [{"Effect": "Allow", "NotPrincipal": {"AWS": "111111111111"}, "Action": "*"}]},
    {"Statement": ["odd"]},
    {"Statement": "odd"},
    {"Statement": [allow({"AWS": {"odd": 1}})]},
    {"Statement": [allow(7)]},
]
POLICY = "requestParameters.policy"
GRANTS = {"grants": "own-account"}


@pytest.mark.parametrize("policy", OWN_ACCOUNT_ONLY, ids=json.dumps)
def test_a_policy_that_names_the_own_account_only(policy: object) -> None:
    assert holds(POLICY, GRANTS, {"policy": policy})
    assert holds(POLICY, GRANTS, {"policy": json.dumps(policy)})
    assert not holds(POLICY, {"not": GRANTS}, {"policy": policy})


@pytest.mark.parametrize("policy", BEYOND_THE_ACCOUNT, ids=json.dumps)
def test_a_policy_that_reaches_beyond_the_account(policy: object) -> None:
    assert not holds(POLICY, GRANTS, {"policy": policy})
    assert not holds(POLICY, GRANTS, {"policy": json.dumps(policy)})
    assert holds(POLICY, {"not": GRANTS}, {"policy": policy})


@pytest.mark.parametrize(
    "policy",
    [
        *(pytest.param(text, id=repr(text)) for text in ("", "{", "null", '"*"', "7", "[]")),
        *(pytest.param(other, id=repr(other)) for other in (7, True, None)),
        pytest.param(ABSENT, id="absent"),
        pytest.param("[" * 100_000, id="very deep"),
    ],
)
def test_what_is_no_policy_grants_nothing_and_satisfies_nothing(policy: object) -> None:
    assert not holds(POLICY, GRANTS, parameters("policy", policy))


def test_a_policy_is_held_against_the_account_of_its_own_event() -> None:
    policy = {"Statement": [OWN]}
    assert not holds(POLICY, GRANTS, {"policy": policy}, account=OTHER_ACCOUNT)


def test_a_policy_of_an_event_without_account_satisfies_nothing() -> None:
    catalogue = [
        cascade(
            origin={"action": "s3:DeleteBucket"},
            effects=[
                {
                    "action": "s3:PutBucketPolicy",
                    "within": {"before": "60s"},
                    "account": "any",
                    "actor": "any",
                    "where": {POLICY: GRANTS},
                }
            ],
        )
    ]
    by = {**ALICE, "accountId": None}
    put = call(
        "s3:PutBucketPolicy", "effect", 0, {"policy": {"Statement": [OWN]}}, by=by, account=None
    )
    verdicts = classify(catalogue, [put, call("s3:DeleteBucket", "origin", 9)])
    assert verdicts["effect"].verdict == "orphan"


def test_attested_facts_can_be_asked_for() -> None:
    path, service = "userIdentity.invokedBy", "cloudformation.amazonaws.com"
    catalogue = [with_condition(path, service)]
    origin = call("s3:DeleteBucket", "origin", 9)
    invoked = call("s3:PutBucketPolicy", "invoked", 0, by={**ALICE, "invokedBy": service})
    plain = call("s3:PutBucketPolicy", "plain", 0)
    verdicts = classify(catalogue, [origin, invoked, plain])
    assert verdicts["invoked"].verdict == "effect"
    assert "plain" not in verdicts


def test_members_of_the_record_itself_can_be_asked_for() -> None:
    assert holds("awsRegion", "us-east-1", {})
    assert not holds("awsRegion", "eu-west-1", {})
    assert holds("errorCode", {"absent": True}, {})
    assert holds("sourceIPAddress", "203.0.113.7", {})
    assert holds("eventType", "AwsApiCall", {})
    assert holds("eventName", {"startswith": "PutBucket"}, {})


def test_an_event_that_fails_the_origins_condition_is_no_origin() -> None:
    catalogue = [
        cascade(
            origin={"action": "s3:DeleteBucket", "where": {"requestParameters.force": True}},
            effects=[{"action": "s3:PutBucketPolicy", "within": {"before": "60s"}}],
        )
    ]
    put = call("s3:PutBucketPolicy", "effect", 0)
    forced = call("s3:DeleteBucket", "origin", 9, {"force": True})
    plain = call("s3:DeleteBucket", "origin", 9, {"force": False})
    assert {k: v.verdict for k, v in classify(catalogue, [put, forced]).items()} == {
        "effect": "effect",
        "origin": "origin",
    }
    assert {k: v.verdict for k, v in classify(catalogue, [put, plain]).items()} == {
        "effect": "orphan",
    }


ONLY = {"only": ["name", "force", "nothing"]}


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"name": "b"},
        {"name": "b", "force": False, "nothing": {"deep": [{"other": 1}]}},
        {"name": "b", "other": None},
        {"name": ["b"], "other": None, "another": None},
    ],
    ids=json.dumps,
)
def test_a_request_that_carries_only_what_is_listed(asked: object) -> None:
    assert holds("requestParameters", ONLY, asked)
    assert not holds("requestParameters", {"not": ONLY}, asked)


@pytest.mark.parametrize(
    "asked",
    [
        {"name": "b", "other": "c"},
        {"name": "b", "other": False},
        {"name": "b", "other": 0},
        {"name": "b", "other": ""},
        {"name": "b", "other": []},
        {"name": "b", "other": {}},
        {"name": "b", "Name": "b"},
        {"omitted": True},
        ["name"],
        "name",
        7,
    ],
    ids=json.dumps,
)
def test_a_request_that_carries_more(asked: object) -> None:
    assert not holds("requestParameters", ONLY, asked)
    assert holds("requestParameters", {"not": ONLY}, asked)


def test_a_request_that_is_not_there_carries_nothing_that_could_be_listed() -> None:
    assert not holds("requestParameters", ONLY, None)
    assert not holds("requestParameters", {"not": ONLY}, None)


@pytest.mark.parametrize(
    ("items", "fit"),
    [
        ([{"name": "a"}, {"force": True, "other": None}], True),
        ([{"name": "a"}, {"other": True}], False),
        ([{"name": "a"}, "name"], False),
        ([{"name": "a"}, None], False),
        ([], False),
        ({"name": "a"}, False),
    ],
    ids=json.dumps,
)
def test_an_allow_list_holds_for_every_element(items: object, fit: bool) -> None:
    assert holds("requestParameters.items[]", ONLY, {"items": items}) == fit


@pytest.mark.parametrize("unreadable", [None, {"omitted": True}, "name", []], ids=json.dumps)
def test_an_allow_list_of_a_spoiler_holds_of_what_cannot_be_read(unreadable: object) -> None:
    catalogue = [
        cascade(
            origin={"action": "s3:DeleteBucket", "keys": {"name": "requestParameters.bucketName"}},
            effects=[{"action": "s3:PutBucketPolicy", "within": {"before": "60s"}}],
            spoilers=[
                {
                    "action": "s3:CreateBucket",
                    "keys": {"name": "requestParameters.bucketName"},
                    "join": ["name"],
                    "within": {"after": "60s"},
                    "where": {"requestParameters": ONLY},
                }
            ],
        )
    ]
    events = [
        call("s3:PutBucketPolicy", "effect", 0),
        call("s3:DeleteBucket", "origin", 9, {"bucketName": "b"}),
        call("s3:CreateBucket", "spoiler", 20, unreadable),
    ]
    assert classify(catalogue, events)["effect"].verdict == "orphan"
    assert oracle_verdicts(catalogue, events)["effect"].verdict == "orphan"


def test_a_spoiler_that_fails_its_condition_spoils_nothing() -> None:
    catalogue = [
        cascade(
            origin={"action": "s3:DeleteBucket", "keys": {"name": "requestParameters.bucketName"}},
            effects=[{"action": "s3:PutBucketPolicy", "within": {"before": "60s"}}],
            spoilers=[
                {
                    "action": "s3:CreateBucket",
                    "keys": {"name": "requestParameters.bucketName"},
                    "join": ["name"],
                    "within": {"after": "60s"},
                    "where": {"requestParameters.real": True},
                }
            ],
        )
    ]
    events = [
        call("s3:PutBucketPolicy", "effect", 0),
        call("s3:DeleteBucket", "origin", 9, {"bucketName": "b"}),
    ]
    for real, verdict in ((True, "orphan"), (False, "effect")):
        spoiler = call("s3:CreateBucket", "spoiler", 20, {"bucketName": "b", "real": real})
        assert classify(catalogue, [*events, spoiler])["effect"].verdict == verdict
