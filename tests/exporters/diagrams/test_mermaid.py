"""Mermaid text has the shape that its grammar wants, and no value becomes part of the grammar.

Mermaid itself is not at hand here; https://mermaid.js.org/syntax/flowchart.html says what a line may be.
"""

import json
import re

import pytest

from cloudcascade.exporters import Picture, cascade_picture, to_mermaid
from cloudcascade.exporters.diagrams.mermaid import encode_label
from cloudcascade.tests.exporters.diagrams.hostile_pictures import TEXTS, hostile_picture
from cloudcascade.tests.support.cascades import DELETE_USER

# A label holds letters, digits, signs within words, harmless signs, entities and line breaks.
LABEL = r"(?:[\w ≤·…�]|(?<=\w)[.:/-](?=\w)|#\d+;|<br/>)*"
URL = r"https?://[\w/:?#\[\]@!$&()*+,=%.~-]+"
COLOUR = r"#[0-9A-F]{6}"
STYLE = rf"(?:fill|stroke|color):{COLOUR}|stroke-width:\dpx|stroke-dasharray:\d \d"
LINES = {
    "chart": r"flowchart LR",
    "words": rf"  acc(?:Title|Descr): {LABEL}",
    "frame": rf'  subgraph g\d+\["{LABEL}"\]',
    "end": r"  end",
    "node": rf'(?:  )+n\d+\["{LABEL}"\]',
    "edge": rf'  n\d+ (?:-->|<-->|--x)\|"{LABEL}"\| n\d+',
    "click": rf'  click n\d+ href "{URL}"(?: "{LABEL}")? _blank',
    "class": r"  class n\d+(?:,n\d+)* \w+",
    "look": rf"  (?:classDef \w+|style g\d+|linkStyle \d+(?:,\d+)*) (?:{STYLE})(?:,(?:{STYLE}))*",
}


def kinds(text: str) -> list[str]:
    """What each line is; fails where a line is nothing that Mermaid text may hold."""
    head, title, foot, *lines = text.removesuffix("\n").split("\n")
    assert head == foot == "---"
    assert isinstance(json.loads(title.removeprefix("title: ")), str)
    found = []
    for line in lines:
        matching = [kind for kind, pattern in LINES.items() if re.fullmatch(pattern, line)]
        assert len(matching) == 1, line
        found += matching
    return found


@pytest.mark.parametrize("text", TEXTS)
def test_a_hostile_text_changes_no_structure(text: str) -> None:
    hostile = kinds(to_mermaid(hostile_picture(text)))
    harmless = kinds(to_mermaid(hostile_picture("harmless")))
    # A link that is none, such as one that is too long, is left out.
    assert [kind for kind in hostile if kind != "click"] == [
        kind for kind in harmless if kind != "click"
    ]
    assert hostile.count("click") <= harmless.count("click") == 1


@pytest.mark.parametrize("text", TEXTS)
def test_a_label_holds_nothing_that_means_something(text: str) -> None:
    assert re.fullmatch(LABEL.replace("|<br/>", ""), encode_label(text))


@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        ("iam:DeleteUser", "iam:DeleteUser"),
        ("T1556.006", "T1556.006"),
        ("≤ 1h before", "≤ 1h before"),
        ("1. one", "1#46; one"),
        ("- x", "#45; x"),
        ("a -- b", "a #45;#45; b"),
        ("#quot;", "#35;quot#59;"),
    ],
)
def test_labels_stay_readable_in_the_source(text: str, encoded: str) -> None:
    assert encode_label(text) == encoded


def test_a_cascade_has_a_node_and_an_edge_for_everything_it_says() -> None:
    picture = cascade_picture(DELETE_USER)
    found = kinds(to_mermaid(picture))
    assert found.count("node") == len(picture.nodes)
    assert found.count("edge") == len(picture.edges)
    assert found.count("frame") == found.count("end") == len(picture.groups)


def test_relations_differ_in_line_and_not_in_colour_alone() -> None:
    text = to_mermaid(cascade_picture(DELETE_USER))
    strokes = dict(re.findall(r"linkStyle ([\d,]+) stroke:#\w{6},stroke-width:2px(.*)", text))
    assert strokes == {
        "0,1,2,3,4,5,6,7,8,9": "",
        "10,11,12": ",stroke-dasharray:6 4",
    }
    assert text.count("--x|") == 3


def test_an_empty_picture_is_a_chart() -> None:
    assert kinds(to_mermaid(Picture("", "", "", (), ())))[0] == "chart"
