"""The pages that follow from the program follow it, and the README's commands exist."""

import importlib.util
import os
import re
from pathlib import Path
from types import ModuleType

import pytest

from cloudcascade.exporters.registry import target_names

ROOT = Path(__file__).parents[1]


def load_renderer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("render", ROOT / "docs" / "render.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "page",
    [
        "adversary.md",
        "cascade-file.md",
        "cli.md",
        "review-formats.md",
        pytest.param(
            "exporters/index.md",
            marks=pytest.mark.skipif(
                not os.environ.get("CASCADE_FULL"), reason="takes minutes: set CASCADE_FULL"
            ),
        ),
    ],
)
def test_a_rendered_page_is_up_to_date(page: str) -> None:
    rendered = load_renderer().PAGES[page]()
    assert (ROOT / "docs" / page).read_text() == rendered, "run: python docs/render.py"


@pytest.mark.parametrize(
    "page",
    [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/**/*.md"))],
    ids=lambda page: page.name,
)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("target", target_names())
def test_every_export_target_has_its_page(target: str) -> None:
    assert (ROOT / "docs" / "exporters" / f"{target}.md").is_file()


def test_every_command_is_in_the_readme_or_the_reference() -> None:
    reference = (ROOT / "docs" / "cli.md").read_text()
    known = set(re.findall(r"^## `cascade (\w+)", reference, re.MULTILINE))
    used = set(
        re.findall(r"(?:^\$ |`)cascade (\w+)", (ROOT / "README.md").read_text(), re.MULTILINE)
    )
    assert used
    assert used <= known
