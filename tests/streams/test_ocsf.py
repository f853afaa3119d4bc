"""A verdict as an OCSF Detection Finding keeps to the published class and says what the verdict says."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudcascade.matcher import Explanation, NearMiss, Verdict
from cloudcascade.streams.ocsf import as_ocsf, detection_finding
from cloudcascade.tests.support.messages import line

SCHEMA = json.loads(Path(__file__).with_name("detection_finding.schema.json").read_text())

EFFECT = {
    "verdict": "effect",
    "cascade": "aws.iam.delete-user",
    "instance": "e0",
    "relation": "precondition",
    "policy": "suppress",
    "path": ["e1", "e5", "e0"],
}


def finding(**members: Any) -> Any:
    return json.loads(as_ocsf(line(**members)))


def full_lines() -> st.SearchStrategy[bytes]:
    """Lines of any verdict with any text in it."""
    text = st.text(max_size=20)
    verdict = st.builds(
        Verdict,
        event_id=text,
        event_time=st.one_of(text, st.just("2024-05-14T09:00:00Z")),
        action=text,
        account=st.none() | text,
        region=st.none() | text,
        actor=st.none() | text,
        verdict=st.sampled_from(["effect", "origin", "orphan", "pending", "unlisted"]),
        failed=st.booleans(),
        cascade=st.none() | text,
        instance=st.none() | text,
        relation=st.none() | text,
        policy=st.sampled_from([None, "suppress", "annotate", "never"]),
        path=st.lists(text, max_size=3).map(tuple),
        techniques=st.lists(
            st.sampled_from(["T1556.006", "T1098", "T1562.008", "T9999"]), max_size=2
        ).map(tuple),
        near_misses=st.lists(st.builds(NearMiss, text, st.none() | text, text), max_size=2).map(
            tuple
        ),
        also=st.lists(
            st.builds(Explanation, text, text, st.none(), st.none(), st.just(()), st.just(())),
            max_size=2,
        ).map(tuple),
        actor_arn=st.none() | text,
        error=st.none() | text,
        target=st.dictionaries(text, text | st.lists(text, max_size=2).map(tuple), max_size=2),
        source_ip=st.none() | text | st.just("192.0.2.1"),
        user_agent=st.none() | text,
        session=st.none() | text,
        next=st.none() | text,
    )
    rest = st.fixed_dictionaries(
        {
            "late": st.booleans(),
            "final": st.booleans(),
            "id": text,
            "supersedes": st.none() | st.just("v0"),
        }
    )
    return st.builds(
        lambda told, more: msgspec.json.encode({**msgspec.structs.asdict(told), **more}),
        verdict,
        rest,
    )


@given(full_lines())
@settings(deadline=None)
def test_every_verdict_keeps_to_the_class(told: bytes) -> None:
    rendered = as_ocsf(told)
    assert b"\n" not in rendered
    found = json.loads(rendered)
    jsonschema.validate(found, SCHEMA)
    assert found["type_uid"] == 200_400 + found["activity_id"]


@pytest.mark.parametrize(
    ("members", "severity", "status", "is_alert"),
    [
        (EFFECT, "Informational", "Suppressed", False),
        ({**EFFECT, "policy": "annotate"}, "Low", "New", True),
        ({**EFFECT, "policy": "never"}, "Medium", "New", True),
        ({"verdict": "origin"}, "Low", "New", True),
        ({"verdict": "orphan"}, "Medium", "New", True),
        ({"verdict": "orphan", "failed": True}, "Low", "New", True),
        ({"verdict": "pending", "final": False}, "Low", "In Progress", False),
        ({"verdict": "unlisted"}, "Informational", "New", False),
        ({"verdict": "unlisted", "supersedes": "v0"}, "Informational", "Resolved", False),
    ],
)
def test_how_grave_a_verdict_is_follows_from_verdict_and_policy(
    members: dict[str, Any], severity: str, status: str, is_alert: bool
) -> None:
    found = finding(**members)
    assert (found["severity"], found["status"], found["is_alert"]) == (severity, status, is_alert)


@pytest.mark.parametrize(
    ("members", "activity"),
    [
        ({}, "Create"),
        (EFFECT, "Create"),
        ({"supersedes": "v0"}, "Update"),
        ({**EFFECT, "supersedes": "v0"}, "Close"),
        ({**EFFECT, "supersedes": "v0", "final": False}, "Update"),
        ({**EFFECT, "supersedes": "v0", "policy": "annotate"}, "Update"),
        ({**EFFECT, "supersedes": "v0", "policy": "never"}, "Update"),
    ],
)
def test_only_a_final_effect_to_be_suppressed_closes_a_finding(
    members: dict[str, Any], activity: str
) -> None:
    assert finding(**members)["activity_name"] == activity


def test_all_verdicts_on_an_event_are_one_finding() -> None:
    first, second = finding(id_="v1"), finding(id_="v2", supersedes="v1", **EFFECT)
    assert first["finding_info"]["uid"] == second["finding_info"]["uid"] == "e1"
    assert [first["metadata"]["uid"], second["metadata"]["uid"]] == ["v1", "v2"]


@pytest.mark.parametrize(
    ("members", "confidence"),
    [
        ({"late": True, **EFFECT}, "Low"),
        ({"final": False}, "Low"),
        ({}, "Medium"),
        (EFFECT, "High"),
    ],
)
def test_confidence(members: dict[str, Any], confidence: str) -> None:
    assert finding(**members)["confidence"] == confidence


def test_an_effect_names_its_cascade_and_the_events_behind_it() -> None:
    found = finding(also=[{"cascade": "aws.iam.other", "instance": "e9"}], **EFFECT)
    info = found["finding_info"]
    assert info["analytic"] == {
        "name": "aws.iam.delete-user",
        "uid": "aws.iam.delete-user",
        "type_id": 1,
        "type": "Rule",
    }
    assert info["related_events"] == [{"uid": "e5"}, {"uid": "e0"}]
    assert [each["uid"] for each in info["related_analytics"]] == ["aws.iam.other"]
    assert found["metadata"]["correlation_uid"] == "e0"
    assert found["unmapped"]["policy"] == "suppress"


def test_the_call_and_who_made_it_are_the_evidence() -> None:
    (evidence,) = finding(error="AccessDenied", failed=True)["evidences"]
    assert evidence == {
        "api": {
            "operation": "DeactivateMFADevice",
            "service": {"name": "iam"},
            "response": {"error": "AccessDenied"},
        },
        "actor": {"user": {"uid": "arn:aws:iam::111111111111:user/alice", "uid_alt": "AIDAALICE"}},
    }


def test_a_sub_technique_stands_below_its_technique_once_for_each_tactic() -> None:
    attacks = finding()["finding_info"]["attacks"]
    assert {attack["technique"]["uid"] for attack in attacks} == {"T1556"}
    assert {attack["sub_technique"]["uid"] for attack in attacks} == {"T1556.006"}
    assert len({attack["tactic"]["uid"] for attack in attacks}) == len(attacks) > 1


def test_time_is_in_milliseconds() -> None:
    assert finding()["time"] == 1_715_677_200_000


def test_what_almost_explained_an_orphan_is_its_description() -> None:
    misses = [{"cascade": "aws.iam.delete-user", "instance": "e0", "reason": "other actor"}]
    found = detection_finding(json.loads(line(near_misses=misses)))
    assert found["finding_info"]["desc"] == "aws.iam.delete-user: other actor"


@pytest.mark.parametrize(
    ("source", "endpoint"),
    [
        ("192.0.2.7", {"ip": "192.0.2.7"}),
        ("2001:db8::7", {"ip": "2001:db8::7"}),
        ("cloudformation.amazonaws.com", {"svc_name": "cloudformation.amazonaws.com"}),
    ],
)
def test_an_address_is_the_source_endpoint_and_a_service_is_named(
    source: str, endpoint: dict[str, str]
) -> None:
    (evidence,) = finding(source_ip=source)["evidences"]
    assert evidence["src_endpoint"] == endpoint


def test_target_and_tool_stand_under_their_own_names() -> None:
    unmapped = finding(target={"user": "kim"}, tool="aws-cli", session="AKIA")["unmapped"]
    assert (unmapped["target"], unmapped["tool"]) == ({"user": "kim"}, "aws-cli")
    assert "target" not in finding(target={})["unmapped"]
