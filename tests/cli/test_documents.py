"""The pages that --help names are there wherever the program is."""

import re
from pathlib import Path

import pytest

from cloudcascade.cli.documents import topics
from cloudcascade.cli.main import run

ROOT = Path(__file__).parents[2]


def test_every_page_that_help_names_is_a_topic() -> None:
    named = {
        page
        for source in (ROOT / "cli").glob("*.py")
        for page in re.findall(r"docs/([\w/-]+)\.md", source.read_text())
    }
    assert named
    assert named <= topics().keys()


@pytest.mark.parametrize("topic", ["semantics", "docs/semantics.md", "exporters/splunk"])
def test_a_page_is_printed_as_it_is_into_a_pipe(
    topic: str, capsys: pytest.CaptureFixture[str]
) -> None:
    name = topic.removeprefix("docs/").removesuffix(".md")
    assert run(["docs", topic]) == 0
    assert capsys.readouterr().out == (ROOT / "docs" / f"{name}.md").read_text()


def test_without_a_topic_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["docs"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(topics())


def test_a_page_that_is_none_is_refused_with_the_nearest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["docs", "semantic"]) == 2
    assert "did you mean 'semantics'" in capsys.readouterr().err
