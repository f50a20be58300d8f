"""Promise 1, on the cases of layers: each passes an honest answer and catches seeded faults.

As ``test_every_check_can_fail.py`` for the documents, and quicker: of each written case one
variant is tried, chosen by its name. ``KERAS_CONFORMANCE_VARIANT=1`` chooses the next one of each,
``2`` the one after that; ``KERAS_CONFORMANCE_VARIANT=all`` tries every one, which takes minutes. A
failure names the variant.
"""

from __future__ import annotations

import os
import zlib
from typing import TYPE_CHECKING

import pytest
from catalogue import variants, written
from seeded import answered

from conformance.reference.errors import NoAnswer
from conformance.reference.faults.applicable import applicable
from conformance.reference.faults.known import candidates
from conformance.reference.model.network import Network

if TYPE_CHECKING:
    from conformance.cases.model import Case
    from conformance.reference.faults.fault import Fault

CHOICE = os.environ.get("KERAS_CONFORMANCE_VARIANT", "0")


def chosen(name: str) -> list[Case]:
    """The variants of what is written under this id that are tried."""
    every = variants("layers")[name]
    if CHOICE == "all":
        return every
    return [every[(zlib.crc32(name.encode()) + int(CHOICE)) % len(every)]]


each_written = pytest.mark.parametrize("name", written("layers"))


CONSTANT = {
    "layers/merging/dot-of-zeros": "what is divided by its length of nought stays nought",
    "layers/preprocessing/encoding/hashing[num_bins=1,": "one bin holds everything",
    "layers/preprocessing/adapt/discretization-by-tolerance": "other numbers are not certain",
    "layers/preprocessing/adapt/discretization-of-forty-nine-bins": "the outer bins are certain",
}
"""Cases (or how their variants begin) that answer the same to whatever is fed, as they should."""

NARROW = {
    "layers/every_dtype/squares-that-overflow",
    "layers/every_dtype/squares-of-groups-that-overflow",
    "layers/every_dtype/statistics-that-overflow",
    "layers/every_dtype/sums-that-overflow",
}
"""Cases of numbers whose squares or sums half precision can't hold. A model of the reference that
works step by step in half precision is what they catch, so that it does not pass."""

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
    **{
        ("layers/training_flags/told-by-the-model", f"{layer}.{argument}"): AT_REST
        for layer in ("SimpleRNN", "GRU", "LSTM", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
        for argument in ("dropout", "recurrent_dropout")
    },
    ("layers/training_flags/told-by-the-model", "GaussianNoise.stddev"): AT_REST,
    ("layers/training_flags/say-otherwise", "GaussianNoise.stddev"): AT_REST,
    ("layers/training_flags/say-otherwise", "LSTM.dropout"): AT_REST,
    ("layers/training_flags/say-otherwise", "LSTM.recurrent_dropout"): AT_REST,
    **{
        ("layers/training_flags/images-told-by-the-model", argument): AT_REST
        for argument in (
            "RandomColorJitter.brightness_factor",
            "RandomColorJitter.hue_factor",
            "RandomShear.x_factor",
            "RandomShear.y_factor",
        )
    },
    **{
        ("layers/training_flags/attention-is-told", f"{layer}.dropout"): AT_REST
        for layer in ("Attention", "AdditiveAttention", "MultiHeadAttention", "GroupQueryAttention")
    },
    ("layers/training_flags/attention-says-otherwise", "MultiHeadAttention.dropout"): AT_REST,
    **{
        ("layers/defaults/not-padded", f"{layer}.max_tokens"): "without padding it says nothing"
        for layer in ("IntegerLookup", "StringLookup")
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
    **{
        ("layers/every_dtype/at-rest", argument): AT_REST
        for argument in (
            "Dropout.rate",
            "AlphaDropout.rate",
            "GaussianDropout.rate",
            "GaussianNoise.stddev",
            "SpatialDropout1D.rate",
            "SpatialDropout2D.rate",
            "SpatialDropout3D.rate",
            "ActivityRegularization.l2",
        )
    },
    **{
        ("layers/every_dtype/whole-numbers-stay", f"{layer}.dtype"): "whole numbers stay whole"
        for layer in (
            "Flatten",
            "Permute",
            "Reshape",
            "Cropping1D",
            "ZeroPadding1D",
            "UpSampling1D",
        )
    },
    **{
        ("layers/every_dtype/autocast-off", f"{layer}.dtype"): (
            "without autocast the input's dtype counts"
        )
        for layer in ("Flatten", "LeakyReLU")
    },
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


@each_written
def test_an_honest_answer_passes_and_each_facet_can_fail(name: str) -> None:
    for case in chosen(name):
        check_that_it_can_fail(case)


def check_that_it_can_fail(case: Case) -> None:
    one = answered(case)
    honest = one.judged(one.honest)
    if case.id.partition("[")[0] in NARROW and "float16" in str(case.program.model.nodes[0].config):
        assert "values" in {each.facet for each in honest.facets if each.outcome == "fail"}
        return
    assert honest.outcome == "pass", (case.id, honest.message)
    faults = applicable(case)
    asked = set(one.answer.expectation.asked(case.program).facets)
    edited = set[str]()
    for fault in faults:
        if fault.edit is not None:
            edited |= one.failed(fault)
    assert asked - edited == set(), f"no seeded fault fails these facets of {case.id}"
    if "values" in asked and not case.id.startswith(tuple(CONSTANT)):
        answers = [fault for fault in faults if fault.edit is None]
        # Those that fit every case first: one is enough.
        answers.sort(key=lambda fault: not fault.name.startswith("inputs-"))
        moved = any("values" in one.failed(fault) for fault in answers)
        assert moved, f"no fault moves the numbers of {case.id}"


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


@each_written
def test_an_argument_that_is_set_moves_the_answer_of_some_variant(name: str) -> None:
    for case in chosen(name):
        check_that_each_argument_moves_something(name, case)


def check_that_each_argument_moves_something(name: str, case: Case) -> None:
    others = [one for one in variants("layers")[name] if one is not case]
    still = []
    for fault in applicable(case):
        kind, _, argument = fault.name.partition(":")
        if kind != "ignored" or case.raises is not None:
            continue
        moving = any(moves(one, fault.name) for one in (case, *others))
        if (name, argument) in WITHOUT_EFFECT:
            assert not moving, f"{argument} moves the answer of {case.id}: it needs no excuse"
        elif not moving:
            still.append(argument)
    assert not still, f"these arguments of {case.id} could be ignored and nothing would tell"


def test_what_is_excused_is_there() -> None:
    assert {name for name, _ in WITHOUT_EFFECT} <= variants("layers").keys()
    every = [case.id for cases in variants("layers").values() for case in cases]
    assert all(any(case.startswith(one) for case in every) for one in CONSTANT)


def test_what_is_tried_is_all_that_is_written() -> None:
    names = written("layers")
    assert len(names) == len(set(names))
    assert set(names) == variants("layers").keys()
