"""Somebody who opens reports in a browser that is cut off from every network."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

READY = "html[data-ready]"


@dataclass(slots=True)
class Visitor:
    """Opens pages, and remembers all that went wrong in them: errors, messages, and requests but for the page."""

    browser: "Browser"
    wrong: list[str] = field(default_factory=list)

    def open(self, page: Path, fragment: str = "", ready: bool = True, **context: Any) -> "Page":
        """A page in a context of its own."""
        given = {"viewport": {"width": 1280, "height": 900}, **context}
        tab = self.browser.new_context(**given).new_page()
        address = page.as_uri()
        tab.on("console", lambda message: self.wrong.append(f"console: {message.text}"))
        tab.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        tab.on("dialog", lambda dialog: self.wrong.append(f"dialog: {dialog.message}"))

        def refuse(route: Any) -> None:
            if route.request.url.split("#")[0] == address:
                route.continue_()
            else:
                self.wrong.append(f"request: {route.request.url}")
                route.abort()

        tab.route("**/*", refuse)
        tab.goto(address + fragment)
        if ready:
            tab.wait_for_selector(READY)
        return tab
