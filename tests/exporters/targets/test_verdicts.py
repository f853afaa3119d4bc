"""The delayed judgement from end to end: `cascade watch` tells its verdicts to a platform's ingestion, and the exported
rule alerts on the attack and on no offboarding."""

import gzip
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from moto.events.models import EventPattern

from cloudcascade.streams import SinkError
from cloudcascade.streams.sinks import WebhookOptions, WebhookSink
from cloudcascade.streams.udm import udm_event
from cloudcascade.tests.support.aws_server import (
    ACCOUNT,
    REGION,
    client,
    moto_server,
    set_credentials,
)
from cloudcascade.tests.support.datadog_search import search
from cloudcascade.tests.support.golden import SUPPRESSIBLE, check_golden, make_export
from cloudcascade.tests.support.intakes import (
    KEYS,
    Intake,
    datadog_logs,
    listening,
    secops_feed,
)
from cloudcascade.tests.support.messages import line, messages
from cloudcascade.tests.support.watching import WATCH, batch
from cloudcascade.tests.support.yaral_model import rule

ROOT = Path(__file__).parents[3]
DAY = ROOT / "docs" / "sample" / "AWSLogs"
OFFBOARDING = "aws.iam.delete-user"
GOLDEN = ("aws.iam.delete-user", "aws.ec2.delete-vpc", "aws.secretsmanager.delete-secret")
FEED = "/v1alpha/projects/p/locations/eu/instances/i/feeds/f:importPushLogs"
DATADOG = ("--webhook-body", "json", "--header", "DD-API-KEY=DD_API_KEY")


@cache
def artefact(target: str) -> str:
    (made,) = make_export(target, [OFFBOARDING], "verdict").artefacts
    return made.text


@cache
def alerting(target: str) -> Callable[[Any], bool]:
    """Whether the exported rule of the offboarding alerts on a log or an event as the platform keeps it."""
    text = artefact(target)
    if target == "secops":
        return rule(text)
    if target == "datadog":
        (query,) = json.loads(text)["queries"]
        return search(query["query"])
    resources = json.loads(text)["Resources"].values()
    patterns = [
        EventPattern.load(json.dumps(each["Properties"]["EventPattern"]))
        for each in resources
        if each["Type"] == "AWS::Events::Rule"
    ]
    return lambda event: any(each.matches_event(event) for each in patterns)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled day in the order of its time: two offboardings that went well, an attack between them."""
    records: list[Any] = []
    for file in DAY.rglob("*.json.gz"):
        records += json.loads(gzip.decompress(file.read_bytes()))["Records"]
    records.sort(key=lambda record: record["eventTime"])
    path = tmp_path_factory.mktemp("day") / "trail.ndjson"
    path.write_text("".join(f"{json.dumps(record)}\n" for record in records))
    return path


def tell(log: Path, *options: str, sink: str) -> subprocess.CompletedProcess[str]:
    """Let a watch tell its verdicts on the log."""
    return subprocess.run(
        [*WATCH, str(log), "--once", "--finish", "--sink", sink, *options],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, **KEYS},
    )


@pytest.fixture(scope="module")
def expected(day: Path) -> dict[str, str]:
    """The calls of the offboarding's actions on that day which may not be silenced, by `cascade classify`; when."""
    (job,) = make_export("datadog", [OFFBOARDING], "verdict").jobs
    return {
        event_id: told["event_time"]
        for event_id, told in batch(day).items()
        if told["action"] in job.query.actions
        and (told["verdict"] in ("orphan", "origin") or told["policy"] == "annotate")
    }


@pytest.fixture(scope="module")
def datadog(day: Path) -> Iterator[Intake]:
    with listening(datadog_logs, "/api/v2/logs?ddsource=cloudcascade") as got:
        done = tell(day, *DATADOG, sink=got.url)
        assert done.returncode == 0, done.stderr
        yield got


@pytest.fixture(scope="module")
def secops(day: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Intake]:
    headers = tmp_path_factory.mktemp("secops") / "headers"
    headers.write_text(
        f"X-goog-api-key: {KEYS['GOOGLE_KEY']}\nX-Webhook-Access-Key: {KEYS['FEED_SECRET']}\n"
        "Content-Type: application/json\n"
    )
    with listening(secops_feed, FEED) as got:
        done = tell(day, "--format", "udm", "--header-file", str(headers), sink=got.url)
        assert done.returncode == 0, done.stderr
        yield got


@pytest.fixture(scope="module")
def cloudwatch(day: Path) -> Iterator[list[Any]]:
    """What the template's rule brought into its log group, from a bus to which a watch told the day."""
    patch = pytest.MonkeyPatch()
    set_credentials(patch)
    with moto_server() as endpoint:
        with client("events", endpoint) as events:
            events.create_event_bus(Name="siem")
        with client("sqs", endpoint) as sqs, client("cloudformation", endpoint) as stacks:
            sqs.create_queue(QueueName="alerts")
            # The simulator brings nothing to a topic; a queue stands for it.
            topic = f"arn:aws:sqs:{REGION}:{ACCOUNT}:alerts"
            given = {"Bus": "siem", "Topic": topic}
            stacks.create_stack(
                StackName="verdicts",
                TemplateBody=artefact("cloudwatch"),
                Parameters=[
                    {"ParameterKey": key, "ParameterValue": value} for key, value in given.items()
                ],
            )
        done = tell(day, "--endpoint-url", endpoint, "--region", REGION, sink="events://siem")
        assert done.returncode == 0, done.stderr
        with client("logs", endpoint) as logs:
            pages = logs.get_paginator("filter_log_events").paginate(
                logGroupName="/aws/events/cloudcascade"
            )
            yield [json.loads(each["message"]) for page in pages for each in page["events"]]
    patch.undo()


def test_of_the_day_s_mfa_calls_those_of_the_attack_are_expected(
    day: Path, expected: dict[str, str]
) -> None:
    mfa = ("iam:DeactivateMFADevice", "iam:DeleteVirtualMFADevice")
    times = {event_id: told for event_id, told in batch(day).items() if told["action"] in mfa}
    assert sorted(told["event_time"][11:] for told in times.values()) == [
        "09:51:15Z",
        "09:51:16Z",
        "10:21:33Z",
        "10:21:34Z",
        "14:31:17Z",
        "14:31:18Z",
    ]
    alerted = [told["event_time"][11:] for event_id, told in times.items() if event_id in expected]
    assert sorted(alerted) == ["10:21:33Z", "10:21:34Z"]


def test_datadog_alerts_on_the_attack_and_on_no_offboarding(
    datadog: Intake, expected: dict[str, str]
) -> None:
    found = {log["event_id"] for log in datadog.kept if alerting("datadog")(log)}
    assert found == set(expected)
    assert set(datadog.statuses) == {202}


def test_secops_alerts_on_the_attack_and_on_no_offboarding(
    secops: Intake, expected: dict[str, str]
) -> None:
    told = [event for event in secops.kept if alerting("secops")(event)]
    found = {event["additional"]["event_id"] for event in told}
    assert found == set(expected)
    assert set(secops.statuses) == {200}


def test_eventbridge_brings_the_attack_and_no_offboarding_into_the_log_group(
    cloudwatch: list[Any], expected: dict[str, str]
) -> None:
    assert {told["detail"]["event_id"]: told["time"] for told in cloudwatch} == expected


@pytest.mark.parametrize(
    ("options", "status"),
    [
        (WebhookOptions(headers={"DD-API-KEY": KEYS["DD_API_KEY"]}), 415),
        (WebhookOptions(body="json"), 403),
    ],
    ids=["lines", "no key"],
)
def test_datadog_refuses_what_is_no_array_or_has_no_key(
    options: WebhookOptions, status: int
) -> None:
    with listening(datadog_logs, "/api/v2/logs?ddsource=cloudcascade") as got:
        sink = WebhookSink(got.url, options)
        with pytest.raises(SinkError, match=f"status {status}"):
            sink.send(messages(1, 3))
        sink.close()
        assert not got.kept


JUDGED = [
    ({"verdict": "orphan"}, True),
    ({"verdict": "origin"}, True),
    ({"verdict": "orphan", "supersedes": "v0", "caveats": ["retracted: user recreated came late"]}, True),
    ({"verdict": "effect", "policy": "annotate"}, True),
    ({"verdict": "effect", "policy": "never"}, True),
    ({"verdict": "effect", "policy": "suppress"}, False),
    ({"verdict": "pending", "final": False}, False),
    ({"verdict": "orphan", "final": False}, False),
    ({"verdict": "unlisted"}, False),
    ({"verdict": "orphan", "action": "iam:CreateUser"}, False),
    ({"verdict": "orphan", "account": None, "actor": None, "actor_arn": None}, True),
]  # fmt: skip


@pytest.mark.parametrize(("members", "alerted"), JUDGED, ids=str)
@pytest.mark.parametrize("target", ["datadog", "secops", "cloudwatch"])
def test_a_final_verdict_alerts_unless_it_may_be_silenced(
    target: str, members: dict[str, Any], alerted: bool
) -> None:
    told = json.loads(line(**members))
    kept = {
        "datadog": {"source": "cloudcascade", **told},
        "secops": udm_event(told),
        "cloudwatch": {"source": "cloudcascade", "detail-type": told["verdict"], "detail": told},
    }
    assert alerting(target)(kept[target]) is alerted


@pytest.mark.parametrize("target", ["datadog", "secops", "cloudwatch"])
def test_every_suppressible_cascade_has_a_rule_that_says_who_waits(target: str) -> None:
    made = make_export(target, SUPPRESSIBLE, "verdict", lateness=1_800)
    assert not made.omitted
    said = "\n".join(each.text for each in made.artefacts)
    assert said.count("judged by cascade watch --lateness 30m, which waits ") >= len(SUPPRESSIBLE)
    assert "nothing alerts: watch its /readyz" in said


def test_cfn_lint_takes_the_template_of_all_cascades() -> None:
    linter = pytest.importorskip("cfnlint.api", reason="cfn-lint is not installed")
    (made,) = make_export("cloudwatch", SUPPRESSIBLE, "verdict").artefacts
    found = [each for each in linter.lint_all(made.text) if not each.rule.id.startswith("I")]
    assert found == []


@pytest.mark.parametrize("target", ["datadog", "secops", "cloudwatch"])
def test_golden_files(target: str) -> None:
    check_golden(f"{target}-verdict", make_export(target, GOLDEN, "verdict").artefacts)
