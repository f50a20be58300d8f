"""Bisecting over releases: the search, what counts as a change, and the command."""

from __future__ import annotations

import json

import pytest
from fake_index import COMMAND, cases, index, needs_uv, releases, variables
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version
from runs import called

from conformance.environments import PreparationError
from conformance.environments.releases import Release
from conformance.verdicts.model import CellVerdict, Comparison, FacetVerdict
from conformance.versions.bisect import Bisection
from conformance.versions.bisect_text import conclusion
from conformance.versions.likeness import alike
from conformance.versions.probing import Probe
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
    one = verdict([], outcome="error", message="call 0: raised: ValueError: line 3")
    assert alike(one, verdict([], outcome="error", message="call 0: raised: ValueError: line 4"))
    for other in ("call 0: raised: TypeError: line 3", "model: raised: ValueError: line 3"):
        assert not alike(one, verdict([], outcome="error", message=other))


def test_what_is_known_is_not_tried_again():
    tried = []

    def attempt(places):
        tried.extend(places)
        return {place: place >= 5 for place in places}

    assert search(9, attempt, known={0: False, 4: False, 6: None, 8: True}) == (4, 5)
    assert set(tried) == {5, 7}


# --- where a release lacks what the case is about ------------------------------------------------

MAKES = {
    "P": Probe(None, verdict([], outcome="pass")),
    "F": Probe(None, verdict([1.0])),
    "G": Probe(None, verdict([2.0])),
    "-": Probe(None, lacks="frame has no layer named Dense"),
    "?": Probe(None, untold="it does not import"),
}
"""What a release makes of the case, in a letter."""


class Prober:
    def __init__(self, row):
        self.row, self.tried = row, []

    def probe(self, versions):
        self.tried += [version.major for version in versions]
        return [MAKES[self.row[version.major]] for version in versions]


def searched(row, width=1):
    """The borders in a row of letters, what was said of them, and the prober."""
    prober = Prober(row)
    named = [Release(Version(str(place)), None) for place in range(len(row))]
    bisection = Bisection(prober, named, width=width)
    found = bisection.run()
    said = [text.plain for text in conclusion("frame", bisection.steps, found)]
    borders = [(one.what, one.before.version.major, one.after.version.major) for one in found]
    return borders, " ".join(said), prober


@pytest.mark.parametrize(
    ("row", "borders", "said"),
    [
        ("---PP", [("came", 2, 3)], "It conforms in all of the 2 releases that were tried from"),
        ("---FF", [("came", 2, 3)], "It conforms in none of the 2 releases that were tried from"),
        ("----F", [("came", 3, 4)], "It does not conform in the one that was tried from there on."),
        ("-PPFF", [("came", 0, 1), ("broke", 2, 3)], "It conforms in 1. frame 3 is the first"),
        ("--FFP", [("came", 1, 2), ("mended", 3, 4)], "It does not conform in 2. frame 4 is the"),
        ("--FGG", [("came", 1, 2), ("changed", 2, 3)], "3 is the first release that answers"),
        ("PPF--", [("broke", 1, 2), ("went", 2, 3)], "that no longer has it; 2 is the last before"),
        ("PPP--", [("went", 2, 3)], "It conforms in all of the 2 releases that were tried before."),
        ("PP-FF", [("broke", 1, 3)], "1 is the last before, and 3 is known to be otherwise; 2 "),
        ("PP-FF", [("broke", 1, 3)], "otherwise; 2 between them does not have it."),
        ("-??FF", [("came", 0, 3)], "0 is the last before, and 3 is known to have it; 1 and 2 "),
        ("-??FF", [("came", 0, 3)], "2 between them could not be tried: frame has no layer named"),
        ("-PFP", [("came", 0, 1)], "It conforms in 2 of the 3 releases that were tried from there"),
        ("-PP-", [], "Neither frame 0 nor 3 has it: frame has no layer named Dense."),
        ("PP", [], "Nothing changed: frame 0 and 1 make the same of it."),
    ],
)  # fmt: skip
def test_both_borders_are_found_and_said(row, borders, said):
    found, told, prober = searched(row)
    assert found == borders
    assert said in told
    assert len(prober.tried) == len(set(prober.tried))


@given(st.data())
def test_the_release_that_brought_it_is_told_from_the_one_that_changed_it(data):
    absent, before, after = (data.draw(st.integers(1, 20)) for _ in range(3))
    one, other = data.draw(st.permutations("PFG").map(lambda order: order[:2]))
    row = "-" * absent + one * before + other * after
    gone = data.draw(st.booleans())
    width = data.draw(st.integers(1, 4))
    found, _, prober = searched(row[::-1] if gone else row, width)
    places = {absent, absent + before}
    if gone:
        places = {len(row) - place for place in places}
    assert {border[2] for border in found} == places
    assert all(border[1] == border[2] - 1 for border in found)
    assert found == sorted(found, key=lambda border: border[2])
    assert len(prober.tried) == len(set(prober.tried))


def test_an_end_that_cannot_be_tried_is_no_release_without_it():
    with pytest.raises(PreparationError, match="0 cannot be tried: it does not import"):
        searched("?-PP")


# --- the command ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bisect")
    index(folder / "wheels")
    cases(folder, "one")
    return folder


def bisect(place, *arguments):
    command = ["bisect", "cases/fakes.yaml", *COMMAND, "--adapter", "framed"]
    command += ["--package", "fakeframe", *arguments]
    return called(command, place, variables(place / "wheels", place / "cache"))


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
    assert told["there"] is None


@needs_uv
def test_the_release_that_brought_a_layer_is_named_and_the_one_that_mended_it(tmp_path):
    slopes = {"1.0": None, "1.1": None, "1.2": None, "1.3": 3, "1.4": 3, "2.0": 1, "2.1": 1}
    releases(tmp_path / "wheels", slopes)
    path = cases(tmp_path, "one")
    path.write_text(path.read_text() + "  vary: {model.0.Dense.units: [2]}\n")
    result = bisect(tmp_path, "--good", "2.1", "--bad", "1.0", "--json", "found.json")
    assert result.returncode == 0, result.stdout + result.stderr
    header, *rest = result.stdout.splitlines()
    assert header.startswith(
        "fakes/one[units=2] on framed: 7 releases of fakeframe from 1.0 to 2.1"
    )
    assert "  1.0              not there  fakeframe 1.0 has no layer named Dense" in rest
    assert rest[-2] == (
        "fakeframe 1.3 is the first release that has it; 1.2 is the last before it: fakeframe 1.2 "
        "has no layer named Dense. It does not conform in 1.3."
    )
    assert rest[-1] == "fakeframe 2.0 is the release that mended it; 1.4 is the last before it."
    told = json.loads((tmp_path / "found.json").read_text())
    assert told["there"] == {"what": "came", "before": "1.2", "after": "1.3", "untold": []}
    assert told["found"] == {"what": "mended", "before": "1.4", "after": "2.0", "untold": []}
    assert {step["version"]: step["like"] for step in told["steps"]}["1.0"] == "absent"


@needs_uv
def test_the_release_that_mended_it_is_named_beyond_one_that_does_not_import(place):
    result = bisect(place, "--old", "1.2", "--new", "2.0", "--jobs", "1")
    assert result.returncode == 0, result.stderr
    assert "  1.4               skipped    not-installed: No module named" in result.stdout
    assert "  1.10              fail       output 0 at" in result.stdout
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
