"""The delayed judgement from end to end: `cascade watch` tells its verdicts to a platform's ingestion, and the exported
rule alerts on the attack and on no offboarding."""

import gzip
import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from moto.events.models import EventPattern

from cloudcascade.exporters.export import Export
from cloudcascade.exporters.languages.sentinel.verdicts import TABLE
from cloudcascade.exporters.languages.splunk import conf
from cloudcascade.exporters.languages.splunk.spl import spl
from cloudcascade.exporters.languages.splunk.verdicts_app import SOURCETYPE, commands
from cloudcascade.streams import SinkError
from cloudcascade.streams.sinks import WebhookOptions, WebhookSink
from cloudcascade.streams.udm import udm_event
from cloudcascade.tests.exporters.kusto.model import run as kusto
from cloudcascade.tests.exporters.kusto.service import problems
from cloudcascade.tests.support import kuery_model, spl_model
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
    filebeat_endpoint,
    listening,
    secops_feed,
    splunk_collector,
)
from cloudcascade.tests.support.messages import line, messages
from cloudcascade.tests.support.watching import WATCH, batch
from cloudcascade.tests.support.yaral_model import rule

ROOT = Path(__file__).parents[3]
DAY = ROOT / "docs" / "sample" / "AWSLogs"
OFFBOARDING = "aws.iam.delete-user"
GOLDEN = ("aws.iam.delete-user", "aws.ec2.delete-vpc", "aws.secretsmanager.delete-secret")
FEED = "/v1alpha/projects/p/locations/eu/instances/i/feeds/f:importPushLogs"
FILEBEAT = ("--webhook-body", "json", "--header", "X-Cascade-Secret=FILEBEAT_SECRET")
SPLUNK = ("--header", "Authorization=SPLUNK_HEC")
COLLECTOR = f"/services/collector/raw?sourcetype={SOURCETYPE}"
TARGETS = ("datadog", "secops", "cloudwatch", "splunk", "elastic", "sentinel")
DATADOG = ("--webhook-body", "json", "--header", "DD-API-KEY=DD_API_KEY")


@cache
def artefact(target: str) -> str:
    made = make_export(target, [OFFBOARDING], "verdict").artefacts
    (text,) = (
        each.text for each in made if target != "splunk" or each.path.stem == "savedsearches"
    )
    return text


@cache
def everything(target: str) -> Export:
    return make_export(target, SUPPRESSIBLE, "verdict", lateness=1_800)


@cache
def alerting(target: str) -> Callable[[Any], bool]:
    """Whether the exported rule of the offboarding alerts on a log or an event as the platform keeps it."""
    text = artefact(target)
    if target == "secops":
        return rule(text)
    if target == "splunk":
        return splunk_search(text)
    if target == "elastic":
        return kuery_model.search(json.loads(text)["query"])
    if target == "sentinel":
        return lambda told: bool(sentinel_rows([told]))
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


def splunk_search(text: str) -> Callable[[Any], bool]:
    """The saved search's commands, up to the table, which are those that the model runs."""
    (job,) = make_export("splunk", [OFFBOARDING], "verdict").jobs
    *judging, _ = commands(job.query)
    (settings,) = conf.read(text).values()
    assert "\n".join(map(spl, judging)) in settings["search"]
    assert settings["search"].startswith(f'sourcetype="{SOURCETYPE}" action IN ')
    return lambda told: bool(spl_model.run(judging, [as_splunk(told)]))


def as_splunk(told: dict[str, Any]) -> dict[str, Any]:
    """The fields that KV_MODE=json finds: texts, and of a null the word."""
    shown = {True: "true", False: "false", None: "null"}
    return {
        name: shown.get(value, value) if isinstance(value, bool | None) else value
        for name, value in told.items()
    }


def sentinel_rows(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the rule yields of verdicts that came in at 1,000 s, half an hour later. A text that is missing is empty."""
    query = yaml.safe_load(artefact("sentinel"))["query"]
    rows = [
        {
            "TimeGenerated": 1_000,
            **{name: "" if held is None else held for name, held in each.items()},
        }
        for each in told
    ]
    return kusto(query, {TABLE: rows}, 2_800)


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
def splunk(day: Path) -> Iterator[Intake]:
    with listening(splunk_collector, COLLECTOR) as got:
        done = tell(day, *SPLUNK, sink=got.url)
        assert done.returncode == 0, done.stderr
        yield got


@pytest.fixture(scope="module")
def elastic(day: Path) -> Iterator[Intake]:
    with listening(filebeat_endpoint, "/cascade") as got:
        done = tell(day, *FILEBEAT, sink=got.url)
        assert done.returncode == 0, done.stderr
        yield got


@pytest.fixture(scope="module")
def sentinel(day: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The lines of the file that the Azure Monitor Agent reads."""
    file = tmp_path_factory.mktemp("sentinel") / "verdicts.ndjson"
    done = tell(day, sink=f"file:{file}")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in file.read_text().splitlines()]


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


def test_splunk_alerts_on_the_attack_and_on_no_offboarding(
    splunk: Intake, expected: dict[str, str]
) -> None:
    assert {each["sourcetype"] for each in splunk.kept} == {SOURCETYPE}
    assert {each["event_id"] for each in splunk.kept if alerting("splunk")(each)} == set(expected)
    assert set(splunk.statuses) == {200}


def test_elastic_alerts_on_the_attack_and_on_no_offboarding(
    elastic: Intake, expected: dict[str, str]
) -> None:
    found = [each["json"]["event_id"] for each in elastic.kept if alerting("elastic")(each)]
    assert sorted(found) == sorted(expected)
    assert set(elastic.statuses) == {200}


def test_sentinel_alerts_on_the_attack_and_on_no_offboarding(
    sentinel: list[dict[str, Any]], expected: dict[str, str]
) -> None:
    # Verdicts that come twice are one row.
    found = [row["EventId"] for row in sentinel_rows([*sentinel, *sentinel])]
    assert sorted(found) == sorted(expected)


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
@pytest.mark.parametrize("target", TARGETS)
def test_a_final_verdict_alerts_unless_it_may_be_silenced(
    target: str, members: dict[str, Any], alerted: bool
) -> None:
    told = json.loads(line(**members))
    kept = {
        "datadog": {"source": "cloudcascade", **told},
        "secops": udm_event(told),
        "cloudwatch": {"source": "cloudcascade", "detail-type": told["verdict"], "detail": told},
        "elastic": {"json": told},
    }
    assert alerting(target)(kept.get(target, told)) is alerted


@pytest.mark.parametrize("target", TARGETS)
def test_every_suppressible_cascade_has_a_rule_that_says_who_waits(target: str) -> None:
    made = everything(target)
    assert not made.omitted
    said = "\n".join(each.text for each in made.artefacts)
    assert said.count("judged by cascade watch --lateness 30m, which waits ") >= len(SUPPRESSIBLE)
    assert "nothing alerts: watch its /readyz" in said


def test_kustos_language_service_finds_nothing_wrong_with_the_rules() -> None:
    made = everything("sentinel")
    queries = [yaml.safe_load(each.text)["query"] for each in made.artefacts]
    assert max(map(len, queries)) < 10_000
    assert [each for each in problems(queries) if each] == []


def test_the_splunk_app_says_how_verdicts_are_read() -> None:
    made = {
        each.path.name: each.text
        for each in make_export("splunk", [OFFBOARDING], "verdict").artefacts
    }
    settings = conf.read(made["props.conf"])[SOURCETYPE]
    # A verdict counts by when it comes, and a line is one, however long.
    assert settings["DATETIME_CONFIG"] == "CURRENT"
    assert (settings["SHOULD_LINEMERGE"], settings["TRUNCATE"]) == ("false", "0")
    assert re.split(settings["LINE_BREAKER"], "a\nb")[::2] == ["a", "b"]


def test_cfn_lint_takes_the_template_of_all_cascades() -> None:
    linter = pytest.importorskip("cfnlint.api", reason="cfn-lint is not installed")
    (made,) = everything("cloudwatch").artefacts
    found = [each for each in linter.lint_all(made.text) if not each.rule.id.startswith("I")]
    assert found == []


@pytest.mark.parametrize("target", TARGETS)
def test_golden_files(target: str) -> None:
    check_golden(f"{target}-verdict", make_export(target, GOLDEN, "verdict").artefacts)
