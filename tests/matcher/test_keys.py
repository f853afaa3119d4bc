"""What the value of a key is, and when two keys are equal."""

import json
from typing import Any

import pytest

from cloudcascade.catalog.models import Cascade
from cloudcascade.tests.oracle import oracle_verdicts
from cloudcascade.tests.support.cascades import cascade
from cloudcascade.tests.support.cloudtrail import Event, call, classify

BASE = "requestParameters"
NAME = f"{BASE}.name"
EACH = f"{BASE}.items[].name"
NESTED = f"{BASE}.groups[].items[].name"


def joined(
    effect_key: Any,
    origin_key: Any,
    *,
    origin: str = "s3:DeleteBucket",
    effect: str = "s3:PutBucketPolicy",
    by: str = "join",
) -> Cascade:
    """The effect goes before the origin and joins on `name`, or is distinct by it."""
    return cascade(
        origin={"action": origin, "keys": {"name": origin_key}},
        effects=[
            {
                "action": effect,
                "keys": {"name": effect_key},
                by: ["name"],
                "within": {"before": "60s"},
            }
        ],
    )


def explains(built: Cascade, effect: object, origin: object) -> bool:
    """Whether an effect with those parameters is explained by an origin with these."""
    assert built.origin is not None
    events: list[Event] = [
        call(built.effects[0].action, "effect", 0, effect),
        call(built.origin.action, "origin", 9, origin),
    ]
    verdict = classify([built], events)["effect"].verdict
    assert verdict == oracle_verdicts([built], events)["effect"].verdict
    return verdict == "effect"


@pytest.mark.parametrize(
    "value", ["b", "7", " ", "*", "\u0000", "a\nb", 7, 0, -1, 2**53 + 1], ids=repr
)
def test_a_value_equals_itself(value: object) -> None:
    assert explains(joined(NAME, NAME), {"name": value}, {"name": value})


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        True,
        False,
        1.5,
        [],
        ["b"],
        {},
        {"name": "b"},
        "HIDDEN_DUE_TO_SECURITY_REASONS",
    ],
    ids=json.dumps,
)
def test_what_is_no_value_equals_nothing_not_even_itself(value: object) -> None:
    assert not explains(joined(NAME, NAME), {"name": value}, {"name": value})
    assert not explains(joined(NAME, NAME, by="distinct"), {"name": value}, {"name": "other"})
    assert not explains(joined(NAME, NAME, by="distinct"), {"name": "other"}, {"name": value})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("7", 7),
        (1, True),
        ("b", "B"),
        ("b", "b "),
        ("k", "\u212a"),
        (2**53, 2**53 + 1),
        ("b", "bb"),
        ("caf\u00e9", "cafe\u0301"),
    ],
    ids=repr,
)
def test_values_that_only_resemble_each_other_differ(one: object, other: object) -> None:
    assert not explains(joined(NAME, NAME), {"name": one}, {"name": other})
    assert not explains(joined(NAME, NAME), {"name": other}, {"name": one})


@pytest.mark.parametrize(
    "parameters", [None, [], "name", 7, {"Name": "b"}, {"names": "b"}], ids=json.dumps
)
def test_a_path_that_leads_nowhere_is_missing(parameters: object) -> None:
    assert not explains(joined(NAME, NAME), parameters, {"name": "b"})
    assert not explains(joined(NAME, NAME), {"name": "b"}, parameters)
    assert not explains(joined(NAME, NAME), parameters, parameters)


def test_members_of_the_record_can_be_keys() -> None:
    assert explains(joined("awsRegion", "awsRegion"), None, None)
    assert explains(joined(NAME, "awsRegion"), {"name": "us-east-1"}, None)
    assert not explains(joined(NAME, "awsRegion"), {"name": "eu-west-1"}, None)


FIRST_OF = {"first-of": [f"{BASE}.first", f"{BASE}.second"]}


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"first": "b"}, True),
        ({"second": "b"}, True),
        ({"first": "b", "second": "x"}, True),
        ({"first": "x", "second": "b"}, False),
        ({"first": None, "second": "b"}, True),
        ({"first": "", "second": "b"}, True),
        ({"first": ["x"], "second": "b"}, True),
        ({"first": False, "second": "b"}, True),
        ({"first": "HIDDEN_DUE_TO_SECURITY_REASONS", "second": "b"}, True),
        ({"first": 0, "second": "b"}, False),
        ({}, False),
    ],
    ids=json.dumps,
)
def test_of_several_paths_the_first_that_yields_a_value_counts(
    parameters: object, expected: bool
) -> None:
    assert explains(joined(FIRST_OF, NAME), parameters, {"name": "b"}) is expected
    assert explains(joined(NAME, FIRST_OF), {"name": "b"}, parameters) is expected


def test_a_list_may_be_one_of_several_paths() -> None:
    built = joined({"first-of": [EACH, NAME]}, NAME)
    assert explains(built, {"items": [{"name": "b"}], "name": "x"}, {"name": "b"})
    assert explains(built, {"items": [], "name": "b"}, {"name": "b"})
    assert explains(built, {"items": [{"name": None}], "name": "b"}, {"name": "b"})


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        ("arn:aws:iam::111111111111:user/bob", "bob"),
        ("arn:aws:iam::111111111111:user/team/x/bob", "bob"),
        ("arn:aws:iam::aws:policy/AdministratorAccess", "AdministratorAccess"),
        ("arn:aws:sns:us-east-1:111111111111:topic", "topic"),
        ("arn:aws:lambda:us-east-1:111111111111:function:f", "f"),
        ("arn:aws:s3:::bucket", "bucket"),
        ("arn:aws-us-gov:iam::111111111111:role/bob", "bob"),
        ("bob", "bob"),
        ("a/b", "a/b"),
        ("arn:aws:iam", "arn:aws:iam"),
        ("ARN", "ARN"),
    ],
)
def test_arn_name_takes_the_last_part_of_an_arn_and_leaves_the_rest(arn: str, name: str) -> None:
    built = joined({"path": NAME, "transform": "arn-name"}, NAME)
    assert explains(built, {"name": arn}, {"name": name})
    assert not explains(joined(NAME, NAME), {"name": arn}, {"name": f"{name}x"})


HERE = "eu-west-1:111111111111"


@pytest.mark.parametrize(
    ("written", "name"),
    [
        (f"arn:aws:lambda:{HERE}:function:web", "web"),
        (f"arn:aws:logs:{HERE}:log-group:/aws/lambda/web", "/aws/lambda/web"),
        (f"arn:aws:logs:{HERE}:log-group:/aws/lambda/web:*", "/aws/lambda/web"),
        (f"arn:aws:cloudformation:{HERE}:stack/web/0a1b2c3d", "web"),
        (f"arn:aws-cn:cloudformation:{HERE}:changeSet/v2/0a1b2c3d", "v2"),
        (f"arn:aws:secretsmanager:{HERE}:secret:prod/db-main-a1B2c3", "prod/db-main"),
        ("arn:aws:s3:::aws-waf-logs-web", "aws-waf-logs-web"),
        ("arn:aws:s3:::aws-waf-logs-web/2024/07", "aws-waf-logs-web"),
        (f"arn:aws:sns:{HERE}:alerts", "alerts"),
        (f"arn:aws:sqs:{HERE}:jobs", "jobs"),
        ("https://sqs.eu-west-1.amazonaws.com/111111111111/jobs", "jobs"),
        (f"arn:aws:dynamodb:{HERE}:table/orders", "orders"),
        (f"arn:aws:ecs:{HERE}:cluster/web", "web"),
        (f"arn:aws:kms:{HERE}:key/0a1b2c3d", "0a1b2c3d"),
        ("arn:aws:iam::111111111111:role/team/x/bob", "bob"),
    ],
)
def test_resource_name_is_the_name_by_which_the_service_calls_the_thing(
    written: str, name: str
) -> None:
    built = joined({"path": NAME, "transform": "resource-name"}, NAME)
    assert explains(built, {"name": written}, {"name": name})


@pytest.mark.parametrize(
    "written",
    [
        f"arn:aws:lambda:{HERE}:function:web:PROD",
        f"arn:aws:lambda:{HERE}:layer:web",
        f"arn:aws:logs:{HERE}:log-group:web:log-stream:web",
        f"arn:aws:cloudformation:{HERE}:stack/web",
        f"arn:aws:secretsmanager:{HERE}:secret:web",
        f"arn:aws:sns:{HERE}:web:0a1b2c3d",
        f"arn:aws:dynamodb:{HERE}:table/orders/index/web",
        f"arn:aws:ecs:{HERE}:service/web/web",
        f"arn:aws:kms:{HERE}:alias/web",
        "arn:aws:iam::aws:policy/web",
        "https://sqs.example.com/111111111111/web",
        "arn:aws:s3",
        "web:PROD",
    ],
)
def test_resource_name_leaves_what_names_more_than_the_thing_or_something_else(
    written: str,
) -> None:
    named = {"path": NAME, "transform": "resource-name"}
    assert explains(joined(named, NAME), {"name": written}, {"name": written})
    assert not any(
        explains(joined(named, NAME), {"name": written}, {"name": part})
        for part in ("web", "PROD", "alias/web", "log-group")
    )


def test_an_arn_without_a_name_is_no_value() -> None:
    built = joined(*[{"path": NAME, "transform": "arn-name"}] * 2)
    arn = "arn:aws:iam::111111111111:user/"
    assert not explains(built, {"name": arn}, {"name": arn})


def test_arn_name_applies_to_each_value_of_a_list_and_leaves_numbers() -> None:
    built = joined({"path": EACH, "transform": "arn-name"}, EACH)
    arns = [{"name": "arn:aws:s3:::a"}, {"name": "arn:aws:s3:::b"}, {"name": 7}]
    assert explains(built, {"items": arns}, {"items": [{"name": "a"}, {"name": "b"}, {"name": 7}]})


LOWER = {"path": NAME, "transform": "lower"}


@pytest.mark.parametrize(
    "built",
    [
        pytest.param(joined(LOWER, LOWER), id="lower on both sides"),
        pytest.param(joined(LOWER, NAME), id="lower on the effect's side"),
        pytest.param(joined(NAME, LOWER), id="lower on the origin's side"),
        pytest.param(joined(NAME, NAME, effect="iam:DeleteRole"), id="the effect is IAM's"),
        pytest.param(joined(NAME, NAME, origin="iam:DeleteRole"), id="the origin is IAM's"),
    ],
)
def test_names_that_compare_without_case(built: Cascade) -> None:
    assert explains(built, {"name": "BoB"}, {"name": "bOb"})
    assert not explains(built, {"name": "\u212a"}, {"name": "k"})
    assert not explains(built, {"name": "\u00c9"}, {"name": "\u00e9"})
    assert not explains(built, {"name": "7"}, {"name": 7})


def test_names_of_other_services_compare_with_case() -> None:
    assert not explains(joined(NAME, NAME), {"name": "BoB"}, {"name": "bob"})


def test_a_key_is_caseless_throughout_its_cascade_and_its_namesake_elsewhere_is_not() -> None:
    keys = {"name": NAME}
    before = {"join": ["name"], "within": {"before": "60s"}, "keys": keys}
    with_iam = cascade(
        cascade_id="aws.test.with-iam",
        origin={"action": "s3:DeleteBucket", "keys": keys},
        effects=[
            {"action": "s3:PutBucketPolicy", **before},
            {"action": "iam:DeleteRolePolicy", **before},
        ],
    )
    without = cascade(
        cascade_id="aws.test.without",
        origin={"action": "s3:DeleteBucket", "keys": keys},
        effects=[{"action": "s3:PutBucketPolicy", **before}],
    )
    assert explains(with_iam, {"name": "BOB"}, {"name": "bob"})
    assert not explains(without, {"name": "BOB"}, {"name": "bob"})


@pytest.mark.parametrize(
    ("action", "source"), [("iam:CreateUser", NAME), ("s3:CreateBucket", LOWER)], ids=str
)
def test_a_spoiler_is_no_node_and_makes_no_key_caseless(action: str, source: Any) -> None:
    keys = {"name": NAME}
    spoiler = {"action": action, "keys": {"name": source}, "join": ["name"], "within": {}}
    built = cascade(
        origin={"action": "s3:DeleteBucket", "keys": keys},
        effects=[
            {
                "action": "s3:PutBucketPolicy",
                "keys": keys,
                "join": ["name"],
                "within": {"before": "60s"},
            }
        ],
        spoilers=[spoiler],
    )
    assert explains(built, {"name": "bob"}, {"name": "bob"})
    assert not explains(built, {"name": "BOB"}, {"name": "bob"})


def test_a_caseless_distinct_key_does_not_differ_by_case() -> None:
    built = joined(NAME, NAME, effect="iam:DeleteRole", by="distinct")
    assert not explains(built, {"name": "BOB"}, {"name": "bob"})
    assert explains(built, {"name": "BOB"}, {"name": "eve"})


def items(*names: object) -> dict[str, object]:
    return {"items": [{"name": name} for name in names]}


@pytest.mark.parametrize(
    ("effect", "origin", "expected"),
    [
        (["a"], ["a"], True),
        (["a"], ["a", "b"], True),
        (["b", "a"], ["a", "b"], True),
        (["a", "a"], ["a"], True),
        (["a", "b"], ["a"], False),
        (["a", "x"], ["a", "b"], False),
        (["a"], ["b"], False),
        ([1], ["1"], False),
        (["a", None], ["a"], False),
        (["a"], ["a", None], False),
        (["a"], ["a", ""], False),
        (["a", {"x": 1}], ["a"], False),
        ([], ["a"], False),
        (["a"], [], False),
        ([], [], False),
    ],
    ids=json.dumps,
)
def test_every_value_of_the_effect_must_be_among_those_of_the_parent(
    effect: list[object], origin: list[object], expected: bool
) -> None:
    assert explains(joined(EACH, EACH), items(*effect), items(*origin)) is expected


def test_a_single_value_may_be_one_of_a_list() -> None:
    assert explains(joined(NAME, EACH), {"name": "a"}, items("a", "b"))
    assert not explains(joined(NAME, EACH), {"name": "c"}, items("a", "b"))
    assert explains(joined(EACH, NAME), items("a", "a"), {"name": "a"})
    assert not explains(joined(EACH, NAME), items("a", "b"), {"name": "a"})


@pytest.mark.parametrize(
    "value", [{"name": "a"}, "a", None, [["a"]], ["a"], [{"name": "a"}, "a"]], ids=json.dumps
)
def test_what_is_no_list_of_objects_yields_nothing(value: object) -> None:
    assert not explains(joined(EACH, EACH), {"items": value}, items("a"))
    assert not explains(joined(EACH, EACH), items("a"), {"items": value})


def test_a_list_without_brackets_in_the_path_is_no_value() -> None:
    assert not explains(joined(f"{BASE}.items.name", NAME), items("a"), {"name": "a"})
    assert not explains(joined(f"{BASE}.names", NAME), {"names": ["a"]}, {"name": "a"})


def test_a_list_of_plain_values() -> None:
    built = joined(f"{BASE}.names[]", f"{BASE}.names[]")
    assert explains(built, {"names": ["a"]}, {"names": ["b", "a"]})
    assert not explains(built, {"names": ["a", ["b"]]}, {"names": ["b", "a"]})


def test_a_list_of_lists() -> None:
    built = joined(NESTED, NESTED)
    groups = {"groups": [items("a"), items("b", "c")]}
    assert explains(built, {"groups": [items("c", "a")]}, groups)
    assert not explains(built, {"groups": [items("c", "x")]}, groups)
    assert not explains(built, {"groups": [items("c"), items()]}, groups)
    assert not explains(built, {"groups": [items("c"), {}]}, groups)


@pytest.mark.parametrize(("count", "expected"), [(1_000, True), (1_001, False)])
def test_a_thousand_elements_count_and_one_more_is_missing(count: int, expected: bool) -> None:
    many = items(*(f"name-{number}" for number in range(count)))
    assert explains(joined(NAME, EACH), {"name": "name-0"}, many) is expected
    assert explains(joined(EACH, EACH), many, many) is expected


@pytest.mark.parametrize(
    ("effect", "origin", "expected"),
    [
        (["a"], ["b"], True),
        (["a", "b"], ["c", "d"], True),
        (["a"], ["a"], False),
        (["a", "b"], ["b", "c"], False),
        ([1], ["1"], True),
        ([], ["a"], False),
        (["a"], [], False),
        (["a", None], ["b"], False),
    ],
    ids=json.dumps,
)
def test_distinct_keys_have_no_value_in_common(
    effect: list[object], origin: list[object], expected: bool
) -> None:
    assert explains(joined(EACH, EACH, by="distinct"), items(*effect), items(*origin)) is expected


def test_every_joined_key_must_be_equal() -> None:
    keys = {"one": f"{BASE}.one", "two": f"{BASE}.two"}
    built = cascade(
        origin={"action": "s3:DeleteBucket", "keys": keys},
        effects=[
            {
                "action": "s3:PutBucketPolicy",
                "keys": keys,
                "join": ["one", "two"],
                "within": {"before": "60s"},
            }
        ],
    )
    assert explains(built, {"one": "a", "two": "b"}, {"one": "a", "two": "b"})
    assert not explains(built, {"one": "a", "two": "b"}, {"one": "a", "two": "c"})
    assert not explains(built, {"one": "a", "two": "b"}, {"one": "b", "two": "a"})
    assert not explains(built, {"one": "a"}, {"one": "a"})


@pytest.mark.parametrize(
    ("spoiler", "verdict"),
    [
        (["a"], "orphan"),
        (["a", "b"], "orphan"),
        (["a", "x"], "effect"),
        (["x"], "effect"),
        ([], "effect"),
        (["a", None, {}], "orphan"),  # whom it concerns cannot be read
    ],
    ids=json.dumps,
)
def test_every_value_of_a_spoiler_must_be_among_those_of_the_root(
    spoiler: list[object], verdict: str
) -> None:
    built = cascade(
        origin={"action": "s3:DeleteBucket", "keys": {"name": EACH}},
        effects=[{"action": "s3:PutBucketPolicy", "within": {"before": "60s"}}],
        spoilers=[
            {
                "action": "s3:CreateBucket",
                "keys": {"name": EACH},
                "join": ["name"],
                "within": {"after": "60s"},
            }
        ],
    )
    events = [
        call("s3:PutBucketPolicy", "effect", 0),
        call("s3:DeleteBucket", "origin", 9, items("a", "b")),
        call("s3:CreateBucket", "spoiler", 20, items(*spoiler)),
    ]
    assert classify([built], events)["effect"].verdict == verdict
    assert oracle_verdicts([built], events)["effect"].verdict == verdict
