"""Functions among the layers of a model: what they answer, and their shapes before any data.

A definition of a function computes; it states no shape by itself. So its symbolic shape is found
by calling it on stand-ins, once for one number in the place of each open size and once for another:
a size of the answer that is then another is open, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.adapters.shared.functions import flat
from conformance.reference.engine.arithmetic import Arithmetic
from conformance.reference.engine.array import Array
from conformance.reference.engine.dtypes import DIGITS
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.model.functions import called
from conformance.reference.spec import table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.cases.model import Node, Shape
    from conformance.reference.model.functions import Find

_OPEN = (12, 24)
"""What stands for an open size. Both have many divisors, as some reshape to fixed sizes."""


def answered(
    node: Node, values: Mapping[str, list[Array]], arithmetic: Arithmetic, find: Find
) -> list[Array]:
    """What a function of a model answers, in order.

    Args:
        node: The function.
        values: The answers of every input and every node before it.
        arithmetic: In which the model computes.
        find: The definition of a symbol.

    Raises:
        Unsupported: Its answer is not unique, its size hangs on numbers, or it has a gradient that
            can't be stated; or it takes one of several answers without saying which.
        Refused: Keras documents that it refuses this.
    """
    for name in _taken(node):
        if len(values.get(name, [])) > 1:
            message = f"{node.layer}: {name} answers several arrays: name one, {name}.0"
            raise Unsupported(message)
    answers = called(node, values, arithmetic, find)
    for one in answers:
        stated = isinstance(one, Array)
        if not stated or (one.tracked and not table.differentiable(node.layer)):
            message = f"{node.layer} in a model is not in the reference: its answer is no array"
            if stated:
                message = f"{node.layer} has no gradient that could be stated in a model"
            raise Unsupported(message)
    return answers


def symbolic(
    node: Node, shapes: Mapping[str, list[Shape]], dtypes: Mapping[str, list[str]], find: Find
) -> tuple[list[Shape], list[str]]:
    """The shapes of a function's answers before any data, and their dtypes.

    Args:
        node: The function.
        shapes: Symbolic shapes of the answers of every input and every node before it.
        dtypes: Their dtypes.
        find: The definition of a symbol.

    Raises:
        Unsupported: As :func:`answered`.
        Refused: Keras documents that it refuses these shapes.
    """
    used = {name if name in shapes else name.rpartition(".")[0] for name in _taken(node)}
    some = {name: (shapes[name], dtypes[name]) for name in used}
    openly = any(None in shape for own, _ in some.values() for shape in own)
    found = [_tried(node, some, size, find) for size in (_OPEN if openly else _OPEN[:1])]
    first, last = found[0], found[-1]
    if [one.ndim for one in first] != [one.ndim for one in last]:
        message = f"{node.layer}: how many axes it answers hangs on a size that is left open"
        raise Unsupported(message)
    return [
        [m if m == n else None for m, n in zip(one.shape, other.shape, strict=True)]
        for one, other in zip(first, last, strict=True)
    ], [one.dtype for one in first]


def _tried(
    node: Node, some: Mapping[str, tuple[Sequence[Shape], Sequence[str]]], size: int, find: Find
) -> list[Array]:
    """The answers to stand-ins in which every open size is this one."""
    arithmetic = Arithmetic()
    values = {
        name: [
            _stand_in(arithmetic, [size if n is None else n for n in shape], dtype)
            for shape, dtype in zip(shapes, dtypes, strict=True)
        ]
        for name, (shapes, dtypes) in some.items()
    }
    try:
        return answered(node, values, arithmetic, find)
    except Refused as refusal:
        raise Refused(str(refusal)) from refusal  # while the model is built


def _stand_in(arithmetic: Arithmetic, shape: Sequence[int], dtype: str) -> Array:
    """Ones of floats; zeros of integers, which are in the range of every index."""
    if dtype in DIGITS:
        return arithmetic.at(dtype).fed(np.ones(shape))
    return arithmetic.fed(np.zeros(shape, dtype))


def _taken(node: Node) -> list[str]:
    """Every name that a node takes."""
    return [*node.inputs, *flat(node.tensors.values())]
