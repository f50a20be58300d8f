"""The report in a real browser: it opens from disk, and its script does what the page promises."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import chromium
import pytest
import synthetic_runs as synthetic

from conformance.report import write_html
from conformance.report.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROGRAM = chromium.find()

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        PROGRAM is None or not hasattr(os, "posix_spawn"),
        reason="no Chromium on this machine (Debian: apt-get install chromium)",
    ),
]

CELL = "#case=documents/convolution/case-038&adapter=keras-jax"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("report")
    path = synthetic.record(folder / "run.jsonl", synthetic.lines())
    return write_html(path, folder / "report.html").as_uri()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[chromium.Browser]:
    assert PROGRAM is not None
    with chromium.Browser(PROGRAM, tmp_path_factory.mktemp("profile")) as browser:
        yield browser


def text(browser: chromium.Browser, selector: str) -> str:
    """What is seen of the first such element."""
    found = browser.run(f"document.querySelector({json.dumps(selector)})?.innerText || ''")
    return " ".join(str(found).split())


def rows(browser: chromium.Browser) -> int:
    return int(browser.run("document.querySelectorAll('#grid .case-row').length"))


def opened(browser: chromium.Browser, url: str) -> None:
    browser.open(url)
    browser.wait("document.documentElement.dataset.ready")


def complaints(browser: chromium.Browser) -> list[Any]:
    kinds = {"Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled"}
    browser.run("0")
    return [event for event in browser.events if event.get("method") in kinds]


def test_opens_from_disk_without_a_request_or_a_complaint(
    browser: chromium.Browser, url: str
) -> None:
    opened(browser, url)
    assert complaints(browser) == []
    requests = [
        event["params"]["request"]["url"]
        for event in browser.events
        if event.get("method") == "Network.requestWillBeSent"
    ]
    assert requests == [url]
    assert rows(browser) == 112
    assert browser.run("document.querySelectorAll('#grid .glyph').length") == 112 * 8


def test_the_policy_stops_a_foreign_script_style_and_request(
    browser: chromium.Browser, url: str
) -> None:
    opened(browser, url)
    browser.run(
        "(() => { const s = document.createElement('script'); s.textContent = 'window.evil = 1';"
        "document.body.append(s); document.body.setAttribute('onclick', 'window.evil = 2');"
        "document.body.click(); return 0; })()"
    )
    assert browser.run("window.evil === undefined")
    assert browser.run("fetch('https://example.invalid/').then(() => 'sent', () => 'stopped')") == (
        "stopped"
    )
    assert len(complaints(browser)) >= 2


def test_a_deep_link_opens_the_cell(browser: chromium.Browser, url: str) -> None:
    opened(browser, url + CELL)
    browser.wait("document.documentElement.dataset.shown")
    panel = text(browser, "#panel")
    for words in (
        "documents/convolution/case-038",
        "✗ fail on keras-jax",
        "112\u00d7 the limit",
        "Behaves like: bfloat16 operands",
        "[1, 7, 3] 0.8314 0.8401 112\u00d7",
        "float64 (2, 200): 0.8314, -1.25, 2.5",
        "torch.nn.Linear(in_features=5, out_features=10)",
        "dense/kernel: weight, transposed",
        "composed by the adapter",
        "document D · claim D4, D5 · keras.layers.Dense",
        "documents/convolution.yaml:12:3",
        "params: {total: 60} # shared by every row",
        "build 4.00 ms",
    ):
        assert words in panel
    assert "[object" not in panel
    assert complaints(browser) == []


def test_a_link_to_an_unknown_case_says_so(browser: chromium.Browser, url: str) -> None:
    opened(browser, url + "#case=documents/none&adapter=torch")
    assert text(browser, "#trouble") == "No case documents/none is in this report."


def test_a_link_of_the_list_opens_its_cell_and_escape_closes_it(
    browser: chromium.Browser, url: str
) -> None:
    opened(browser, url)
    browser.click(".causes a[href^='#case=']")
    browser.wait("document.documentElement.dataset.shown")
    assert "✗ fail on torch" in text(browser, "#panel")
    browser.press("Escape")
    browser.wait("document.getElementById('panel').hidden")


def test_a_known_deviation_tells_its_entry(browser: chromium.Browser, url: str) -> None:
    opened(browser, url)
    browser.click("#grid .glyph.o-xfail")
    browser.wait("document.documentElement.dataset.shown")
    panel = text(browser, "#panel")
    assert "Ledger: batch-input-shape (removed; symbolic_shape)" in panel
    assert "Unrecognized keyword arguments passed to Dense" in panel


def test_hostile_text_is_shown_not_run(browser: chromium.Browser, url: str) -> None:
    opened(browser, url + "#case=documents/convolution/case-066&adapter=keras-torch")
    browser.wait("document.documentElement.dataset.shown")
    assert " ".join(visible(synthetic.HOSTILE).split()) in text(browser, "#panel")
    assert browser.run("document.querySelectorAll('img').length") == 0
    assert browser.run("document.querySelectorAll('script').length") == 3
    assert complaints(browser) == []


@pytest.mark.parametrize(
    ("filters", "cases"),
    [
        ("verdict=fail", 2),
        ("verdict=deviates", 10),
        ("verdict=deviates&only=keras-torch", 5),
        ("verdict=xfail&family=documents/dense", 3),
        ("q=case-04", 10),
        ("q=d4%20flatten%20CASE-040", 1),
        ("odd=1", 6),
        ("facet=values&verdict=fail", 1),
        ("facet=compiled&verdict=blocked", 2),
        ("q=nothing-is-called-so", 0),
    ],
)
def test_filters_show_just_what_matches(
    browser: chromium.Browser, url: str, filters: str, cases: int
) -> None:
    opened(browser, f"{url}#{filters}")
    assert rows(browser) == cases
    assert text(browser, "#shown").startswith(f"{cases} of 112 cases")


def test_typing_filters_and_clear_brings_all_back(browser: chromium.Browser, url: str) -> None:
    opened(browser, url)
    browser.press("/")
    for letter in "case-038":
        browser.press(letter)
    browser.wait("document.querySelectorAll('#grid .case-row').length === 1")
    assert "q=case-038" in browser.run("location.hash")
    browser.click("#clear")
    browser.wait("document.querySelectorAll('#grid .case-row').length === 112")


def test_a_cell_hidden_by_a_filter_is_found_by_its_link(
    browser: chromium.Browser, url: str
) -> None:
    opened(browser, f"{url}{CELL}&q=recurrent")
    browser.wait("document.documentElement.dataset.shown")
    browser.wait("document.querySelector('#grid .current')")
    assert "case-038" in text(browser, "#panel")


def test_keys_walk_the_matrix(browser: chromium.Browser, url: str) -> None:
    opened(browser, url)
    label = "document.activeElement.getAttribute('aria-label')"
    browser.press("n")
    assert browser.run(label) == "case-038, keras-jax: fail"
    browser.press("n")
    assert browser.run(label) == "case-045, torch: fail"
    browser.press("p")
    browser.press("ArrowRight")
    assert browser.run(label) == "case-038, keras-numpy: pass"
    browser.press("ArrowDown")
    assert browser.run(label) == "case-045, keras-numpy: pass"
    browser.press("Enter")
    browser.wait("document.documentElement.dataset.shown")
    assert "✓ pass on keras-numpy" in text(browser, "#panel")
    browser.press("Escape")
    browser.wait("document.getElementById('panel').hidden")
    assert browser.run(label) == "case-045, keras-numpy: pass"


def test_a_large_run_begins_closed_and_opens_where_a_link_leads(
    browser: chromium.Browser, tmp_path: Path
) -> None:
    path = synthetic.record(tmp_path / "run.jsonl", synthetic.lines(420))
    url = write_html(path, tmp_path / "report.html").as_uri()
    opened(browser, url)
    assert rows(browser) == 0
    assert browser.run("document.querySelectorAll('#grid [data-family]').length") == 7
    opened(browser, f"{url}#case=documents/vgg16/case-411&adapter=torch")
    browser.wait("document.querySelector('#grid .current')")
    assert rows(browser) == 60


def test_the_script_is_copied(browser: chromium.Browser, url: str) -> None:
    opened(browser, url + CELL)
    browser.wait("document.querySelector('#panel .listing button')")
    browser.run(
        "window.copied = ''; Object.defineProperty(navigator, 'clipboard', {value:"
        "{writeText: async (text) => { window.copied = text; }}})"
    )
    browser.click("#panel .listing button")
    browser.wait("window.copied.includes('Dense: {units: 10}')")


def test_the_theme_can_be_switched(browser: chromium.Browser, url: str) -> None:
    opened(browser, url)
    ground = "getComputedStyle(document.body).backgroundColor"
    before = browser.run(ground)
    browser.click("#theme")
    assert browser.run(ground) != before
    browser.click("#theme")
    assert browser.run(ground) == before


def test_a_family_closes_and_opens(browser: chromium.Browser, url: str) -> None:
    opened(browser, url)
    browser.click("[data-family='0']")
    browser.wait("document.querySelectorAll('#grid .case-row').length === 96")
    browser.click("[data-family='0']")
    browser.wait("document.querySelectorAll('#grid .case-row').length === 112")


def test_without_javascript_the_list_is_there(browser: chromium.Browser, url: str) -> None:
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(url)
        seen = text(browser, "main")
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)
    assert "Does not conform, unexpectedly" in seen
    assert "output 0: expected (2, 200), observed (2, 20, 10)" in seen
    assert "need JavaScript" in seen


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(browser: chromium.Browser, url: str, scheme: str) -> None:
    feature = {"name": "prefers-color-scheme", "value": scheme}
    browser.call("Emulation.setEmulatedMedia", features=[feature])
    opened(browser, url + CELL)
    browser.wait("document.documentElement.dataset.shown")
    weak = browser.run(CONTRAST)
    browser.call("Emulation.setEmulatedMedia", features=[])
    assert weak == []


# Every element with text of its own against the nearest painted ground; WCAG 2 wants 4.5 for text,
# 3 for large and bold text and symbols.
CONTRAST = """(() => {
  const luminance = (rgb) => {
    const linear = (v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = rgb.map((v) => linear(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const parse = (color) => color.match(/[\\d.]+/g).map(Number);
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const color = parse(getComputedStyle(node).backgroundColor);
      if (color.length < 4 || color[3] > 0) return color.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const weak = new Map();
  for (const node of document.body.querySelectorAll("*")) {
    const own = [...node.childNodes].some((c) => c.nodeType === 3 && c.textContent.trim());
    if (!own || !node.offsetParent || node.closest("select, script, style, noscript")) continue;
    const style = getComputedStyle(node);
    const [a, b] = [luminance(parse(style.color).slice(0, 3)), luminance(ground(node))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const large = parseFloat(style.fontSize) >= 18.6 || node.closest(".glyph, .hit, i");
    if (contrast < (large ? 3 : 4.5)) {
      weak.set(`${node.tagName}.${node.className} in ${node.parentElement.className}`, contrast);
    }
  }
  return [...weak].map(([name, contrast]) => `${name}: ${contrast.toFixed(2)}`);
})()"""
