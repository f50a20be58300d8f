"""Capability files: an adapter is held to what is stated of it, and a file to what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from comparisons import record

from conformance import cli
from conformance.cases import default_root, load_ids
from conformance.globs import matches
from conformance.records import read
from conformance.run.session import CAPABILITIES_FOLDER
from conformance.verdicts.capabilities import Claims, read_capabilities
from conformance.verdicts.model import CellVerdict, FacetVerdict

if TYPE_CHECKING:
    from collections.abc import Callable

DENSE = "layers/core/dense"
LSTM = "layers/recurrent/lstm[units=2]"
HASHING = "layers/preprocessing/hashing"

TEXT = """
adapter: keras-mine
when: {keras: ">=3.15"}
excluded:
  - cases: layers/preprocessing/*
    says: requires TensorFlow
    reason: Lookups and hashes are TensorFlow's.
    cap: 1
  - cases: "*"
    facets: [compiled]
    reason: It has no graph mode.
    cap: 9
pending:
  - cases: layers/recurrent/*
    reason: Cells are written, masks are not.
"""
VERSIONS = {"keras": "3.15.1"}

Write = "Callable[[str], Path]"


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    def writer(text: str, name: str = "keras-mine.yaml") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return writer


@pytest.fixture
def claims(write: Callable[[str], Path]) -> Claims:
    found = Claims([write(TEXT)])
    assert found.problems == []
    return found


def cell(case: str = DENSE, outcome: str = "pass", message: str = "", **facets: str) -> CellVerdict:
    verdicts = [
        FacetVerdict(facet=name, outcome=ended, message=f"why {name}")  # type: ignore[arg-type]
        for name, ended in facets.items()
    ]
    return CellVerdict(
        case=case,
        adapter="keras-mine@python=venv",
        outcome=outcome,
        message=message,
        facets=verdicts,  # type: ignore[arg-type]
    )


def test_what_passes_stays_what_it_is(claims: Claims) -> None:
    passes = cell(values="pass", compiled="unsupported")
    assert claims.apply(passes, VERSIONS) is passes


def test_what_is_unsupported_and_not_stated_turns_red(claims: Claims) -> None:
    verdict = claims.apply(cell(outcome="unsupported", message="no such layer"), VERSIONS)
    assert verdict.outcome == "fail"
    assert verdict.judged == "unsupported"
    assert "unsupported: no such layer [capabilities: keras-mine" in verdict.message


def test_a_facet_that_is_no_longer_answered_turns_red(claims: Claims) -> None:
    verdict = claims.apply(cell(values="pass", gradients="unsupported"), VERSIONS)
    assert verdict.outcome == "fail"
    assert "unsupported: gradients: why gradients" in verdict.message


def test_what_fails_and_is_unsupported_says_both(claims: Claims) -> None:
    lost = cell(outcome="fail", message="values: out", values="fail", gradients="unsupported")
    verdict = claims.apply(lost, VERSIONS)
    assert verdict.outcome == "fail"
    assert verdict.message.startswith("values: out; unsupported: gradients")


def test_what_is_stated_is_unsupported_for_the_stated_reason_alone(claims: Claims) -> None:
    stated = cell(HASHING, "unsupported", "Hashing requires TensorFlow")
    assert claims.apply(stated, VERSIONS) is stated
    assert claims.apply(cell(HASHING, "unsupported", "no memory"), VERSIONS).outcome == "fail"
    assert (
        claims.apply(cell(DENSE, "unsupported", "requires TensorFlow"), VERSIONS).outcome == "fail"
    )


def test_more_cells_than_stated_make_the_run_faulty(claims: Claims) -> None:
    for name, told in ("hashing", 0), ("lookup", 1):
        case = f"layers/preprocessing/{name}"
        claims.apply(cell(case, "unsupported", "it requires TensorFlow"), VERSIONS)
        assert len(claims.over()) == told
    assert "2 cells are unsupported, 1 were stated" in claims.over()[0]


def test_what_others_keep_is_told_and_no_fault(write: Callable[[str], Path]) -> None:
    path, faulty = write(TEXT), write("adapter: [x]", "keras-other.yaml")
    claims = Claims([path, faulty], of_others=[path, faulty])
    assert claims.problems == []
    assert len(claims.remarks) == 1
    for name in ("hashing", "lookup"):
        case = f"layers/preprocessing/{name}"
        claims.apply(cell(case, "unsupported", "it requires TensorFlow"), VERSIONS)
    assert claims.over() == []
    assert claims.caps == {}
    assert "2 cells are unsupported, 1 were stated" in claims.over_of_others()[0]
    assert claims.apply(cell(gradients="unsupported"), VERSIONS).outcome == "fail"


@pytest.mark.parametrize("outcome", ["fail", "error", "crash", "timeout"])
def test_what_is_pending_may_deviate_and_is_told_apart(claims: Claims, outcome: str) -> None:
    verdict = claims.apply(cell(LSTM, outcome, "wrong"), VERSIONS)
    assert verdict.outcome == "xfail"
    assert verdict.known is not None
    assert (verdict.known.kind, verdict.judged) == ("pending", outcome)
    assert claims.finished() == []


def test_a_fault_of_the_suite_is_no_pending_work(claims: Claims) -> None:
    broken = CellVerdict(case=LSTM, adapter="keras-mine", outcome="error", broken="adapter")
    assert claims.apply(broken, VERSIONS).outcome == "error"


def test_what_is_no_longer_pending_is_told(claims: Claims) -> None:
    claims.apply(cell(LSTM), VERSIONS)
    (told,) = claims.finished()
    assert "pending layers/recurrent/*: all 1 pass" in told


def test_only_what_is_listed_is_supported_where_a_list_is_given(
    write: Callable[[str], Path],
) -> None:
    claims = Claims([write(TEXT + "supported: [layers/core/*]\n")])
    assert claims.apply(cell(DENSE, "fail"), VERSIONS).outcome == "fail"
    assert claims.apply(cell("layers/pooling/max", "fail"), VERSIONS).outcome == "xfail"
    assert claims.apply(cell(HASHING, "fail"), VERSIONS).outcome == "fail"


def test_other_versions_and_other_adapters_are_held_to_nothing(claims: Claims) -> None:
    lost = cell(outcome="unsupported", message="no such layer")
    assert claims.apply(lost, {"keras": "3.3.3"}) is lost
    other = CellVerdict(case=DENSE, adapter="torch", outcome="unsupported")
    assert claims.apply(other, VERSIONS) is other
    assert claims.apply(other, VERSIONS, "keras-mine").outcome == "fail"


def test_a_kind_that_is_not_named_is_held_to_nothing(claims: Claims) -> None:
    """A file that was written before there were functions stays true."""
    told = cell("ops/sum", "unsupported", "this adapter answers nothing about functions")
    for kind in ("function", "steps"):
        assert claims.apply(told, VERSIONS, kind=kind) == told
    assert claims.apply(told, VERSIONS).outcome == "fail"


def test_a_kind_that_is_named_can_not_be_lost(write: Callable[[str], Path]) -> None:
    claims = Claims([write(TEXT.replace("excluded:", "kinds: [model, function]\nexcluded:", 1))])
    assert claims.problems == []
    told = cell("ops/sum", "unsupported", "this adapter answers nothing about functions")
    assert claims.apply(told, VERSIONS, kind="function").outcome == "fail"
    assert claims.apply(told, VERSIONS, kind="steps") == told


def test_a_kind_that_there_is_not_is_a_mistake(write: Callable[[str], Path]) -> None:
    problems = Claims([write("adapter: keras-mine\nkinds: [functions]\n")]).problems
    (told,) = [str(one).partition("keras-mine.yaml:")[2] for one in problems]
    assert told == (
        "2:8: kinds: 'functions' is no kind of case; expected one of model, function, steps, "
        "application; did you mean 'function'?"
    )


def test_a_file_of_ones_own_replaces_the_catalogues(write: Callable[[str], Path]) -> None:
    theirs = write(TEXT)
    own = theirs.parent / "own.yaml"
    own.write_text("adapter: keras-mine\nexcluded: [{cases: '*', reason: none yet, cap: 9}]\n")
    lost = cell(outcome="unsupported", message="no such layer")
    assert Claims([theirs], [own]).apply(lost, VERSIONS) is lost
    assert Claims([theirs]).apply(lost, VERSIONS).outcome == "fail"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "a mapping of capabilities"),
        ("{}", "the key 'adapter' is missing"),
        ("adapter: [a, b]", "a list of 2"),
        ("adapter: a\ncolour: red", "colour"),
        ("adapter: a\nexcluded: all", "a list of mappings"),
        ("adapter: a\nexcluded: [{cases: '*', reason: x}]", "the key 'cap' is missing"),
        ("adapter: a\nexcluded: [{cases: '*', reason: x, cap: 0}]", "cap"),
        ("adapter: a\npending: [{cases: '*'}]", "the key 'reason' is missing"),
        ("adapter: a\npending: [{cases: '*', reason: x, cap: 3}]", "cap"),
        ("adapter: a\nexcluded: [{cases: '*', reason: x, cap: 1, facets: [speed]}]", "speed"),
        ("adapter: a\nwhen: {keras: new}", "no version specifier"),
    ],
)
def test_a_mistake_is_told_with_its_place(
    write: Callable[[str], Path], text: str, said: str
) -> None:
    path = write(text)
    claims = Claims([path])
    assert said in str(claims.problems[0])
    assert str(claims.problems[0]).startswith(f"{path}:")
    lost = cell(outcome="unsupported", message="no such layer")
    assert claims.apply(lost, VERSIONS) is lost


def test_an_adapter_has_one_file(write: Callable[[str], Path]) -> None:
    first = write(TEXT)
    second = first.parent / "second.yaml"
    second.write_text(TEXT)
    claims = Claims([first, second])
    assert "keras-mine has a capability file already" in str(claims.problems[0])


def test_the_catalogues_own_files_are_sound() -> None:
    cases = load_ids([default_root()])
    files = sorted((default_root() / CAPABILITIES_FOLDER).glob("*.yaml"))
    assert len(files) >= 9
    for path in files:
        stated, problems = read_capabilities(path)
        assert problems == []
        assert stated is not None
        assert stated.adapter == path.stem
        for group in stated.excluded:
            for pattern in group.cases:
                assert any(matches(pattern, case) for case in cases), f"{path}: {pattern}"


def test_a_run_states_what_it_can_be_held_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    lacks = [FacetVerdict(facet="gradients", outcome="unsupported", message="X1 has no gradients")]
    passes = [FacetVerdict(facet="values", outcome="pass")]
    cells = {
        "fakes/one": [*passes, *lacks],
        "fakes/two[n=1]": (
            "fail",
            [
                FacetVerdict(facet="values", outcome="fail", message="out"),
                FacetVerdict(facet="gradients", outcome="blocked", message="values failed"),
            ],
        ),
        "fakes/three": ("unsupported", []),
    }
    record(tmp_path / "reports/run/records.jsonl", {"keras-mine": cells})
    assert cli.main(["capabilities", "run", "--adapter", "keras-mine"]) == 0
    text = capsys.readouterr().out
    path = tmp_path / "stated.yaml"
    path.write_text(text.replace('reason: ""', "reason: because"))
    stated, problems = read_capabilities(path)
    assert problems == []
    assert stated is not None
    assert [(group.facets, group.cap) for group in stated.excluded] == [([], 1), (["gradients"], 2)]
    assert [group.cases for group in stated.pending] == [["fakes/two*"]]
    claims = Claims([path])
    run = read(tmp_path / "reports/run/records.jsonl")
    for (case, adapter), line in run.cells.items():
        versions = run.adapters[adapter].versions
        verdict = claims.apply(line.verdict, versions)
        assert verdict.outcome in {"pass", "unsupported", "xfail"}, case
    assert claims.over() == []


def test_a_run_without_the_adapter_states_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    record(tmp_path / "reports/run/records.jsonl", {"keras-mine": {"fakes/one": "pass"}})
    assert cli.main(["capabilities", "run", "--adapter", "keras-other"]) == 2
    assert "names no one column of that run: keras-mine" in capsys.readouterr().err


ROOT = Path(__file__).parents[1]
OF_LAYERS = ("documents", "layers")
"""Suites that the page of layers is about."""
WITHOUT_ANY_FACET = {
    "keras-numpy": 134,
    "keras-openvino": 127,
    "tf-keras": 2,
    "torch": 30,
    "jax": 33,
    "flax": 31,
}
"""Cases that are unsupported as every facet that they are about is, each for its own reason."""
OF_OTHERS = {"tf-keras": 104, "torch": 25, "jax": 31, "flax": 32}
"""Cases of images, training and functions in groups that speak of layers as well."""


def test_the_page_of_layers_counts_what_is_stated() -> None:
    page = (ROOT / "docs" / "layers.md").read_text("utf-8")
    rows = re.findall(r"^\| ([\w-]+)[^|]*((?:\| [\d,]+ ){4})\|$", page, re.MULTILINE)
    assert len(rows) == 9
    ids = load_ids([default_root() / suite for suite in OF_LAYERS])
    total = len(ids)
    for adapter, numbers in rows:
        cases, passes, known, unsupported = (
            int(number.replace(",", "")) for number in re.findall(r"[\d,]+", numbers)
        )
        assert cases == passes + known + unsupported == total, adapter
        stated, _ = read_capabilities(default_root() / CAPABILITIES_FOLDER / f"{adapter}.yaml")
        assert stated is not None
        caps = sum(
            group.cap or 0
            for group in stated.excluded
            if not group.facets and any(map(group.about, ids))
        )
        stated_of_layers = caps - OF_OTHERS.get(adapter, 0)
        assert unsupported - WITHOUT_ANY_FACET.get(adapter, 0) == stated_of_layers, adapter
