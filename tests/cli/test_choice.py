"""The filters of `cascade classify` choose what is shown and counted, never what is matched."""

import json
from pathlib import Path
from typing import Any

import pytest

from cloudcascade.tests.support.commands import SAMPLE, cascade, out


@pytest.fixture(scope="module")
def everything() -> list[dict[str, Any]]:
    return [json.loads(line) for line in out("classify", str(SAMPLE)).splitlines()]


def lines(*options: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out("classify", str(SAMPLE), *options).splitlines()]


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        (("--verdict", "orphan"), lambda each: each["verdict"] == "orphan"),
        (
            ("--verdict", "orphan", "--verdict", "origin"),
            lambda each: each["verdict"] in ("orphan", "origin"),
        ),
        (("--policy", "suppress"), lambda each: each["policy"] == "suppress"),
        (("--account", "111122223333"), lambda each: each["account"] == "111122223333"),
        (("--region", "us-east-1"), lambda each: each["region"] == "us-east-1"),
        (("--action", "iam:deleteuser"), lambda each: each["action"] == "iam:DeleteUser"),
        (("--action", "DeleteUser"), lambda each: each["action"] == "iam:DeleteUser"),
        (
            ("--since", "2026-03-17T10:21:34Z", "--until", "2026-03-17T10:40:00"),
            lambda each: "2026-03-17T10:21:34Z" <= each["event_time"] < "2026-03-17T10:40:00Z",
        ),
        (
            ("--cascade", "aws.iam.delete-user"),
            lambda each: (
                "aws.iam.delete-user"
                in [each["cascade"], *(also["cascade"] for also in each["also"])]
            ),
        ),
        (
            ("--actor", "dana.whitfield"),
            lambda each: (each["actor_arn"] or "").endswith("/dana.whitfield"),
        ),
        (
            ("--actor", "dana.whitfield", "--verdict", "orphan"),
            lambda each: (
                (each["actor_arn"] or "").endswith("/dana.whitfield")
                and each["verdict"] == "orphan"
            ),
        ),
    ],
)
def test_a_filter_shows_some_verdicts_as_they_are(
    everything: list[dict[str, Any]], options: tuple[str, ...], shown: Any
) -> None:
    wanted = [each for each in everything if shown(each)]
    assert wanted
    assert lines(*options) == wanted


def test_an_actor_is_found_by_id_arn_and_the_end_of_the_arn(
    everything: list[dict[str, Any]],
) -> None:
    arn = "arn:aws:iam::111122223333:user/executives/dana.whitfield"
    (actor,) = {each["actor"] for each in everything if each["actor_arn"] == arn}
    by_arn = lines("--actor", arn)
    assert by_arn
    assert by_arn == lines("--actor", "dana.whitfield")
    assert {each["event_id"] for each in by_arn} <= {
        each["event_id"] for each in lines("--actor", actor)
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--verdict", "orfan"), "did you mean 'orphan'?"),
        (("--verdict", "pending"), "is none of effect, origin, orphan, unlisted"),
        (("--policy", "silence"), "is none of suppress, annotate, never"),
        (("--cascade", "aws.iam.delete-usr"), "did you mean 'aws.iam.delete-user'?"),
        (("--action", "iam:DeactivateMFA"), "did you mean 'iam:DeactivateMFADevice'?"),
        (("--since", "2026-03-18", "--until", "2026-03-17"), "--since does not lie before --until"),
        (("--since", "yesterday"), "does not match the formats"),
    ],
)
def test_what_does_not_exist_is_refused(options: tuple[str, ...], message: str) -> None:
    done = cascade("classify", str(SAMPLE), *options)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stdout == ""


def test_with_all_an_action_without_a_cascade_may_be_asked_for() -> None:
    told = lines("--all", "--action", "ec2:RunInstances", "--action", "health:DescribeEvents")
    assert all(each["action"] in ("ec2:RunInstances", "health:DescribeEvents") for each in told)


def test_what_is_counted_and_fails_is_what_is_shown() -> None:
    quiet = ("--cascade", "aws.iam.delete-user", "--verdict", "effect")
    assert cascade("classify", str(SAMPLE), "--fail-on", "orphan").returncode == 1
    assert cascade("classify", str(SAMPLE), "--fail-on", "orphan", *quiet).returncode == 0


def test_a_report_names_its_filters_and_counts_what_it_shows(tmp_path: Path) -> None:
    report = json.loads(out("classify", str(SAMPLE), "-f", "json", "--verdict", "orphan"))
    assert report["summary"]["shown"] == {"verdict": ["orphan"]}
    assert report["summary"]["verdicts"] == {"orphan": len(report["verdicts"])}
    assert report["summary"]["records"] == 2_656
    assert "shown" not in json.loads(out("classify", str(SAMPLE), "-f", "json"))["summary"]
