"""What a run says of itself is one line an event, and nothing in it moves a terminal."""

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudcascade.streams.monitoring.journal import Journal, Level, LogFormat

NOON = 1_715_688_000.25


def written(form: LogFormat, event: str, level: Level = Level.INFO, **fields: object) -> str:
    out = io.StringIO()
    Journal(out, form=form, clock=lambda: NOON).note(level, event, **fields)
    return out.getvalue()


def test_text_is_for_a_person() -> None:
    line = written("text", "sink failed", Level.WARNING, sink="sqs://q", tries=3, reason="no room")
    assert line == (
        '2024-05-14T12:00:00.250Z WARNING sink failed: sink=sqs://q tries=3 reason="no room"\n'
    )


def test_json_is_for_a_program() -> None:
    line = written("json", "sink failed", Level.WARNING, sink="sqs://q", tries=3, last=None)
    assert json.loads(line) == {
        "time": "2024-05-14T12:00:00.250Z",
        "level": "warning",
        "event": "sink failed",
        "fields": {"sink": "sqs://q", "tries": 3, "last": None},
    }


@pytest.mark.parametrize(
    ("value", "text", "decoded"),
    [
        (True, "true", True),
        (None, "null", None),
        (1.5, "1.5", 1.5),
        (float("nan"), "nan", "nan"),
        (1 << 80, str(1 << 80), str(1 << 80)),
        ("", '""', ""),
        ('say "hi"\\', '"say \\"hi\\"\\\\"', 'say "hi"\\'),
        ("a\nb\x1b[31m", '"a\\u000ab\\u001b[31m"', "a\nb\x1b[31m"),
        ("\u202egnp.exe", '"\\u202egnp.exe"', "\u202egnp.exe"),
        ("\U000e0041", '"\\udb40\\udc41"', "\U000e0041"),
        ("\ud800", '"\\ud800"', "?"),
    ],
)
def test_how_a_value_is_said(value: object, text: str, decoded: Any) -> None:
    assert written("text", "e", value=value).endswith(f"e: value={text}\n")
    assert json.loads(written("json", "e", value=value))["fields"] == {"value": decoded}


@given(st.sampled_from(["text", "json"]), st.text(), st.text())
@settings(deadline=None)
def test_an_event_is_one_line_of_printable_characters(
    form: LogFormat, event: str, value: str
) -> None:
    line = written(form, event, value=value)
    assert line.endswith("\n")
    assert line[:-1].isprintable()


@given(st.text(st.characters(exclude_categories=["Cs"])))
@settings(deadline=None)
def test_json_says_any_text_as_it_is(value: str) -> None:
    assert json.loads(written("json", value, it=value)) == {
        "time": "2024-05-14T12:00:00.250Z",
        "level": "info",
        "event": value,
        "fields": {"it": value},
    }


def test_what_matters_less_is_not_written() -> None:
    out = io.StringIO()
    journal = Journal(out, level=Level.WARNING)
    journal.debug("a")
    journal.info("b")
    journal.warning("c")
    journal.error("d")
    assert [line.split(" ")[1:] for line in out.getvalue().splitlines()] == [
        ["WARNING", "c"],
        ["ERROR", "d"],
    ]


def test_a_reader_that_has_gone_does_not_end_the_run() -> None:
    out = io.StringIO()
    out.close()
    Journal(out).info("nobody reads this")
