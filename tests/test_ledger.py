"""The ledger holds frameworks to how they fail, and itself to what it says."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from conformance.adapters.host import registry
from conformance.cases import default_root
from conformance.cases import load as load_cases
from conformance.facets import REPEATS
from conformance.globs import Names, matches
from conformance.run.session import LEDGER_FOLDER
from conformance.verdicts.ledger import Ledger
from conformance.verdicts.model import CellVerdict, FacetVerdict
from conformance.verdicts.releases import within

if TYPE_CHECKING:
    from pathlib import Path

TODAY = dt.date(2026, 6, 1)
DENSE = "documents/dense/last-axis"
CONV = [f"layers/conv2d[strides={strides},padding=same]" for strides in (1, 2)]
CATALOGUE = [DENSE, "documents/dense/shared", "documents/flatten/order", *CONV]
ADAPTERS = ["keras-tensorflow", "keras-torch", "keras-jax", "tf-keras", "torch"]

ENTRY = """
- id: wrong-params
  adapter: torch
  cases: documents/dense/last-axis
  facets: [params]
  signature: "expected 60, observed 70"
  kind: by-design
  reason: It counts a second bias.
  review_by: 2026-12-31
"""


@pytest.fixture
def write(tmp_path: Path) -> object:
    def writer(text: str, name: str = "ledger.yaml") -> Path:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path

    return writer


def load(folder: Path, today: dt.date = TODAY) -> Ledger:
    return Ledger.load([folder], CATALOGUE, ADAPTERS, today)


@pytest.fixture
def ledger(write: object) -> Ledger:
    found = load(write(ENTRY))  # type: ignore[operator]
    assert found.problems == []
    return found


def cell(*facets: tuple[str, str, str], adapter: str = "torch", case: str = DENSE) -> CellVerdict:
    verdicts = [FacetVerdict(facet=f, outcome=o, message=m) for f, o, m in facets]  # type: ignore[arg-type]
    outcomes = [verdict.outcome for verdict in verdicts]
    outcome = "fail" if "fail" in outcomes else "error" if "error" in outcomes else "pass"
    message = next((f"{f}: {m}" for f, o, m in facets if o == outcome), "")
    return CellVerdict(
        case=case, adapter=adapter, outcome=outcome, message=message, facets=verdicts
    )


VALUES_PASS = ("values", "pass", "")
PARAMS_FAIL = ("params", "fail", "total: expected 60, observed 70")


def test_a_known_failure_is_expected(ledger: Ledger) -> None:
    verdict = ledger.apply(cell(VALUES_PASS, PARAMS_FAIL), {})
    assert verdict.outcome == "xfail"
    assert verdict.known is not None
    assert (verdict.known.entry, verdict.known.facets) == ("wrong-params", ["params"])
    assert verdict.known.reason == "It counts a second bias."
    assert "observed 70" in verdict.message
    assert ledger.stale() == []


def test_a_facet_that_passes_in_spite_of_its_entry_is_a_failure(ledger: Ledger) -> None:
    verdict = ledger.apply(cell(VALUES_PASS, ("params", "pass", "")), {})
    assert verdict.outcome == "xpass"
    assert "wrong-params says that params fails, and it passes" in verdict.message
    (problem,) = ledger.stale()
    assert problem.message == "wrong-params no longer shows on torch"
    assert problem.hint == "remove it"


def test_what_hangs_on_the_machine_may_pass_on_another_one(write: object) -> None:
    text = ENTRY.replace("  kind:", "  sometimes: on processors with AVX-512\n  kind:")
    ledger = load(write(text))  # type: ignore[operator]
    assert ledger.problems == []
    passing = cell(VALUES_PASS, ("params", "pass", ""))
    assert ledger.apply(passing, {}) == passing
    assert ledger.stale() == []
    assert ledger.apply(cell(VALUES_PASS, PARAMS_FAIL), {}).outcome == "xfail"
    otherwise = cell(("params", "fail", "total: expected 60, observed 1010"))
    assert ledger.apply(otherwise, {}).outcome == "fail"


def test_a_failure_with_another_message_is_not_excused(ledger: Ledger) -> None:
    verdict = ledger.apply(cell(("params", "fail", "total: expected 60, observed 1010")), {})
    assert verdict.outcome == "fail"
    assert "wrong-params expects another message of params" in verdict.message
    assert verdict.known is None


def test_a_failure_of_another_facet_is_not_excused(ledger: Ledger) -> None:
    verdict = ledger.apply(cell(("values", "fail", "output 0"), PARAMS_FAIL), {})
    assert verdict.outcome == "fail"
    assert "[ledger: wrong-params does not cover values]" in verdict.message


@pytest.mark.parametrize("outcome", ["crash", "timeout", "error"])
def test_another_end_is_not_excused(ledger: Ledger, outcome: str) -> None:
    ended = CellVerdict(case=DENSE, adapter="torch", outcome=outcome, message="died")  # type: ignore[arg-type]
    verdict = ledger.apply(ended, {})
    assert verdict.outcome == outcome
    assert f"wrong-params does not cover that it ends in {outcome}" in verdict.message


@pytest.mark.parametrize("outcome", ["unsupported", "not-installed", "not-run"])
def test_nothing_is_concluded_from_a_cell_that_was_not_judged(ledger: Ledger, outcome: str) -> None:
    unjudged = CellVerdict(case=DENSE, adapter="torch", outcome=outcome)  # type: ignore[arg-type]
    assert ledger.apply(unjudged, {}) is unjudged
    assert ledger.stale() == []


def test_nothing_is_concluded_where_the_suite_itself_failed(ledger: Ledger) -> None:
    broken = CellVerdict(case=DENSE, adapter="torch", outcome="error", broken="adapter")
    assert ledger.apply(broken, {}) is broken
    assert ledger.stale() == []


def test_nothing_is_concluded_from_a_blocked_or_unsupported_facet(ledger: Ledger) -> None:
    for outcome in ("blocked", "unsupported"):
        verdict = ledger.apply(cell(VALUES_PASS, ("params", outcome, "why")), {})
        assert verdict.outcome == "pass"


def test_other_cases_and_adapters_are_none_of_its_business(ledger: Ledger) -> None:
    for other in (
        cell(PARAMS_FAIL, adapter="keras-jax"),
        cell(PARAMS_FAIL, case="documents/dense/shared"),
    ):
        assert ledger.apply(other, {}) is other


def test_an_outcome_covers_the_whole_cell(write: object) -> None:
    text = ENTRY.replace("facets: [params]", "outcome: error").replace(
        '"expected 60, observed 70"', "Unrecognized keyword"
    )
    ledger = load(write(text))  # type: ignore[operator]
    refused = ("symbolic_shape", "error", "model: raised: ValueError: Unrecognized\nkeyword x")
    verdict = ledger.apply(cell(refused, ("values", "blocked", "by symbolic_shape")), {})
    assert verdict.outcome == "xfail"
    assert verdict.known is not None
    assert verdict.known.facets == ["symbolic_shape"]
    assert ledger.apply(cell(("values", "error", "something else")), {}).outcome == "error"
    assert ledger.apply(cell(VALUES_PASS), {}).outcome == "xpass"
    failing = ledger.apply(cell(("values", "fail", "Unrecognized keyword")), {})
    assert failing.outcome == "fail"
    assert "wrong-params says error, not fail" in failing.message


def test_a_crash_can_be_known(write: object) -> None:
    text = ENTRY.replace("facets: [params]", "outcome: crash").replace(
        '"expected 60, observed 70"', "SIGSEGV"
    )
    ledger = load(write(text))  # type: ignore[operator]
    crash = CellVerdict(case=DENSE, adapter="torch", outcome="crash", message="by SIGSEGV")
    assert ledger.apply(crash, {}).outcome == "xfail"
    other = CellVerdict(case=DENSE, adapter="torch", outcome="crash", message="by SIGKILL")
    assert ledger.apply(other, {}).outcome == "crash"


def test_several_entries_cover_one_cell_together(write: object) -> None:
    second = (
        ENTRY.replace("wrong-params", "wrong-values")
        .replace("[params]", "[values, gradients]")
        .replace('"expected 60, observed 70"', "[output 0, gradient of]")
    )
    ledger = load(write(ENTRY + second))  # type: ignore[operator]
    values = ("values", "fail", "output 0 at [1]: expected 1, observed 2")
    gradients = ("gradients", "fail", "gradient of dense/kernel: …")
    verdict = ledger.apply(cell(values, PARAMS_FAIL, gradients), {})
    assert verdict.outcome == "xfail"
    assert verdict.known is not None
    assert [verdict.known.entry, *(k.entry for k in verdict.also_known)] == [
        "wrong-params",
        "wrong-values",
    ]
    partly = ledger.apply(cell(values, PARAMS_FAIL, ("gradients", "pass", "")), {})
    assert partly.outcome == "xpass"
    assert "gradients" in partly.message


@pytest.mark.parametrize(
    ("when", "versions", "applies"),
    [
        ('{keras: ">=3.0"}', {"keras": "3.15.1"}, True),
        ('{keras: ">=3.0"}', {"Keras": "2.15.0"}, False),
        ('{keras: ">=3.0"}', {"torch": "2.13.0"}, False),
        ('{torch: "<2.14"}', {"torch": "2.13.0+cpu"}, True),
        ('{keras: ">=3.15"}', {"keras": "3.16.0.dev2026"}, True),
        ('{keras: ">=3.0", torch: "<2"}', {"keras": "3.15.1", "torch": "2.13.0"}, False),
        ('{keras: ">=3.0"}', {"keras": "unknown"}, False),
        ('{tf-keras: ">=2"}', {"tf_keras": "2.21.0"}, True),
    ],
)
def test_conditions_on_versions(
    write: object, when: str, versions: dict[str, str], *, applies: bool
) -> None:
    ledger = load(write(ENTRY + f"  when: {when}\n"))  # type: ignore[operator]
    assert ledger.problems == []
    outcome = ledger.apply(cell(PARAMS_FAIL), versions).outcome
    assert outcome == ("xfail" if applies else "fail")


PATTERN = ENTRY.replace("documents/dense/last-axis", "documents/dense/*")

PROBLEMS = {
    "an unknown key": (ENTRY + "  tolerance: 1\n", "10:3: tolerance: is not a key"),
    "a key missing": (ENTRY.replace("  reason: It counts a second bias.\n", ""), "'reason'"),
    "no reason in the reason": (ENTRY.replace("It counts a second bias.", '" "'), "reason: is emp"),
    "no signature": (ENTRY.replace('"expected 60, observed 70"', '""'), "signature: is empty"),
    "an unknown facet": (ENTRY.replace("[params]", "[parms]"), "did you mean 'params'?"),
    "an unknown kind": (ENTRY.replace("by-design", "meh"), "kind: is the string 'meh'"),
    "an unknown outcome": (ENTRY.replace("facets: [params]", "outcome: fail"), "error, crash, tim"),
    "both facets and outcome": (ENTRY + "  outcome: crash\n", "has both facets and outcome"),
    "neither facets nor outcome": (ENTRY.replace("  facets: [params]\n", ""), "what fails"),
    "no facets": (ENTRY.replace("[params]", "[]"), "facets: is empty"),
    "no specifier": (ENTRY + '  when: {keras: "three"}\n', "when.keras: is no version specifier"),
    "no date": (ENTRY.replace("2026-12-31", "soon"), "review_by: is the string 'soon'"),
    "a link that is none": (ENTRY + "  link: javascript:alert(1)\n", "expected an https address"),
    "no id": (ENTRY.replace("wrong-params", "Wrong Params"), "id: is the string"),
    "a list of nothing": ("- 3\n", "expected a mapping of an entry"),
    "not a list": ("id: x\n", "expected a list of entries"),
    "no YAML": ("- {id: x\n", "is no YAML"),
    "the same id twice": (ENTRY * 2, "'wrong-params' is taken"),
    "an unknown case": (
        ENTRY.replace("last-axis", "last-axes"),
        "matches no case of the catalogue; did you mean 'documents/dense/last-axis'?",
    ),
    "a pattern that matches nothing": (
        PATTERN.replace("/dense/", "/dance/") + "  cap: 2\n",
        "matches no case",
    ),
    "a pattern without cap": (PATTERN, "has a pattern in cases and no cap"),
    "a pattern over its cap": (PATTERN + "  cap: 1\n", "match 2 cases, and its cap is 1"),
    "a cap of nothing": (PATTERN + "  cap: 0\n", "cap: is 0"),
    "an unknown adapter": (ENTRY.replace("torch", "theano"), "'theano' is no adapter"),
    "a misspelt adapter": (ENTRY.replace("torch", "keras-tourch"), "'keras-tourch' is no adapter"),
    "past its review": (ENTRY.replace("2026-12-31", "2026-05-31"), "by 2026-05-31; look whether"),
}


@pytest.mark.parametrize("what", PROBLEMS)
def test_what_is_wrong_with_the_ledger_is_a_problem_with_its_place(
    write: object, what: str
) -> None:
    text, words = PROBLEMS[what]
    found = load(write(text))  # type: ignore[operator]
    lines = [str(problem) for problem in found.problems]
    assert any(words in line for line in lines), lines
    assert all("ledger.yaml:" in line for line in lines)


def test_an_unsound_entry_excuses_nothing(write: object) -> None:
    ledger = load(write(ENTRY + "  tolerance: 1\n"))  # type: ignore[operator]
    assert ledger.apply(cell(PARAMS_FAIL), {}).outcome == "fail"


def test_all_problems_come_in_one_go(write: object) -> None:
    text = ENTRY.replace("[params]", "[parms]").replace("by-design", "meh") + "  colour: red\n"
    assert len(load(write(text)).problems) == 3  # type: ignore[operator]


def test_the_last_day_of_review_is_still_good(write: object) -> None:
    folder = write(ENTRY.replace("2026-12-31", "2026-06-01"))  # type: ignore[operator]
    assert load(folder).problems == []
    assert len(load(folder, TODAY + dt.timedelta(days=1)).problems) == 1


def test_a_path_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    ledger = Ledger.load([tmp_path / "gone.yaml"], CATALOGUE, ADAPTERS, TODAY)
    assert len(ledger.problems) == 1


def test_ids_are_unique_over_files(write: object) -> None:
    write(ENTRY, "a.yaml")  # type: ignore[operator]
    ledger = load(write(ENTRY, "b.yaml"))  # type: ignore[operator]
    assert len(ledger.entries) == 1
    assert "the first is at" in str(ledger.problems[0])
    assert "a.yaml:2" in str(ledger.problems[0])


def test_patterns_reach_cases_with_brackets(write: object) -> None:
    text = ENTRY.replace(DENSE, '"layers/conv2d[strides=*,padding=same]"') + "  cap: 2\n"
    ledger = load(write(text))  # type: ignore[operator]
    assert ledger.problems == []
    for case in CONV:
        assert ledger.apply(cell(PARAMS_FAIL, case=case), {}).outcome == "xfail"


def test_a_folder_stands_for_the_files_below_it(write: object, tmp_path: Path) -> None:
    (tmp_path / "ops" / "numpy").mkdir(parents=True)
    ledger = load(write(ENTRY, "ops/numpy/shapes.yaml"))  # type: ignore[operator]
    assert ledger.apply(cell(PARAMS_FAIL), {}).known is not None


def test_patterns_of_adapters(write: object) -> None:
    ledger = load(write(ENTRY.replace("adapter: torch", "adapter: [keras-*, torch]")))  # type: ignore[operator]
    excused = [a for a in ADAPTERS if ledger.apply(cell(PARAMS_FAIL, adapter=a), {}).known]
    assert excused == ["keras-tensorflow", "keras-torch", "keras-jax", "torch"]


BOTH = ENTRY.replace("adapter: torch", "adapter: [torch, keras-jax]")
PARAMS_PASS = ("params", "pass", "")


def test_an_entry_is_removed_only_when_no_adapter_shows_it(write: object) -> None:
    ledger = load(write(BOTH))  # type: ignore[operator]
    ledger.apply(cell(PARAMS_PASS), {})
    assert [p.hint for p in ledger.stale()] == [
        "not judged in this run: keras-jax; run these before it is removed"
    ]
    ledger.apply(cell(PARAMS_FAIL, adapter="keras-jax"), {})
    assert [p.hint for p in ledger.stale()] == [
        "on keras-jax it does: end its range there, or say so in adapter"
    ]
    ledger.apply(cell(PARAMS_FAIL), {})
    assert [p.hint for p in ledger.stale()] == [
        "on torch in other cases it does: take out those that pass"
    ]


TWO_CASES = ENTRY.replace(DENSE, f"[{DENSE}, documents/dense/shared]")
PASSES = ("params", "pass", "")


def test_an_entry_is_removed_only_when_all_of_its_cases_were_judged(write: object) -> None:
    ledger = load(write(TWO_CASES))  # type: ignore[operator]
    ledger.apply(cell(PASSES), {})
    (problem,) = ledger.stale()
    assert problem.hint.startswith("not judged in this run: documents/dense/shared on torch; run")
    ledger.apply(cell(PASSES, case="documents/dense/shared"), {})
    assert [p.hint for p in ledger.stale()] == ["remove it"]


@pytest.mark.parametrize(
    "still",
    [
        ("params", "fail", "total: expected 60, observed 71"),  # another signature
        ("values", "fail", "output 0 is out"),  # another facet
    ],
)
def test_remove_it_never_stands_beside_something_that_still_fails(write: object, still) -> None:
    ledger = load(write(TWO_CASES))  # type: ignore[operator]
    ledger.apply(cell(PASSES), {})
    facets = [still] if still[0] == "params" else [PASSES, still]
    told = ledger.apply(cell(*facets, case="documents/dense/shared"), {})
    assert told.outcome == "fail"
    assert [p.hint for p in ledger.stale()] == [
        "on torch it fails in another way: see what that is, then correct the entry"
    ]


def test_what_a_development_release_has_mended_is_no_fault(ledger: Ledger) -> None:
    nightly = {"torch": "2.14.0.dev20261128"}
    verdict = ledger.apply(cell(PARAMS_PASS), nightly)
    assert verdict.outcome == "pass"
    assert [known.entry for known in verdict.mended] == ["wrong-params"]
    assert ledger.stale() == []
    released = ledger.apply(cell(PARAMS_PASS), {"torch": "2.14.0"})
    assert released.outcome == "xpass"


def test_a_ledger_that_others_keep_makes_no_run_faulty(write: object) -> None:
    folder = write(ENTRY.replace("2026-12-31", "2026-01-01"))  # type: ignore[operator]
    theirs = Ledger.load([folder], CATALOGUE, ADAPTERS, TODAY, of_others=[folder])
    assert theirs.problems == []
    assert "was to be reviewed" in str(theirs.remarks[0])
    verdict = theirs.apply(cell(PARAMS_PASS), {"torch": "2.13.0"})
    assert verdict.outcome == "pass"
    assert verdict.mended
    assert theirs.stale() == []
    assert [p.hint for p in theirs.stale_of_others()] == ["remove it"]
    assert theirs.apply(cell(PARAMS_FAIL), {}).outcome == "xfail"
    assert theirs.apply(cell(("values", "fail", "")), {}).outcome == "fail"


def test_an_adapter_is_known_by_its_family(write: object) -> None:
    folder = write(ENTRY.replace("adapter: torch", "adapter: keras-*"))  # type: ignore[operator]
    for known_as, outcome in ({"mine": "keras-mlx"}, "xfail"), ({}, "fail"):
        ledger = Ledger.load([folder], CATALOGUE, [*ADAPTERS, "mine"], TODAY, known_as=known_as)
        assert ledger.apply(cell(PARAMS_FAIL, adapter="mine"), {}).outcome == outcome


def test_a_backend_that_is_not_here_may_be_spoken_of(write: object) -> None:
    assert load(write(ENTRY.replace("adapter: torch", "adapter: keras-mlx"))).problems == []  # type: ignore[operator]


@pytest.mark.parametrize(
    ("condition", "version", "expected"),
    [
        ("<3.16", "3.16.0.dev2026102704", True),
        (">3.15.1", "3.16.0.dev2026102704", True),
        (">=3.16", "3.16.0.dev2026102704", False),
        ("<=3.15.1", "3.16.0.dev2026102704", False),
        ("<3.16.0.dev2026102704", "3.16.0.dev2026102704", False),
        ("<3.16", "3.16.0", False),
        (">=3.9,<3.12", "3.11.3", True),
        ("==3.15.*", "3.15.1", True),
        ("<=2.13.0", "2.13.0+cpu", True),
        ("<3", "no version", False),
    ],
)
def test_a_development_release_stands_between_releases(
    condition: str, version: str, *, expected: bool
) -> None:
    assert within(version, SpecifierSet(condition)) is expected


def test_an_applied_verdict_is_not_applied_again(ledger: Ledger) -> None:
    once = ledger.apply(cell(VALUES_PASS, PARAMS_FAIL), {})
    assert ledger.apply(once, {}) is once


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("a", "a", True),
        ("a", "ab", False),
        ("*", "", True),
        ("a*", "abc", True),
        ("*c", "abc", True),
        ("a*c", "ac", True),
        ("ab*bc", "abc", False),
        ("a*b*c", "aXbYc", True),
        ("a**c", "abc", True),
        ("a*b*c", "acb", False),
        ("[ab]", "a", False),
        ("conv[k=?]", "conv[k=1]", False),
    ],
)
def test_patterns(pattern: str, name: str, *, expected: bool) -> None:
    assert matches(pattern, name) is expected


@given(st.lists(st.text("ab[]", max_size=3), min_size=1, max_size=4), st.text("ab[]", max_size=3))
def test_a_pattern_matches_whatever_its_stars_stand_for(parts: list[str], filling: str) -> None:
    assert matches("*".join(parts), filling.join(parts))


@given(st.lists(st.text("ab[/", max_size=4)), st.text("ab[/*", max_size=4))
def test_of_many_names_those_are_found_that_match(names: list[str], pattern: str) -> None:
    assert Names(names).fitting(pattern) == sorted(n for n in names if matches(pattern, n))


def test_a_known_deviation_of_a_repeated_answer_is_still_asked_for():
    """Not every case of a `vary` asks for call 0's answer in other ways; those that tell do."""
    cases = {case.id: case for case in load_cases().checked()}
    folder = default_root() / LEDGER_FOLDER
    ledger = Ledger.load([folder], cases, registry.names(), TODAY)
    assert ledger.problems == []
    repeated = [(entry, name) for entry in ledger.entries for name in REPEATS & {*entry.facets}]
    assert len(repeated) > 10
    for entry, name in repeated:
        asked = [case for case in ledger.cases_of(entry) if name in cases[case].program.facets]
        assert asked, f"{entry.id}: no case of it is asked for {name}"
