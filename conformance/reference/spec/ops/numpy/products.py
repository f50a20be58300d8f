"""Products of arrays."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.reference.engine import contraction, structure
from conformance.reference.engine.array import Array, broadcast, reshape
from conformance.reference.engine.conversion import convert, real, together, whole
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.reference.engine.conversion import Scalar, Tensor


def _factors(*operands: Tensor | Scalar) -> list[Array]:
    """Real arrays in the dtype in which they meet."""
    return [real(x) for x in together(*operands)]


def _wider(*operands: Tensor | Scalar) -> list[Array]:
    """The same; where all are int8, products are added up as int32, as quantized layers do."""
    met = _factors(*operands)
    if all(isinstance(x, Array) and x.dtype == "int8" for x in operands):
        met = [real(convert(x, "int32")) for x in met]
    return met


def _refuse(function: str, a: Array, b: Array) -> Refused:
    return Refused(f"{function}: {list(a.shape)} does not fit {list(b.shape)}", at="call")


@defines("ops.matmul")
def matmul(x1: Tensor | Scalar, x2: Tensor | Scalar) -> Tensor:
    """Matrix product of the last two axes; the others broadcast, and a vector is one row or column.

    Raises:
        Refused: The shapes don't fit.
    """
    a, b = _wider(x1, x2)
    if not a.ndim or not b.ndim or a.shape[-1] != b.shape[max(b.ndim - 2, 0)]:
        raise _refuse("matmul", a, b)
    if a.integers is not None:
        return a.arithmetic.whole(np.asarray(np.matmul(whole(a), whole(b))))
    left = structure.expand(a, 0) if a.ndim == 1 else a
    right = structure.expand(b, 1) if b.ndim == 1 else b
    try:
        lead = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    except ValueError:
        raise _refuse("matmul", a, b) from None
    product = _stacks(left, right, lead)
    kept = [
        *lead,
        *(left.shape[-2:-1] if a.ndim > 1 else ()),
        *(b.shape[-1:] if b.ndim > 1 else ()),
    ]
    return reshape(product, kept)


def _stacks(a: Array, b: Array, lead: tuple[int, ...]) -> Array:
    """``(*lead, m, k) @ (*lead, k, n)`` after broadcasting."""
    count = math.prod(lead)
    flat = [reshape(broadcast(x, (*lead, *x.shape[-2:])), (count, *x.shape[-2:])) for x in (a, b)]
    return contraction.einsum("smk,skn->smn", *flat)


@defines("ops.dot")
def dot(x1: Tensor | Scalar, x2: Tensor | Scalar) -> Tensor:
    """Products of the last axis of ``x1`` with the last but one of ``x2``, or its only one.

    A number multiplies everything.

    Raises:
        Refused: The axes have different sizes.
    """
    a, b = _factors(x1, x2)
    if not a.ndim or not b.ndim:
        return a * b
    inner = max(b.ndim - 2, 0)
    if a.shape[-1] != b.shape[inner]:
        raise _refuse("dot", a, b)
    if a.integers is not None:
        return a.arithmetic.whole(np.asarray(np.dot(whole(a), whole(b))))
    order = [inner, *(i for i in range(b.ndim) if i != inner)]
    columns = structure.transpose(b, order)
    rest = columns.shape[1:]
    product = contraction.matmul(a, reshape(columns, (b.shape[inner], math.prod(rest))))
    return reshape(product, (*a.shape[:-1], *rest))


@defines("ops.einsum")
def einsum(subscripts: str, *operands: Tensor | Scalar, **kwargs: Any) -> Tensor:
    """Einstein sum: letters that the answer doesn't name are summed over.

    Raises:
        Refused: The letters don't fit the shapes.
        Unsupported: Keywords, which choose how it is computed.
    """
    if kwargs:
        message = f"einsum: {', '.join(kwargs)} is not in the reference"
        raise Unsupported(message)
    arrays = _wider(*operands)
    terms, answer = _letters(subscripts, [a.ndim for a in arrays])
    if arrays[0].integers is not None:
        return arrays[0].arithmetic.whole(
            np.asarray(np.einsum(subscripts, *(whole(a) for a in arrays)), arrays[0].dtype)
        )
    sizes: dict[str, int] = {}
    for a, term in zip(arrays, terms, strict=True):
        for letter, size in zip(term, a.shape, strict=True):
            if sizes.get(letter, 1) == 1:
                sizes[letter] = size
            elif size not in {1, sizes[letter]}:
                message = f"einsum {subscripts!r}: {letter} is {sizes[letter]} and {size}"
                raise Refused(message, at="call")
    summed = [letter for letter in sizes if letter not in answer]
    order = [*answer, *summed]
    shape = tuple(sizes[letter] for letter in order)
    total = _spread_out(arrays[0], terms[0], order, shape)
    for a, term in zip(arrays[1:], terms[1:], strict=True):
        total = total * _spread_out(a, term, order, shape)
    return total.sum(range(len(answer), len(order))) if summed else total


def _spread_out(a: Array, term: str, order: Sequence[str], shape: tuple[int, ...]) -> Array:
    """An operand with an axis for every letter; of a letter that stands twice, the diagonal."""
    letters = sorted(set(term), key=order.index)
    grid = np.arange(math.prod(a.shape)).reshape(a.shape)
    numbered = {letter: i for i, letter in enumerate(letters)}
    places = np.einsum(grid, [numbered[c] for c in term], list(range(len(letters))))
    moved = (
        structure.picked(a, places)
        if len(letters) < len(term)
        else structure.transpose(a, [term.index(letter) for letter in letters])
    )
    wide = [moved.shape[letters.index(c)] if c in letters else 1 for c in order]
    return broadcast(reshape(moved, wide), shape)


def _letters(subscripts: str, ranks: Sequence[int]) -> tuple[list[str], str]:
    """The letters of each operand and of the answer; an ellipsis becomes capital Greek ones.

    Raises:
        Refused: There are more or fewer letters than axes.
    """
    given, arrow, answer = subscripts.replace(" ", "").partition("->")
    terms = given.split(",")
    wrong = Refused(f"einsum {subscripts!r} does not fit operands of {list(ranks)} axes", at="call")
    if len(terms) != len(ranks):
        raise wrong
    if not arrow:
        plain = given.replace("...", "").replace(",", "")
        answer = ("..." if "..." in given else "") + "".join(
            sorted(c for c in set(plain) if plain.count(c) == 1)
        )
    more = [
        n - len(t.replace("...", "")) if "..." in t else 0
        for t, n in zip(terms, ranks, strict=True)
    ]
    if min(more) < 0:
        raise wrong
    rest = "".join(chr(ord("Α") + i) for i in range(max(more)))  # noqa: RUF001 (no Latin letter)
    terms = [t.replace("...", rest[len(rest) - m :]) for t, m in zip(terms, more, strict=True)]
    answer = answer.replace("...", rest)
    fits = all(len(t) == n for t, n in zip(terms, ranks, strict=True))
    if not fits or not set(answer) <= set("".join(terms)) or len(set(answer)) != len(answer):
        raise wrong
    return terms, answer
