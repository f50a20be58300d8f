"""What JAX says of a model before it has seen data: symbolic shapes, and what it will run."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import jax
from jax import export

from conformance.adapters.native.binding import Bound, Function
from conformance.adapters.native.model import Node
from conformance.adapters.native.spy import Spy
from conformance.adapters.native.telling import symbols, told
from conformance.adapters.worker.failure import Unsupported

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conformance.adapters.native.model import Answer, Model

PRIMITIVES = {
    "jax.numpy.matmul": "dot_general",
    "jax.numpy.concatenate": "concatenate",
    "jax.numpy.add": "add",
    "jax.numpy.reshape": "reshape",
    "jax.numpy.transpose": "transpose",
    "jax.lax.conv_general_dilated": "conv_general_dilated",
    "jax.lax.conv_transpose": "conv_general_dilated",
    "jax.lax.reduce_window": "reduce_window",
    "jax.numpy.max": "reduce_max",
    "jax.numpy.mean": "reduce_sum",
    "jax.lax.scan": "scan",
}
"""The primitive that a function of the table ends up as; for a family, how their names start."""

INTERNAL = frozenset({"jaxpr", "sharding", "out_sharding", "_split_transpose", "num_consts"})
"""Parameters of primitives that are JAX's own business."""


class Description:
    """One trace with a symbolic batch axis."""

    def __init__(
        self, model: Model, inputs: Sequence[Mapping[str, Any]], weights: Mapping[str, Any]
    ) -> None:
        """Trace the model, without computing anything.

        Args:
            model: The model.
            inputs: Its ``InputSpec``s as plain dicts.
            weights: Its arrays, of which only shape and dtype matter.
        """
        self._model = model
        self._inputs = inputs
        self._weights = weights
        self._answer: Answer | None = None
        (batch,) = export.symbolic_shape("batch")
        fed = {
            entry["name"]: jax.ShapeDtypeStruct(
                (entry.get("batch_size") or batch, *entry["shape"]),
                jax.dtypes.canonicalize_dtype(entry.get("dtype", "float32")),
            )
            for entry in inputs
        }
        self._spy = Spy(symbols(model))
        with self._spy.watching():
            self._jaxpr = jax.make_jaxpr(self._walk)(fed, weights)

    def _walk(self, fed: Mapping[str, Any], weights: Mapping[str, Any]) -> list[Any]:
        self._answer = self._model(fed, weights, self._around)
        return self._answer.outputs

    @contextmanager
    def _around(self, node: str) -> Iterator[None]:
        with jax.named_scope(node), self._spy.node(node):
            yield

    def symbolic(self) -> dict[str, Any]:
        """Shapes as ``Symbolic`` (``conformance/adapters/host/observation.py``).

        Raises:
            Unsupported: Another size than the batch is left open.
        """
        if any(entry.get("declared") for entry in self._inputs):
            raise Unsupported("models are traced with every size but the batch's known")
        nodes = self._answer.nodes if self._answer else {}
        return {
            "inputs": [[entry.get("batch_size"), *entry["shape"]] for entry in self._inputs],
            "outputs": [_plain(aval.shape) for aval in self._jaxpr.out_avals],
            "nodes": {name: _plain(shape) for name, shape in nodes.items()},
        }

    def native(self) -> list[dict[str, Any]]:
        """How each node is done, as ``Native`` (``conformance/adapters/host/observation.py``)."""
        return [
            self._entry(node) if isinstance(node, Node) else node.told(self._spy)
            for node in self._model.walk
        ]

    def _entry(self, whole: Node) -> dict[str, Any]:
        node, bound = whole.name, whole.bound
        inner = bound.arguments.get("layer")
        named, layouts = [bound.entry.symbol], bound.entry.weights
        if isinstance(inner, Bound):
            named, layouts = [*named, inner.entry.symbol], inner.entry.weights
        arguments = {
            key: value.symbol
            for key, value in bound.arguments.items()
            if isinstance(value, Function)
        }
        calls = self._spy.of(node)
        for call in calls:
            arguments.update(call.arguments)
        if all(call.around for call in calls):
            arguments.update(self._primitive(node, named))
        if bound.layer == "Activation":
            named = [arguments.pop("activation")]
        return {
            "node": node,
            "symbol": ", ".join(named),
            "arguments": arguments,
            "weights": {
                variable: layout
                for variable, layout in layouts.items()
                if f"{whole.owner}/{variable}" in self._weights
            },
            "composed": bound.entry.composed,
            **told(whole, calls),
        }

    def _primitive(self, node: str, names: Sequence[str]) -> dict[str, Any]:
        """The parameters of the first primitive that these functions end up as."""
        wanted = tuple(PRIMITIVES[symbol] for symbol in names if symbol in PRIMITIVES)
        for equation in self._jaxpr.jaxpr.eqns:
            scope = str(equation.source_info.name_stack)
            name = equation.primitive.name
            if scope.split("/", maxsplit=1)[0] == node and name.startswith(wanted):
                return _readable(equation.params)
        return {}


def _plain(shape: Sequence[Any]) -> list[int | None]:
    """Sizes as numbers, and None for what depends on the batch."""
    return [size if isinstance(size, int) else None for size in shape]


def _readable(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a primitive that tell a reader something, as JSON."""
    return {
        name: value if isinstance(value, (bool, int, float, str)) else str(value)
        for name, value in parameters.items()
        if name not in INTERNAL and value is not None
    }
