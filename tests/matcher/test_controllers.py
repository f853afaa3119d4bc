"""Which noisy principal a verdict names: the user's own name for it, or that of a service that AWS attests."""

import pytest

from cloudcascade.matcher import Engine, compile_catalog
from cloudcascade.tests.support.cascades import DELETE_USER
from cloudcascade.tests.support.cloudtrail import ALICE, Event, record, session
from cloudcascade.tests.support.offboarding import deactivate

BACKUP = "backup.amazonaws.com"
OWN = [(str(ALICE["arn"]), "alice the administrator")]


def controller(by: Event, *own: tuple[str, str]) -> str | None:
    engine = Engine(compile_catalog([DELETE_USER], own))
    engine.feed([record(deactivate("mfa", 0, by=by))])
    (verdict,) = engine.verdicts()
    return verdict.controller


@pytest.mark.parametrize(
    ("by", "named"),
    [
        pytest.param(ALICE, None, id="nobody in particular"),
        pytest.param({**ALICE, "invokedBy": BACKUP}, "backup", id="invoked by a service"),
        pytest.param({"type": "AWSService", "invokedBy": BACKUP}, "backup", id="a service itself"),
        pytest.param(
            session("a", "s", "ASIA1", path="aws-service-role/ecs.amazonaws.com/"),
            "ecs",
            id="a service-linked role",
        ),
        pytest.param(
            {**ALICE, "invokedBy": "ecs.application-autoscaling.amazonaws.com"},
            "application-auto-scaling",
            id="one of several principals of a service",
        ),
        pytest.param({**ALICE, "invokedBy": f"evil.{BACKUP}"}, None, id="another service"),
        pytest.param({**ALICE, "invokedBy": "new.amazonaws.com"}, None, id="one nobody listed"),
        pytest.param(
            session("KarpenterController-x", "s", "ASIA1"), None, id="a name that anybody may take"
        ),
    ],
)
def test_the_bundled_table_names_what_aws_attests(by: Event, named: str | None) -> None:
    assert controller(by) == named


def test_the_users_own_name_goes_first() -> None:
    assert controller({**ALICE, "invokedBy": BACKUP}, *OWN) == "alice the administrator"
