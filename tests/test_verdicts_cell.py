"""From facets to the verdict on a cell; refusals; and what a failure behaves like."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace
from verdict_samples import ASKED, CASE, TWIN, Sample, honest

from conformance.adapters.host.observation import Observation
from conformance.cases.model import Case, Expect, Graph, Model, Place, Source
from conformance.verdicts import cell as cells
from conformance.verdicts.cell import combine, judge_cell
from conformance.verdicts.comparison import Target, compare
from conformance.verdicts.explain import Suspect, explain, explained, failing
from conformance.verdicts.model import FAILING, CellVerdict, Comparison, FacetVerdict

MODEL = Model(form="sequential", inputs=[], nodes=[], outputs=[])


def a_case(facets: list[str], case: str = CASE) -> Case:
    return Case(
        id=case,
        digest="0" * 64,
        title="a case",
        source=Source(keras="keras.layers.Dense"),
        place=Place(file="sample.yaml", line=1, column=1),
        yaml="",
        program=Graph(case=case, model=MODEL, calls=[], facets=facets, twin=TWIN),
        expect=Expect(),
    )


def judged(sample: Sample, facets: list[str] = ASKED) -> CellVerdict:
    return judge_cell(
        a_case(facets),
        "keras-jax",
        expectation=sample.expectation,
        truth=sample.truth,
        observation=sample.observation,
        tensors=sample.tensors,
    )


def refusal(at: str, **answer: Any) -> FacetVerdict:
    """Judge the facet ``raises`` of a case that must be refused at a stage."""
    sample = honest()
    expectation = replace(sample.expectation, raises=at, claims=["raises"])
    sample = sample._replace(expectation=expectation, answer={"case": CASE, **answer})
    return judged(sample, ["raises"]).facets[0]


def raised(stage: str, *, internal: bool = False) -> dict[str, Any]:
    return {
        "stage": stage,
        "type": "ValueError",
        "message": "batch size 7 does not fit (30, 50, 50, 3)",
        "internal": internal,
    }


def test_an_honest_cell_passes() -> None:
    verdict = judged(honest())
    assert (verdict.outcome, verdict.message) == ("pass", "")
    assert [facet.facet for facet in verdict.facets] == ASKED


def test_a_failing_facet_fails_the_cell_and_is_its_message() -> None:
    sample = honest()
    sample.answer["params"]["total"] = 29
    sample.tensors["save"] = sample.tensors["save"] + 1
    verdict = judged(sample)
    assert verdict.outcome == "fail"
    assert verdict.message == "params: total: expected 28, observed 29"


def test_an_error_is_the_outcome_where_nothing_fails() -> None:
    sample = honest()
    del sample.answer["summary"]
    verdict = judged(sample)
    assert verdict.outcome == "error"
    assert verdict.message.startswith("summary: the adapter did not answer")


def test_a_cell_without_its_claimed_facets_is_unsupported_not_passed() -> None:
    sample = honest()
    sample.answer["unsupported"] = {"values": "no such layer in eager mode"}
    verdict = judged(sample)
    assert verdict.outcome == "unsupported"
    assert verdict.message == "values: no such layer in eager mode"


def test_a_cell_passes_without_facets_that_the_case_is_not_about() -> None:
    sample = honest()
    sample.answer["unsupported"] = {"summary": "there is none", "state": "there is none"}
    assert judged(sample).outcome == "pass"


def test_an_unsupported_case_is_unsupported() -> None:
    sample = honest()
    sample.answer.clear()
    sample.answer.update(case=CASE, status="unsupported", reason="no LSTM\x07 here")
    verdict = judged(sample)
    assert (verdict.outcome, verdict.message) == ("unsupported", "no LSTM\\x07 here")


def test_the_answer_to_another_case_is_never_judged() -> None:
    sample = honest()
    sample.answer["case"] = "documents/sample/other"
    verdict = judged(sample)
    assert verdict.outcome == "error"
    assert "'documents/sample/other'" in verdict.message
    assert not verdict.facets


def test_a_case_that_asks_for_nothing_is_an_error() -> None:
    assert judged(honest(), []).outcome == "error"


def test_a_facet_that_nobody_knows_is_an_error() -> None:
    verdict = judged(honest(), ["values", "colour"])
    assert verdict.outcome == "error"
    assert "no judge knows this facet" in verdict.message


def test_blocked_facets_alone_never_pass() -> None:
    blocked = FacetVerdict(facet="values", outcome="blocked", message="blocked by shape")
    assert combine([blocked], [])[0] == "error"


@pytest.mark.parametrize(
    ("verdict", "outcome", "words"),
    [
        (cells.crashed(CASE, "torch", "killed by SIGSEGV"), "crash", "killed by SIGSEGV"),
        (cells.timed_out(CASE, "torch", 60), "timeout", "no answer within 60 s"),
        (cells.not_installed(CASE, "torch", "no torch"), "not-installed", "no torch"),
        (cells.malformed(CASE, "torch", "half a\x1b frame"), "error", "half a\\x1b frame"),
        (cells.adapter_failed(CASE, "torch", "5 restarts"), "error", "5 restarts"),
        (cells.reference_failed(CASE, "torch", "states 60"), "error", "not the framework"),
        (cells.not_run(CASE, "torch", "interrupted"), "not-run", "interrupted"),
    ],
)
def test_cells_without_an_answer(verdict: CellVerdict, outcome: str, words: str) -> None:
    assert verdict.outcome == outcome
    assert words in verdict.message
    assert (outcome in FAILING) == (outcome != "not-installed")


def test_a_refusal_at_the_stated_stage_passes() -> None:
    assert refusal("build", status="error", error=raised("build")).outcome == "pass"
    assert refusal("call", calls=[{"error": raised("call")}]).outcome == "pass"


def test_what_is_accepted_is_no_refusal_and_the_message_says_what_came() -> None:
    output = {"shape": [7, 10], "dtype": "float32", "tensor": "y"}
    found = refusal("call", calls=[{"outputs": [output]}])
    assert found.outcome == "fail"
    assert found.message == "nothing was raised: call 0 was accepted and returned shape (7, 10)"
    symbolic = {"outputs": [[30, 10]]}
    found = refusal("build", symbolic=symbolic)
    assert found.message == "nothing was raised: the model was built, with output shape (30, 10)"


def test_a_refusal_at_another_stage_is_none() -> None:
    found = refusal("call", status="error", error=raised("build"))
    assert found.outcome == "fail"
    assert "refused while the model is built, not when the model is called" in found.message


def test_an_exception_of_the_adapter_is_no_refusal() -> None:
    found = refusal("call", calls=[{"error": raised("call", internal=True)}])
    assert found.outcome == "error"
    assert "which is no refusal" in found.message


def test_no_answer_is_no_refusal() -> None:
    assert refusal("call").outcome == "error"
    assert refusal("build", status="error").outcome == "error"


def suspects(*names: str) -> list[Suspect]:
    """Make the truths of named faults: other random numbers, of the same shapes."""
    found = []
    for seed, name in enumerate(names, start=1):
        other = honest(seed)
        found.append(Suspect(name, other.expectation, other.truth))
    return found


def test_a_failure_is_explained_by_the_fault_whose_truth_it_has() -> None:
    sample = honest()
    faulty = honest(2)
    sample.tensors["call/0"] = faulty.tensors["call/0"]
    sample.tensors["call/1"] = faulty.tensors["call/1"]
    verdict = judged(sample)
    found = explain(
        failing(verdict.facets),
        suspects("activation ignored", "kernel transposed", "bias missing"),
        sample.observation,
        sample.tensors,
        twin=TWIN,
    )
    assert found == {"values": "kernel transposed"}
    named = {v.facet: v.behaves_like for v in explained(verdict, found).facets}
    assert named["values"] == "kernel transposed"
    assert named["equals"] == ""


def test_what_agrees_with_no_fault_stays_unexplained() -> None:
    sample = honest()
    sample.tensors["call/0"] = sample.tensors["call/0"] + np.float32(0.5)
    found = explain(
        ["values", "params"],
        suspects("activation ignored"),
        sample.observation,
        sample.tensors,
        twin=TWIN,
    )
    assert found == {}


def test_no_fault_is_computed_when_everything_is_explained() -> None:
    faulty = honest(1)
    asked = []

    def lazily() -> Any:
        for suspect in suspects("first", "second"):
            asked.append(suspect.name)
            yield suspect

    found = explain(["values"], lazily(), faulty.observation, faulty.tensors, twin=TWIN)
    assert found == {"values": "first"}
    assert asked == ["first"]
    assert explain(["params"], lazily(), faulty.observation, faulty.tensors) == {}
    assert asked == ["first"]


def test_verdicts_survive_the_record() -> None:
    sample = honest()
    for name, array in sample.tensors.items():
        sample.tensors[name] = np.full_like(array, np.inf)
    verdict = judged(sample)
    encoded = msgspec.json.encode(verdict)
    assert b"null" not in encoded.replace(b'"output_shape":[null', b"").replace(b"[null,", b"")
    assert msgspec.json.decode(encoded, type=CellVerdict) == verdict


def test_an_observation_of_nothing_is_all_errors_and_blocks() -> None:
    sample = honest()._replace(answer={"case": CASE}, tensors={})
    assert msgspec.convert(sample.answer, Observation).status == "ok"
    outcomes = {facet.outcome for facet in judged(sample).facets}
    assert outcomes <= {"error", "blocked"}


def test_booleans_and_huge_integers_survive_the_record() -> None:
    found = compare("x", Target(np.array([True, False])), np.array([False, False]))
    assert (found.worst[0].expected, found.worst[0].observed) == ("True", "False")
    assert msgspec.json.decode(msgspec.json.encode(found), type=Comparison) == found
    found = compare("x", Target(np.array([2**62])), np.array([2**62 + 1]))
    assert found.worst[0].observed == str(2**62 + 1)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Comparison) == found


@pytest.mark.parametrize(
    ("verdict", "who"),
    [
        (cells.adapter_failed(CASE, "torch", "did not start"), "adapter"),
        (cells.malformed(CASE, "torch", "not JSON"), "adapter"),
        (cells.reference_failed(CASE, "torch", "no such layer"), "reference"),
        (cells.crashed(CASE, "torch", "SIGSEGV"), ""),
        (cells.timed_out(CASE, "torch", 30), ""),
    ],
)
def test_a_fault_of_the_suite_is_told_from_one_of_the_framework(
    verdict: CellVerdict, who: str
) -> None:
    assert verdict.broken == who


@pytest.mark.parametrize(("internal", "who"), [(True, "adapter"), (False, "")])
def test_an_exception_of_the_adapter_is_no_error_of_the_framework(
    who: str, *, internal: bool
) -> None:
    sample = honest()
    answer = {"case": CASE, "error": raised("build", internal=internal)}
    verdict = judged(sample._replace(answer=answer))
    assert verdict.outcome == "error"
    assert verdict.broken == who
