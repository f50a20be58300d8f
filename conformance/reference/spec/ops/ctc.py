"""Connectionist temporal classification: keras/src/ops/nn.py; Graves et al., 2006."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.engine.array import reshape
from conformance.reference.engine.contraction import matmul
from conformance.reference.engine.dtypes import NARROW
from conformance.reference.engine.structure import concatenate, picked, stack, take
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.ops.base import floating_array, integers_of
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from conformance.reference.engine.array import Array
    from conformance.reference.engine.conversion import Scalar, Tensor

_RANK = 3
_MOST = 4096
"""Sequences of classes that are looked at one by one."""


def _sequences(logits: Array, lengths: Any, function: str) -> NDArray[np.int64]:
    """Lengths of the sequences of ``(batch, steps, classes)``.

    Raises:
        Refused: Shapes don't fit.
        Unsupported: A length lies beyond the steps, or the logits are of a narrow dtype.
    """
    counts = integers_of(lengths, function)
    if logits.ndim != _RANK or counts.shape != logits.shape[:1]:
        message = f"{function}: logits of {list(logits.shape)}, lengths of {list(counts.shape)}"
        raise Refused(message, at="call")
    steps = logits.shape[1]
    narrow = logits.dtype in NARROW
    if narrow or (counts.size and not 0 < counts.min() <= counts.max() <= steps):
        message = f"{function} of {logits.dtype}, of lengths {counts.tolist()} within {steps} steps"
        raise Unsupported(f"{message}: Keras documents no answer")
    return counts


@defines("ops.ctc_loss")
def ctc_loss(
    target: Any,
    output: Tensor | Scalar,
    target_length: Any,
    output_length: Any,
    mask_index: int = 0,
) -> Tensor:
    """``-log`` of the probability of all ways to say a target, with blanks and repetitions.

    Raises:
        Unsupported: A target can't be said in its steps, or holds a blank or no class.
    """
    logits = floating_array(output, "ctc_loss")
    steps = _sequences(logits, output_length, "ctc_loss")
    labels = integers_of(target, "ctc_loss")
    counts = integers_of(target_length, "ctc_loss")
    if labels.ndim != 2 or labels.shape[0] != steps.size or counts.shape != steps.shape:  # noqa: PLR2004
        message = f"ctc_loss: targets of {list(labels.shape)}, lengths of {list(counts.shape)}"
        raise Refused(message, at="call")
    losses = []
    for row, (t, n) in enumerate(zip(steps.tolist(), counts.tolist(), strict=True)):
        said = labels[row, : max(n, 0)].tolist()
        blank = mask_index % logits.shape[2]
        known = all(0 <= one < logits.shape[2] and one != blank for one in said)
        needed = n + sum(a == b for a, b in itertools.pairwise(said))
        if not known or n > labels.shape[1] or needed > t:
            message = f"ctc_loss: the target {said} in {t} steps, the blank being {blank}"
            raise Unsupported(f"{message}: Keras documents no answer")
        scores = reshape(take(take(logits, 0, row, row + 1), 1, 0, t), (t, logits.shape[2]))
        losses.append(-f.log(_probability(f.softmax(scores, -1), said, blank)))
    return stack(losses, 0)


def _probability(shares: Array, said: Sequence[int], blank: int) -> Array:
    """Probability of a target: the forward recursion over its classes with blanks between them."""
    states = [blank]
    for one in said:
        states += [one, blank]
    size = len(states)
    follows = np.eye(size) + np.eye(size, k=1)
    for i in range(2, size):
        if states[i] not in {blank, states[i - 2]}:
            follows[i - 2, i] = 1.0
    arithmetic = shares.arithmetic
    table = arithmetic.exact(follows)
    start = arithmetic.exact((np.arange(size) < 2).astype(np.float64))  # noqa: PLR2004 (blank, first)
    alpha = reshape(start, (1, size))
    for t in range(shares.shape[0]):
        emitted = picked(shares, np.asarray(states)[None] + t * shares.shape[1])
        alpha = (matmul(alpha, table) if t else alpha) * emitted
    return take(alpha, 1, max(size - 2, 0), size).sum()


@defines("ops.ctc_decode", differentiable=False)
def ctc_decode(
    inputs: Tensor | Scalar,
    sequence_lengths: Any,
    strategy: str = "greedy",
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = True,
    mask_index: int = 0,
) -> list[Tensor]:
    """Classes that a sequence says, -1 behind the last, and how likely that is.

    Raises:
        Refused: Another strategy than ``greedy`` and ``beam_search``, or no path at all.
        Unsupported: A beam that is too narrow for every sequence of classes.
    """
    logits = floating_array(inputs, "ctc_decode")
    steps = _sequences(logits, sequence_lengths, "ctc_decode")
    blank = mask_index % logits.shape[2]
    if strategy == "greedy":
        return _greedy(logits, steps, blank, merge_repeated=merge_repeated)
    if strategy != "beam_search" or top_paths < 1:
        message = f"ctc_decode: {strategy=}, {top_paths=}"
        raise Refused(message, at="call")
    return _likeliest(logits, steps, blank, beam_width, top_paths)


def _filled(rows: Sequence[Sequence[int]], length: int) -> NDArray[np.int32]:
    return np.asarray([[*row, *[-1] * (length - len(row))] for row in rows], np.int32)


def _collapsed(path: Sequence[int], blank: int, *, merge: bool = True) -> tuple[int, ...]:
    """What a path says: repetitions are one, unless they aren't to be, and blanks nothing."""
    kept = [one for i, one in enumerate(path) if not (merge and i and one == path[i - 1])]
    return tuple(one for one in kept if one != blank)


def _greedy(
    logits: Array, steps: NDArray[np.int64], blank: int, *, merge_repeated: bool
) -> list[Tensor]:
    """The likeliest class of every step, and minus the sum of their logits."""
    arithmetic = logits.arithmetic
    arithmetic.rivals(logits, (2,), jumps=True)
    best = logits.value.real.argmax(-1)
    rows, scores = [], []
    for row, t in enumerate(steps.tolist()):
        rows.append(_collapsed(best[row, :t].tolist(), blank, merge=merge_repeated))
        first = (row * logits.shape[1] + np.arange(t)) * logits.shape[2]
        scores.append(-picked(logits, first + best[row, :t]).sum(keepdims=True))
    found = arithmetic.whole(_filled(rows, logits.shape[1])[None])
    return [found, stack(scores, 0)]


def _likeliest(
    logits: Array, steps: NDArray[np.int64], blank: int, beam_width: int, top_paths: int
) -> list[Tensor]:
    """The likeliest sequences of classes, with the logarithm of the probability of each."""
    classes = logits.shape[2]
    paths: list[list[tuple[int, ...]]] = []
    scores = []
    for row, t in enumerate(steps.tolist()):
        if classes**t > _MOST:
            message = f"ctc_decode: {classes} classes in {t} steps are too many for the reference"
            raise Unsupported(message)
        part = reshape(take(take(logits, 0, row, row + 1), 1, 0, t), (t, classes))
        shares = f.softmax(part, -1)
        said = {_collapsed(path, blank) for path in itertools.product(range(classes), repeat=t)}
        if beam_width < len(said) or top_paths > len(said):
            message = f"ctc_decode: {beam_width} of {len(said)} sequences, {top_paths} answered"
            raise Unsupported(f"{message}: what is pruned is not documented")
        kinds = sorted(said)
        likely = concatenate([reshape(_probability(shares, one, blank), (1,)) for one in kinds], 0)
        order = np.argsort(-likely.value.real, kind="stable")[:top_paths]
        _apart(likely, top_paths)
        paths.append([kinds[i] for i in order])
        scores.append(f.log(picked(likely, order)))
    found = [_filled([row[i] for row in paths], logits.shape[1]) for i in range(top_paths)]
    return [logits.arithmetic.whole(np.stack(found)), stack(scores, 0)]


def _apart(likely: Array, top_paths: int) -> None:
    """Note how near the first so many probabilities come to the one that follows each."""
    order = np.argsort(-likely.value.real, kind="stable")
    for first in range(min(top_paths, order.size - 1)):
        rest = picked(likely, order[first:])
        likely.arithmetic.rivals(rest, (0,), jumps=True)
