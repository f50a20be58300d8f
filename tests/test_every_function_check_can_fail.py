"""Promise 1, on the cases of functions and of objects with a memory.

As ``test_every_layer_check_can_fail.py`` for layers, and stricter, as these cost next to nothing:
an edit of an answer fails its own facet and no other, every argument that must be given is taken
for another value, and a fault behaves like itself. ``KERAS_CONFORMANCE_VARIANT`` chooses the
variants in the same way.
"""

from __future__ import annotations

import os
import zlib
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
import pytest
from catalogue import ROOT, variants, written
from msgspec.structs import replace
from seeded import answered

from conformance.cases.model import Steps
from conformance.facets import FACETS, FUNCTION, NUMERIC, STEPS
from conformance.reference import evaluate
from conformance.reference.errors import NoAnswer
from conformance.reference.faults.applicable import applicable, explanations, find
from conformance.reference.faults.arguments import given
from conformance.reference.faults.editing import EDITS
from conformance.reference.faults.known import candidates
from conformance.reference.faults.observe import observe
from conformance.verdicts.explain import Suspect, explain, failing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seeded import Answered

    from conformance.cases.model import Case

CHOICE = os.environ.get("KERAS_CONFORMANCE_VARIANT", "0")

OF_MODELS = {
    "atlas",
    "capabilities",
    "divergences",
    "documents",
    "exchange",
    "layers",
    "training",
}
"""Folders of the catalogue in which no function's case is written that knows an answer."""

SUITES = sorted(path.name for path in ROOT.iterdir() if path.name not in OF_MODELS)

OF_APPLICATIONS = ("applications/models/", "applications/values/")
"""Beside the functions that go with them: ``test_every_application_check_can_fail.py``."""

WRITTEN = [
    name for suite in SUITES for name in written(suite) if not name.startswith(OF_APPLICATIONS)
]

each_written = pytest.mark.parametrize("name", WRITTEN)

FACET_OF = {fault.name: facet for facet, fault in EDITS}


def every(name: str) -> list[Case]:
    return variants(name.partition("/")[0])[name]


def chosen(name: str) -> list[Case]:
    """The variants of what is written under this id that are tried."""
    if CHOICE == "all":
        return every(name)
    return [every(name)[(zlib.crc32(name.encode()) + int(CHOICE)) % len(every(name))]]


WITHOUT_EFFECT = {
    ("ops/numpy/reductions/scalar", f"ops.{function}.keepdims"): (
        "a single number has no axis that could be kept"
    )
    for function in ("sum", "mean", "max", "prod")
}
WITHOUT_EFFECT |= {
    ("ops/numpy/statistics/scalar", f"ops.{function}.keepdims"): (
        "a single number has no axis that could be kept"
    )
    for function in ("amax", "amin", "min", "max", "ptp", "median")
}
WITHOUT_EFFECT |= {
    ("ops/numpy/statistics/quantile-of-one", f"ops.{function}.{argument}"): (
        "of one number every quantile is that number, by every method"
    )
    for function, arguments in (("quantile", "q method"), ("percentile", "q method"))
    for argument in arguments.split()
}
WITHOUT_EFFECT["ops/numpy/predicates/isin-unique", "ops.isin.assume_unique"] = (
    "it may make the search faster, and changes no answer"
)
WITHOUT_EFFECT["ops/numpy/counting/in-top-k-by-keras", "ops.in_top_k.k"] = (
    "the example of the documentation; counting/in-top-k moves by it"
)
WITHOUT_EFFECT["ops/refusals/another-number-of-numbers", "ops.reshape.newshape"] = (
    "it must be given, and no value near it is accepted"
)
WITHOUT_EFFECT["ops/numpy/moving/broadcast-to-refused", "ops.broadcast_to.shape"] = (
    "it must be given, and no value near it is accepted"
)
WITHOUT_EFFECT["initializers/scaled/no-matrix", "initializers.Identity.shape"] = (
    "it must be given, and no value near it is accepted"
)
WITHOUT_EFFECT |= {
    (f"random/refusals/{name}", f"random.{argument}"): (
        "it must be given, and what is refused is another argument"
    )
    for name, arguments in (
        ("other-dtypes", "uniform.shape randint.shape randint.minval randint.maxval"),
        ("no-rows", "categorical.num_samples"),
        ("no-seed", "normal.shape uniform.shape gamma.shape gamma.alpha"),
    )
    for argument in arguments.split()
}
WITHOUT_EFFECT |= {
    ("optimizers/schedules/refused", f"optimizers.schedules.{argument}"): (
        "what is refused comes first, or no value near it is accepted"
    )
    for argument in (
        "PolynomialDecay.initial_learning_rate",
        "PiecewiseConstantDecay.boundaries",
        "PiecewiseConstantDecay.values",
    )
}
WITHOUT_EFFECT |= {
    ("ops/slices/segments-sorted", f"ops.segment_{what}.sorted"): "it promises speed alone"
    for what in ("sum", "max", "min", "prod")
}
WITHOUT_EFFECT["ops/image/resizing/refused", "ops.image.resize.size"] = (
    "it must be given, and what is refused is another argument"
)
WITHOUT_EFFECT["ops/nn/ctc/beam-search", "ops.ctc_decode.beam_width"] = (
    "it is wider than there are sequences, as what a narrow one leaves out is not documented"
)
WITHOUT_EFFECT["ops/linalg/equations/cholesky-inverse", "ops.cholesky_inverse.upper"] = (
    "it says which factor is made on the way"
)
WITHOUT_EFFECT["metrics/curves/area-of-labels", "metrics.AUC.num_labels"] = (
    "without it the labels are counted in the first update, and another number is refused"
)
WITHOUT_EFFECT["metrics/curves/all", "metrics.PrecisionAtRecall.recall"] = (
    "no share is larger than that of all"
)
WITHOUT_EFFECT |= {
    ("metrics/refused/arguments", "metrics.SensitivityAtSpecificity.specificity"): (
        "it must be given, and what is refused is another argument"
    )
}
WITHOUT_EFFECT["initializers/shapes/refused", "initializers.VarianceScaling.shape"] = (
    "it must be given, and what is refused is another argument"
)
WITHOUT_EFFECT |= {
    ("optimizers/schedules_ends/refused", f"optimizers.schedules.PolynomialDecay.{argument}"): (
        "it must be given, and no value near it is accepted"
    )
    for argument in ("decay_steps", "initial_learning_rate")
}
WITHOUT_EFFECT |= {
    (f"quantizers/functions/{name}", f"quantizers.{symbol}.to_numpy"): (
        "it says where levels are computed, and they are the same"
    )
    for name, symbol in (
        ("abs-max-in-numpy", "abs_max_quantize"),
        ("quantizer-in-numpy", "AbsMaxQuantizer"),
        ("grouped-in-numpy", "abs_max_quantize_grouped_with_zero_point"),
        ("grouped-one-sign-in-numpy", "abs_max_quantize_grouped_with_zero_point"),
    )
}
WITHOUT_EFFECT |= {
    (f"quantizers/levels/{name}", f"quantizers.{symbol}.to_numpy"): (
        "it says where levels are computed, and they are the same"
    )
    for name, symbol in (
        ("cut-off", "abs_max_quantize"),
        ("of-halves", "abs_max_quantize"),
        ("of-one-sign", "abs_max_quantize"),
        ("groups-in-other-dtypes", "abs_max_quantize_grouped_with_zero_point"),
    )
}
WITHOUT_EFFECT |= dict.fromkeys(
    (
        *(
            ("initializers/seeds/no-seed", f"initializers.{one}.shape")
            for one in ("RandomNormal", "RandomUniform", "GlorotUniform")
        ),
        ("initializers/certain/no-matrix", "initializers.Orthogonal.shape"),
        ("quantizers/bits/unpack-refused", "quantizers.unpack_int4.orig_len"),
        (
            "quantizers/levels/groups-of-no-matrix",
            "quantizers.abs_max_quantize_grouped_with_zero_point.block_size",
        ),
    ),
    "it must be given, and what is refused is another argument",
)
WITHOUT_EFFECT[
    "quantizers/bits/fake-quant-refused", "quantizers.fake_quant_with_min_max_vars.axis"
] = "no axis has as many channels"
WITHOUT_EFFECT |= {
    (
        "optimizers/schedules_forms/refused",
        f"optimizers.schedules.PiecewiseConstantDecay.{argument}",
    ): "no value near it is accepted"
    for argument in ("boundaries", "values")
}
WITHOUT_EFFECT[
    "quantizers/functions/grouped-one-of-all",
    "quantizers.abs_max_quantize_grouped_with_zero_point.block_size",
] = "a block that is larger than the array is all of it"
"""Arguments that are set where they move nothing, by written case, each with the reason."""


def empty(one: Answered) -> bool:
    """Whether there is no number in the answer, so that only shapes and dtypes can be wrong."""
    sizes = [
        np.prod(output.shape) for call in one.answer.expectation.calls for output in call.outputs
    ]
    return bool(sizes) and not any(sizes)


@each_written
def test_an_honest_answer_passes_and_each_facet_can_fail(name: str) -> None:
    for case in chosen(name):
        one = answered(case)
        honest = one.judged(one.honest)
        assert honest.outcome == "pass", (case.id, honest.message)
        asked = set(one.answer.expectation.asked(case.program).facets)
        edited = set[str]()
        for fault in applicable(case):
            if fault.edit is not None and FACET_OF[fault.name] in asked:
                failed = one.failed(fault)
                assert failed <= {FACET_OF[fault.name]}, (case.id, fault.name)
                edited |= failed
        silent = NUMERIC if empty(one) else set()
        assert asked - edited <= silent, f"no edit fails these facets of {case.id}"


@each_written
def test_a_fault_of_the_framework_moves_its_numbers(name: str) -> None:
    for case in chosen(name):
        one = answered(case)
        if empty(one):
            continue
        asked = set(one.answer.expectation.asked(case.program).facets)
        failed = set().union(*(facets for _, facets in computed(one)))
        assert asked & {"values", "state", "random"} <= failed, case.id


def computed(one: Answered) -> Iterator[tuple[str, set[str]]]:
    """Each fault with an answer of its own, and the facets that it fails."""
    for fault in explanations(one.case):
        try:
            yield fault.name, one.failed(fault)
        except NoAnswer:
            continue  # what the reference can't be asked for under this fault


def arguments(case: Case) -> set[str]:
    """What the case gives literally and can't leave to a default: ``ops.sum.keepdims``."""
    return {
        f"{one.owner}.{one.name}"
        for node in case.program.model.nodes
        for _, one in given(node)
        if one.set or one.required
    }


def moved(case: Case) -> dict[str, bool]:
    """By argument, whether a mistake about it fails the case, or leaves no answer at all."""
    if case.raises is not None:
        return accepted(case)
    one, found = answered(case), defaultdict[str, bool](bool)
    for fault in explanations(case):
        argument = fault.name.partition(":")[2]
        try:
            found[argument] |= bool(one.failed(fault))
        except NoAnswer:
            found[argument] |= fault.name.startswith("ignored:")
    return found


def accepted(case: Case) -> dict[str, bool]:
    """By argument of a call that must be refused, whether a mistake about it has an answer."""
    found = defaultdict[str, bool](bool)
    unstated = replace(case, raises=None)
    for fault in candidates(case):
        if fault.model is None:
            continue
        told = fault.of_steps if isinstance(case.program, Steps) else fault.program
        try:
            evaluate(replace(unstated, program=told(case.program)))
        except NoAnswer:
            continue
        found[fault.name.partition(":")[2]] = True
    return found


@each_written
def test_an_argument_that_is_given_moves_the_answer_of_some_variant(name: str) -> None:
    for case in chosen(name):
        left = arguments(case)
        for other in (case, *(one for one in every(name) if one is not case)):
            if not left:
                break
            found = moved(other)
            left = {argument for argument in left if not found.get(argument)}
        excused = {argument for where, argument in WITHOUT_EFFECT if where == name}
        assert excused & arguments(case) <= left, f"{case.id} needs no excuse"
        assert left <= excused, f"these arguments of {case.id} could be ignored: {left - excused}"


@each_written
def test_a_fault_behaves_like_itself_or_like_one_of_the_same_answer(name: str) -> None:
    for case in chosen(name):
        one, suspects = answered(case), []
        for fault in explanations(case):
            if fault.results is not None:
                continue  # rounded in float32 and in float64 it is not the same number
            try:
                answer = evaluate(case, fault)
            except NoAnswer:
                continue
            suspects.append(Suspect(fault.name, answer.expectation, answer.arrays))
            law = any(call.properties for call in answer.expectation.calls)
            seen = observe(case, one.answer.feeds, fault)
            facets = failing(one.judged(seen).facets)
            found = explain(facets, suspects[::-1], seen.observation, seen.tensors)
            unexplained = set(facets) - found.keys()
            assert law or not unexplained, (case.id, fault.name, unexplained)


def test_each_fault_that_is_made_for_something_is_caught_somewhere() -> None:
    left: dict[str, list[Case]] = defaultdict(list)
    for name in WRITTEN:
        for case in every(name):
            for fault in explanations(case):
                if fault.definition is not None and ":" not in fault.name:
                    left[fault.name].append(case)
    assert left.keys() >= {
        "bias-correction-missing",
        "decay-in-gradient",
        "epsilon-inside-root",
        "gradients-late",
        "integers-saturate",
        "kernel-flipped",
        "means-averaged",
        "nan-skipped",
        "negative-index-cut",
        "not-reset",
        "order-falling",
        "padding-other-side",
        "replaced",
        "result-late",
        "schedule-late",
        "set-late",
        "step-skipped",
        "trunc-for-floor",
        "update-lost",
        "weak-scalars-widen",
        "count-kept",
        "epsilon-under-root",
        "gradients-scaled",
        "ignored-counted",
        "l2-doubled",
        "momentum-schedule-fast",
        "norm-lasting",
        "numbers-for-samples",
        "precision-straight",
        "rates-exchanged",
        "ratio-missing",
        "scale-kept",
        "share-exceeded",
        "shrinkage-unsquared",
        "squares-from-nought",
        "threshold-reached",
        "thresholds-as-given",
        "weights-cut-off",
        "zero-without-sign",
        "counted-by-variable",
        "default-for-all",
        "first-for-all",
        "idle-counted",
        "one-norm",
        "paths-alone",
        "pattern-anywhere",
        "pattern-begins",
        "patterns-first",
        "scale-not-handed-on",
        "scale-twice",
        "steps-uncounted",
    }
    for fault, cases in left.items():
        assert any(answered(case).failed(find(case, fault)) for case in cases), fault


DECOMPOSITIONS = [
    case.id
    for name in (
        "ops/linalg/qr",
        "ops/linalg/svd",
        "ops/linalg/factors/eig",
        "ops/numpy/sorting/stable",
    )
    for case in every(name)
]


def by_id(case: str) -> Answered:
    return answered(next(one for one in every(case.partition("[")[0]) if one.id == case))


@pytest.mark.parametrize("case", DECOMPOSITIONS)
def test_each_property_of_an_answer_that_is_not_unique_can_fail(case: str) -> None:
    one = by_id(case)
    honest = next(v for v in one.judged(one.honest).facets if v.facet == "values")
    failed = set()
    for fault in applicable(one.case):
        if FACET_OF.get(fault.name) == "values" and fault.edit is not None:
            verdicts = one.judged(fault.edit(one.honest)).facets
            values = next(v for v in verdicts if v.facet == "values")
            failed |= {found.what for found in values.comparisons if found.message}
    assert failed == {found.what for found in honest.comparisons}


def turned(one: Answered, *signs: tuple[int, int]) -> str:
    """The outcome where the first vector of each output is turned round: output and axis."""
    tensors = dict(one.honest.tensors)
    outputs = one.honest.observation.calls[0].outputs
    for output, axis in signs:
        values = tensors[outputs[output].tensor].copy()
        np.moveaxis(values, axis, 0)[0] *= -1
        tensors[outputs[output].tensor] = values
    return str(one.judged(one.honest._replace(tensors=tensors)).outcome)


def test_vectors_may_point_either_way_but_not_one_without_the_other() -> None:
    qr = by_id("ops/linalg/qr[shape=3x3,mode=reduced]")
    assert turned(qr, (0, -1), (1, -2)) == "pass"
    assert turned(qr, (0, -1)) == "fail"
    svd = by_id("ops/linalg/svd[full_matrices=false,shape=3x4]")
    assert turned(svd, (0, -1), (2, -2)) == "pass"
    assert turned(svd, (0, -1)) == "fail"


def test_a_spectrum_that_is_not_in_order_fails_though_its_product_is_right() -> None:
    one = by_id("ops/linalg/svd[full_matrices=false,shape=3x4]")
    tensors = dict(one.honest.tensors)
    for output, axis in zip(one.honest.observation.calls[0].outputs, (-1, -1, -2), strict=True):
        tensors[output.tensor] = np.flip(tensors[output.tensor], axis)
    verdict = one.judged(one.honest._replace(tensors=tensors))
    values = next(v for v in verdict.facets if v.facet == "values")
    wrong = {found.what.partition(" ")[0] for found in values.comparisons if found.message}
    assert wrong == {"equals", "sorted"}


def test_every_facet_of_functions_and_of_steps_is_asked_by_some_case() -> None:
    asked = {facet for name in WRITTEN for case in every(name) for facet in case.program.facets}
    due = {name for name, facet in FACETS.items() if facet.kinds & {FUNCTION, STEPS}}
    assert due - asked <= {"raises"}  # tests/test_reference_faults.py has a refusal


def test_what_is_excused_is_there() -> None:
    assert {name for name, _ in WITHOUT_EFFECT} <= set(WRITTEN)


def test_what_is_tried_is_all_that_is_written() -> None:
    assert len(WRITTEN) == len(set(WRITTEN))
    for suite in SUITES:
        assert set(written(suite)) == variants(suite).keys()
