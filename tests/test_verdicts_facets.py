"""Every facet passes an honest answer and fails a changed one, and only the facet that it touches.

The table is the proof that each check can fail: one row for each part of an answer, with the one
change made to it and every facet that is then other than ``pass``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace
from verdict_samples import ASKED, CASE, TWIN, Sample, U, honest

from conformance.facets import NUMERIC
from conformance.verdicts.facets import JUDGES, judge
from conformance.verdicts.model import FacetVerdict

if TYPE_CHECKING:
    from collections.abc import Callable

    Change = Callable[[Sample], Any]


def verdicts(sample: Sample, asked: list[str] = ASKED, **options: Any) -> dict[str, FacetVerdict]:
    found = judge(
        asked,
        sample.expectation,
        sample.truth,
        sample.observation,
        sample.tensors,
        twin=TWIN,
        **options,
    )
    return {verdict.facet: verdict for verdict in found}


def put(*path: Any, value: Any) -> Change:
    """Change one part of the answer."""

    def change(sample: Sample) -> None:
        place: Any = sample.answer
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value

    return change


def drop(*path: Any) -> Change:
    def change(sample: Sample) -> None:
        place: Any = sample.answer
        for key in path[:-1]:
            place = place[key]
        del place[path[-1]]

    return change


def off(*names: str, at: tuple[int, ...] = (0, 1, 2), by: float = 1.0) -> Change:
    """Move one number of one or more arrays."""

    def change(sample: Sample) -> None:
        for name in names:
            array = sample.tensors[name].copy()
            array[at] += by
            sample.tensors[name] = array

    return change


def reshaped(*path: Any, name: str, shape: list[int]) -> Change:
    """Change the shape of an output, in the message and in the array."""

    def change(sample: Sample) -> None:
        sample.tensors[name] = sample.tensors[name].reshape(shape)
        put(*path, "shape", value=shape)(sample)

    return change


def cast(name: str, dtype: str) -> Change:
    def change(sample: Sample) -> None:
        sample.tensors[name] = sample.tensors[name].astype(dtype)

    return change


def both(*changes: Change) -> Change:
    def change(sample: Sample) -> None:
        for one in changes:
            one(sample)

    return change


def fails(*facets: str) -> dict[str, str]:
    return dict.fromkeys(facets, "fail")


OUTPUT = ("calls", 0, "outputs", 0)
EAGER_TOO = ("call/0", "numpy", "compiled", "config", "save", "clone", "row", "poked")

CHANGES: dict[str, tuple[Change, dict[str, str]]] = {
    "a variable made with another number": (off("initial", at=(0, 0)), fails("initial")),
    "a variable that was made with nobody knows what": (
        drop("initial", "dense/kernel"),
        fails("initial"),
    ),
    "symbolic input": (
        put("symbolic", "inputs", 0, value=[2, 3, 5]),
        fails("symbolic_shape"),
    ),
    "symbolic input missing": (put("symbolic", "inputs", value=[]), fails("symbolic_shape")),
    "symbolic output": (
        put("symbolic", "outputs", 0, value=[None, 4, 3]),
        fails("symbolic_shape"),
    ),
    "symbolic node": (
        put("symbolic", "nodes", "dense", value=[None, 12]),
        fails("symbolic_shape"),
    ),
    "symbolic node missing": (drop("symbolic", "nodes", "dense"), fails("symbolic_shape")),
    "weight renamed": (
        put("weights", 0, "name", value="dense/weight"),
        fails("weights"),
    ),
    "weight of another shape": (put("weights", 0, "shape", value=[4, 5]), fails("weights")),
    "weight of another dtype": (put("weights", 1, "dtype", value="float16"), fails("weights")),
    "weight not trainable": (put("weights", 1, "trainable", value=False), fails("weights")),
    "weights in another order": (
        lambda sample: sample.answer["weights"].reverse(),
        fails("weights"),
    ),
    "weight missing": (drop("weights", 2), fails("weights")),
    "weight twice": (
        lambda sample: sample.answer["weights"].append(sample.answer["weights"][0]),
        fails("weights"),
    ),
    # The twin is compared with the first model, so a fault of the first alone shows there too.
    "total": (put("params", "total", value=29), fails("params", "equals")),
    "trainable": (put("params", "trainable", value=25), fails("params", "equals")),
    "non-trainable": (put("params", "non_trainable", value=3), fails("params", "equals")),
    "params of a node": (put("params", "nodes", "norm", value=8), fails("params")),
    "argument of another value": (
        put("config", "made", "dense", "units", value=5),
        fails("config"),
    ),
    "argument of another type": (
        put("config", "made", "dense", "units", value="4"),
        fails("config"),
    ),
    "argument lost in the rebuilt layer": (
        drop("config", "rebuilt", "dense", "units"),
        fails("config"),
    ),
    "argument lost in the file": (drop("config", "loaded", "dense", "units"), fails("config")),
    "config of a layer missing": (drop("config", "made", "dense"), fails("config")),
    "default of another value": (
        put("config", "made", "dense", "activation", value="relu"),
        fails("config"),
    ),
    "shape": (
        reshaped(*OUTPUT, name="call/0", shape=[2, 4, 3]),
        {"shape": "fail", "values": "blocked", "influence": "blocked", "equals": "blocked"},
    ),
    "shape in the message alone": (put(*OUTPUT, "shape", value=[2, 4, 3]), fails("shape")),
    "shape of a node": (put("calls", 1, "nodes", "dense", value=[5, 12]), fails("shape")),
    "an output too many": (
        lambda sample: sample.answer["calls"][1]["outputs"].append(
            sample.answer["calls"][1]["outputs"][0]
        ),
        {"shape": "fail", "values": "blocked", "equals": "blocked"},
    ),
    "dtype": (put(*OUTPUT, "dtype", value="float16"), fails("dtype")),
    "dtype sent": (cast("call/1", "float64"), fails("dtype")),
    "probe of another shape": (put("calls", 0, "probes", "lambda", value=[3, 4]), fails("probes")),
    "probe not called": (drop("calls", 1, "probes", "lambda"), fails("probes")),
    "values of one call": (off("call/1"), fails("values", "equals")),
    "values everywhere": (
        off(*EAGER_TOO),
        {
            "values": "fail",
            "equals": "fail",
            "from_numpy": "blocked",
            "compiled": "blocked",
            "config_round_trip": "blocked",
            "save_round_trip": "blocked",
            "clone": "blocked",
            "batch": "blocked",
        },
    ),
    "values everywhere, the twin's too": (
        both(off(*EAGER_TOO), off("twin/call/0", at=(0, 2, 1))),
        {
            "values": "fail",
            "equals": "blocked",
            "from_numpy": "blocked",
            "compiled": "blocked",
            "config_round_trip": "blocked",
            "save_round_trip": "blocked",
            "clone": "blocked",
            "batch": "blocked",
        },
    ),
    "gradient of an input": (off("gradient/x"), fails("gradients", "equals")),
    "gradient of a weight": (
        off("gradient/dense/bias", at=(1,)),
        fails("gradients", "equals"),
    ),
    "gradient of a weight that does not train": (
        put("gradients", "weights", "norm/moving_mean", value="gradient/dense/bias"),
        fails("gradients"),
    ),
    "gradient missing": (
        drop("gradients", "weights", "dense/bias"),
        {"gradients": "error", "equals": "error"},
    ),
    "one entry of the mask": (
        lambda sample: sample.tensors.update({"mask": ~sample.tensors["mask"]}),
        fails("mask"),
    ),
    "mask lost": (put("calls", 0, "masks", value=[None]), fails("mask")),
    "mask not answered": (put("calls", 0, "masks", value=[]), {"mask": "error"}),
    "first row alone": (off("row"), fails("batch")),
    "changes too little": (
        lambda sample: sample.tensors.update({"poked": sample.tensors["call/0"]}),
        fails("influence"),
    ),
    "changes too much": (off("poked", at=(1, 0, 0)), fails("influence")),
    "twin's answer": (off("twin/call/0"), fails("equals")),
    "twin's answer, axes not permuted": (
        lambda sample: sample.tensors.update(
            {"twin/call/0": sample.tensors["call/0"].reshape(2, 4, 3)}
        ),
        fails("equals"),
    ),
    "twin's gradient": (off("twin/gradient/dense/kernel", at=(1, 1)), fails("equals")),
    "twin's params": (put("twin", "params", "total", value=52), fails("equals")),
    "twin absent": (drop("twin"), {"equals": "error"}),
    "a wrong size where all are open": (
        put("open_sizes", "outputs", value=[[None, 2, 4]]),
        fails("open_sizes"),
    ),
    "a rank where the batch is open": (
        put("open_batch", "outputs", value=[[None, 4]]),
        fails("open_batch"),
    ),
    "from arrays of NumPy": (off("numpy"), fails("from_numpy")),
    "from lists": (off("lists"), fails("from_lists")),
    "from lists, a later result": (off("more lists"), fails("from_lists")),
    "from lists, a result less": (drop("from_lists", 1), fails("from_lists")),
    "from lists, in another dtype": (cast("lists", "float64"), {}),
    "from lists, no answer": (drop("from_lists"), {"from_lists": "error"}),
    "compiled": (off("compiled"), fails("compiled")),
    "compiled to another dtype": (put("compiled", 0, "dtype", value="float64"), fails("compiled")),
    "rebuilt from config": (off("config"), fails("config_round_trip")),
    "cloned": (off("clone"), fails("clone")),
    "cloned to another dtype": (put("clone", 0, "dtype", value="float64"), fails("clone")),
    "saved and loaded": (off("save"), fails("save_round_trip")),
    "saved and loaded, no output": (put("save_round_trip", value=[]), fails("save_round_trip")),
    "another's file": (off("from two"), fails("exchange")),
    "another's file, no output": (
        put("exchanged", "loaded", "one", "outputs", value=[]),
        fails("exchange"),
    ),
    "another's file, another dtype": (
        put("exchanged", "loaded", "one", "outputs", 0, "dtype", value="float64"),
        fails("exchange"),
    ),
    "another's file, the process died": (
        put("exchanged", "loaded", "one", value={"died": "killed by SIGSEGV"}),
        fails("exchange"),
    ),
    "another's file, nothing is known": (
        put("exchanged", "loaded", "one", value={"lost": "no process could be had"}),
        {"exchange": "error"},
    ),
    "no file": (drop("files"), {"exchange": "error"}),
    "one loss": (off("losses", at=(9,)), fails("losses")),
    "one metric": (off("accuracy", at=(9,)), fails("metrics")),
    "a metric missing": (drop("state", "metrics", "accuracy"), {"metrics": "error"}),
    "a metric too many": (put("state", "metrics", "loss", value="losses"), fails("metrics")),
    "one of the optimizer's variables": (off("momentum", at=(1, 1)), fails("optimizer")),
    "an optimizer's variable too many": (
        put("state", "optimizer", "velocity", value="momentum"),
        fails("optimizer"),
    ),
    "one weight in a file": (off("written", at=(1,)), fails("checkpoint")),
    "a file too many": (
        put("state", "checkpoint", "2/dense/bias", value="written"),
        fails("checkpoint"),
    ),
    "no file of weights": (drop("state", "checkpoint", "1/dense/bias"), {"checkpoint": "error"}),
    "one trained weight": (off("trained/dense/kernel", at=(4, 3)), fails("state")),
    "a trained weight missing": (drop("state", "weights", "dense/bias"), {"state": "error"}),
    "summary's layer": (put("summary", "rows", 0, "layer", value="Conv2D"), fails("summary")),
    "summary's shape": (
        put("summary", "rows", 0, "output_shape", value=[None, 4]),
        fails("summary"),
    ),
    "shape stated alone": (
        put("specs", "dense", "shape", "shapes", 0, value=[None, 3, 5]),
        fails("output_spec"),
    ),
    "dtype stated alone": (
        put("specs", "norm", "spec_again", "dtypes", 0, value="float16"),
        fails("output_spec"),
    ),
    "a shape too many with other flags": (
        put("specs", "norm", "other", "shapes", value=[[None, 3, 4], [None, 3, 3]]),
        fails("output_spec"),
    ),
    "an unanswered question": (drop("specs", "dense", "shape_again"), fails("output_spec")),
    "another shape of the model": (
        put("specs", "", "shape_again", "shapes", 0, value=[None, 3, 5]),
        fails("output_spec"),
    ),
    "another dtype of the model": (
        put("specs", "", "spec", "dtypes", 0, value="float16"),
        fails("output_spec"),
    ),
    "a model that wasn't asked": (drop("specs", ""), fails("output_spec")),
    "a layer that wasn't asked": (drop("specs", "norm"), fails("output_spec")),
    "shape stated alone as in the model": (
        both(
            put("symbolic", "nodes", "dense", value=[None, 3, 5]),
            put("specs", "dense", "spec", "shapes", 0, value=[None, 3, 5]),
        ),
        {"symbolic_shape": "fail", "output_spec": "blocked"},
    ),
    "shape stated alone otherwise than in the model": (
        both(
            put("symbolic", "nodes", "dense", value=[None, 3, 5]),
            put("specs", "dense", "spec", "shapes", 0, value=[None, 3, 6]),
        ),
        fails("symbolic_shape", "output_spec"),
    ),
    "summary's params": (put("summary", "rows", 1, "params", value=8), fails("summary")),
    "summary's total": (put("summary", "total", value=20), fails("summary")),
    "summary's last row": (drop("summary", "rows", 1), fails("summary")),
    "array named but not sent": (
        lambda sample: sample.tensors.pop("compiled"),
        {"compiled": "error"},
    ),
}


def test_an_honest_answer_passes_in_every_facet() -> None:
    found = verdicts(honest())
    assert list(found) == ASKED
    assert {verdict.outcome for verdict in found.values()} == {"pass"}
    assert not any(verdict.message or verdict.note for verdict in found.values())


@pytest.mark.parametrize("what", CHANGES)
def test_one_change_is_seen_by_its_facet_and_no_other(what: str) -> None:
    change, expected = CHANGES[what]
    sample = honest()
    change(sample)
    found = verdicts(sample)
    assert {f: v.outcome for f, v in found.items() if v.outcome != "pass"} == expected
    for verdict in found.values():
        assert (verdict.outcome == "pass") == (not verdict.message)
        assert len(verdict.message) < 400
        assert "\n" not in verdict.message


def test_every_facet_has_a_judge_and_a_change_that_fails_it() -> None:
    failing = {
        facet
        for _, expected in CHANGES.values()
        for facet, outcome in expected.items()
        if outcome == "fail"
    }
    # Refusals and draws have tests of their own.
    assert failing == set(JUDGES) - {"raises", "random"}


@pytest.mark.parametrize(
    "part",
    [
        ("symbolic", "symbolic_shape"),
        ("weights", "weights"),
        ("params", "params"),
        ("config", "config"),
        ("gradients", "gradients"),
        ("compiled", "compiled"),
        ("config_round_trip", "config_round_trip"),
        ("save_round_trip", "save_round_trip"),
        ("clone", "clone"),
        ("files", "exchange"),
        ("state", "losses"),
        ("state", "metrics"),
        ("state", "optimizer"),
        ("state", "checkpoint"),
        ("state", "state"),
        ("summary", "summary"),
    ],
)
def test_silence_is_an_error_and_never_a_pass(part: tuple[str, str]) -> None:
    key, facet = part
    sample = honest()
    del sample.answer[key]
    found = verdicts(sample)
    assert found[facet].outcome == "error"
    assert "did not answer" in found[facet].message


def test_wrong_variables_block_what_depends_on_them() -> None:
    sample = honest()
    sample.answer["weights"][0]["shape"] = [4, 5]
    misfit = {"stage": "weights", "type": "WeightError", "message": "is (4, 5), not (5, 4)"}
    sample.answer["calls"] = [{"error": misfit}] * len(sample.answer["calls"])
    found = verdicts(sample)
    assert found["weights"].outcome == "fail"
    for facet in ("shape", "dtype", "values", "batch", "influence"):
        assert found[facet].outcome == "blocked", facet
        assert found[facet].message.startswith("blocked by weights: WeightError: is (4, 5)")


def test_variables_that_take_no_numbers_are_an_error_where_nothing_else_tells() -> None:
    sample = honest()
    misfit = {"stage": "weights", "type": "WeightError", "message": "is (4, 5), not (5, 4)"}
    sample.answer["calls"] = [{"error": misfit}] * len(sample.answer["calls"])
    found = verdicts(sample, ["values"])
    assert found["values"].outcome == "error"
    assert not found["values"].broken


def shifted(sample: Sample, name: str, truth: str, times: float) -> None:
    """Put the first row of an answer this many tolerances off the truth."""
    want, spread = sample.truth[f"{truth}/truth"], sample.truth[f"{truth}/spread"]
    off = (want[:1] + times * U * spread[:1]).astype(np.float32)
    sample.tensors[name] = np.concatenate([off, sample.tensors[name][1:]])


@pytest.mark.parametrize(("alone", "outcome"), [(3.5, "pass"), (-3.5, "fail"), (17.0, "fail")])
def test_a_row_alone_is_judged_no_sharper_than_in_its_batch(alone: float, outcome: str) -> None:
    """The rms of few numbers is a sharper judge than that of many."""
    sample = honest()
    shifted(sample, "call/0", "call/0", 3.5)
    shifted(sample, "row", "row", alone)
    found = verdicts(sample)
    assert found["values"].outcome == "pass"
    assert found["batch"].outcome == outcome


def test_losses_are_judged_apart_from_the_state() -> None:
    sample = honest()
    sample.answer["unsupported"] = {"state": "it does not train"}
    found = verdicts(sample)
    trained = ("losses", "metrics", "optimizer", "checkpoint", "state")
    assert {found[facet].outcome for facet in trained} == {"unsupported"}
    sample = honest()
    sample.answer["errors"] = {"state": {"stage": "state", "type": "E", "message": "m"}}
    found = verdicts(sample)
    assert [found[facet].outcome for facet in trained] == ["error", *["blocked"] * 4]


def test_calls_that_are_missing_are_an_error() -> None:
    sample = honest()
    del sample.answer["calls"][1:]
    found = verdicts(sample)
    assert found["shape"].outcome == "error"
    assert "call 1" in found["shape"].message
    assert found["compiled"].outcome == "pass"


def test_what_an_adapter_cannot_do_is_unsupported_with_its_reason() -> None:
    sample = honest()
    sample.answer["unsupported"] = {"summary": "torch has no summary"}
    del sample.answer["summary"]
    verdict = verdicts(sample)["summary"]
    assert (verdict.outcome, verdict.message) == ("unsupported", "torch has no summary")


def failure(stage: str, **more: Any) -> dict[str, Any]:
    return {"stage": stage, "type": "ValueError", "message": "no \x1b[31msuch\n thing", **more}


def test_what_raised_in_one_facet_is_its_error() -> None:
    sample = honest()
    sample.answer["errors"] = {"save_round_trip": failure("save_round_trip")}
    found = verdicts(sample)
    assert {f for f, v in found.items() if v.outcome != "pass"} == {"save_round_trip"}
    message = found["save_round_trip"].message
    assert message == "save_round_trip: raised: ValueError: no \\x1b[31msuch thing"


def test_a_model_that_cannot_be_built_is_reported_once() -> None:
    sample = honest()
    for key in [key for key in sample.answer if key != "case"]:
        del sample.answer[key]
    sample.answer.update(status="error", error=failure("build"))
    found = verdicts(sample)
    assert found["symbolic_shape"].outcome == "error"
    assert {v.outcome for f, v in found.items() if f != "symbolic_shape"} == {"blocked"}
    assert found["values"].message == "blocked by symbolic_shape: model raised"


def test_a_call_that_raised_is_reported_once() -> None:
    sample = honest()
    sample.answer["calls"][0] = {"error": failure("call", internal=True)}
    found = verdicts(sample)
    assert found["shape"].outcome == "error"
    assert "the adapter itself failed" in found["shape"].message
    others = {f: v.outcome for f, v in found.items() if v.outcome != "pass"}
    assert others == {
        "shape": "error",
        "dtype": "blocked",
        "probes": "blocked",
        "values": "blocked",
        "mask": "blocked",
        "influence": "blocked",
        "equals": "blocked",
    }


def test_what_a_layer_states_alone_is_blocked_by_a_first_call_that_raised() -> None:
    sample = honest()
    put("specs", "norm", "other", "shapes", value=[])(sample)
    assert verdicts(sample)["output_spec"].outcome == "fail"
    sample.answer["calls"][0] = {"error": failure("call")}
    found = verdicts(sample)["output_spec"]
    assert found.outcome == "blocked"
    assert found.message.startswith("blocked by shape: node norm, a symbolic call")


def test_weights_that_cannot_be_set_block_what_comes_of_them() -> None:
    sample = honest()
    sample.answer["weights"][0]["name"] = "dense/weight"
    off("call/0", "compiled")(sample)
    found = verdicts(sample)
    assert found["weights"].outcome == "fail"
    assert found["values"].outcome == "blocked"
    assert found["values"].message.startswith("blocked by weights: output 0") is False
    assert "call 0 output 0 at [0, 1, 2]" in found["values"].message
    # Nothing is hidden that is right in spite of it.
    assert found["gradients"].outcome == "pass"


def test_the_order_of_weights_blocks_nothing() -> None:
    sample = honest()
    sample.answer["weights"].reverse()
    off("call/0")(sample)
    assert verdicts(sample)["values"].outcome == "fail"


def test_a_compiled_answer_that_is_off_in_its_own_way_fails_though_values_fail() -> None:
    sample = honest()
    off("call/0")(sample)
    off("compiled", at=(1, 1, 1))(sample)
    assert verdicts(sample)["compiled"].outcome == "fail"


def test_a_message_says_where_what_and_by_how_much() -> None:
    sample = honest()
    spread = sample.truth["call/0/spread"]
    truth = sample.truth["call/0/truth"]
    shifted = truth.copy()
    shifted[1, 2, 3] += 51 * U * spread[1, 2, 3]
    sample.tensors["call/0"] = shifted
    verdict = verdicts(sample)["values"]
    assert verdict.message == (
        f"call 0 output 0 at [1, 2, 3]: expected {truth[1, 2, 3]:.9g}, observed "
        f"{shifted[1, 2, 3]:.9g}, 3.19 times the tolerance (1 of 24 numbers is out)"
    )
    # The one unit: what the message says is the margin, a multiple of the limit times τ.
    assert verdict.margin == pytest.approx(51 / 16, rel=1e-3)
    compared = verdict.comparisons[0]
    assert compared.share(compared.worst[0]) == verdict.margin
    assert verdict.comparisons[0].worst[0].index == [1, 2, 3]
    assert verdict.margin == pytest.approx(51 / 16)


def test_half_of_the_tolerance_used_is_noted() -> None:
    sample = honest()
    truth, spread = sample.truth["call/0/truth"], sample.truth["call/0/spread"]
    near = truth.copy()
    near[0, 0, 0] += 12 * U * spread[0, 0, 0]
    sample.tensors["call/0"] = near
    verdict = verdicts(sample)["values"]
    assert verdict.outcome == "pass"
    assert verdict.note == "accuracy note: call 0 output 0 uses 75% of its tolerance"


def test_an_expectation_without_its_array_blames_the_reference() -> None:
    sample = honest()
    del sample.truth["call/0/spread"]
    verdict = verdicts(sample)["values"]
    assert verdict.outcome == "error"
    assert "the case or the reference is at fault" in verdict.message


@pytest.mark.parametrize(
    "facet",
    [
        "values",
        "gradients",
        "batch",
        "influence",
        "equals",
        "losses",
        "metrics",
        "optimizer",
        "checkpoint",
        "state",
        "summary",
        "shape",
        "probes",
    ],
)
def test_a_facet_that_the_reference_says_nothing_about_blames_the_reference(facet: str) -> None:
    sample = honest()
    silent = type(sample.expectation)(
        case=CASE,
        digest="",
        symbolic=sample.expectation.symbolic,
        weights=[],
        params=sample.expectation.params,
        nodes={},
        calls=[],
    )
    verdict = verdicts(sample._replace(expectation=silent), [facet])[facet]
    assert verdict.outcome == "error"
    assert "the case or the reference is at fault" in verdict.message


def test_nan_everywhere_fails_every_facet_of_numbers() -> None:
    sample = honest()
    for name, array in sample.tensors.items():
        sample.tensors[name] = np.full_like(array, np.nan)
    found = verdicts(sample)
    assert {found[facet].outcome for facet in NUMERIC - {"influence"}} <= {"fail", "blocked"}
    assert found["values"].outcome == "fail"
    assert found["gradients"].outcome == "fail"
    # NaN before and NaN after: nothing moved, and something should have.
    assert found["influence"].outcome == "fail"


def test_hostile_strings_become_harmless() -> None:
    sample = honest()
    evil = "\x1b[2J\u202e<script>alert(1)</script>" + "x" * 1_000_000
    sample.answer["weights"][0]["name"] = evil
    sample.answer["calls"][0]["outputs"][0]["dtype"] = evil
    sample.answer["summary"]["rows"][0]["layer"] = evil
    sample.answer["errors"] = {"state": {"stage": evil, "type": evil, "message": evil}}
    sample.answer["gradients"]["weights"][evil] = "gradient/x"
    for verdict in verdicts(sample).values():
        shown = repr([verdict.message, verdict.observed, [c.what for c in verdict.comparisons]])
        assert "\x1b" not in verdict.message
        assert "\u202e" not in shown
        assert len(shown) < 4000


def test_equality_is_demanded_where_the_reference_gives_no_spread() -> None:
    sample = honest()
    exact = sample.expectation.calls[0].outputs[0]
    sample.truth["call/0/truth"] = np.round(sample.truth["call/0/truth"] * 4)
    sample.tensors["call/0"] = sample.truth["call/0/truth"].astype(np.float32)
    calls = [
        type(call)(
            facet=call.facet,
            outputs=[type(exact)(shape=exact.shape, dtype=exact.dtype, tensor=exact.tensor)],
        )
        if index == 0
        else call
        for index, call in enumerate(sample.expectation.calls)
    ]
    sample = sample._replace(expectation=replace(sample.expectation, calls=calls))
    assert verdicts(sample, ["values"])["values"].outcome == "pass"
    off("call/0", by=float(np.spacing(np.float32(4))))(sample)
    verdict = verdicts(sample, ["values"])["values"]
    assert verdict.outcome == "fail"
    assert "must be equal exactly" in verdict.message


def test_hostile_numbers_become_harmless() -> None:
    sample = honest()
    huge = 10**4000
    sample.answer["params"].update(total=huge, trainable=-huge, nodes={"dense": huge})
    sample.answer["summary"]["rows"][0]["params"] = huge
    sample.answer["symbolic"]["outputs"] = [[huge] * 100]
    sample.answer["twin"]["params"]["total"] = -huge
    sample.answer["calls"][0]["outputs"][0]["shape"] = [huge]
    for verdict in verdicts(sample).values():
        assert len(verdict.message) < 2000
        msgspec.json.encode(verdict)


@pytest.mark.parametrize("dtype", ["bool", "int64", "uint8", "complex64", "datetime64[s]", "U3"])
def test_numbers_of_any_dtype_are_judged_and_recorded(dtype: str) -> None:
    sample = honest()
    for name, array in sample.tensors.items():
        sample.tensors[name] = (array > 0).astype(dtype)
    for verdict in verdicts(sample).values():
        encoded = msgspec.json.encode(verdict)
        assert msgspec.json.decode(encoded, type=FacetVerdict).outcome == verdict.outcome
        exact = verdict.facet in {"influence", "mask"}
        assert verdict.outcome != "pass" or not verdict.comparisons or exact
