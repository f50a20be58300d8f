"""Promise 1, on the cases of layers: each passes an honest answer and catches seeded faults.

As ``test_every_check_can_fail.py`` for the documents, and quicker: of each written case one
variant is tried, chosen by its name. ``KERAS_CONFORMANCE_VARIANT=1`` chooses the next one of each,
``2`` the one after that; ``KERAS_CONFORMANCE_VARIANT=all`` tries every one, which takes minutes.
"""

from __future__ import annotations

import os
import zlib
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from conformance.cases import load
from conformance.reference import evaluate
from conformance.reference.errors import NoAnswer
from conformance.reference.faults.applicable import applicable
from conformance.reference.faults.known import candidates
from conformance.reference.faults.observe import observe
from conformance.reference.model.network import Network
from conformance.verdicts.cell import judge_cell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.cases.model import Case
    from conformance.reference.faults.fault import Fault, Observed

CHOICE = os.environ.get("KERAS_CONFORMANCE_VARIANT", "0")


def written() -> dict[str, list[Case]]:
    """Every written case of a layer with its variants."""
    found = defaultdict(list)
    for case in load().checked():
        if case.suite == "layers":
            found[case.id.partition("[")[0]].append(case)
    return found


WRITTEN = written()


def chosen() -> Iterator[Case]:
    for name, variants in WRITTEN.items():
        if CHOICE == "all":
            yield from variants
        else:
            yield variants[(zlib.crc32(name.encode()) + int(CHOICE)) % len(variants)]


CONSTANT = {
    "layers/merging/dot-of-zeros": "what is divided by its length of nought stays nought",
    "layers/preprocessing/encoding/hashing[num_bins=1,": "one bin holds everything",
}
"""Cases (or how their variants begin) that answer the same to whatever is fed, as they should."""

AT_REST = "acts in training alone"
THE_DEFAULT = "the default in other words"
WITHOUT_EFFECT = {
    ("layers/activation/relu-of-the-documentation", "ReLU.max_value"): "the docstring's numbers",
    ("layers/activation/softmax-of-large-logits", "Softmax.axis"): THE_DEFAULT,
    ("layers/attention/attention-all-arguments", "Attention.dropout"): AT_REST,
    ("layers/attention/attention-dropout-rests", "Attention.dropout"): AT_REST,
    ("layers/attention/additive-attention-all-arguments", "AdditiveAttention.dropout"): AT_REST,
    (
        "layers/augmentation/range-of-moved-pixels",
        "RandomTranslation.fill_mode",
    ): "what comes in from outside is promised to be an image's number, and nothing else",
    (
        "layers/augmentation/range-of-moved-pixels-channels-first",
        "RandomPerspective.data_format",
    ): "the range is that of every layout",
    (
        "layers/augmentation/range-of-moved-pixels-channels-first",
        "RandomPerspective.scale",
    ): "the range is that of every scale",
    (
        "layers/augmentation/range-of-colours-channels-first",
        "RandomGaussianBlur.data_format",
    ): "the range is that of every layout",
    (
        "layers/augmentation/range-of-other-value-ranges",
        "RandomColorDegeneration.value_range",
    ): "colours that are mixed with their own grey leave no range that held them",
    (
        "layers/augmentation/range-of-pixels-moved-otherwise",
        "RandomPerspective.scale",
    ): "the range is that of every scale",
    **{
        ("layers/augmentation/" + name, "RandAugment." + argument): (
            "whatever is chosen, however often and however much, the range is the promise"
        )
        for name, argument in (
            ("range-of-several-augmentations", "factor"),
            ("range-of-several-augmentations", "num_ops"),
            ("range-of-several-augmentations-channels-first", "data_format"),
            ("range-of-several-augmentations-channels-first", "num_ops"),
        )
    },
    ("layers/dtypes/autocast-off", "Activation.dtype"): "without autocast the input's dtype counts",
    ("layers/dtypes/autocast-off-inputs", "Add.dtype"): "without autocast the inputs' dtypes count",
    ("layers/merging/dot-of-zeros", "Dot.normalize"): CONSTANT["layers/merging/dot-of-zeros"],
    (
        "layers/multi_head_attention/multi-head-all-arguments",
        "MultiHeadAttention.attention_axes",
    ): THE_DEFAULT + "; multi-head-axes-survive has others",
    ("layers/multi_head_attention/multi-head-all-arguments", "MultiHeadAttention.dropout"): AT_REST,
    (
        "layers/multi_head_attention/group-query-all-arguments",
        "GroupQueryAttention.dropout",
    ): AT_REST,
    (
        "layers/normalization/batch-normalization-all-arguments",
        "BatchNormalization.momentum",
    ): AT_REST,
    ("layers/normalization/batch-normalization-in-a-model", "BatchNormalization.axis"): THE_DEFAULT,
    (
        "layers/normalization_training/batch-normalization-frozen",
        "BatchNormalization.momentum",
    ): "a frozen layer's statistics don't move",
    (
        "layers/normalization_training/renorm-at-rest",
        "BatchNormalization.renorm_clipping",
    ): AT_REST,
    (
        "layers/normalization_training/renorm-at-rest",
        "BatchNormalization.renorm_momentum",
    ): AT_REST,
    (
        "layers/normalization_training/spectral-normalization-at-rest",
        "SpectralNormalization.power_iterations",
    ): AT_REST,
    (
        "layers/normalization_training/spectral-normalization-all-arguments",
        "SpectralNormalization.power_iterations",
    ): AT_REST,
    (
        "layers/pooling/average-pooling1d-of-two",
        "AveragePooling1D.pool_size",
    ): "the mean of two numbers, in whatever window holds both",
    (
        "layers/pooling/average-pooling1d-of-two",
        "AveragePooling1D.strides",
    ): "there is one window",
    ("layers/regularization/dropout-not-training", "Dropout.noise_shape"): AT_REST,
    ("layers/regularization/not-training", "GaussianNoise.stddev"): AT_REST,
    (
        "layers/regularization/activity-regularization-alone",
        "ActivityRegularization.l1",
    ): "it adds to the loss, and nothing to what is answered",
    (
        "layers/regularization/activity-regularization-alone",
        "ActivityRegularization.l2",
    ): "it adds to the loss, and nothing to what is answered",
    (
        "layers/preprocessing/images/resizing-lanczos-reaches-the-edges",
        "Resizing.antialias",
    ): "what grows is not smoothed",
    (
        "layers/preprocessing/images/resizing-same-size",
        "Resizing.antialias",
    ): "nothing is resized",
    (
        "layers/preprocessing/images/resizing-same-size",
        "Resizing.interpolation",
    ): "nothing is resized",
    (
        "layers/preprocessing/spectrograms/mel-spectrogram-away-from-defaults",
        "MelSpectrogram.min_power",
    ): "of two floors the higher one shows, here top_db's; mel-spectrogram varies min_power",
    (
        "layers/recurrent/rnn/every-argument",
        "RNN.zero_output_for_mask",
    ): "there is no mask; its neighbours with masks show it",
}
"""Arguments that are set where they move nothing, by written case, each with the reason."""


class Answered(NamedTuple):
    """A case, what is true of it, and what an honest framework answers."""

    case: Case
    answer: Any
    honest: Observed

    def judged(self, seen: Observed) -> Any:
        return judge_cell(
            self.case,
            "reference",
            expectation=self.answer.expectation,
            truth=self.answer.arrays,
            observation=seen.observation,
            tensors=seen.tensors,
        )

    def failed(self, fault: Fault) -> set[str]:
        """The facets that a fault fails."""
        if fault.edit is None:
            seen = observe(self.case, self.answer.feeds, fault)
        else:
            seen = fault.edit(self.honest)
        found = self.judged(seen).facets
        return {one.facet for one in found if one.outcome in {"fail", "error"}}


def answered(case: Case) -> Answered:
    answer = evaluate(case)
    return Answered(case, answer, observe(case, answer.feeds))


@pytest.mark.parametrize("case", list(chosen()), ids=lambda case: case.id)
def test_an_honest_answer_passes_and_each_facet_can_fail(case: Case) -> None:
    one = answered(case)
    honest = one.judged(one.honest)
    assert honest.outcome == "pass", honest.message
    faults = applicable(case)
    asked = set(one.answer.expectation.asked(case.program).facets)
    edited = set[str]()
    for fault in faults:
        if fault.edit is not None:
            edited |= one.failed(fault)
    assert asked - edited == set(), "no seeded fault fails these facets"
    if "values" in asked and not case.id.startswith(tuple(CONSTANT)):
        answers = [fault for fault in faults if fault.edit is None]
        # Those that fit every case first: one is enough.
        answers.sort(key=lambda fault: not fault.name.startswith("inputs-"))
        assert any("values" in one.failed(fault) for fault in answers), "no fault moves its numbers"


def ignored(case: Case) -> list[Fault]:
    """The faults of not looking at one of the case's arguments, without being refused for it."""
    if case.raises is not None:
        return []
    return [fault for fault in candidates(case) if fault.name.startswith("ignored:")]


def moves(one: Case, name: str) -> bool:
    """Whether ignoring the argument changes shapes, or fails a facet."""
    fault = next((fault for fault in ignored(one) if fault.name == name), None)
    if fault is None:
        return False
    if fault.model is not None:
        try:
            honest, faulty = (
                Network.build(program.model)
                for program in (one.program, fault.program(one.program))
            )
        except NoAnswer:
            return True  # it can't be left out
        if honest.outputs != faulty.outputs or honest.variables != faulty.variables:
            return True
    if name not in {fault.name for fault in applicable(one)}:
        return False
    try:
        return bool(answered(one).failed(fault))
    except NoAnswer:
        return True  # no answer can be stated without it


@pytest.mark.parametrize("case", list(chosen()), ids=lambda case: case.id)
def test_an_argument_that_is_set_moves_the_answer_of_some_variant(case: Case) -> None:
    name = case.id.partition("[")[0]
    others = [one for one in WRITTEN[name] if one is not case]
    still = []
    for fault in applicable(case):
        kind, _, argument = fault.name.partition(":")
        if kind != "ignored" or case.raises is not None:
            continue
        moving = any(moves(one, fault.name) for one in (case, *others))
        if (name, argument) in WITHOUT_EFFECT:
            assert not moving, f"{argument} moves the answer: it needs no excuse any more"
        elif not moving:
            still.append(argument)
    assert not still, "these arguments could be ignored and nothing would tell"


def test_what_is_excused_is_there() -> None:
    assert {name for name, _ in WITHOUT_EFFECT} <= WRITTEN.keys()
    every = [case.id for variants in WRITTEN.values() for case in variants]
    assert all(any(case.startswith(one) for case in every) for one in CONSTANT)
