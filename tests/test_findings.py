"""The repros of docs/findings say what they show, in words that `tools/findings.py` can check."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "tools" / "findings.py"
spec = importlib.util.spec_from_file_location("findings", SCRIPT)
assert spec is not None
assert spec.loader is not None
findings = importlib.util.module_from_spec(spec)
spec.loader.exec_module(findings)

PAGES = sorted(findings.FINDINGS.glob("*.md"))
REPROS = [one for page in PAGES for one in findings.repros(page.stem, page.read_text("utf-8"))]


@pytest.mark.parametrize("repro", REPROS, ids=lambda one: f"{one.family}: {one.section}")
def test_every_repro_says_what_it_shows(repro):
    compile(repro.source, repro.section, "exec")
    assert any(findings.claim(repro.source)), "no `# observed: …` and no error's name"


SOURCE = """
print(y)  # observed: [[0, 0.0667]], nan; expected: 1
layer(x)
# ValueError: no
"""


def test_a_claim_is_what_is_observed_and_what_is_raised():
    claim = findings.claim(SOURCE)
    assert claim.errors == ["ValueError"]
    assert claim.numbers == ["0", "0.0667"]
    assert claim.words == ["nan"]


@pytest.mark.parametrize(
    ("output", "lacking"),
    [
        ("[[0. 0.06666667 nan]]\nValueError: no", []),
        ("[[0. 0.06676 nan]]\nValueError: no", ["no 0.0667"]),
        ("[[0. 0.06666667 1.]]\nValueError: no", ["no nan"]),
        ("[[0. 0.06666667 nan]]", ["no ValueError"]),
    ],
)
def test_what_is_printed_is_held_against_the_claim(output, lacking):
    assert findings.shows(findings.claim(SOURCE), output, 1) == lacking


def test_a_repro_that_fails_without_saying_so_is_told():
    claim = findings.claim("print(x)  # observed: 1; expected: 2")
    assert findings.shows(claim, "1", 0) == []
    assert findings.shows(claim, "1", 1) == ["exit code 1"]
    assert findings.shows(findings.claim("# observed: SIGFPE"), "SIGFPE", -8) == []


def test_what_is_observed_in_some_runs_may_stay_away():
    claim = findings.claim("print(x)  # observed in some runs: 1; documented: 2")
    assert findings.shows(claim, "2", 0) == []
    assert findings.shows(claim, "", -6) == []


def test_a_repro_without_a_claim_is_told():
    assert findings.shows(findings.claim("print(1)"), "1", 0)


def test_a_block_is_run_as_it_is_written():
    repro = findings.Repro("none", "none", "print(1 + 1)  # observed: 3; expected: 2\n")
    assert findings.run(repro) == (repro, ["no 3"], "2\n")


def test_a_page_says_which_packages_it_needs():
    assert findings.packages("# Title\n\nPackages: `keras-nightly==3.16`, JAX\n") == (
        "`keras-nightly==3.16`, JAX"
    )
    assert findings.packages("# Title\n\nKeras 3.15.1.\n") == ""


def test_a_block_runs_on_the_python_that_is_named(tmp_path):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho 3\n")
    python.chmod(0o755)
    repro = findings.Repro("none", "none", "print(1 + 1)  # observed: 3\n")
    assert findings.run(repro, str(python)) == (repro, [], "3\n")


def test_the_index_leads_to_every_finding():
    index = (findings.FINDINGS.parent / "findings.md").read_text("utf-8")
    for page in PAGES:
        for title in re.findall(r"^## (.+)$", page.read_text("utf-8"), re.MULTILINE):
            anchor = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
            assert f"(findings/{page.name}#{anchor})" in index, f"{page.name}: {title}"
