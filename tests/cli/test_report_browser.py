"""The report as somebody meets it in a browser: filters, search, keys, links, themes, a phone, paper, 100,000 rows."""

import json
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cloudcascade.matcher import NearMiss, Verdict
from cloudcascade.tests.support.report_pages import hostile, orphan, page_of
from cloudcascade.tests.support.report_visitor import READY, Visitor

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).parents[2]
AXE = ROOT / ".dev" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
MANY = 100_000
ACTIONS = ("iam:DeactivateMFADevice", "kms:Decrypt", "ec2:CreateSnapshot", "iam:CreateAccessKey")
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
}


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    """The report of the bundled day, and its verdicts."""
    folder = tmp_path_factory.mktemp("report")
    for name in ("report.html", "verdicts.ndjson"):
        subprocess.run(
            [sys.executable, "-c", "from cloudcascade.cli.main import main; main()", "classify",
             "docs/sample/AWSLogs", "--with-record", "-o", str(folder / name)],
            cwd=ROOT, check=True, timeout=120, capture_output=True,
        )  # fmt: skip
    lines = (folder / "verdicts.ndjson").read_text().splitlines()
    return folder / "report.html", [json.loads(line) for line in lines]


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of 100,000 events."""
    page = tmp_path_factory.mktemp("large") / "report.html"
    page.write_text(page_of(many()))
    return page


def many() -> Iterator[Verdict]:
    """Events in the order of time: a tenth are origins, four tenths orphans, the rest effects."""
    drawn = random.Random(20260317)
    root = ""
    for number in range(MANY):
        caller = drawn.randrange(3_000)
        members: dict[str, Any] = {
            "event_id": f"{drawn.getrandbits(128):032x}",
            "event_time": datetime.fromtimestamp(1_773_705_600 + number, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "action": drawn.choice(ACTIONS),
            "actor": f"AROA{caller:012}:job-{caller % 7}",
            "actor_arn": f"arn:aws:sts::111122223333:assumed-role/app-{caller}/job-{caller % 7}",
            "techniques": ("T1556.006",),
        }  # fmt: skip
        share = drawn.random()
        if not root or share < 0.1:
            root = members["event_id"]
            yield orphan(
                number, **members, verdict="origin", cascade="aws.iam.delete-user", instance=root
            )
        elif share < 0.5:
            yield orphan(
                number,
                **members,
                near_misses=(NearMiss("aws.iam.delete-user", root, "other actor"),),
            )
        else:
            yield orphan(
                number, **members, verdict="effect", cascade="aws.iam.delete-user", instance=root,
                policy=drawn.choice(("suppress", "annotate")), relation="consequence",
            )  # fmt: skip


def found(tab: "Page") -> int:
    """How many events the page says are in view."""
    text = tab.locator("#found").inner_text()
    return int(text.split(" ")[0].replace(",", ""))


def until_found(tab: "Page", count: int, of: int) -> None:
    """Wait until the page says that so many events are in view."""
    tab.wait_for_function(
        "want => document.getElementById('found').textContent.startsWith(want)",
        arg=f"{count:,} event{'s' * (count != 1)} of {of:,}",
    )


def lowered(verdict: dict[str, Any], *members: str) -> str:
    """Members of a verdict as text in small letters."""
    return json.dumps([verdict[name] for name in members]).lower()


def everything(tab: "Page") -> None:
    """Show every verdict."""
    for box in tab.locator("#kinds input").all():
        box.check(force=True)


@pytest.mark.parametrize(
    ("field", "text", "holds"),
    [("action", "iam:DeleteVirtualMFADevice", lambda each: each["action"] == "iam:DeleteVirtualMFADevice"),
     ("actor", "offboard-1183", lambda each: "offboard-1183" in (each["actor_arn"] or "")),
     ("account", "111122223333", lambda each: each["account"] == "111122223333"),
     ("technique", "T1556", lambda each: any(name.startswith("T1556") for name in each["techniques"])),
     ("technique", "multi-factor", lambda each: any(name == "T1556.006" for name in each["techniques"])),
     ("cascade", "aws.iam.delete-user", lambda each: "aws.iam.delete-user" in (each["cascade"] or ""))],
)  # fmt: skip
def test_a_filter_leaves_what_it_names(
    visitor: Visitor, sample: tuple[Path, list[dict[str, Any]]], field: str, text: str, holds: Any
) -> None:
    page, verdicts = sample
    tab = visitor.open(page)
    everything(tab)
    tab.fill(f"#f-{field}", text)
    expected = sum(map(holds, verdicts))
    assert 0 < expected < len(verdicts) or field == "account"
    until_found(tab, expected, len(verdicts))


def test_verdicts_are_chosen_by_their_chips_and_orphans_come_first(
    visitor: Visitor, sample: tuple[Path, list[dict[str, Any]]]
) -> None:
    page, verdicts = sample
    tab = visitor.open(page)
    orphans = [each for each in verdicts if each["verdict"] == "orphan"]
    origins = [each for each in verdicts if each["verdict"] == "origin"]
    assert found(tab) == len(orphans)
    tab.locator("label.chip.origin").click()
    until_found(tab, len(orphans) + len(origins), len(verdicts))
    tab.locator("label.chip.orphan").click()
    until_found(tab, len(origins), len(verdicts))


@pytest.mark.parametrize(
    ("words", "holds"),
    [("DeleteConflictException", lambda each: "DeleteConflictException" in json.dumps(each["near_misses"])),
     ("deleteconflict virtualmfa", lambda each: "DeleteVirtualMFADevice" in each["action"] and each["near_misses"]),
     ("833d716a-a4e4-4b88", lambda each: each["event_id"].startswith("833d716a-a4e4-4b88")),
     ("AdministratorAccess", lambda each: "administratoraccess" in lowered(each, "near_misses", "target")),
     ("no such words", lambda each: False)],
)  # fmt: skip
def test_search_looks_into_every_field(
    visitor: Visitor, sample: tuple[Path, list[dict[str, Any]]], words: str, holds: Any
) -> None:
    page, verdicts = sample
    tab = visitor.open(page)
    tab.fill("#search", words)
    orphans = [each for each in verdicts if each["verdict"] == "orphan"]
    expected = sum(bool(holds(each)) for each in orphans)
    until_found(tab, expected, len(verdicts))
    assert tab.locator("#grid-empty").is_visible() == (expected == 0)


def test_a_column_sorts_and_sorts_back(
    visitor: Visitor, sample: tuple[Path, list[dict[str, Any]]]
) -> None:
    tab = visitor.open(sample[0])
    heading = tab.locator("th.c-action")
    for order in ("ascending", "descending"):
        heading.locator("button").click()
        assert heading.get_attribute("aria-sort") == order
        actions = [cell.inner_text() for cell in tab.locator("td.c-action code").all()]
        assert actions == sorted(actions, reverse=order == "descending")
    assert len(actions) == 7


def test_an_event_opens_with_its_reasons_in_words_and_what_they_needed(
    visitor: Visitor, sample: tuple[Path, list[dict[str, Any]]]
) -> None:
    tab = visitor.open(sample[0])
    tab.locator("tr.row", has_text="CreateAccessKey").click()
    told = tab.locator("#detail").inner_text()
    assert "Why nothing explains it" in told
    assert "37s outside the window" in told
    assert "arn:aws:iam::aws:policy/AdministratorAccess" in told
    assert "192.0.2.77" in told


def test_the_timeline_of_an_instance_zooms_and_shows_all_again(
    visitor: Visitor, sample: tuple[Path, list[dict[str, Any]]]
) -> None:
    tab = visitor.open(sample[0])
    tab.locator("label.chip.silenced").click()
    tab.locator("tr.row.silenced", has_text="DeactivateMFADevice").first.click()
    frame = tab.locator(".lifeline-frame")
    whole = int(frame.get_attribute("data-span") or 0)
    marks = tab.locator(".lifeline .mark").count()
    assert marks == tab.locator(".members li").count() > 3
    tab.get_by_role("button", name="Zoom in").last.click()
    assert int(frame.get_attribute("data-span") or 0) == pytest.approx(whole / 2, abs=1)
    frame.press("+")
    assert int(frame.get_attribute("data-span") or 0) == pytest.approx(whole / 4, abs=1)
    assert tab.locator(".lifeline .mark").count() < marks
    frame.press("0")
    assert int(frame.get_attribute("data-span") or 0) == whole


def test_the_raw_event_is_shown_on_demand_and_hidden_again(
    visitor: Visitor, sample: tuple[Path, list[dict[str, Any]]]
) -> None:
    page, verdicts = sample
    first = next(each for each in verdicts if each["verdict"] == "orphan")
    tab = visitor.open(page, f"#event={first['event_id']}")
    raw, button = tab.locator("#raw"), tab.locator(".raw button")
    assert raw.is_hidden()
    button.click()
    assert button.get_attribute("aria-expanded") == "true"
    assert json.loads(raw.inner_text()) == first["record"]
    assert raw.inner_text() == json.dumps(first["record"], indent=2, ensure_ascii=False)
    button.click()
    assert raw.is_hidden()


def test_a_raw_number_keeps_its_digits_and_empty_parts_stay_whole(
    visitor: Visitor, tmp_path: Path
) -> None:
    record = (
        b'{"a":12345678901234567890,"b":1.10,"c":{},"d":[],"e":[{"f":"{[,:]}\\\\\\""}],"g":null}'
    )
    page = tmp_path / "report.html"
    page.write_text(page_of([orphan()], record_of=lambda _: (record, len(record))))
    tab = visitor.open(page, "#event=event-1")
    tab.locator(".raw button").click()
    shown = tab.locator("#raw").inner_text()
    assert re.sub(r"\n *", "", shown).replace(": ", ":").encode() == record
    assert '"c": {},\n' in shown


def test_the_page_says_of_how_many_events_it_has_no_record(
    visitor: Visitor, tmp_path: Path
) -> None:
    page = tmp_path / "report.html"
    page.write_text(
        page_of(
            [orphan(1), orphan(2)],
            record_of=lambda name: (b"{}", 2) if name == "event-1" else (None, 300_000),
        )
    )
    tab = visitor.open(page, "#event=event-2")
    assert (
        "Of 1 event the raw record is not in the page"
        in tab.locator("#records-left-out").inner_text()
    )
    assert "not in the page" in tab.locator("#detail").inner_text()


def test_another_event_of_the_instance_is_a_step_away(
    visitor: Visitor, sample: tuple[Path, list[dict[str, Any]]]
) -> None:
    tab = visitor.open(sample[0])
    tab.locator("tr.row").first.click()
    tab.locator(".members button", has_text="iam:DeleteUser").click()
    assert tab.locator("#detail-title").inner_text() == "iam:DeleteUser"
    assert "the call failed" in tab.locator("#detail").inner_text()


def test_time_narrows_by_the_buttons_by_dragging_and_by_what_is_typed(
    visitor: Visitor, sample: tuple[Path, list[dict[str, Any]]]
) -> None:
    page, verdicts = sample
    tab = visitor.open(page)
    everything(tab)
    until_found(tab, len(verdicts), len(verdicts))
    tab.locator("[data-zoom=in]").click()
    inner = found(tab)
    assert inner < len(verdicts)
    tab.locator("[data-zoom=whole]").click()
    until_found(tab, len(verdicts), len(verdicts))
    tab.locator("#overview").scroll_into_view_if_needed()
    box = tab.locator("#overview").bounding_box()
    assert box is not None
    tab.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 30)
    tab.mouse.down()
    tab.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 30)
    tab.mouse.up()
    assert 0 < found(tab) < len(verdicts)
    tab.fill("#f-from", "2026-03-17 10:21")
    tab.fill("#f-to", "2026-03-17T10:25:00Z")
    tab.locator("#f-to").press("Tab")
    times = [each["event_time"] for each in verdicts]
    wanted = sum("2026-03-17T10:21:00Z" <= time <= "2026-03-17T10:25:00Z" for time in times)
    until_found(tab, wanted, len(verdicts))


def test_a_time_that_is_none_is_marked_and_changes_nothing(
    visitor: Visitor, sample: tuple[Path, list[dict[str, Any]]]
) -> None:
    tab = visitor.open(sample[0])
    tab.fill("#f-from", "yesterday")
    tab.locator("#f-from").press("Tab")
    assert tab.locator("#f-from").get_attribute("aria-invalid") == "true"
    assert found(tab) == 7


def test_a_link_leads_to_the_event_and_to_the_view(
    visitor: Visitor, sample: tuple[Path, list[dict[str, Any]]]
) -> None:
    page, _ = sample
    tab = visitor.open(page)
    tab.locator("label.chip.labelled").click()
    tab.fill("#search", "snapshot")
    tab.wait_for_function("() => location.hash.includes('q=snapshot')")
    tab.locator("th.c-action button").click()
    tab.locator("tr.row").first.click()
    tab.wait_for_function("() => location.hash.includes('event=')")
    rows = tab.locator("td.c-action").all_inner_texts()
    again = visitor.open(page, "#" + tab.url.split("#")[1])
    assert again.locator("#search").input_value() == "snapshot"
    assert again.locator("td.c-action").all_inner_texts() == rows
    assert again.locator("#detail-title").inner_text() == tab.locator("#detail-title").inner_text()


def test_a_link_to_an_event_that_the_filters_would_hide_shows_it_all_the_same(
    visitor: Visitor, sample: tuple[Path, list[dict[str, Any]]]
) -> None:
    page, verdicts = sample
    origin = next(each for each in verdicts if each["verdict"] == "origin")
    tab = visitor.open(page, f"#event={origin['event_id']}")
    assert tab.locator("#detail-title").inner_text() == origin["action"]
    assert tab.locator("tr.row.active td.c-action code").inner_text() == origin["action"]


def test_a_link_to_an_event_that_is_not_there_says_so(
    visitor: Visitor, sample: tuple[Path, list[dict[str, Any]]]
) -> None:
    tab = visitor.open(sample[0], "#event=gone")
    assert "the linked event is not in the page" in tab.locator("#found").inner_text()


def test_a_story_leads_to_its_events(
    visitor: Visitor, sample: tuple[Path, list[dict[str, Any]]]
) -> None:
    tab = visitor.open(sample[0])
    tab.locator(".story a", has_text="cloudtrail:StopLogging").click()
    tab.wait_for_selector("#detail-title")
    assert tab.locator("#detail-title").inner_text() == "cloudtrail:StopLogging"


def test_a_story_leads_there_again_while_its_event_is_open(
    visitor: Visitor, sample: tuple[Path, list[dict[str, Any]]]
) -> None:
    tab = visitor.open(sample[0])
    link = tab.locator(".story a", has_text="cloudtrail:StopLogging")
    for _ in range(2):
        tab.evaluate("window.scrollTo(0, 0)")
        link.click()
        tab.wait_for_function("() => document.activeElement.id === 'detail-title'")
        tab.evaluate("document.activeElement.blur()")


def test_a_link_is_copied(visitor: Visitor, sample: tuple[Path, list[dict[str, Any]]]) -> None:
    page, verdicts = sample
    tab = visitor.open(page, permissions=["clipboard-read", "clipboard-write"])
    tab.locator("tr.row").first.click()
    tab.get_by_role("button", name="Copy link").click()
    tab.wait_for_function("() => document.getElementById('said').textContent !== ''")
    first = next(each for each in verdicts if each["verdict"] == "orphan")
    link = f"{page.as_uri()}#event={first['event_id']}"
    assert link in (
        tab.evaluate("navigator.clipboard.readText()"),
        tab.locator("#link").input_value(),
    )


def test_keys_alone_search_move_open_and_close(
    visitor: Visitor, sample: tuple[Path, list[dict[str, Any]]]
) -> None:
    tab = visitor.open(sample[0])
    tab.keyboard.press("/")
    assert tab.evaluate("document.activeElement.id") == "search"
    tab.keyboard.type("createaccesskey")
    until_found(tab, 1, 218)
    tab.keyboard.press("Escape")
    until_found(tab, 7, 218)
    tab.locator("#grid").focus()
    for key, place in (
        ("Home", 0),
        ("ArrowDown", 1),
        ("ArrowDown", 2),
        ("ArrowUp", 1),
        ("End", 6),
        ("Home", 0),
        ("PageDown", 6),
    ):
        tab.keyboard.press(key)
        assert tab.locator("#grid").get_attribute("aria-activedescendant") == f"row-{place}"
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.id") == "detail-title"
    tab.keyboard.press("Escape")
    assert tab.locator("#detail").is_hidden()
    assert tab.evaluate("document.activeElement.id") == "grid"


def test_the_tab_key_reaches_every_part_and_is_caught_in_none(
    visitor: Visitor, sample: tuple[Path, list[dict[str, Any]]]
) -> None:
    tab = visitor.open(sample[0])
    tab.locator("tr.row").first.click()
    tab.evaluate("document.activeElement.blur(), window.scrollTo(0, 0)")
    reached = []
    for _ in range(120):
        tab.keyboard.press("Tab")
        reached.append(
            tab.evaluate(
                "document.activeElement.id || document.activeElement.className || document.activeElement.tagName"
            )
        )
        if reached[-1] == "BODY":
            break
    for part in (
        "theme",
        "search",
        "f-action",
        "sort",
        "reset",
        "grid",
        "lifeline-frame",
        "SUMMARY",
    ):
        assert part in reached, reached
    assert reached[0] in {"skip", "grid", "small"}


@pytest.mark.parametrize("system", ["light", "dark"])
def test_the_theme_is_the_systems_until_it_is_switched(
    visitor: Visitor, sample: tuple[Path, list[dict[str, Any]]], system: Any
) -> None:
    tab = visitor.open(sample[0], color_scheme=system)
    paper = "getComputedStyle(document.body).backgroundColor"
    colours = {"light": "rgb(251, 250, 247)", "dark": "rgb(17, 21, 26)"}
    assert tab.evaluate(paper) == colours[system]
    for theme in ("light", "dark"):
        tab.locator("#theme").click()
        assert tab.locator("#theme").inner_text() == f"Theme: {theme}"
        assert tab.evaluate(paper) == colours[theme]
    tab.reload()
    tab.wait_for_selector(READY)
    assert tab.evaluate(paper) == colours["dark"]


def test_nothing_is_wider_than_a_phone(
    visitor: Visitor, sample: tuple[Path, list[dict[str, Any]]]
) -> None:
    tab = visitor.open(sample[0], **PHONE)
    assert tab.evaluate("document.documentElement.scrollWidth") == 390
    tab.locator("tr.row").first.tap()
    box = tab.locator("#detail").bounding_box()
    assert box is not None
    assert (box["x"], box["width"]) == (0, 390)
    tab.get_by_role("button", name="Close the event").tap()
    assert tab.locator("#detail").is_hidden()


def test_paper_has_the_stories_and_the_table_and_no_controls(
    visitor: Visitor, sample: tuple[Path, list[dict[str, Any]]]
) -> None:
    tab = visitor.open(sample[0], color_scheme="dark")
    tab.emulate_media(media="print")
    for gone in ("#theme", ".filters", "#kinds", ".tools"):
        assert not tab.locator(gone).first.is_visible()
    assert tab.locator(".story").count() == 2
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert tab.locator("tr.row").count() == 7


def test_without_script_the_stories_are_there_and_the_table_is_not(
    visitor: Visitor, sample: tuple[Path, list[dict[str, Any]]]
) -> None:
    tab = visitor.open(sample[0], ready=False, java_script_enabled=False)
    assert tab.locator(".story").count() == 2
    assert tab.locator("#explorer").is_hidden()
    assert tab.locator("noscript").inner_text().startswith("Without script")


def test_a_browser_that_cannot_unpack_says_so_and_keeps_the_stories(
    visitor: Visitor, large: Path
) -> None:
    tab = visitor.browser.new_context().new_page()
    tab.add_init_script("delete window.DecompressionStream")
    tab.goto(large.as_uri())
    tab.wait_for_selector("#trouble:not([hidden])")
    assert "cannot unpack" in tab.locator("#trouble").inner_text()
    assert tab.locator(".story").count() > 0


def test_hostile_values_are_text_wherever_they_show(visitor: Visitor, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text(page_of(hostile()))
    tab = visitor.open(page)
    title = tab.title()
    everything(tab)
    for place in range(3):
        tab.locator("tr.row").nth(place).click()
        assert "<img src=x onerror=" in tab.locator("#detail").inner_text()
    tab.fill("#search", "</script><img")
    until_found(tab, 3, 3)
    assert tab.title() == title
    assert tab.locator("img").count() == 0


def test_a_hundred_thousand_rows_are_one_scroll_and_few_elements(
    visitor: Visitor, large: Path
) -> None:
    assert large.stat().st_size <= 15_000_000
    tab = visitor.open(large)
    everything(tab)
    until_found(tab, MANY, MANY)
    grid = tab.locator("#grid")
    assert grid.get_attribute("aria-rowcount") == str(MANY + 1)
    grid.evaluate("grid => { grid.scrollTop = grid.scrollHeight; }")
    # Rows are drawn anew while the table scrolls: look at both in one go.
    tab.wait_for_function(
        """number => {
            const row = document.getElementById(`row-${number}`);
            const end = document.getElementById("grid").getBoundingClientRect().bottom;
            return row && row.ariaRowIndex === String(number + 2) && row.getBoundingClientRect().bottom <= end + 1;
        }""",
        arg=MANY - 1,
    )
    assert tab.locator("tr.row").count() < 60
    grid.evaluate("grid => { grid.scrollTop = grid.scrollHeight / 2; }")
    tab.wait_for_function(
        f"() => document.querySelector('tr.row').ariaRowIndex > {MANY // 2 - 100}"
    )
    tab.fill("#f-actor", "app-1234/")
    wanted = sum("app-1234/" in (each.actor_arn or "") for each in many())
    until_found(tab, wanted, MANY)
    tab.locator("tr.row").first.click()
    assert tab.locator("#detail-title").is_visible()
    assert "assumed-role/app-1234/" in tab.locator("#detail").inner_text()


def open_first(tab: "Page") -> None:
    """Open the first event; a row that is drawn anew at that moment takes no click, and is clicked again."""
    tab.wait_for_function(
        """() => {
            const title = document.getElementById('detail-title');
            if (title && title.offsetParent) { return true; }
            document.querySelector('tr.row').click();
            return false;
        }""",
        polling=500,
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("where", ["desktop", "event", "phone"])
def test_axe_finds_nothing_serious(
    visitor: Visitor, sample: tuple[Path, list[dict[str, Any]]], scheme: str, where: str
) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed (tests/cli/axe)")
    context: dict[str, Any] = {"color_scheme": scheme, "bypass_csp": True}
    tab = visitor.open(sample[0], **(context | (PHONE if where == "phone" else {})))
    everything(tab)
    until_found(tab, len(sample[1]), len(sample[1]))  # a row that is drawn anew takes no click
    tab.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    if where != "desktop":
        open_first(tab)
    tab.evaluate(AXE.read_text("utf-8"))
    result = tab.evaluate("axe.run(document, {resultTypes: ['violations']})")
    grave = [
        (each["impact"], each["id"], [node["html"][:120] for node in each["nodes"][:3]])
        for each in result["violations"]
    ]
    assert [each for each in grave if re.match("serious|critical", each[0])] == []
    assert result["passes"]
