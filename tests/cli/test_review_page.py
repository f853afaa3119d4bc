"""The page of a review: what it allows, what it says without script, hostile rules, and its filter in a browser."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from cloudcascade.cli import review_html
from cloudcascade.cli.review_html import page
from cloudcascade.tests.support.line_rules import EVIL
from cloudcascade.tests.support.report_visitor import Visitor
from cloudcascade.tests.support.review_reports import (
    effect,
    finding,
    held,
    hostile,
    report,
    reviewed,
    rule,
    sample,
)

AXE = Path(__file__).parents[2] / ".dev" / "axe" / "node_modules" / "axe-core" / "axe.min.js"


class Read(HTMLParser):
    """Elements with their attributes, in order, and the text of style and script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {"style": "", "script": ""}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.cdata_elem in self.texts:
            self.texts[self.cdata_elem] += data


def test_only_the_style_and_the_script_of_the_page_are_allowed_by_their_hashes() -> None:
    read = Read(page(sample()))
    [policy] = [each["content"] for tag, each in read.elements
                if tag == "meta" and each.get("http-equiv") == "Content-Security-Policy"]  # fmt: skip
    assert policy is not None
    for name in ("script", "style"):
        digest = base64.b64encode(hashlib.sha256(read.texts[name].encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")


@pytest.mark.parametrize("made", [sample, hostile])
def test_nothing_in_the_page_is_fetched_or_run_in_place(made: Any) -> None:
    for tag, attributes in Read(page(made())).elements:
        assert tag not in {"img", "link", "iframe", "object", "embed", "base"}
        assert not {"src", "style", "action", "formaction"} & set(attributes)
        assert not [name for name in attributes if name.startswith("on")]


def test_hostile_texts_stay_texts() -> None:
    made = page(hostile())
    assert [tag for tag, _ in Read(made).elements].count("script") == 1
    assert "\x1b" not in made
    assert "\u202e" not in made
    assert EVIL.split("|")[0] not in made
    assert "&lt;/script&gt;&lt;img src=x" in made


def test_without_script_all_findings_are_there_and_the_filter_is_not() -> None:
    made = page(sample())
    static = made[: made.index("<script")]
    for words in ("1 rule fires on side effects", "says bypassable of userAgent", "the function geo is not modelled",
                  "a mapping was not closed", "rules/a.yml", "aws.iam.delete-user"):  # fmt: skip
        assert words in static
    [form] = [each for tag, each in Read(made).elements if tag == "form"]
    assert "hidden" in form
    assert not [each for tag, each in Read(made).elements if tag == "article" and "hidden" in each]


def test_beside_a_baseline_it_says_what_is_known_and_fixed() -> None:
    old, gone = finding(about="iam:A"), held(finding(about="iam:B"))
    made = page(report(reviewed(rule(), old, finding(about="iam:C")), baseline=[held(old), gone]))
    assert "1 new finding, 1 known one, 1 fixed one" in made
    assert made.count('<span class="was">known</span>') == 1
    assert "iam:B" in made


def test_a_review_without_findings_says_so() -> None:
    made = page(report(reviewed(rule())))
    assert "No rule fires on a side effect" in made
    assert "Nothing was found" in made


def test_what_the_page_cannot_carry_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(review_html, "MAX_RULES", 2)
    made = page(report(*(reviewed(rule(f"r{at}"), finding(of=rule(f"r{at}"))) for at in range(5))))
    assert len(re.findall("<article", made)) == 2
    assert "3 rules with findings are not listed here" in made


@pytest.fixture
def written(tmp_path: Path) -> Path:
    one, two = rule("r1"), rule("r2", format="elastic", title="Another")
    old = finding(about="iam:DeleteRole", of=two)
    told = report(
        reviewed(
            one, finding(of=one), finding("overlap", "note", "r9", of=one), side_effects=(effect(),)
        ),
        reviewed(two, old, finding("bypassable", "error", "userAgent", of=two)),
        baseline=[held(old)],
    )
    file = tmp_path / "review.html"
    file.write_text(page(told))
    return file


@pytest.mark.parametrize(
    ("field", "value", "found"),
    [("level", "error", "1 finding of 1 rule"), ("kind", "overlap", "1 finding of 1 rule"),
     ("format", "elastic", "2 findings of 1 rule"), ("action", "delete", "2 findings of 2 rules"),
     ("words", "another useragent", "1 finding of 1 rule"), ("words", "nowhere", "0 findings of 0 rules")],
)  # fmt: skip
def test_the_filter_leaves_what_was_asked_for(
    visitor: Visitor, written: Path, field: str, value: str, found: str
) -> None:
    tab = visitor.open(written)
    assert tab.locator("#found").inner_text() == "3 findings of 2 rules"
    tab.uncheck("#only-new")
    if field in ("words", "action"):
        tab.fill(f"#{field}", value)
    else:
        tab.select_option(f"#{field}", value)
    assert tab.locator("#found").inner_text() == found
    assert tab.locator("article.rule:visible").count() == int(found.split(" of ")[1].split()[0])
    assert tab.locator("#empty").is_visible() == found.startswith("0")
    tab.click("button[type=reset]")
    tab.locator("#found", has_text="3 findings of 2 rules").wait_for()


def test_hostile_rules_do_nothing_in_a_browser(visitor: Visitor, tmp_path: Path) -> None:
    file = tmp_path / "evil.html"
    file.write_bytes(page(hostile()).encode("utf-8", "backslashreplace"))
    tab = visitor.open(file)
    assert "</script><img src=x" in tab.locator("article.rule h3").first.inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_serious(
    visitor: Visitor, written: Path, scheme: str, width: int
) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed (tests/cli/axe)")
    given: dict[str, Any] = {"color_scheme": scheme, "bypass_csp": True}
    tab = visitor.open(written, viewport={"width": width, "height": 900}, **given)
    tab.uncheck("#only-new")
    tab.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    tab.evaluate(AXE.read_text("utf-8"))
    result = tab.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert [
        each["id"] for each in result["violations"] if each["impact"] in ("serious", "critical")
    ] == []
