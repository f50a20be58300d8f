"""The report in a real browser: it opens from disk, and its pages do what they promise."""

from __future__ import annotations

import importlib.util
import json
import os
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any

import browsing
import pytest
import synthetic_runs as synthetic

from conformance.report import html, write_html
from conformance.verdicts.model import Comparison, FacetVerdict
from conformance.wording.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Page

AXE = Path(__file__).parent.parent / "web" / "node_modules" / "axe-core" / "axe.min.js"


def missing() -> str:
    """What these tests lack here."""
    if importlib.util.find_spec("playwright") is None:
        return "Playwright is not installed (the extra `test` has it)"
    if browsing.program() is None or not hasattr(os, "posix_spawn"):
        return "no Chromium on this machine (Debian: apt-get install chromium)"
    if not html.bundled(html.PROGRAM):
        return "this copy was built without Node: no interactive pages (python web/bundle.py)"
    return ""


pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(bool(missing()), reason=missing() or "nothing is missing"),
]

FAILING = "documents/convolution/case-038"
CELL = f"#case={FAILING}&adapter=keras-jax"
PAGES = (
    "#page=overview",
    "#page=matrix&q=case-03",
    "#page=adapter&adapter=torch",
    "#page=porting",
    "#page=precision",
    "#page=versions",
    "#page=about",
    CELL,
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing.chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("report")
    path = synthetic.record(folder / "run.jsonl", synthetic.lines())
    return write_html(path, folder / "report.html").as_uri()


class Watched:
    """A page, with whatever it complained of or asked for."""

    def __init__(self, context: BrowserContext) -> None:
        self.page: Page = context.new_page()
        self.page.set_default_timeout(10_000)
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))

    def open(self, url: str) -> Page:
        browsing.goto(self.page, url)
        return self.page

    def text(self, selector: str = "main") -> str:
        """What is seen of the first such element."""
        return " ".join(self.page.locator(selector).first.inner_text().split())


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    context = browser.new_context(viewport={"width": 1400, "height": 950})
    yield Watched(context)
    context.close()


def test_opens_from_disk_without_a_request_or_a_complaint(watched: Watched, url: str) -> None:
    for place in PAGES:
        watched.requests.clear()
        watched.open(url + place)
        assert {request.split("#")[0] for request in watched.requests} <= {url, "about:blank"}
    assert watched.complaints == []


def test_the_policy_stops_a_foreign_script_and_request(watched: Watched, url: str) -> None:
    page = watched.open(url)
    page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = 'window.evil = 1';"
        "document.body.append(s); document.body.setAttribute('onclick', 'window.evil = 2');"
        "document.body.click(); }"
    )
    assert page.evaluate("window.evil === undefined")
    asked = "fetch('https://example.invalid/').then(() => 'sent', () => 'stopped')"
    assert page.evaluate(asked) == "stopped"
    assert len(watched.complaints) >= 2


def test_hostile_text_is_shown_and_never_runs(watched: Watched, url: str) -> None:
    page = watched.open(url + "#case=documents/convolution/case-066&adapter=keras-torch")
    assert " ".join(visible(synthetic.HOSTILE).split()) in watched.text()
    assert page.locator("img").count() == 0
    assert watched.complaints == []


def test_the_matrix_is_rolled_up_and_opens(watched: Watched, url: str) -> None:
    page = watched.open(url + "#page=matrix")
    assert watched.text("#shown") == "112 of 112 cases"
    assert page.locator("#grid .group-row").count() == 1
    assert "✗ 1" in watched.text("#grid .group-row")
    page.click("#unfold")
    page.wait_for_selector("#grid .case-row")
    page.locator("#grid .fold").click()
    page.wait_for_selector("#grid .case-row", state="detached")


@pytest.mark.parametrize(
    ("filters", "told"),
    [
        ("verdict=fail", "2 of 112 cases, 3 cells"),
        ("verdict=deviates", "8 of 112 cases, 18 cells"),
        ("verdict=unexpected", "7 of 112 cases, 8 cells"),
        ("verdict=deviates&only=keras-torch", "5 of 112 cases, 5 cells"),
        ("verdict=xfail&family=documents/dense", "3 of 112 cases, 12 cells"),
        ("verdict=xpass", "1 of 112 cases, 1 cell"),
        ("q=case-04", "10 of 112 cases"),
        ("q=d4%20flatten%20CASE-040", "1 of 112 cases"),
        ("q=SIGSEGV", "1 of 112 cases"),
        ("alone=1", "4 of 112 cases, 4 cells"),
        ("differs=1", "8 of 112 cases"),
        ("facet=values&verdict=fail", "1 of 112 cases, 1 cell"),
        ("facet=compiled&verdict=blocked", "2 of 112 cases, 3 cells"),
        ("version=torch%202.13.0&verdict=fail", "1 of 112 cases, 1 cell"),
        ("q=nothing-is-called-so", "0 of 112 cases"),
    ],
)
def test_filters_leave_just_what_matches(
    watched: Watched, url: str, filters: str, told: str
) -> None:
    watched.open(f"{url}#page=matrix&{filters}")
    assert watched.text("#shown") == told


def test_typing_filters_and_clear_brings_all_back(watched: Watched, url: str) -> None:
    page = watched.open(url + "#page=matrix")
    page.keyboard.press("/")
    page.keyboard.type("case-038")
    page.wait_for_function("document.querySelectorAll('#grid .case-row').length === 1")
    assert "q=case-038" in page.url
    page.click("#clear")
    page.wait_for_function("document.getElementById('shown').textContent.startsWith('112')")


def test_drill_down_and_back(watched: Watched, url: str) -> None:
    page = watched.open(url)
    page.click(".causes a[href^='#case=']")
    page.wait_for_selector(".case-page")
    assert "✗ fail on torch" in watched.text(".verdict")
    page.go_back()
    page.wait_for_selector("#headline", state="visible")
    page.click("nav a:has-text('Matrix')")
    page.fill("#q", "case-038")
    page.click("#grid a.glyph.o-fail")
    page.wait_for_selector(".case-page")
    page.keyboard.press("Escape")
    page.wait_for_selector("#grid .case-row")
    assert page.input_value("#q") == "case-038"
    page.go_back()
    page.wait_for_selector(".case-page")
    page.go_forward()
    page.wait_for_selector("#grid .case-row")


def test_a_case_tells_everything(watched: Watched, url: str) -> None:
    watched.open(url + CELL)
    seen = watched.text()
    for words in (
        FAILING,
        "✗ fail on keras-jax",
        "112\u00d7 the limit",
        "Behaves like: bfloat16 operands",
        "[1, 7, 3] 0.8314 0.8401 112 tolerances",
        "torch.nn.Linear(in_features=5, out_features=10)",
        "dense/kernel: weight, transposed",
        "composed by the adapter",
        "document D claim D4, D5",
        "documents/convolution.yaml:12:3",
        "params: {total: 60} # shared by every row",
        f"keras-conformance bisect '{FAILING}' --adapter keras-jax",
        "build 4.00 ms",
    ):
        assert words in seen
    assert "[object" not in seen


def test_a_link_to_an_unknown_case_or_adapter_says_so(watched: Watched, url: str) -> None:
    watched.open(url + "#case=documents/none&adapter=torch")
    assert watched.text("#trouble") == "No case documents/none is in this report."
    watched.open(url + f"#case={FAILING}&adapter=mxnet")
    assert "No adapter mxnet" in watched.text("#trouble")
    watched.open(url + "#page=adapter&adapter=mxnet")
    assert "No such adapter" in watched.text()


def test_maps_show_where_numbers_are_off(watched: Watched, tmp_path: Path) -> None:
    page = watched.open(synthetic_numbers(tmp_path) + "#case=a/b/one&adapter=torch")
    assert page.locator("canvas").count() == 4  # differences on two, expected and observed
    page.locator("canvas").first.focus()
    page.keyboard.press("ArrowRight")
    assert watched.text(".readout") == "[0, 0, 1]: +1.0 tolerances"
    page.select_option("#slice", "1")
    page.locator("canvas").first.focus()
    page.keyboard.press("ArrowDown")
    assert watched.text(".readout").startswith("[1, 1, 0]")
    assert "≥ 16" in watched.text(".pairwise")


def test_numbers_that_must_be_equal_show_where_they_are_not(
    watched: Watched, tmp_path: Path
) -> None:
    page = watched.open(synthetic_numbers(tmp_path, exact=True) + "#case=a/b/one&adapter=torch")
    assert "must be equal exactly. Equal on jax." in watched.text(".numbers")
    page.locator("canvas").first.focus()
    page.keyboard.press("ArrowRight")
    assert watched.text(".readout") == "[0, 0, 1]: off by 1"


def synthetic_numbers(folder: Path, *, exact: bool = False) -> str:
    """A case with arrays of two slices, out on torch, and honest on jax."""

    def values(steps: list[int], outcome: Any) -> FacetVerdict:
        kept = {"shape": [2, 2, 3], "dtype": "float32", "numbers": [float(n) for n in range(12)]}
        seen = kept | {"numbers": [n + step / 8 for n, step in enumerate(steps)]}
        picture = b64encode(bytes(step % 256 for step in steps)).decode()
        compared = Comparison(
            what="output 0",
            expected=kept,
            observed=seen,
            picture="" if exact else picture,
            error=1e-3,
            message="" if outcome == "pass" else "output 0: off",
        )
        return FacetVerdict(facet="values", outcome=outcome, margin=3.0, comparisons=[compared])

    steps = [0, 8, -8, 127, 0, 0, 0, 0, 0, 16, 0, 0]
    lines = [
        synthetic.header(["a/b/one"], plan={"torch": None, "jax": None}),
        synthetic.case("a/b/one"),
        synthetic.cell("a/b/one", "torch", "fail", "off", [values(steps, "fail")]),
        synthetic.cell("a/b/one", "jax", "pass", "", [values([0] * 12, "pass")]),
    ]
    path = synthetic.record(folder / "run.jsonl", lines)
    return write_html(path, folder / "report.html").as_uri()


def test_keys_walk_the_matrix(watched: Watched, url: str) -> None:
    page = watched.open(url + "#page=matrix&verdict=fail")
    label = "document.activeElement.getAttribute('aria-label')"

    def press(key: str, expected: str) -> None:
        page.keyboard.press(key)
        page.wait_for_function(f"{label} === {json.dumps(expected)}")

    press("n", f"{FAILING}, keras-jax: fail")
    page.keyboard.press("n")
    page.wait_for_function(f"{label} !== {json.dumps(f'{FAILING}, keras-jax: fail')}")
    press("p", f"{FAILING}, keras-jax: fail")
    press("ArrowRight", f"{FAILING}, keras-numpy: pass")
    page.keyboard.press("Enter")
    page.wait_for_selector(".case-page")
    assert "✓ pass on keras-numpy" in watched.text(".verdict")


def test_the_script_is_copied(watched: Watched, url: str) -> None:
    page = watched.open(url + CELL)
    page.evaluate(
        "() => { window.copied = ''; Object.defineProperty(navigator, 'clipboard', {value:"
        "{writeText: async (text) => { window.copied = text; }}}); }"
    )
    page.click("button:has-text('Copy script')")
    page.wait_for_function("window.copied.includes('import')")


def test_the_theme_can_be_switched(watched: Watched, url: str) -> None:
    page = watched.open(url)
    ground = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(ground)
    page.click("#theme")
    assert page.evaluate(ground) != before
    page.click("#theme")
    assert page.evaluate(ground) == before


def test_without_javascript_overview_and_about_are_there(browser: Browser, url: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(url)
    seen = page.locator("main").inner_text()
    context.close()
    assert "Does not conform, unexpectedly" in seen
    assert "output 0: expected (2, 200), observed (2, 20, 10)" in seen
    assert "What the symbols mean" in seen
    assert "read without JavaScript" in seen


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed (npm ci in web/)")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser: Browser, url: str, theme: Any) -> None:
    context = browser.new_context(color_scheme=theme, bypass_csp=True)
    page = context.new_page()
    found = []
    for place in PAGES:
        browsing.goto(page, url + place)
        page.evaluate(AXE.read_text("utf-8"))
        violations = page.evaluate("axe.run().then((result) => result.violations)")
        found += [
            f"{place}: {one['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
            for one in violations
            if one["impact"] in {"serious", "critical"}
            for node in one["nodes"][:3]
        ]
    context.close()
    assert found == []


def test_fits_a_phone(browser: Browser, url: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, is_mobile=True)
    page = context.new_page()
    for place in PAGES:
        browsing.goto(page, url + place)
        overhang = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overhang <= 0, place
    context.close()


def test_prints_without_its_controls(browser: Browser, url: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    browsing.goto(page, url + CELL)
    page.emulate_media(media="print")
    assert not page.locator("#nav").is_visible()
    assert page.locator(".case-page h1").is_visible()
    assert len(page.pdf()) > 10_000
    context.close()
