"""Connectionist temporal classification: how probable a sequence of labels is without its times."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.engine.array import reshape
from conformance.reference.engine.conversion import floats
from conformance.reference.engine.structure import picked, stack
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.activations import log_softmax
from conformance.reference.spec.losses.base import Plain, labels_of
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.array import Array
    from conformance.reference.engine.conversion import Scalar, Tensor


@defines("losses.ctc")
def ctc(y_true: Tensor | Scalar, y_pred: Tensor | Scalar) -> Array:
    """Per sample ``-log`` of the probability of all paths that read as the labels.

    A path has one class a time; those that follow each other unchanged are read once, and blanks,
    class 0, are not read. Zeros behind the labels are no labels.

    Raises:
        Refused: Labels and logits don't fit each other.
        Unsupported: There are fewer times than the labels need, a blank stands among labels, or a
            label is no class: Keras documents no answer.
    """
    logits, labels = floats(y_pred), labels_of(y_true)
    if logits.ndim != 3 or labels.ndim != 2 or logits.shape[0] != labels.shape[0]:  # noqa: PLR2004 (as documented)
        message = f"ctc: labels of {labels.shape} for logits of {logits.shape}"
        raise Refused(message, at="call")
    logarithms = log_softmax(logits)
    return stack(
        [_of_one(logarithms, sample, row.tolist()) for sample, row in enumerate(labels)], 0
    )


def _of_one(logarithms: Array, sample: int, padded: list[int]) -> Array:
    _, times, classes = logarithms.shape
    labels = [label for label in padded if label]
    repeated = sum(a == b for a, b in itertools.pairwise(labels))
    behind = any(padded[len(labels) :])
    if behind or len(labels) + repeated > times or any(not 0 < one < classes for one in labels):
        message = f"ctc: labels {padded} for {times} times of {classes} classes"
        raise Unsupported(message)
    states = [0, *(state for label in labels for state in (label, 0))]

    def emitted(time: int, state: int) -> Array:
        place = (sample * times + time) * classes + states[state]
        return reshape(picked(logarithms, np.asarray([place])), ())

    found = {state: emitted(0, state) for state in range(min(2, len(states)))}
    for time in range(1, times):
        found = {
            state: total + emitted(time, state)
            for state in range(len(states))
            if (total := _together(found, _before(states, state))) is not None
        }
    total = _together(found, [len(states) - 1, len(states) - 2])
    if total is None:
        message = "ctc: no path reads as the labels"
        raise Unsupported(message)
    return -total


def _before(states: list[int], state: int) -> list[int]:
    """From which states one is reached: itself, the one before, a label's last over a blank."""
    skips = state > 1 and states[state] != 0 and states[state] != states[state - 2]
    return [state, state - 1, *([state - 2] if skips else [])]


def _together(found: dict[int, Array], states: list[int]) -> Array | None:
    """``log(sum(exp))`` of those states that have been reached."""
    reached = [found[state] for state in states if state in found]
    if not reached:
        return None
    together = stack(reached, 0)
    shift = together.arithmetic.exact(np.asarray(together.value.real.max()))
    return f.log(f.exp(together - shift).sum()) + shift


@defines("losses.CTC")
class CTC(Plain, called="ctc"):
    """keras.losses.CTC."""

    def call(self, y_true: Array, y_pred: Array) -> Array:
        """One number for each sequence."""
        return ctc(y_true, y_pred)
