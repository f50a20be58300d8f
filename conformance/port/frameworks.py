"""What a port needs to know of each framework, as data: none is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from conformance.adapters.jax.tables.ops import OPS as JAX_OPS
from conformance.adapters.torch.tables.ops import OPS as TORCH_OPS
from conformance.repro.native import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.adapters.native.binding import Table
    from conformance.adapters.native.functions import Row


class Framework(NamedTuple):
    """A framework that models are ported to."""

    name: str
    """``torch``, ``jax`` or ``flax``."""
    title: str
    layers: Table
    functions: Mapping[str, Sequence[Row]]
    """By Keras's symbol, those of ``keras.ops``."""
    package: str
    """Where the functions of ours are that the rows name."""
    array: str
    """How a number becomes an array, as source: a format of the number and its dtype."""
    cast: str
    """How an array is cast, as source: a format of the array and the dtype."""
    dtype: str
    """A dtype, as source: a format of its name."""
    imports: Mapping[str, str]
    """By the first part of a symbol: the import that it needs."""
    shorter: Mapping[str, str]
    """Beginnings of symbols, and what the file calls them."""


def _jax(name: str, title: str) -> Framework:
    return Framework(
        name,
        title,
        TABLES[name],
        JAX_OPS,
        "conformance.adapters.jax",
        "jnp.asarray({0}, {1})",
        "{0}.astype({1})",
        "jnp.{0}",
        {"jnp": "from jax import numpy as jnp", "jax": "import jax", "lax": "from jax import lax"},
        {"jax.numpy.": "jnp.", "jax.lax.": "lax."},
    )


FRAMEWORKS = {
    "torch": Framework(
        "torch",
        "PyTorch",
        TABLES["torch"],
        TORCH_OPS,
        "conformance.adapters.torch",
        "torch.tensor({0}, dtype={1})",
        "{0}.to({1})",
        "torch.{0}",
        {"torch": "import torch", "F": "from torch.nn import functional as F"},
        {"torch.nn.functional.": "F.", "torch.Tensor.": "torch.Tensor."},
    ),
    "jax": _jax("jax", "JAX"),
    "flax": _jax("flax", "Flax NNX"),
}
"""By the name that ``--to`` takes."""
