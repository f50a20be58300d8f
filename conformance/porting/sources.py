"""What the guides' code is taken from, by framework, as data: none is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from conformance.adapters.jax.tables.initializers import INITIALIZERS as JAX_INITIALIZERS
from conformance.adapters.jax.tables.losses import LOSSES as JAX_LOSSES
from conformance.adapters.jax.tables.optimizers import OPTIMIZERS as JAX_OPTIMIZERS
from conformance.adapters.native.binding import Table
from conformance.adapters.native.functions import Direct
from conformance.adapters.numpy.tables.ops import OPS as NUMPY_OPS
from conformance.adapters.torch.tables.initializers import INITIALIZERS as TORCH_INITIALIZERS
from conformance.adapters.torch.tables.losses import LOSSES as TORCH_LOSSES
from conformance.adapters.torch.tables.optimizers import OPTIMIZERS as TORCH_OPTIMIZERS
from conformance.port.frameworks import FRAMEWORKS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.adapters.native.functions import Row


class Source(NamedTuple):
    """A framework whose native adapter's code is printed."""

    name: str
    """``torch``, ``jax``, ``flax`` or ``numpy``."""
    title: str
    layers: Table
    package: str
    """Where the functions of ours are that the rows name."""
    functions: Mapping[str, Sequence[Row]]
    """By Keras's symbol, those of ``keras.ops``."""
    objects: Mapping[str, Sequence[Row]]
    """By Keras's symbol: losses, optimizers, their schedules, initializers."""


_JAX = {**JAX_LOSSES, **JAX_OPTIMIZERS, **JAX_INITIALIZERS}
_OBJECTS = {
    "torch": {**TORCH_LOSSES, **TORCH_OPTIMIZERS, **TORCH_INITIALIZERS},
    "jax": _JAX,
    "flax": _JAX,
}
_NUMPY = "conformance.adapters.numpy"

SOURCES = {
    **{
        name: Source(name, one.title, one.layers, one.package, one.functions, _OBJECTS[name])
        for name, one in FRAMEWORKS.items()
    },
    "numpy": Source("numpy", "NumPy", Table(_NUMPY, {}, {}), _NUMPY, NUMPY_OPS, {}),
}
"""By the adapter's name."""


def stated(adapter: str, symbol: str, native: str) -> str:
    """What a table says of an argument that is passed on: Keras's, with some values exchanged.

    ``dtype = dtype``, ``'float32'`` where that is None. Nothing where it says nothing.

    Args:
        adapter: Whose table.
        symbol: Keras's: ``ops.full``.
        native: The framework's name of the argument.
    """
    source = SOURCES.get(adapter)
    for row in source.functions.get(symbol, ()) if source is not None else ():
        if not isinstance(row, Direct):
            continue
        for key in row.keywords:
            if row.rename.get(key, key) == native:
                values = row.instead.get(key, {}).items()
                others = [f", `{value!r}` where that is `{one!r}`" for one, value in values]
                return f"`{native} = {key}`{''.join(others)}"
    return ""
