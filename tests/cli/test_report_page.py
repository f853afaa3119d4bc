"""The report as a document: what it allows, what it says without script, and what it does with hostile logs."""

import base64
import hashlib
import json
import re
import subprocess
import sys
import zlib
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from cloudcascade.bench.cloudtrail import write_file
from cloudcascade.cli import report_html, report_rows
from cloudcascade.matcher import NearMiss
from cloudcascade.tests.support.kms_load import kms_load
from cloudcascade.tests.support.report_pages import EVIL, FACTS, hostile, orphan, page_of

ROOT = Path(__file__).parents[2]


class Read(HTMLParser):
    """Elements with their attributes and text, in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in {"meta", "input", "br"}:
            self._open.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        for tag in set(self._open):
            self.texts[tag][-1] += data


def data_of(page: str) -> dict[str, Any]:
    """The events that the page carries."""
    found = re.search(r'<script type="([^"]+)" id="events-data">([^<]*)</script>', page)
    assert found is not None
    if found[1] == "application/json":
        told: dict[str, Any] = json.loads(found[2])
    else:
        told = json.loads(zlib.decompress(base64.b64decode(found[2]), 31))
    return told


def column(data: dict[str, Any], name: str) -> list[Any]:
    return [data["columns"][name]["values"][place] for place in data["columns"][name]["at"]]


def test_only_the_style_and_the_script_of_the_page_are_allowed_by_their_hashes() -> None:
    page = Read(page_of([orphan()]))
    [policy] = [each["content"] for tag, each in page.elements
                if tag == "meta" and each.get("http-equiv") == "Content-Security-Policy"]  # fmt: skip
    assert policy is not None
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    hashes = [
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in (page.texts["script"][-1], page.texts["style"][0])
    ]
    assert rules == {
        "default-src": "'none'", "script-src": hashes[0], "style-src": hashes[1], "base-uri": "'none'",
        "form-action": "'none'", "require-trusted-types-for": "'script'", "trusted-types": "'none'",
    }  # fmt: skip


def test_nothing_in_the_page_is_fetched_or_styled_in_place() -> None:
    page = Read(page_of([orphan(), *hostile()]))
    for tag, attributes in page.elements:
        assert tag not in {"img", "link", "iframe", "object", "embed", "base"}
        assert not {"src", "style", "action", "formaction"} & set(attributes)
        assert not [name for name in attributes if name.startswith("on")]


def test_hostile_values_in_every_field_add_no_element() -> None:
    plain, evil = page_of([orphan()]), page_of(hostile())
    assert len(Read(evil).texts["script"]) == len(Read(plain).texts["script"]) == 2
    assert "\x1b" not in evil
    assert "\u202e" not in evil
    assert EVIL.split("<img")[1] not in evil
    assert data_of(evil)["ids"][0].startswith("</script><img")


def test_without_script_the_summary_and_the_stories_are_there() -> None:
    miss = NearMiss("aws.iam.delete-user", None, "origin failed: DeleteConflictException")
    page = page_of([orphan(near_misses=(miss,))])
    static = page[: page.index("<script")]
    for words in (
        "1 event that nothing explains", "dana: DeleteUser", "origin failed: DeleteConflictException",
        "aws.iam.delete-user", 'href="#event=event-1"',
    ):  # fmt: skip
        assert words in static
    explorer = next(each for _, each in Read(page).elements if each.get("id") == "explorer")
    assert "hidden" in explorer


def test_an_empty_log_is_told_as_such() -> None:
    page = page_of([], replace(FACTS, records=0))
    assert "Nothing is left over" in page
    assert data_of(page)["ids"] == []


def test_each_value_is_told_once_and_roots_by_their_row() -> None:
    data = data_of(
        page_of([
            orphan(1, verdict="origin", cascade="a.b.c", instance="event-1", path=("event-1",)),
            orphan(2, verdict="effect", policy="suppress", cascade="a.b.c", instance="event-1",
                   path=("event-2", "event-1")),
            orphan(3, near_misses=(NearMiss("a.b.c", "event-1", "other actor"), NearMiss("a.b.c", "gone", "too late"))),
        ])
    )  # fmt: skip
    assert data["columns"]["account"]["values"] == [None, "111122223333"]
    assert column(data, "kind") == ["origin", "silenced", "orphan"]
    assert column(data, "instance") == [0, 0, None]
    assert column(data, "path") == [None, [0], None]
    [*_, misses] = column(data, "misses")
    assert misses == [["a.b.c", 0, "other actor", []], ["a.b.c", "gone", "too late", []]]
    assert data["times"] == [1773741601, 1, 1]


def test_a_large_page_is_packed_and_a_small_one_any_browser_reads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    verdicts = [orphan(number) for number in range(50)]
    plain = page_of(verdicts)
    monkeypatch.setattr(report_html, "PLAIN_BYTES", 100)
    packed = page_of(verdicts)
    assert '<script type="application/json" id="events-data">' in plain
    assert '<script type="application/gzip+base64" id="events-data">' in packed
    assert data_of(plain) == data_of(packed)


def test_what_the_page_cannot_carry_is_counted_and_orphans_have_room_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(report_rows, "MAX_ROWS", dict.fromkeys(report_rows.KINDS, 2))
    origins = [orphan(number, verdict="origin") for number in range(5)]
    data = data_of(page_of([*origins, orphan(8), orphan(9)]))
    assert column(data, "kind") == ["origin", "origin", "orphan", "orphan"]
    assert data["left_out"] == {"origin": 3}


def test_a_value_as_long_as_a_record_is_cut_and_marked() -> None:
    data = data_of(page_of([orphan(actor_arn="a" * 1_000_000)]))
    [actor] = column(data, "actor")
    assert len(actor) == report_rows.MAX_VALUE + 1
    assert actor.endswith("…")


def test_texts_beyond_a_bound_are_left_out_with_their_events(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(report_rows, "MAX_TEXT", 2_000)
    data = data_of(page_of(orphan(number, user_agent=f"{number:0500}") for number in range(10)))
    assert 1 <= len(data["ids"]) < 10
    assert data["left_out"]["orphan"] == 10 - len(data["ids"])


def test_records_stand_in_the_page_as_they_are_but_for_what_is_invisible() -> None:
    record = json.dumps({"userAgent": EVIL, "amount": 12345678901234567890}, ensure_ascii=False)
    page = page_of([orphan()], record_of=lambda _: (record.encode(), len(record)))
    [told] = column(data_of(page), "record")
    assert told == record.replace("\u202e", "\\u202e")
    assert json.loads(told) == json.loads(record)
    assert "\u202e" not in page
    assert len(Read(page).texts["script"]) == 2


def test_records_beyond_a_bound_are_counted_and_orphans_have_room_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(report_rows, "MAX_RECORDS", {"orphan": 30, "origin": 30})
    verdicts = [orphan(number, verdict="origin") for number in range(5)] + [orphan(8), orphan(9)]
    data = data_of(page_of(verdicts, record_of=lambda name: (f'{{"id":"{name}"}}'.encode(), 16)))
    told = column(data, "record")
    assert told == ['{"id":"event-0"}', None, None, None, None, '{"id":"event-8"}', None]
    assert data["records_left_out"] == 5


@pytest.mark.parametrize(
    ("record", "size", "left_out"),
    [(None, 0, 0), (None, 300_000, 1)],
    ids=["no record", "too large"],
)
def test_a_record_that_was_not_kept_is_left_out_only_where_there_is_one(
    record: bytes | None, size: int, left_out: int
) -> None:
    data = data_of(page_of([orphan()], record_of=lambda _: (record, size)))
    assert column(data, "record") == [None]
    assert data["records_left_out"] == left_out


def test_the_page_says_which_verdicts_it_was_asked_for() -> None:
    page = page_of([orphan()], replace(FACTS, shown={"account": ("111122223333",)}))
    assert "<strong>Shown and counted:</strong> account 111122223333" in page


@pytest.mark.parametrize(
    ("name", "begins"),
    [("report.html", b"<!doctype html>"), ("report.HTM", b"<!doctype html>"), ("verdicts.json", b'{"event_id"'),
     ("verdicts", b'{"event_id"')],
)  # fmt: skip
def test_the_name_of_the_output_says_whether_it_is_a_page(
    tmp_path: Path, name: str, begins: bytes
) -> None:
    log = tmp_path / "log.ndjson"
    log.write_text(
        '{"eventVersion":"1.11","eventID":"only","eventTime":"2026-03-17T10:00:00Z","eventSource":"iam.amazonaws.com",'
        '"eventName":"DeactivateMFADevice","recipientAccountId":"111122223333"}\n'
    )
    done = subprocess.run(
        [sys.executable, "-c", "from cloudcascade.cli.main import main; main()", "classify", str(log),
         "-o", str(tmp_path / name)],
        capture_output=True, cwd=ROOT, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    assert (tmp_path / name).read_bytes().startswith(begins)


def test_the_sample_day_is_a_page_of_at_most_400_kilobytes(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    done = subprocess.run(
        [sys.executable, "-c", "from cloudcascade.cli.main import main; main()", "classify", "docs/sample/AWSLogs",
         "-o", str(page)],
        capture_output=True, cwd=ROOT, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    assert page.stat().st_size <= 400_000


def test_an_attack_within_twenty_thousand_equal_events_is_told_first(tmp_path: Path) -> None:
    load, page = tmp_path / "load.json.gz", tmp_path / "report.html"
    write_file(load, list(kms_load(20_000)), level=1)
    done = subprocess.run(
        [sys.executable, "-c", "from cloudcascade.cli.main import main; main()", "classify", "docs/sample/AWSLogs",
         str(load), "-o", str(page)],
        capture_output=True, cwd=ROOT, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    told = Read(page.read_text())
    titles = [title for title in told.texts["h3"] if ":" in title]
    assert titles[:2] == [
        "executives/dana.whitfield: CreateSnapshot, ModifySnapshotAttribute, StopLogging",
        "deploy-pipeline/offboard-1183: DeactivateMFADevice, DeleteVirtualMFADevice, CreateAccessKey and 1 more",
    ]
    assert page.stat().st_size <= 3_000_000
