"""The report in a real browser: it opens from disk, and its pages do what they promise."""

from __future__ import annotations

import importlib.util
import json
import os
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import browsing
import pytest
import synthetic_runs as synthetic

from conformance.records import read
from conformance.report import html, write_html
from conformance.verdicts.model import Comparison, FacetVerdict
from conformance.wording.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
        "112 times the tolerance",
        "Behaves like: bfloat16 operands",
        "[1, 7, 3] 0.8314 0.8401 112 times the tolerance",
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
    assert watched.text(".readout") == "[0, 0, 1]: +6 % of the tolerance"
    page.select_option("#slice", "1")
    page.locator("canvas").first.focus()
    page.keyboard.press("ArrowDown")
    assert watched.text(".readout").startswith("[1, 1, 0]")
    assert "≥ 100 %" in watched.text(".pairwise")


def test_numbers_that_must_be_equal_show_where_they_are_not(
    watched: Watched, tmp_path: Path
) -> None:
    page = watched.open(synthetic_numbers(tmp_path, exact=True) + "#case=a/b/one&adapter=torch")
    assert "must be equal exactly. Equal on jax." in watched.text(".numbers")
    page.locator("canvas").first.focus()
    page.keyboard.press("ArrowRight")
    assert watched.text(".readout") == "[0, 0, 1]: off by 1"


STEPS = (0, 8, -8, 127, 0, 0, 0, 0, 0, 16, 0, 0)


def synthetic_numbers(folder: Path, *, exact: bool = False, steps: Sequence[int] = STEPS) -> str:
    """A case with arrays of two slices, out on torch, and honest on jax."""

    def values(steps: Sequence[int], outcome: Any) -> FacetVerdict:
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


def test_the_page_of_exporters_opens_and_links_to_its_cases(
    watched: Watched, tmp_path: Path
) -> None:
    name = "documents/dense/last-axis"
    content = [
        synthetic.header([name], plan={"onnx-torch": None}),
        synthetic.case(name),
        synthetic.adapter("onnx-torch"),
        synthetic.cell(name, "onnx-torch", "unsupported", "export refused: no such operator"),
    ]
    path = synthetic.record(tmp_path / "run.jsonl", content)
    page = watched.open(write_html(path, tmp_path / "report.html").as_uri() + "#page=exporters")
    assert page.locator("nav [aria-current=page]").inner_text() == "Exporters"
    assert "0 of 1, 1 refused" in watched.text("[data-page=exporters] table")
    assert not page.locator("[data-page=overview]").is_visible()
    page.locator("[data-page=exporters] summary").click()
    page.locator("[data-page=exporters] details a").click()
    page.wait_for_selector("[data-page=app]:not([hidden]) h1")
    assert name in watched.text("[data-page=app]")
    assert watched.complaints == []


def test_fits_a_phone(browser: Browser, url: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, is_mobile=True)
    page = context.new_page()
    for place in PAGES:
        browsing.goto(page, url + place)
        overhang = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overhang <= 0, place
    context.close()


OUT_OF_SIGHT = """() => {
  const found = [], wide = innerWidth;
  for (const one of document.querySelectorAll("header *, [data-page='overview'] *")) {
    const style = getComputedStyle(one), box = one.getBoundingClientRect();
    const hidden = style.clipPath !== "none" || one.closest("thead, .sr, .skip");
    if (!box.width || !box.height || style.visibility === "hidden" || hidden) continue;
    const cut = style.overflowX !== "visible" && one.scrollWidth > one.clientWidth + 1;
    if (box.right > wide + 1 || box.left < -1 || cut) found.push(one.outerHTML.slice(0, 160));
  }
  return found;
}"""


ALL_OPEN = """() => {
  document.querySelectorAll("details").forEach((one) => { one.open = true; });
  const all = document.querySelectorAll("section");
  all.forEach((one) => { one.style.contentVisibility = "visible"; });
}"""
LABELS = """() => Array.from(document.querySelectorAll("td[data-label]"),
  (one) => getComputedStyle(one, "::before").content)"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_of_the_overview_is_out_of_sight_on_a_phone(
    browser: Browser, compared: str, scheme: Any
) -> None:
    context = browser.new_context(
        viewport={"width": 400, "height": 844}, is_mobile=True, color_scheme=scheme
    )
    page = context.new_page()
    browsing.goto(page, compared)
    page.evaluate(ALL_OPEN)
    assert page.evaluate(OUT_OF_SIGHT) == []
    seen = " ".join(page.locator("main").inner_text().split())
    labels = page.evaluate(LABELS)
    context.close()
    # Each number has its name beside it, now that it stands in no column.
    assert {'"Versions "', '"Conform "', '"Was, is "', '"keras-jax "'} <= set(labels)
    for name in (*(one for one in synthetic.ADAPTERS if one != "keras-openvino"), LONG):
        assert name in seen


def test_what_is_out_of_sight_would_be_found(browser: Browser, compared: str) -> None:
    context = browser.new_context(viewport={"width": 400, "height": 844}, is_mobile=True)
    page = context.new_page()
    browsing.goto(page, compared)
    for table in ("adapters", "causes", "changes", "environment"):
        page.evaluate(ALL_OPEN)
        page.evaluate(f"document.querySelector('table.{table}').classList.remove('cards')")
        assert page.evaluate(OUT_OF_SIGHT), table
        page.evaluate(f"document.querySelector('table.{table}').classList.add('cards')")
    context.close()


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A report beside a baseline, with an adapter whose name is as long as names get."""
    folder = tmp_path_factory.mktemp("compared")
    paths = [
        synthetic.record(folder / f"{name}.jsonl", synthetic.lines()) for name in ("old", "new")
    ]
    for path in paths:
        text = path.read_text(encoding="utf-8").replace('"keras-openvino"', json.dumps(LONG))
        path.write_text(text, encoding="utf-8")
    # What failed before the baseline passes in it: so there is something that changed.
    before = paths[0].read_text(encoding="utf-8")
    paths[0].write_text(before.replace('"outcome":"crash"', '"outcome":"pass"'), encoding="utf-8")
    old = read(paths[0])
    return write_html(paths[1], folder / "report.html", baseline=old).as_uri()


LONG = "keras-mine@keras-nightly==3.16.0.dev2026102704,mine-cpu==0.31.2,scipy==1.17.1"


CONTRAST = """() => {
  const luminance = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
  const numbers = (text) => text.match(/[\\d.]+/g).map(Number);
  const canvas = document.querySelector("canvas.heat"), pen = canvas.getContext("2d");
  const ground = numbers(getComputedStyle(canvas).backgroundColor);
  const size = canvas.width / 3, rows = canvas.height / 2;
  const at = (column, row) => {
    const [r, g, b, a] = pen.getImageData((column + 0.4) * size, (row + 0.4) * rows, 1, 1).data;
    return [r, g, b].map((c, of) => (c * a + ground[of] * (255 - a)) / 255);
  };
  const ratio = (one, other) => {
    const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  };
  return [[1, 0], [2, 0]].map(([column, row]) => ratio(at(column, row), at(0, 0)));
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_smallest_difference_is_told_from_none(
    browser: Browser, tmp_path: Path, scheme: Any
) -> None:
    """One step of a picture, an eighth of τ: above, and below."""
    context = browser.new_context(viewport={"width": 1400, "height": 950}, color_scheme=scheme)
    page = context.new_page()
    url = synthetic_numbers(tmp_path, steps=[0, 1, -1, *[0] * 9]) + "#case=a/b/one&adapter=torch"
    browsing.goto(page, url)
    assert min(page.evaluate(CONTRAST)) > 1.5
    page.click("#theme")  # drawn anew in the other theme's colours
    assert min(page.evaluate(CONTRAST)) > 1.5
    context.close()


RAW = """() => {
  const hidden = new RegExp("[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u00ad\\u061c"
    + "\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]");
  const found = hidden.test(document.title) ? ["the title"] : [];
  const walk = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_ALL);
  for (let one = walk.nextNode(); one; one = walk.nextNode()) {
    if (one.parentElement?.closest("script, style") || one.closest?.("script, style")) continue;
    if (one.nodeType === Node.TEXT_NODE && hidden.test(one.data)) found.push(one.data.slice(0, 80));
    for (const { name, value } of one.attributes || []) {
      if (hidden.test(value)) found.push(`${name}=${value.slice(0, 80)}`);
    }
  }
  return found;
}"""
TURNED = "\u202egnp.exe \u2066x\u2069 \x07\x1b[31m\x7f\u200b"


def test_control_and_bidirectional_characters_are_marks_wherever_they_stand(
    watched: Watched, tmp_path: Path
) -> None:
    case = f"a/b/{TURNED}"
    broken = FacetVerdict(
        facet="values",
        outcome="fail",
        message=TURNED,
        expected=TURNED,
        observed={TURNED: [TURNED]},
        behaves_like=TURNED,
        note=TURNED,
        comparisons=[Comparison(what=TURNED, message=TURNED)],
    )
    lines = [
        synthetic.header([case], plan={"torch": None}),
        synthetic.case(case),
        synthetic.cell(case, "torch", "fail", TURNED, [broken], stderr=TURNED),
    ]
    page = synthetic.record(tmp_path / "run.jsonl", lines)
    url = write_html(page, tmp_path / "report.html").as_uri()
    watched.open(url)
    shown = visible(case)
    for place in (*PAGES, f"#case={quote(shown)}&adapter=torch", f"#case={quote(TURNED)}"):
        opened = watched.open(f"{url}{place}")
        assert opened.evaluate(RAW) == [], place
    assert visible(TURNED) in watched.text("#trouble")
    opened = watched.open(f"{url}#case={quote(shown)}&adapter=torch")
    seen = watched.text()
    for mark in ("U+202E", "U+2066", "U+0007", "U+001B", "U+007F", "U+200B"):
        assert f"⟨{mark}⟩" in seen
    opened.evaluate("document.body.append('\u202e')")
    assert opened.evaluate(RAW) == ["\u202e"]


def test_prints_without_its_controls(browser: Browser, url: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    browsing.goto(page, url + CELL)
    page.emulate_media(media="print")
    assert not page.locator("#nav").is_visible()
    assert page.locator(".case-page h1").is_visible()
    assert len(page.pdf()) > 10_000
    context.close()
