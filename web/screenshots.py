"""Takes a picture of every page of a report, light and dark, and on a phone.

    python web/screenshots.py reports/<run>/report.html OUT [--case ID --adapter NAME]

Needs the extra ``test`` (Playwright) and a Chromium. Pages are for people: look at the pictures
whenever you changed one.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import browsing

if TYPE_CHECKING:
    from playwright.sync_api import Page

WIDE = {"width": 1400, "height": 950}
PHONE = {"width": 390, "height": 844}
PAGES = {
    "overview": "#page=overview",
    "matrix": "#page=matrix",
    "deviations": "#page=matrix&verdict=deviates",
    "adapter": "#page=adapter",
    "porting": "#page=porting",
    "precision": "#page=precision",
    "versions": "#page=versions",
    "about": "#page=about",
}


def main() -> None:
    """Write one PNG a page and theme."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("report", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--case", help="case to show; default: the first that deviates")
    parser.add_argument("--adapter", default="")
    parser.add_argument("--only", help="names of pages, separated by commas")
    parser.add_argument("--full", action="store_true", help="the whole length of each page")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with browsing.chromium() as browser:
        for theme in ("light", "dark"):
            context = browser.new_context(viewport=WIDE, color_scheme=theme)
            _take(context.new_page(), options, theme)
            context.close()
        context = browser.new_context(viewport=PHONE, is_mobile=True, has_touch=True)
        _take(context.new_page(), options, "phone")
        context.close()


def _take(page: Page, options: argparse.Namespace, name: str) -> None:
    url = options.report.resolve().as_uri()
    shown = dict(PAGES)
    case = options.case or _first(page, url)
    if case:
        shown["case"] = "#" + page.evaluate(
            "([id, adapter]) => new URLSearchParams({case: id, adapter}).toString()",
            [case, options.adapter],
        )
    for place, hash_ in shown.items():
        if options.only and place not in options.only.split(","):
            continue
        browsing.goto(page, url + hash_)
        path = options.out / f"{place}-{name}.png"
        page.screenshot(path=path, full_page=options.full or place == "case")
        print(path)  # noqa: T201 - for whoever called


def _first(page: Page, url: str) -> str | None:
    browsing.goto(page, f"{url}#page=matrix&verdict=fail")
    link = page.locator("#grid a.glyph.loud").first
    if not link.count():
        browsing.goto(page, f"{url}#page=matrix&verdict=deviates")
    if not link.count():
        return None
    target = link.get_attribute("href") or ""
    found: str = page.evaluate("(text) => new URLSearchParams(text).get('case')", target[1:])
    return found


if __name__ == "__main__":
    main()
