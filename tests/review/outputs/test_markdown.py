"""Markdown for a pull request: what it says, what hostile text becomes, and how long it may be."""

import re

import pytest

from cloudcascade.review.outputs import markdown
from cloudcascade.review.outputs.markdown import safe
from cloudcascade.tests.support.review_reports import (
    finding,
    held,
    hostile,
    report,
    reviewed,
    rule,
    sample,
)


def test_it_begins_with_the_counts() -> None:
    head = markdown(sample()).splitlines()
    assert head[0] == "## cascade review: 1 error, 1 warning, 2 notes"
    assert "3 rules about CloudTrail, 2 executed" in head[2]
    assert "1 rule could not be judged" in markdown(sample())


def test_each_level_has_a_table_and_notes_are_folded() -> None:
    told = markdown(sample())
    assert (
        "### Errors (1)\n\n| rule | where | finding | what to do |\n|---|---|---|---|\n| Rule r1 |"
        in told
    )
    assert (
        "| rules/a&#46;yml&#58;7 | **side-effect**: says side-effect of iam&#58;DeleteUser |"
        in told
    )
    assert "<details><summary>Notes (1)</summary>" in told


def test_what_was_not_judged_and_not_read_is_told_folded() -> None:
    told = markdown(sample())
    assert (
        "<details><summary>Not judged, by reason (1)</summary>\n\n- 1: the function geo is not modelled"
        in told
    )
    assert (
        "<details><summary>Not read (1)</summary>\n\n- c&#46;yml&#58;2&#58;5: a mapping was not closed"
        in told
    )
    assert told.count("<details>") == told.count("</details>")


def test_beside_a_baseline_new_findings_stand_first_and_known_ones_are_folded() -> None:
    old, new = finding(about="iam:A", message="old one"), finding(about="iam:B", message="new one")
    gone = held(finding(about="iam:C"))
    told = markdown(report(reviewed(rule(), old, new), baseline=[held(old), gone]))
    assert told.startswith("## cascade review: new findings: 1 warning\n")
    assert (
        told.index("New warnings (1)")
        < told.index("new one")
        < told.index("Known from the baseline (1)")
    )
    assert "Fixed since the baseline (1)" in told


def test_without_findings_it_says_so() -> None:
    assert markdown(report()).startswith("## cascade review: no findings\n")


@pytest.mark.parametrize(
    "text",
    [
        "a|b", "`code`", "<b>x</b>", "**bold**", "_it_", "[x](https://evil.example)", "![x](y)", "# head", "~~gone~~",
        "$x$", "&amp;", "a\nb", "a\\|b", "www.evil.example", "http://evil.example", "@octocat", "owner/repo#12",
        "GH-12", "me@evil.example", "<!-- x", "1. one", "- one", "\u202ex", "```",
    ],
)  # fmt: skip
def test_a_hostile_text_holds_no_markup_no_link_and_no_mention(text: str) -> None:
    made = safe(text, 200)
    assert made.isascii()
    assert not re.search(r"[|`<>*_\[\]!#~$\\@\n.:]", re.sub(r"&#\d+;", "", made))
    # What GitHub looks for in the rendered text: a letter follows directly.
    rendered = re.sub(r"&#(\d+);", lambda found: chr(int(found[1])), made)
    assert not re.search(r"@\w|#\d|GH-\d|https?://\w|www\.\w", rendered)


def test_a_hostile_rule_adds_no_row_column_or_element() -> None:
    told = markdown(hostile())
    rows = [line for line in told.splitlines() if line.startswith("|")]
    assert len(rows) == 3
    assert all(row.count("|") == 5 for row in rows)
    assert set(re.findall(r"</?\w+>", told)) == {
        "<details>",
        "</details>",
        "<summary>",
        "</summary>",
    }
    assert "@" not in told


@pytest.mark.parametrize("most", [2_000, 65_536])
def test_it_is_no_longer_than_github_takes_and_says_what_is_left_out(most: int) -> None:
    rules = [
        reviewed(
            rule(f"r{number}", title="|" * 500),
            *(finding(about=f"a{at}", message="<" * 900) for at in range(20)),
            finding("overlap", "note", "x"),
        )
        for number in range(200)
    ]
    told = markdown(report(*rules), most)
    assert most / 4 < len(told) <= most
    assert re.search(r"For want of room this leaves out: [\d,]+ warnings, [\d,]+ notes\.", told)
    assert told.count("<details>") == told.count("</details>")
