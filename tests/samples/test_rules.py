"""One rule of the document at a time: an instance that obeys it is explained, by engine and oracle."""

from typing import Any

import pytest

from cloudcascade.catalog import Cascade
from cloudcascade.matcher import compile_catalog
from cloudcascade.samples import PROFILES, Sample, Unsatisfiable, inapplicable, instance, twin
from cloudcascade.tests.oracle import OracleVerdict, oracle_verdicts
from cloudcascade.tests.samples.judging import effects_of, explanations
from cloudcascade.tests.support.cascades import cascade

P = "requestParameters"


def around(effect: dict[str, Any], **origin: Any) -> Cascade:
    """An effect up to a minute before glue:DeleteJob."""
    return cascade(
        origin={"action": "glue:DeleteJob", **origin},
        effects=[{"action": "glue:DeleteTrigger", "within": {"before": "60s"}, **effect}],
    )


def is_explained(sample: Sample) -> bool:
    """Whether the cascade explains all effects of the sample. Engine and oracle must agree."""
    root = (sample.cascade.id, sample.id_of(sample.cascade.root_node))
    found = explanations(compile_catalog([sample.cascade]), [sample])
    by_engine = {node: root in found.get(sample.id_of(node), ()) for node in effects_of(sample)}
    verdicts = oracle_verdicts([sample.cascade], sample.records)
    by_oracle = {node: root in told_by(verdicts[sample.id_of(node)]) for node in effects_of(sample)}
    assert by_engine == by_oracle
    return all(by_engine.values())


def told_by(verdict: OracleVerdict) -> set[tuple[str | None, str | None]]:
    """The explanations in the oracle's verdict."""
    if verdict.verdict != "effect":
        return set()
    return {(verdict.cascade, verdict.instance), *verdict.also}


@pytest.mark.parametrize(
    ("path", "condition"),
    [
        (f"{P}.name", "nightly"),
        (f"{P}.name", {"in": ["nightly", "hourly"]}),
        (f"{P}.name", {"startswith": "tmp-"}),
        (f"{P}.name", {"endswith": "-old"}),
        (f"{P}.name", {"startswith": "tmp-", "endswith": "-old"}),
        (f"{P}.name", {"exists": True}),
        (f"{P}.name", {"absent": True}),
        (f"{P}.name", {"not": "nightly"}),
        (f"{P}.name", {"not": {"endswith": "-old"}}),
        (f"{P}.name", {"not": {"absent": True}}),
        (f"{P}.enabled", False),
        (f"{P}.count", 3),
        (f"{P}.policy", {"grants": "own-account"}),
        (P, {"only": ["name", "count"]}),
        (P, {"not": {"only": ["name", "count"]}}),
        (f"{P}.bucketPolicy", {"grants": "own-account"}),
        (f"{P}.rules[].cidr", {"startswith": "10."}),
        (f"{P}.rules[].cidr", {"absent": True}),
        (f"{P}.names[]", {"exists": True}),
        ("errorCode", {"absent": True}),
        ("eventType", "AwsApiCall"),
        ("sessionCredentialFromConsole", "true"),
        ("sessionCredentialFromConsole", {"absent": True}),
        ("sourceIPAddress", {"startswith": "192.0.2."}),
        ("userIdentity.type", "IAMUser"),
        ("userIdentity.type", "AssumedRole"),
        ("userIdentity.type", "Root"),
        ("userIdentity.invokedBy", "cloudformation.amazonaws.com"),
        ("userIdentity.invokedBy", {"absent": True}),
        ("userIdentity.sessionContext.sessionIssuer.userName", {"startswith": "deploy"}),
    ],
)
@pytest.mark.parametrize("profile", PROFILES)
def test_a_condition_is_met(path: str, condition: object, profile: str) -> None:
    assert is_explained(instance(around({"where": {path: condition}}), profile))


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        (f"{P}.name", f"{P}.name"),
        (f"{P}.names[]", f"{P}.name"),
        (f"{P}.names[]", f"{P}.items[].name"),
        ("responseElements.name", f"{P}.name"),
        ("resources[].ARN", f"{P}.keyArn"),
        ("additionalEventData.ARN", "responseElements.aRN"),
        ("sourceIPAddress", "sourceIPAddress"),
        ("userIdentity.userName", f"{P}.userName"),
        (f"{P}.accountId", "recipientAccountId"),
        ({"path": f"{P}.roleArn", "transform": "arn-name"}, f"{P}.roleName"),
        (f"{P}.role", {"path": f"{P}.roleArn", "transform": "arn-name"}),
        ({"path": f"{P}.name", "transform": "lower"}, f"{P}.Name"),
        ({"first-of": [f"{P}.name", f"{P}.arn"]}, f"{P}.name"),
    ],
)
def test_joined_keys_have_one_value(mine: object, theirs: object) -> None:
    assert is_explained(
        instance(around({"keys": {"it": mine}, "join": ["it"]}, keys={"it": theirs}))
    )


def test_a_value_is_chosen_for_the_conditions_of_all_fields_that_hold_it() -> None:
    document = around(
        {
            "keys": {"it": f"{P}.name"},
            "join": ["it"],
            "where": {f"{P}.name": {"endswith": "-old"}},
        },
        keys={"it": f"{P}.name"},
        where={f"{P}.name": {"startswith": "tmp-"}},
    )
    sample = instance(document)
    assert is_explained(sample)
    assert str(sample.keys["glue:DeleteJob"]["it"]).startswith("tmp-")


def test_a_whole_arn_and_the_name_in_it_may_both_be_joined() -> None:
    arn, name = f"{P}.role", {"path": f"{P}.role", "transform": "arn-name"}
    effects = [
        {"action": "iam:GetRole", "keys": {"role": f"{P}.roleName"}, "join": ["role"]},
        {"action": "iam:PassRole", "keys": {"arn": f"{P}.roleArn"}, "join": ["arn"]},
    ]
    sample = instance(
        cascade(
            origin={"action": "glue:CreateJob", "keys": {"arn": arn, "role": name}},
            effects=[{"within": {"before": "9s"}, **each} for each in effects],
        )
    )
    assert is_explained(sample)


def test_the_first_field_that_may_hold_a_key_holds_it() -> None:
    source = {"first-of": [f"{P}.name", f"{P}.arn"]}
    effect = {"keys": {"it": source}, "join": ["it"], "where": {f"{P}.name": {"absent": True}}}
    sample = instance(around(effect, keys={"it": f"{P}.name"}))
    assert is_explained(sample)
    assert "name" not in sample.event("glue:DeleteTrigger").record[P]


def test_distinct_keys_differ() -> None:
    effect = {"keys": {"it": f"{P}.name"}, "distinct": ["it"]}
    assert is_explained(instance(around(effect, keys={"it": f"{P}.name"})))


@pytest.mark.parametrize(
    "rule", ["same", "same-role", "any", "service:glue.amazonaws.com", "service:rds.amazonaws.com"]
)
@pytest.mark.parametrize("profile", PROFILES)
def test_an_actor_rule_is_obeyed(rule: str, profile: str) -> None:
    assert is_explained(instance(around({"actor": rule}), profile))


@pytest.mark.parametrize("profile", PROFILES)
def test_what_hangs_on_a_services_call_may_be_its_own(profile: str) -> None:
    sample = instance(
        cascade(
            origin={"action": "glue:DeleteJob"},
            effects=[
                {
                    "action": "ec2:DeleteNetworkInterface",
                    "relation": "consequence",
                    "actor": "service:glue.amazonaws.com",
                    "within": {"after": "60s"},
                },
                {
                    "action": "ec2:DescribeNetworkInterfaces",
                    "parent": "ec2:DeleteNetworkInterface",
                    "within": {"before": "60s"},
                },
            ],
        ),
        profile,
    )
    assert is_explained(sample)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_tool_is_the_parents(profile: str) -> None:
    effect = {
        "tool": "same",
        "where": {"userIdentity.invokedBy": "cloudformation.amazonaws.com"},
    }
    assert is_explained(instance(around(effect), profile))


def test_an_invoker_that_is_no_name_leaves_the_tool_as_it_is() -> None:
    through = {"userIdentity.invokedBy": 1}
    document = around({"tool": "same", "actor": "any", "where": through}, where=through)
    assert is_explained(instance(document, "service"))


@pytest.mark.parametrize("within", [{}, {"before": "1s"}, {"after": "1s"}, {"before": "31d"}])
def test_a_window_is_kept(within: dict[str, str]) -> None:
    assert is_explained(instance(around({"within": within})))


def test_an_ensemble_has_all_its_members() -> None:
    document = cascade(
        ensemble={"require": ["glue:GetJob", "glue:GetTrigger"]},
        effects=[
            {"action": "glue:GetJob", "relation": "companion"},
            {"action": "glue:GetTrigger", "within": {"before": "9s", "after": "9s"}},
            {"action": "glue:GetTable", "within": {"before": "9s", "after": "9s"}},
        ],
    )
    sample = instance(document, effects=["glue:GetTable"])
    assert {event.node for event in sample.events} == {effect.node for effect in document.effects}
    assert is_explained(sample)


def test_a_failed_effect_can_be_asked_for() -> None:
    sample = instance(around({"outcome": "any", "where": {"errorCode": "EntityNotFoundException"}}))
    assert is_explained(sample)
    record = sample.event("glue:DeleteTrigger").record
    assert (record["errorCode"], record["responseElements"]) == ("EntityNotFoundException", None)


def test_contradictions_are_refused() -> None:
    effect = {"keys": {"it": f"{P}.name"}, "join": ["it"], "where": {f"{P}.name": "one"}}
    document = around(effect, keys={"it": f"{P}.name"}, where={f"{P}.name": "other"})
    with pytest.raises(Unsatisfiable, match=r"requestParameters\.name"):
        instance(document)


def test_a_region_that_is_joined_has_a_twin() -> None:
    effect = {"keys": {"where": "awsRegion"}, "join": ["where"]}
    document = around(effect, keys={"where": "awsRegion"})
    assert inapplicable(document, "other-region", "glue:DeleteTrigger") is None
    sample = instance(document, region="ap-south-1")
    assert is_explained(sample)
    assert {record["awsRegion"] for record in sample.records} == {"ap-south-1"}
    assert not is_explained(twin(sample, "other-region", "glue:DeleteTrigger"))
