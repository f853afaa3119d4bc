"""A verdict as an event of Google's UDM says what the verdict says, in texts that a rule can ask for."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudcascade.streams.sinks.rendering import line_id
from cloudcascade.streams.udm import as_udm
from cloudcascade.tests.support.messages import line

EFFECT = {
    "verdict": "effect",
    "cascade": "aws.iam.delete-user",
    "instance": "e0",
    "relation": "precondition",
    "policy": "suppress",
    "path": ["e1", "e0"],
}


def event(**members: Any) -> Any:
    return json.loads(as_udm(line(**members)))


def test_an_orphan_as_the_feed_takes_it() -> None:
    found = event()
    assert found["metadata"].pop("product_version")
    assert found == {
        "metadata": {
            "event_timestamp": "2024-05-14T09:00:00Z",
            "event_type": "GENERIC_EVENT",
            "vendor_name": "cloudcascade",
            "product_name": "cloudcascade",
            "product_event_type": "orphan",
            "product_log_id": "v1",
            "description": "orphan: iam:DeactivateMFADevice",
        },
        "security_result": [
            {
                "rule_name": "cloudcascade.orphan",
                "severity": "MEDIUM",
                "summary": "no cascade of the catalogue explains the event",
                "attack_details": {"techniques": [{"id": "T1556.006"}]},
            }
        ],
        "additional": {
            "event_id": "e1",
            "action": "iam:DeactivateMFADevice",
            "account": "111111111111",
            "region": "us-east-1",
            "failed": "false",
            "silenced": "0",
            "late": "false",
            "final": "true",
        },
        "principal": {
            "user": {
                "userid": "arn:aws:iam::111111111111:user/alice",
                "product_object_id": "AIDAALICE",
            }
        },
    }


def test_an_effect_names_its_cascade_and_its_path() -> None:
    found = event(**EFFECT)
    (result,) = found["security_result"]
    assert result["rule_name"] == "aws.iam.delete-user"
    assert result["severity"] == "INFORMATIONAL"
    assert result["summary"] == "precondition in aws.iam.delete-user, instance e0"
    assert found["additional"]["policy"] == "suppress"
    assert json.loads(found["additional"]["path"]) == ["e1", "e0"]


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2024-05-14T11:00:00+02:00", "2024-05-14T09:00:00Z"),
        ("2024-05-14T09:00:00", "2024-05-14T09:00:00Z"),
        ("0001-01-01T00:00:00+14:00", "1970-01-01T00:00:00Z"),
        ("yesterday", "1970-01-01T00:00:00Z"),
        ("", "1970-01-01T00:00:00Z"),
    ],
)
def test_a_time_is_utc_and_what_is_none_is_told_all_the_same(written: str, moment: str) -> None:
    assert event(event_time=written)["metadata"]["event_timestamp"] == moment


def test_nobody_is_no_principal() -> None:
    assert "principal" not in event(actor=None, actor_arn=None)


def test_a_file_of_such_events_is_gone_on_with_by_the_id_of_the_verdict() -> None:
    assert line_id(as_udm(line("v7"))) == "v7"


@given(
    st.dictionaries(
        st.text(max_size=8), st.none() | st.booleans() | st.text() | st.lists(st.text())
    )
)
@settings(deadline=None)
def test_whatever_a_line_says_is_one_line_of_texts(more: dict[str, Any]) -> None:
    rendered = as_udm(
        line(**{"verdict": "orphan", **{f"x{name}": each for name, each in more.items()}})
    )
    assert b"\n" not in rendered
    assert all(isinstance(each, str) for each in json.loads(rendered)["additional"].values())
