"""A record says the same in whatever way an export spells it: same verdicts, in a whole file and line by line."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cloudcascade.events import Problem, expand_sources, read_briefly
from cloudcascade.matcher import Engine, compile_catalog
from cloudcascade.tests.support.cascades import DELETE_USER
from cloudcascade.tests.support.cloudtrail import Event, call, moment
from cloudcascade.tests.support.offboarding import deactivate, delete_device, delete_user

PLAN = compile_catalog([DELETE_USER])
# An agent with a gap that a control character, half a letter or half a pair can take.
LOG = [
    {**event, "userAgent": "aws-cli/2.15.30 md/#"}
    for event in (
        deactivate("mfa", 0),
        delete_device("device", 1),
        delete_user("gone", 60),
        call("iam:DeleteAccessKey", "other", 90, {"userName": "eve", "accessKeyId": "AKIAEVE"}),
    )
]
WANTED = {"mfa": "effect", "device": "effect", "gone": "origin", "other": "orphan"}


def spelt(**members: Callable[[object], object]) -> bytes:
    """The log file, with these members written otherwise."""
    changed = [
        {**event, **{name: write(event.get(name)) for name, write in members.items()}}
        for event in LOG
    ]
    return json.dumps({"Records": changed}).encode()


def epoch(factor: int, kind: type = int) -> Callable[[object], object]:
    start = 1715677200  # moment(0)
    at = {moment(seconds): start + seconds for seconds in (0, 1, 60, 90)}
    return lambda text: kind(at[str(text)] * factor)


def inside(agent: bytes) -> bytes:
    return spelt().replace(b"md/#", b"md/" + agent)


SPELLINGS: dict[str, bytes] = {
    "as AWS writes it": spelt(),
    "errorCode Success": spelt(errorCode=lambda _: "Success"),
    "requestParameters as JSON text": spelt(requestParameters=json.dumps),
    "userIdentity as JSON text": spelt(userIdentity=json.dumps),
    "both as JSON text": spelt(requestParameters=json.dumps, userIdentity=json.dumps),
    "responseElements as a word": spelt(responseElements=lambda _: "ok"),
    "the account as a number": spelt(recipientAccountId=lambda _: 111111111111),
    "the source without its suffix": spelt(eventSource=lambda _: "iam"),
    "the source in capitals": spelt(eventSource=lambda _: "IAM.AMAZONAWS.COM"),
    "event names in small letters": spelt(eventName=lambda name: str(name).lower()),
    "the time in seconds": spelt(eventTime=epoch(1, str)),
    "the time in milliseconds": spelt(eventTime=epoch(1_000)),
    "the time in milliseconds, as text": spelt(eventTime=epoch(1_000, str)),
    "the time in microseconds": spelt(eventTime=epoch(1_000_000)),
    "the time in seconds with a fraction": spelt(eventTime=epoch(1, float)),
    "the time with its zone in words": spelt(
        eventTime=lambda text: str(text).replace("T", " ").replace("Z", " UTC")
    ),
    "the time as Trino writes it": spelt(
        eventTime=lambda text: str(text).replace("T", " ").replace("Z", ".000 UTC")
    ),
    "the time as MongoDB writes it": spelt(eventTime=lambda text: {"$date": text}),
    "the time as MongoDB's number": spelt(
        eventTime=lambda text: {"$date": {"$numberLong": epoch(1_000, str)(text)}}
    ),
    "a control character in a text": inside(b"\x01\t"),
    "bytes that are no UTF-8": inside(b"\xff\xc3"),
    "half of a surrogate pair": inside(b"\\ud83d"),
    "a number that is none": spelt().replace(b'"errorCode": null', b'"n": NaN, "m": 1e999'),
    "the time under Logstash's name": spelt().replace(b'"eventTime"', b'"@timestamp"'),
}


def verdicts(folder: Path, data: bytes) -> tuple[dict[str, str], list[Problem]]:
    (folder / "log.json").write_bytes(data)
    problems: list[Problem] = []
    engine = Engine(PLAN, problems.append)
    sources = expand_sources([str(folder / "log.json")])
    for batch in read_briefly(sources, PLAN.thorough, on_problem=problems.append):
        engine.feed(batch)
    told = [each for each in problems if not each.note]
    return {each.event_id: each.verdict for each in engine.verdicts()}, told


@pytest.mark.parametrize("name", SPELLINGS)
def test_a_log_file_in_another_spelling(name: str, tmp_path: Path) -> None:
    assert verdicts(tmp_path, SPELLINGS[name]) == (WANTED, [])


@pytest.mark.parametrize("name", SPELLINGS)
def test_lines_in_another_spelling(name: str, tmp_path: Path) -> None:
    text = SPELLINGS[name].removeprefix(b'{"Records": [').removesuffix(b"]}")
    lines = text.replace(b'}, {"eventVersion"', b'}\n{"eventVersion"')
    assert lines.count(b"\n") == len(LOG) - 1
    assert verdicts(tmp_path, lines) == (WANTED, [])


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("requestParameters", '{"userName": "ali'),
        ("requestParameters", '{"userName": ["alice"]}'),
        ("userIdentity", "{type=IAMUser}"),
        ("errorCode", "success or not"),
    ],
)
def test_what_cannot_be_read_explains_nothing(member: str, value: object, tmp_path: Path) -> None:
    data = spelt(**{member: lambda _: value})
    found, _ = verdicts(tmp_path, data)
    assert "effect" not in found.values()


@pytest.mark.parametrize(
    "value", ["177010920", "17701092000", "1e9", "-1770109200", True, 1.5, [], {}]
)
def test_what_is_no_time_is_a_problem_with_its_place(value: object, tmp_path: Path) -> None:
    found, problems = verdicts(tmp_path, spelt(eventTime=lambda _: value))
    assert found == {}
    assert len([each for each in problems if each.position]) == len(LOG)


def test_the_names_of_two_actions_do_not_mix(tmp_path: Path) -> None:
    other: Event = {**LOG[0], "eventSource": "cognito-idp.amazonaws.com"}
    data = json.dumps({"Records": [other, *LOG[1:]]}).encode()
    found, _ = verdicts(tmp_path, data)
    assert "mfa" not in found
