"""A browser that opens reports, cut off from every network; skipped where there is none."""

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from cloudcascade.tests.support.report_visitor import Visitor

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """Debian's Chromium, driven by Playwright."""
    api = pytest.importorskip(
        "playwright.sync_api", reason="Playwright is not installed (extra `engines`)"
    )
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("there is no Chromium")
    with api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def visitor(browser: "Browser") -> Iterator[Visitor]:
    """Whoever looks at a report. A test fails if anything went wrong in any page that it opened."""
    seen = Visitor(browser)
    yield seen
    for context in browser.contexts:
        context.close()
    assert seen.wrong == []
