"""Functions and steps in JAX: arrays, shapes, gradients and jit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import numpy as np
from jax import numpy as jnp

from conformance.adapters.jax.tables import initializers, optimizers
from conformance.adapters.jax.tables.activations import ACTIVATIONS
from conformance.adapters.jax.tables.initializers import INITIALIZERS
from conformance.adapters.jax.tables.losses import LOSSES
from conformance.adapters.jax.tables.ops import OPS
from conformance.adapters.jax.tables.optimizers import OPTIMIZERS
from conformance.adapters.jax.tables.promotion import PROMOTION
from conformance.adapters.native.functions import Table
from conformance.adapters.native.running import Library
from conformance.adapters.native.subjects import session
from conformance.adapters.worker.failure import Unsupported

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from jax import Array

    Function = Callable[[Sequence[Array]], list[Array]]

TABLE = Table(
    "conformance.adapters.jax",
    {**OPS, **ACTIVATIONS, **LOSSES, **INITIALIZERS, **OPTIMIZERS},
    PROMOTION,
    {
        **optimizers.ABSENT,
        **initializers.ABSENT,
        "metrics": "JAX has no metrics",
        "random": "JAX's keys are split by whoever draws",
    },
)
"""All functions and objects that the adapter can do."""

_TRACED = (jax.errors.ConcretizationTypeError, jax.errors.TracerIntegerConversionError)
"""What is raised where a number has to be known and is traced."""

_WIDE = frozenset({"int64", "uint64", "float64"})


class JaxLibrary(Library):
    """JAX, operation by operation."""

    casting = "jax.numpy.astype"

    def __init__(self, unanswered: Mapping[str, str]) -> None:
        """Hold the facets that it has no notion of."""
        self.table = TABLE
        self.unanswered = unanswered

    def array(self, numbers: Any, dtype: str) -> Array:
        """An array with memory of its own."""
        return jnp.array(np.asarray(numbers), dtype=dtype)

    def numbers(self, array: Array) -> Any:
        """The numbers of an array in its own dtype."""
        return np.asarray(array)

    def dtype(self, name: str) -> Any:
        """The name: JAX takes names."""
        return name

    def cast(self, array: Array, dtype: str) -> Array:
        """An array in the dtype of this name.

        Raises:
            Unsupported: It has 64 bits, and the program spoke of none.
        """
        found = array.astype(dtype)
        if str(found.dtype) != dtype:
            raise Unsupported(f"the answer is {dtype}, which JAX has with jax_enable_x64 only")
        return found

    def scalar(self, number: float, others: Sequence[Array]) -> Array:  # noqa: ARG002 - as any's
        """A number as an array that is weak, as JAX has it."""
        return jnp.asarray(number)

    def promoted(self, dtypes: Sequence[str]) -> str:
        """The dtype in which JAX has these meet."""
        return str(jnp.result_type(*dtypes))

    def gradients(
        self,
        function: Function,
        arrays: Sequence[Array],
        moving: Sequence[int],
        cotangents: Mapping[int, Any],
    ) -> list[Array]:
        """By ``jax.vjp``, within one jitted function where sizes don't hang on numbers."""
        ends = sorted(cotangents)

        def some(leaves: Sequence[Array]) -> list[Array]:
            given = list(arrays)
            for at, leaf in zip(moving, leaves):
                given[at] = leaf
            outputs = function(given)
            return [outputs[at] for at in ends]

        def pulled(leaves: Sequence[Array], pairs: Sequence[Array]) -> list[Array]:
            outputs, pull = jax.vjp(some, leaves)
            (found,) = pull([pair.astype(y.dtype) for pair, y in zip(pairs, outputs)])
            return list(found)

        leaves = [arrays[at] for at in moving]
        pairs = [jnp.asarray(cotangents[at]) for at in ends]
        try:
            return jax.jit(pulled)(leaves, pairs)  # type: ignore[no-any-return]
        except _TRACED:
            return pulled(leaves, pairs)

    def compiled(self, function: Function, arrays: Sequence[Array]) -> list[Array]:
        """By ``jax.jit``."""
        return list(jax.jit(function)(list(arrays)))

    def symbolic(self, function: Function, specs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """By ``jax.eval_shape``."""
        fed = [
            jax.ShapeDtypeStruct(tuple(spec["shape"]), spec.get("dtype", "float32"))
            for spec in specs
        ]
        outputs = jax.eval_shape(function, fed)
        return {
            "inputs": [list(spec["shape"]) for spec in specs],
            "outputs": [list(one.shape) for one in outputs],
            "dtypes": [str(one.dtype) for one in outputs],
        }

    def refusal(self, error: Exception) -> str:
        """A size that hangs on numbers, of which nothing is known where JAX traces."""
        if isinstance(error, _TRACED):
            return "the size of the answer hangs on numbers, which JAX has to know beforehand"
        return super().refusal(error)


def answered(
    unanswered: Mapping[str, str], kind: str, program: Mapping[str, Any], tensors: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The observation of one program that is no model, and its arrays.

    Args:
        unanswered: Facets that the adapter does not answer, with the reasons.
        kind: ``function`` or ``steps``.
        program: A ``Program`` of ``conformance/cases/model.py`` as a plain dict.
        tensors: Its arrays.

    Raises:
        Unsupported: JAX has no counterpart.
    """
    with jax.enable_x64(is_wide(program)):
        return session(JaxLibrary(unanswered), kind, program, tensors).answer()


def is_wide(program: Mapping[str, Any]) -> bool:
    """Whether a program speaks of 64 bits, which JAX has only where it is told so."""
    model = program.get("model", {"inputs": program.get("inputs", ()), "nodes": []})
    named = {spec.get("dtype") for spec in (*model["inputs"], *program.get("variables", ()))}
    for node in model["nodes"]:
        for given in (node["config"], node.get("arguments", {})):
            if isinstance(given.get("dtype"), str):
                named.add(given["dtype"])
    return bool(_WIDE & named)
