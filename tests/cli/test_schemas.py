"""The published schemas hold for what is really written, and describe all of it."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from cloudcascade.cli.schemas import Kind, schema_file, schema_text
from cloudcascade.tests.cli.test_commands import out as live
from cloudcascade.tests.support.cloudtrail import call
from cloudcascade.tests.support.commands import SAMPLE, cascade, out


def schema(kind: str) -> Any:
    return json.loads(out("schema", kind))


def closed(kind: str) -> Any:
    """The schema, as one that allows no member that it does not name."""

    def walk(part: Any) -> None:
        if isinstance(part, dict):
            if "properties" in part and "additionalProperties" not in part and part["properties"]:
                part["additionalProperties"] = False
            for each in part.values():
                walk(each)
        elif isinstance(part, list):
            for each in part:
                walk(each)

    found = schema(kind)
    walk(found)
    return found


# Written by: schema_file(kind).write_text(schema_text(kind), encoding="utf-8")
@pytest.mark.parametrize("kind", list(Kind))
def test_the_file_in_the_package_is_what_the_types_say(kind: Kind) -> None:
    assert schema_file(kind).read_text(encoding="utf-8") == schema_text(kind)


@pytest.mark.parametrize("kind", [kind.value for kind in Kind])
def test_it_is_a_sound_schema_and_printed_as_it_lies_in_the_package(kind: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(kind))
    assert out("schema", kind) == schema_file(Kind(kind)).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "options", [(), ("--all",), ("--with-record", "--all"), ("--verdict", "orphan")]
)
def test_every_line_of_a_log_keeps_to_it(options: tuple[str, ...]) -> None:
    validator = jsonschema.Draft202012Validator(
        {**closed("verdict"), "unevaluatedProperties": False} if "--with-record" not in options else schema("verdict")
    )  # fmt: skip
    told = [json.loads(line) for line in out("classify", str(SAMPLE), *options).splitlines()]
    assert told
    for each in told:
        validator.validate(each)


def test_every_line_of_a_stream_keeps_to_it() -> None:
    log = "\n".join(
        json.dumps(call(action, f"e{number}", number * 60, {"userName": "kim"}, error=error))
        for number, (action, error) in enumerate(
            [("iam:DeactivateMFADevice", None), ("iam:DeleteUser", "Conflict"), ("iam:DeleteUser", None)]
        )
    )  # fmt: skip
    told = live("watch", "-", "--provisional", stdin=log.encode()).splitlines()
    validator = jsonschema.Draft202012Validator(closed("verdict"))
    assert {json.loads(line)["final"] for line in told} == {True, False}
    for line in told:
        validator.validate(json.loads(line))


@pytest.mark.parametrize("options", [(), ("--all",), ("--verdict", "orphan"), ("--account", "1")])
def test_a_report_keeps_to_it(options: tuple[str, ...]) -> None:
    report = json.loads(out("classify", str(SAMPLE), "-f", "json", *options))
    jsonschema.Draft202012Validator(closed("report")).validate(report)


def test_the_story_of_every_kind_of_event_keeps_to_it(tmp_path: Path) -> None:
    log = tmp_path / "log.json"
    kim = {"userName": "kim", "serialNumber": "arn:aws:iam::111111111111:mfa/kim"}
    events = [
        call("iam:DeactivateMFADevice", "effect", 0, kim),
        call("iam:DeleteVirtualMFADevice", "inner", 1, kim),
        call("iam:DeleteUser", "origin", 9, kim),
        call("iam:CreateUser", "spoiler", 12, kim),
        call("iam:CreateAccessKey", "orphan", 5_000, kim),
        call("nothing:Known", "unlisted", 0),
    ]
    log.write_text(json.dumps({"Records": events}))
    validator = jsonschema.Draft202012Validator(closed("why"))
    for each in events:
        validator.validate(json.loads(out("why", each["eventID"], str(log), "--json")))


def test_what_breaks_the_contract_is_refused() -> None:
    line = json.loads(out("classify", str(SAMPLE)).splitlines()[0])
    validator = jsonschema.Draft202012Validator(schema("verdict"))
    for name, value in (
        ("verdict", "fine"),
        ("path", "e1"),
        ("failed", None),
        ("position", "first"),
    ):
        assert not validator.is_valid({**line, name: value}), name
    del line["event_id"]
    assert not validator.is_valid(line)


def test_a_member_that_a_later_version_adds_is_no_error() -> None:
    line = json.loads(out("classify", str(SAMPLE)).splitlines()[0])
    jsonschema.Draft202012Validator(schema("verdict")).validate({**line, "brand_new": 1})


def test_every_member_of_a_verdict_is_described() -> None:
    properties = schema("verdict")["properties"]
    assert all(member.get("description") for member in properties.values())


def test_documents_name_the_program_and_the_catalogue(tmp_path: Path) -> None:
    said = re.fullmatch(
        r"cloudcascade (\S+), catalogue ([0-9a-f]{32}) \((\d+) cascades\)\n", out("--version")
    )
    assert said is not None
    report = json.loads(out("classify", str(SAMPLE), "-f", "json"))
    assert report["tool"] == {"name": "cloudcascade", "version": said[1]}
    assert report["catalog"] == {"digest": said[2], "cascades": int(said[3])}
    page = tmp_path / "report.html"
    out("classify", str(SAMPLE), "-f", "html", "-o", str(page))
    assert f'<meta name="generator" content="{out("--version").strip()}">' in page.read_text()


def test_an_overlay_is_another_catalogue(tmp_path: Path) -> None:
    config = tmp_path / "cascade.toml"
    config.write_text('[cascades."aws.iam.delete-user"]\npolicy = "annotate"\n')
    changed = cascade("--version", CASCADE_CONFIG=str(config))
    if changed.returncode != 0:
        pytest.fail(changed.stderr)
    assert changed.stdout != out("--version")
