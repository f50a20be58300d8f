"""A headless Chromium for the report's tests, benchmarks and pictures, driven by Playwright.

The browser is the system's own (Debian: ``apt-get install chromium``); Playwright brings the driver
and downloads nothing.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def program() -> str | None:
    """Path of a Chromium or Chrome, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser with an empty profile."""
    from playwright.sync_api import sync_playwright

    path = program()
    if path is None:
        raise FileNotFoundError(f"none of {', '.join(NAMES)} is on the PATH")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def goto(page: Page, url: str) -> None:
    """Open an address of a report afresh, and wait until its page is drawn."""
    page.goto("about:blank")
    page.goto(url)
    page.wait_for_selector("html[data-ready][data-shown]", state="attached")
    if page.locator("#grid").count():
        page.wait_for_selector("html[data-drawn]", state="attached")
