"""Observed evidence run again: which claims the logs bear out, which not, and which cannot be looked at."""

import json
from pathlib import Path

import pytest

from cloudcascade.catalog import Cascade, Evidence
from cloudcascade.cli.main import run
from cloudcascade.events import EventsError
from cloudcascade.evidence import LogsError, Rerun, rerun
from cloudcascade.evidence.datasets import locate, reference
from cloudcascade.tests.support.cascades import DELETE_USER, cascade
from cloudcascade.tests.support.cloudtrail import Event, call
from cloudcascade.tests.support.offboarding import deactivate, delete_device, delete_user

MFA, DEVICE, ORIGIN = "iam:DeactivateMFADevice", "iam:DeleteVirtualMFADevice", "iam:DeleteUser"
HOUR = 3_600

# Bob is deleted after his MFA device; Ann only loses hers; Eve is deleted long after.
OFFBOARDING = [
    deactivate("bob-mfa", 0),
    delete_device("bob-device", 5),
    delete_user("bob-gone", 60),
    deactivate("eve-mfa", 0, "eve", "arn:aws:iam::111111111111:mfa/eve"),
    delete_user("eve-gone", 9 * HOUR, "eve"),
]
STRIPPED = [deactivate("ann-mfa", 0, "ann", "arn:aws:iam::111111111111:mfa/ann")]


def claiming(ref: str, *supports: str, of: Cascade = DELETE_USER) -> Cascade:
    evidence = Evidence.model_validate({"kind": "observed", "ref": ref, "supports": supports})
    return of.model_copy(update={"evidence": (evidence,)})


def write(path: Path, events: list[Event]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"Records": events}))


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    write(tmp_path / "otrf" / "offboarding.json", OFFBOARDING)
    write(tmp_path / "otrf" / "stripped.json", STRIPPED)
    (tmp_path / "otrf" / "broken.json").write_text('{"Records": [')
    return tmp_path


def outcome(claim: Cascade, *logs: str | Path) -> Rerun:
    (only,) = rerun([claim], [str(each) for each in logs]).reruns
    return only


@pytest.mark.parametrize(
    ("ref", "node", "status", "reason"),
    [
        ("otrf", MFA, "holds", ""),
        ("otrf:offboarding", MFA, "holds", ""),
        ("otrf:offboarding.json", MFA, "holds", ""),
        ("otrf:bob-mfa", MFA, "holds", ""),
        ("otrf:bob-gone", MFA, "holds", ""),
        ("otrf:offboarding.json:bob-gone", MFA, "holds", ""),
        # The device hangs on the deactivation, which is on its path.
        ("otrf:bob-gone", DEVICE, "holds", ""),
        ("otrf:bob-mfa", DEVICE, "holds", ""),
        ("otrf:bob-gone", ORIGIN, "holds", ""),
        ("otrf:eve-mfa", MFA, "fails", "nearest miss: "),
        ("otrf:eve-gone", MFA, "fails", "nearest miss: "),
        ("otrf:stripped", MFA, "fails", "the event of iam:DeactivateMFADevice in stripped is not"),
        ("otrf:stripped", DEVICE, "fails", "stripped has no event of iam:DeleteVirtualMFADevice"),
        # An event of the cascade, which is not on the path to the claimed one.
        ("otrf:bob-device", MFA, "fails", "it is explained elsewhere, not at bob-device"),
        ("otrf:bob-gone", "iam:DeleteAccessKey", "fails", "has no event of iam:DeleteAccessKey"),
        ("otrf:elsewhere", MFA, "not-here", "otrf holds no elsewhere"),
        ("stratus:offboarding", MFA, "not-here", "data set stratus is not here"),
        ("stratus", MFA, "not-here", "data set stratus is not here"),
    ],
)
def test_a_claim_holds_where_its_cascade_explains_what_it_points_at(
    logs: Path, ref: str, node: str, status: str, reason: str
) -> None:
    found = outcome(claiming(ref, node), logs / "otrf")
    if ref.startswith("stratus"):
        found = outcome(claiming(ref, node))
    assert found.status == status
    assert reason in found.reason
    assert bool(found.reason) is (status != "holds")
    assert bool(found.explained) is (status == "holds")


def test_an_event_that_others_of_its_data_set_are_beside_was_never_there(logs: Path) -> None:
    claims = [claiming("otrf:bob-gone", MFA), claiming("otrf:no-such-event", MFA)]
    statuses = {each.claim.ref: each.status for each in rerun(claims, [str(logs)]).reruns}
    assert statuses == {"otrf:bob-gone": "holds", "otrf:no-such-event": "fails"}


def test_another_effect_of_the_same_action_bears_nothing_out(tmp_path: Path) -> None:
    user = {"keys": {"user": "requestParameters.userName"}, "join": ["user"]}
    twice = cascade(
        origin={"action": ORIGIN, "keys": user["keys"]},
        effects=[
            {"action": MFA, "name": "before", **user, "within": {"before": "5m"}},
            {"action": MFA, "name": "after", **user, "within": {"after": "5m"}},
        ],
    )
    write(tmp_path / "otrf.json", OFFBOARDING)
    assert outcome(claiming("otrf", "before", of=twice), f"otrf={tmp_path}").status == "holds"
    assert outcome(claiming("otrf", "after", of=twice), f"otrf={tmp_path}").status == "fails"


def test_members_of_an_ensemble_need_the_others(tmp_path: Path) -> None:
    key = {"keys": {"user": "requestParameters.userName"}}
    rotation = cascade(
        ensemble={"require": ["iam:CreateAccessKey", "iam:DeleteAccessKey"]},
        effects=[
            {"action": "iam:CreateAccessKey", **key},
            {"action": "iam:DeleteAccessKey", **key, "join": ["user"], "within": {"after": "1h"}},
        ],
    )
    made = call("iam:CreateAccessKey", "made", 0, {"userName": "bob"})
    gone = call("iam:DeleteAccessKey", "gone", 60, {"userName": "bob"})
    claim = claiming("otrf", "iam:CreateAccessKey", of=rotation)
    write(tmp_path / "otrf" / "one.json", [made])
    assert outcome(claim, tmp_path).status == "fails"
    write(tmp_path / "otrf" / "two.json", [gone])
    assert outcome(claim, tmp_path).status == "holds"


@pytest.mark.parametrize(
    ("folder", "dataset"),
    [
        ("invictus-ir/aws_dataset", "invictus-ir/aws_dataset"),
        ("clones/aws_dataset", "invictus-ir/aws_dataset"),
        ("invictus", "invictus-ir/aws_dataset"),
        ("SANS-504-S3-ransomware-lab", "sans-504"),
        ("sans", "sans-504"),
        ("stratus-red-team", "stratus"),
    ],
)
def test_a_data_set_lies_in_a_folder_of_its_name(tmp_path: Path, folder: str, dataset: str) -> None:
    write(tmp_path / folder / "log.json", OFFBOARDING)
    assert outcome(claiming(dataset, MFA), tmp_path).status == "holds"


def test_a_link_to_a_data_set_counts(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere" / "log.json", OFFBOARDING)
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "otrf").symlink_to(tmp_path / "elsewhere")
    assert outcome(claiming("otrf", MFA), tmp_path / "logs").status == "holds"


def test_a_folder_of_another_name_counts_when_it_holds_what_is_cited(tmp_path: Path) -> None:
    write(tmp_path / "download" / "log.json", OFFBOARDING)
    assert outcome(claiming("otrf:bob-gone", MFA), tmp_path).status == "holds"
    assert outcome(claiming("otrf", MFA), tmp_path).status == "not-here"


def test_a_data_set_may_be_named_and_anything_else_is_refused(logs: Path) -> None:
    claim = claiming("sans-504:bob-gone", MFA)
    assert outcome(claim, f"sans-504={logs}").status == "holds"
    with pytest.raises(LogsError, match="no evidence refers to a data set 'otrf'; there are sans"):
        rerun([claim], [f"otrf={logs}"])
    with pytest.raises(EventsError, match="no such file or folder"):
        rerun([claim], [str(logs / "nowhere")])


def test_the_folder_nearest_to_the_top_is_the_data_sets(tmp_path: Path) -> None:
    write(tmp_path / "a" / "otrf" / "log.json", STRIPPED)
    write(tmp_path / "otrf-copy" / "log.json", OFFBOARDING)
    assert Path(locate(["otrf"], [str(tmp_path)])["otrf"].path).name == "otrf-copy"


def test_what_cannot_be_run_again_is_counted_by_data_set(logs: Path) -> None:
    claims = [
        claiming("otrf:bob-gone", MFA, DEVICE),
        claiming("otrf:elsewhere.json:no-such-event", MFA),
        claiming("stratus:run", MFA),
    ]
    observed = rerun(claims, [f"otrf={logs}"])
    told = {each.name: each for each in observed.datasets}
    assert (told["otrf"].records, told["otrf"].unreadable) == (6, 1)
    assert (told["otrf"].claims, told["otrf"].rerun) == (3, 3)
    assert (told["stratus"].path, told["stratus"].claims, told["stratus"].rerun) == (None, 1, 0)
    assert [each.claim.ref for each in observed.failed] == ["otrf:elsewhere.json:no-such-event"]


@pytest.mark.parametrize(
    "ref", ["otrf", "otrf:", ":", "otrf::", "otrf:a:b:c", "://x", "otrf:.json"]
)
def test_any_reference_can_be_read(ref: str) -> None:
    assert reference(ref, ["otrf"]).dataset in ("otrf", "")


DOCUMENT = """
id: aws.test.offboarding
title: A user goes after the device
provider: aws
description: A cascade to try the command on.
origin: {action: iam:DeleteUser, keys: {user: requestParameters.userName}}
effects:
  - action: iam:DeactivateMFADevice
    relation: precondition
    keys: {user: requestParameters.userName}
    join: [user]
    within: {before: 5m}
suppression: {policy: annotate, residual_risk: The user is without a second factor for a while.}
evidence:
  - {kind: observed, ref: "otrf:%s", supports: [iam:DeactivateMFADevice]}
"""


@pytest.mark.parametrize(
    ("event", "status", "code"),
    [("bob-gone", "holds", 0), ("eve-gone", "fails", 1), ("elsewhere", "not-here", 0)],
)
def test_check_evidence_says_so_by_line_by_json_and_by_exit_status(
    logs: Path, capsys: pytest.CaptureFixture[str], event: str, status: str, code: int
) -> None:
    pytest.importorskip("botocore", reason="botocore is not installed")
    document = logs / "offboarding.yaml"
    document.write_text(DOCUMENT % event)
    command = ["check", str(document), "--evidence", "--logs", str(logs / "otrf")]
    assert run([*command, "--json"]) == code
    data = json.loads(capsys.readouterr().out)
    (claim,) = data["observed"]
    assert (claim["cascade"], claim["effect"], claim["dataset"], claim["status"]) == (
        "aws.test.offboarding",
        MFA,
        "otrf",
        status,
    )
    assert [each["dataset"] for each in data["datasets"]] == ["otrf"]
    assert "findings" in data
    if status == "fails":
        assert run(command) == code
        said = capsys.readouterr().out
        assert f"iam:DeactivateMFADevice is not observed in otrf:{event}" in said
        assert "0 of 1 claims explained when run again; 0 not run again" in said
