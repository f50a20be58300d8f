"""What recurrent layers drop in training, on models small enough to list every answer.

Documented is the fraction that is dropped of the units "for the linear transformation" of the
inputs and of the recurrent state. Dropping one number of an input is leaving out a row of its
kernel, so with one number to drop at each step the possible answers can be counted: for each gate
the product with that number is there, scaled by ``1 / (1 - rate)``, or it isn't. Whether the gates
of a cell share a draw is documented nowhere, so both are possible, and the rate of a single gate
alone has a probability. The same goes for the steps: one step shows a dropped input, two steps a
dropped state, as the first one starts from zeros.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

from conformance.reference.engine.laws import Choice, Drawn
from conformance.reference.engine.structure import concatenate, take
from conformance.reference.errors import Unsupported

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from conformance.reference.engine.array import Array
    from conformance.reference.spec.layers.rnn.cells import Cell


def dropped(
    owner: str,
    cell: Cell,
    forward: Callable[[Mapping[str, Array]], Array],
    x: Array,
    weights: Mapping[str, Array],
) -> Drawn:
    """The law of a recurrent layer's answer in training.

    Args:
        owner: The layer, for messages.
        cell: Its cell, of one kernel, with ``dropout`` or ``recurrent_dropout``.
        forward: The layer's one output for ``x`` without dropping, by its variables.
        x: (rows, steps, ...).
        weights: The layer's variables by name.

    Raises:
        Unsupported: More than one number may be dropped at a time.
    """
    steps = x.shape[1]
    rates = {"kernel": cell.dropout, "recurrent_kernel": cell.recurrent_dropout}
    (name,) = [name for name, rate in rates.items() if rate] or [""]
    numbers = math.prod(x.shape[2:])
    state = math.prod(n or 0 for n in cell.state_shapes([1, *x.shape[2:]])[0])
    small = (
        (name == "kernel" and steps == 1 and numbers == 1)
        or (name == "recurrent_kernel" and steps == 2 and state == 1)  # noqa: PLR2004 - see above
    )
    if not small or "recurrent_kernel" not in weights:
        message = (
            f"{owner}: the law of drop-out is for one number at a time: dropout with one "
            "step of one number, or recurrent_dropout with two steps and one unit"
        )
        raise Unsupported(message)
    rate = rates[name]
    options = []
    for kept in itertools.product((True, False), repeat=cell.gates):
        thinned = {**weights, name: _thinned(cell, weights[name], kept, rate)}
        options.append(forward(thinned))
    odds = [1 - rate, rate] if cell.gates == 1 else []
    shape = options[0].shape
    return Drawn(shape, (shape[0], *[1] * (len(shape) - 1)), Choice(options, odds))


def _thinned(cell: Cell, kernel: Array, kept: tuple[bool, ...], rate: float) -> Array:
    """The kernel, each gate's columns scaled or left out."""
    columns = kernel.shape[-1] // cell.gates
    axis = kernel.ndim - 1
    parts = [take(kernel, axis, i * columns, (i + 1) * columns) for i in range(cell.gates)]
    return concatenate(
        [part / (1 - rate) if keep else part * 0.0 for part, keep in zip(parts, kept, strict=True)],
        axis,
    )
