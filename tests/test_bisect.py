"""Bisecting over releases: the search, what counts as a change, and the command."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from fake_index import COMMAND, cases, index, needs_uv, variables
from hypothesis import given
from hypothesis import strategies as st

from conformance.verdicts.model import CellVerdict, Comparison, FacetVerdict
from conformance.versions.likeness import alike
from conformance.versions.searching import search


@given(st.data())
def test_the_border_is_found_whatever_cannot_be_tried(data):
    count = data.draw(st.integers(2, 60))
    border = data.draw(st.integers(1, count - 1))
    hopeless = data.draw(st.sets(st.integers(1, max(1, count - 2))))
    width = data.draw(st.integers(1, 5))
    tried = []

    def attempt(places):
        assert 0 < len(places) <= width
        tried.extend(places)
        return {p: None if p in hopeless else p >= border for p in places}

    found = search(count, attempt, width)
    assert found.before < border <= found.after
    assert set(range(found.before + 1, found.after)) <= hopeless
    assert len(tried) == len(set(tried))
    if width == 1 and not hopeless:
        assert len(tried) <= (count - 1).bit_length()


def verdict(numbers, *, outcome="fail", message="", facet="values"):
    observed = {"shape": [len(numbers)], "dtype": "float32", "numbers": numbers}
    compared = [Comparison(what="output 0", message="off", observed=observed)] if numbers else []
    judged = FacetVerdict(facet=facet, outcome=outcome, message=message, comparisons=compared)
    return CellVerdict(case="c", adapter="a", outcome=outcome, facets=[judged])


def test_wrong_answers_are_alike_when_their_numbers_are():
    wrong = verdict([16.666, 0.0])
    assert alike(wrong, verdict([16.667, 1e-4]))
    assert not alike(wrong, verdict([10.0, 0.0]))
    assert not alike(wrong, verdict([16.666]))
    assert not alike(wrong, verdict([16.666, 0.0], facet="gradients"))
    assert not alike(verdict(["nan", 1.0]), verdict([1.0, "nan"]))
    assert alike(verdict(["nan", 1.0]), verdict(["nan", 1.0]))
    assert not alike(wrong, verdict([16.666, 0.0], outcome="pass"))


def test_exceptions_are_alike_when_their_types_are():
    one = verdict([], outcome="error", message="ValueError: line 3")
    assert alike(one, verdict([], outcome="error", message="ValueError: line 4"))
    assert not alike(one, verdict([], outcome="error", message="TypeError: line 3"))


# --- the command ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bisect")
    index(folder / "wheels")
    cases(folder, "one")
    return folder


def bisect(place, *arguments):
    command = [sys.executable, "-m", "conformance.cli", "bisect", "cases/fakes.yaml", *COMMAND]
    return subprocess.run(
        [*command, "--adapter", "framed", "--package", "fakeframe", *arguments],
        cwd=place,
        env=variables(place / "wheels", place / "cache"),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@needs_uv
def test_the_release_that_broke_it_is_named(place):
    result = bisect(place, "--good", "1.0", "--bad", "1.10", "--json", "found.json")
    assert result.returncode == 0, result.stderr
    assert "6 releases of fakeframe from 1.0 to 1.10" in result.stdout
    last = result.stdout.splitlines()[-1]
    assert last == (
        "fakeframe 1.2 is the first release that does not conform; 1.1 is the last before it."
    )
    told = json.loads((place / "found.json").read_text())
    assert told["found"] == {"what": "broke", "before": "1.1", "after": "1.2", "untold": []}


@needs_uv
def test_the_release_that_mended_it_is_named_beyond_one_that_does_not_import(place):
    result = bisect(place, "--old", "1.2", "--new", "2.0", "--jobs", "1")
    assert result.returncode == 0, result.stderr
    assert "  1.4               skipped  not-installed: No module named" in result.stdout
    assert "  1.10              fail     output 0 at" in result.stdout
    last = result.stdout.splitlines()[-1]
    assert last == "fakeframe 2.0 is the release that mended it; 1.10 is the last before it."


@needs_uv
@pytest.mark.parametrize(
    ("ends", "code", "said"),
    [
        (["--good", "1.2", "--bad", "1.10"], 1, "Nothing changed: fakeframe 1.2 and 1.10"),
        (["--good", "1.0", "--bad", "1.4"], 2, "1.4 cannot be tried: not-installed"),
        (["--good", "1.0", "--bad", "1.5"], 2, "next to it are 1.4 and 1.10"),
        (["--good", "1.0", "--bad", "soon"], 2, "neither a version (3.14.1) nor a date"),
        (["--good", "1.0", "--bad", "1.0"], 2, "nothing between them"),
        (["--good", "2024-13-01", "--bad", "1.0"], 2, "is no date"),
        (
            ["--good", "1.0", "--bad", "1.1", "--package=-r /etc/passwd"],
            2,
            "'-r /etc/passwd' cannot be the name of a package",
        ),
        (["--good", "2024-01-01", "--bad", "1.0"], 2, "does not tell when releases"),
    ],
)
def test_what_cannot_be_searched_is_told(place, ends, code, said):
    result = bisect(place, *ends)
    assert said in result.stdout + result.stderr
    assert result.returncode == code
    assert "Traceback" not in result.stderr
