"""Layers of Keras's `core` folder whose weights are quantized.

Each stands in the place of the layer that it was made of, and has that layer's shapes and masks.
"""

from __future__ import annotations

import math
import string
from abc import abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.engine.array import Array, reshape
from conformance.reference.engine.contraction import einsum, matmul
from conformance.reference.engine.conversion import whole
from conformance.reference.engine.structure import expand, rows, transpose
from conformance.reference.errors import Unsupported
from conformance.reference.spec.layers.base import (
    Context,
    Layer,
    Mask,
    Quantized,
    Variable,
    Weights,
)
from conformance.reference.spec.layers.core.dense import Dense
from conformance.reference.spec.layers.core.einsum_dense import EinsumDense
from conformance.reference.spec.layers.core.embedding import Embedding, ReversibleEmbedding
from conformance.reference.spec.quantization import scheme, scheme_of_policy
from conformance.reference.spec.quantizers import (
    Grouped,
    as_floats,
    grouped,
    groups_of,
    packed,
    through,
    ungrouped,
    unpacked,
)
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.adapters.shared.policies import QuantizedPolicy
    from conformance.cases.model import Shape
    from conformance.reference.spec.quantization import Scheme

INT8: Final = (-128, 127)
"""What a byte holds: two packed numbers are any of it."""
_HISTORY: Final = 1024
"""``amax_history_length`` of a QuantizedFloat8DTypePolicy that is told none."""
_FORWARD: Final = "float8_e4m3fn"
"""The format of what enters products; gradients are held in ``float8_e5m2``."""


class Kept(NamedTuple):
    """A quantized matrix: ``(rows, columns)`` with scales of columns, or of groups of rows.

    ``zero`` is there where there are groups.
    """

    levels: Array
    scale: Array
    zero: Array | None = None


# --- products with a kernel -----------------------------------------------------------------------


class _Product(Quantized):
    """Dense and EinsumDense: inputs times a kernel, summed over letters, plus a bias."""

    inner: Dense | EinsumDense

    def terms(self, rank: int) -> tuple[str, str, str]:
        """Letters of inputs, kernel and output, for inputs of so many axes."""
        if isinstance(self.inner, EinsumDense):
            terms = self.inner.terms(rank)
            return terms.inputs, terms.kernel, terms.output
        free = string.ascii_lowercase[: rank - 1]
        return f"{free}k", "ku", f"{free}u"

    def float_variables(self, shapes: Sequence[Shape]) -> dict[str, Variable]:
        """The variables of the layer as it was made."""
        self.rank = len(shapes[0])
        return {one.name: one for one in self.inner.variables(shapes)}

    @property
    def summed(self) -> list[int]:
        """The kernel's axes that are summed over."""
        _, kernel, output = self.terms(self.rank)
        return [i for i, c in enumerate(kernel) if c not in output]

    @property
    def kept(self) -> list[int]:
        """The others."""
        return [i for i in range(len(self.terms(self.rank)[1])) if i not in self.summed]

    def beside_output(self, scale: Array, term: str) -> Array:
        """A scale by the letters of a term, with its summed axes at size 1, as the output lies."""
        _, _, output = self.terms(self.rank)
        order = [term.index(c) for c in output if c in term]
        rest = [i for i in range(len(term)) if i not in order]
        moved = transpose(scale, [*order, *rest])
        sizes = dict(zip(term, scale.shape, strict=True))
        return reshape(moved, [sizes.get(c, 1) for c in output])

    def activated(self, y: Array, weights: Weights) -> Array:
        """With bias and activation."""
        bias = weights.get("bias")
        if bias is not None:
            y = y + reshape(bias, (*[1] * (y.ndim - bias.ndim), *bias.shape))
        return self.inner.activation(y)

    def product(self, x: Array, kernel: Array) -> Array:
        """The sum that the equation says."""
        inputs, named, output = self.terms(x.ndim)
        return einsum(f"{inputs},{named}->{output}", x, kernel)

    def taken(self, x: Array) -> tuple[Array, Array | None]:
        """Inputs as levels, and the scale as the output lies; or as they are, and none."""
        if self.scheme.activations is None:
            return x, None
        inputs, _, output = self.terms(x.ndim)
        axes = [i for i, c in enumerate(inputs) if c not in output]
        levels, scale = self.scheme.activations(x, axes)
        return as_floats(levels, x), self.beside_output(scale, inputs)


class _Int8Product(_Product):
    """A scale for each output channel; products of whole numbers."""

    def weights(self, shapes: Sequence[Shape]) -> list[Variable]:
        """bias, kernel, kernel_scale."""
        made = self.float_variables(shapes)
        kernel = made["kernel"]
        shape = tuple(1 if i in self.summed else n for i, n in enumerate(kernel.shape))
        low, high = self.scheme.weights.low, self.scheme.weights.high
        return [
            *(one for name, one in made.items() if name == "bias"),
            replace(kernel, dtype="int8", trainable=False, levels=(low, high), initial=()),
            _scale("kernel_scale", self._laid(shape), of=high),
        ]

    def _laid(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Sizes of the scale as it is kept: by the output's axes, of Dense by its last one."""
        if isinstance(self.inner, Dense):
            return (shape[-1],)
        _, named, output = self.terms(self.rank)
        sizes = dict(zip(named, shape, strict=True))
        return tuple(sizes.get(c, 1) for c in output)

    def begun(self, given: Weights) -> dict[str, Array]:
        """Levels of the kernel, and its scale."""
        levels, scale = self.scheme.weights(given["kernel"], self.summed)
        _, named, _ = self.terms(self.rank)
        laid = self.beside_output(scale, named)
        kept = {name: one for name, one in given.items() if name == "bias"}
        return {**kept, "kernel": levels, "kernel_scale": reshape(laid, self._laid(scale.shape))}

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """``activation(levels(x) @ kernel / (scale of x * scale of the kernel) + bias)``."""
        x, scale = self.taken(inputs[0])
        y = self.product(x, as_floats(weights["kernel"], x))
        by = weights["kernel_scale"]
        return self.activated(y / (by if scale is None else scale * by), weights)


class _Int4Product(_Product):
    """A scale for each output channel, or with a zero point for groups; two numbers in a byte."""

    def weights(self, shapes: Sequence[Shape]) -> list[Variable]:
        """bias, kernel, kernel_scale; of groups kernel_zero and g_idx."""
        made = self.float_variables(shapes)
        shape = made["kernel"].shape
        self.sizes = shape
        high, wide = (math.prod(shape[i] for i in axes) for axes in (self.summed, self.kept))
        made_of = _packed_variables("kernel", (high, wide), self.scheme, 1)
        if self.scheme.block is not None:
            self.held = {"g_idx": _groups(high, self.scheme.block)}
        return [*(one for name, one in made.items() if name == "bias"), *made_of]

    def begun(self, given: Weights) -> dict[str, Array]:
        """Levels two by two, and what they are multiples of."""
        kernel = transpose(given["kernel"], [*self.summed, *self.kept])
        high = math.prod(kernel.shape[: len(self.summed)])
        made = _quantized(reshape(kernel, (high, kernel.value.size // high)), self.scheme)
        kept = {name: one for name, one in given.items() if name == "bias"}
        return {**kept, **_packed_arrays("kernel", made, self.scheme, 1)}

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """``activation(x @ kernel + bias)`` with the numbers that levels stand for."""
        wide = math.prod(self.sizes[i] for i in self.kept)
        high = math.prod(self.sizes[i] for i in self.summed)
        flat = _floats(_unpacked_arrays("kernel", weights, (high, wide), 1), self.scheme)
        order = [*self.summed, *self.kept]
        kernel = reshape(flat, [self.sizes[i] for i in order])
        kernel = transpose(kernel, [order.index(i) for i in range(len(order))])
        x, scale = self.taken(inputs[0])
        y = self.product(x, kernel)
        return self.activated(y if scale is None else y / scale, weights)


class _Float8Product(_Product):
    """Inputs and kernel as they are after eight bits; the kernel itself stays as it is."""

    _OWN: ClassVar = ("inputs", "kernel", "outputs_grad")

    def weights(self, shapes: Sequence[Shape]) -> list[Variable]:
        """The layer's own, and a scale and a history of each tensor that is held in eight bits."""
        own = [replace(one, initial=()) for one in self.float_variables(shapes).values()]
        added = []
        for name in self._OWN:
            added.append(Variable(f"{name}_scale", (), "variance"))
            added.append(Variable(f"{name}_amax_history", (_HISTORY,), "variance"))
        return [*own, *added] if self.afterwards else [*added, *own]

    def begun(self, given: Weights) -> dict[str, Array]:
        """Scales of one, and histories in which nothing has been noted."""
        like = given["kernel"].arithmetic
        added = {}
        for name in self._OWN:
            added[f"{name}_scale"] = like.constant(1.0)
            added[f"{name}_amax_history"] = like.constant(0.0, (_HISTORY,))
        return {**given, **added}

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:
        """``activation(q(x) @ q(kernel) + bias)``.

        Raises:
            Unsupported: In training, where the scales change by a rule that nobody documents.
        """
        if context.training:
            message = "float8 in training is not in the reference: Keras documents no rule"
            raise Unsupported(message)
        x = through(inputs[0], weights["inputs_scale"], _FORWARD)
        kernel = through(weights["kernel"], weights["kernel_scale"], _FORWARD)
        return self.activated(self.product(x, kernel), weights)


# --- tables ---------------------------------------------------------------------------------------


class _Table(Quantized):
    """Embedding and ReversibleEmbedding: a scale for each row, or for groups of its numbers."""

    inner: Embedding

    @property
    def reversed(self) -> ReversibleEmbedding | None:
        """The layer, if it can be called the other way round."""
        return self.inner if isinstance(self.inner, ReversibleEmbedding) else None

    @property
    def untied(self) -> bool:
        """Whether there is a table of its own for the way back."""
        return self.reversed is not None and not self.reversed.tied

    @property
    def size(self) -> tuple[int, int]:
        """Rows and width of the table."""
        return self.inner.rows, self.inner.width

    def output_mask(self, context: Context, inputs: Sequence[Array]) -> Mask | list[Mask]:
        """The layer's."""
        return self.inner.output_mask(context, inputs)

    @abstractmethod
    def looked_up(self, weights: Weights, numbers: np.typing.NDArray[np.int64]) -> Array:
        """Rows of the table as the numbers that levels stand for."""

    @abstractmethod
    def backwards(self, weights: Weights, x: Array) -> Array:
        """``x @ table.T`` by levels, or by the table of the way back."""

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """Rows; the other way round their products with the input."""
        way = self.reversed
        if way is None or not way.reverse:
            return self.looked_up(weights, self.inner.numbers(inputs[0]))
        if way.reverse_dtype:
            message = "reverse_dtype of a quantized table is not in the reference"
            raise Unsupported(message)
        y = self.backwards(weights, inputs[0])
        return y if way.cap is None else f.tanh(y / way.cap) * way.cap

    def acting(self, x: Array) -> tuple[Array, Array | None]:
        """Inputs as levels by their last axis, and their scale; or as they are, and none."""
        if self.scheme.activations is None:
            return x, None
        levels, scale = self.scheme.activations(x, [x.ndim - 1])
        return as_floats(levels, x), scale


class _Int8Table(_Table):
    """A scale for each row."""

    def weights(self, shapes: Sequence[Shape]) -> list[Variable]:  # noqa: ARG002 (of any input)
        """The table and its scale; those of the way back."""
        high, wide = self.size
        quantizer = self.scheme.weights
        limits = (quantizer.low, quantizer.high)
        names = {"embeddings": (high, wide)} | (
            {"reverse_embeddings": (wide, high)} if self.untied else {}
        )
        return [
            one
            for name, shape in names.items()
            for one in (
                Variable(name, shape, dtype="int8", trainable=False, levels=limits),
                _scale(f"{name}_scale", (high,), of=quantizer.high),
            )
        ]

    def begun(self, given: Weights) -> dict[str, Array]:
        """Levels and scales."""
        found = {}
        for name, table in given.items():
            axis = 0 if name.startswith("reverse") else 1
            levels, scale = self.scheme.weights(table, [axis])
            found[name] = levels
            found[f"{name}_scale"] = reshape(scale, (self.size[0],))
        return found

    def looked_up(self, weights: Weights, numbers: np.typing.NDArray[np.int64]) -> Array:
        """Levels over the row's scale."""
        scale = rows(expand(weights["embeddings_scale"], 1), numbers)
        found = rows(weights["embeddings"], numbers)
        return as_floats(found, scale) / scale

    def backwards(self, weights: Weights, x: Array) -> Array:
        """Products of whole numbers, over both scales."""
        name = "reverse_embeddings" if self.untied else "embeddings"
        table = as_floats(weights[name], x)
        levels, scale = self.acting(x)
        y = matmul(levels, table if self.untied else transpose(table, (1, 0)))
        by = weights[f"{name}_scale"]
        return y / (by if scale is None else scale * by)


class _Int4Table(_Table):
    """A scale for each row, or with a zero point for groups of its numbers; two in a byte."""

    def weights(self, shapes: Sequence[Shape]) -> list[Variable]:  # noqa: ARG002 (of any input)
        """The table, its scale, of groups zero points and ``g_idx``; those of the way back."""
        high, wide = self.size
        made = _packed_variables("embeddings", (wide, high), self.scheme, 0)
        # The table lies the other way round: its columns are what a scale is shared along.
        made = [one if one.name == "g_idx" else replace(one, shape=one.shape[::-1]) for one in made]
        if self.scheme.block is not None:
            self.held = {"g_idx": _groups(wide, self.scheme.block)}
        if self.untied:
            back = _packed_variables("reverse_embeddings", (wide, high), self.scheme, 0)
            made += [one for one in back if one.name != "g_idx"]
        return made

    def begun(self, given: Weights) -> dict[str, Array]:
        """Levels two by two, and what they are multiples of."""
        found: dict[str, Array] = {}
        for name, table in given.items():
            back = name.startswith("reverse")
            made = _quantized(table if back else transpose(table, (1, 0)), self.scheme)
            for own, array in _packed_arrays(name, made, self.scheme, 0).items():
                turned = not back and array.ndim == 2  # noqa: PLR2004 (a vector lies no way)
                found[own] = transpose(array, (1, 0)) if turned else array
        return found

    def _table(self, weights: Weights, name: str) -> Array:
        """The table ``(width, rows)`` as the numbers that levels stand for."""
        high, wide = self.size
        own = {key: one for key, one in weights.items() if key.startswith(name)}
        if not name.startswith("reverse"):
            own = {
                key: transpose(one, (1, 0)) if one.ndim == 2 else one  # noqa: PLR2004 (as above)
                for key, one in own.items()
            }
        return _floats(_unpacked_arrays(name, own, (wide, high), 0), self.scheme)

    def looked_up(self, weights: Weights, numbers: np.typing.NDArray[np.int64]) -> Array:
        """Rows of the numbers that levels stand for."""
        return rows(transpose(self._table(weights, "embeddings"), (1, 0)), numbers)

    def backwards(self, weights: Weights, x: Array) -> Array:
        """Their products with the input, whose levels are over their own scale."""
        table = self._table(weights, "reverse_embeddings" if self.untied else "embeddings")
        levels, scale = self.acting(x)
        y = matmul(levels, table)
        return y if scale is None else y / scale


# --- what products and tables share ---------------------------------------------------------------


def _scale(name: str, shape: tuple[int, ...], *, of: int) -> Variable:
    """A scale; drawn so that levels over it are about one."""
    return Variable(
        name, shape, "variance", gain=float(2 ** (of.bit_length() - 1)), trainable=False
    )


def _groups(high: int, block: int) -> np.typing.NDArray[np.float32]:
    """The number of each row's group."""
    return (np.arange(high) // block).astype(np.float32)


def _packed_variables(
    name: str, sizes: tuple[int, int], scheme: Scheme, axis: int
) -> list[Variable]:
    """Variables of a matrix of int4, packed along an axis."""
    stored = tuple(-(-n // 2) if i == axis else n for i, n in enumerate(sizes))
    high, wide = sizes
    matrix = Variable(name, stored, dtype="int8", trainable=False, levels=INT8)
    if scheme.block is None:
        return [matrix, _scale(f"{name}_scale", (wide,), of=scheme.weights.high)]
    shape = (groups_of(high, scheme.block), wide)
    low, top = scheme.weights.low, scheme.weights.high
    return [
        matrix,
        Variable(f"{name}_scale", shape, "variance", gain=0.25, trainable=False),
        Variable(f"{name}_zero", shape, dtype="int8", trainable=False, levels=(low, top)),
        Variable("g_idx", (high,), trainable=False),
    ]


def _quantized(matrix: Array, scheme: Scheme) -> Kept:
    """A matrix quantized along its rows."""
    if scheme.block is None:
        levels, scale = scheme.weights(matrix, [0])
        return Kept(levels, reshape(scale, scale.shape[1:]))
    low, high, epsilon = scheme.weights.low, scheme.weights.high, scheme.weights.epsilon
    return Kept(*grouped(matrix, scheme.block, low, high, epsilon=epsilon))


def _packed_arrays(name: str, made: Kept, scheme: Scheme, axis: int) -> dict[str, Array]:
    """What is kept of a quantized matrix, by the names of its variables."""
    bytes_ = made.levels.arithmetic.whole(packed(whole(made.levels), axis))
    found = {name: bytes_, f"{name}_scale": made.scale}
    if scheme.block is not None and made.zero is not None:
        found[f"{name}_zero"] = made.zero
        groups = _groups(made.levels.shape[0], scheme.block)
        if not name.startswith("reverse"):
            found["g_idx"] = made.scale.arithmetic.exact(groups.astype(np.float64))
    return found


def _unpacked_arrays(name: str, weights: Weights, sizes: tuple[int, int], axis: int) -> Kept:
    """The matrix that variables hold."""
    stored = weights[name]
    levels = stored.arithmetic.whole(unpacked(whole(stored), sizes[axis], axis))
    return Kept(levels, weights[f"{name}_scale"], weights.get(f"{name}_zero"))


def _floats(made: Kept, scheme: Scheme) -> Array:
    """The numbers that levels stand for."""
    if scheme.block is not None and made.zero is not None:
        return ungrouped(Grouped(made.levels, made.scale, made.zero), scheme.block)
    return as_floats(made.levels, made.scale) / made.scale


_KINDS: Final[dict[tuple[type[Layer], str], type[Quantized]]] = {
    **{(kind, "int8"): _Int8Product for kind in (Dense, EinsumDense)},
    **{(kind, "int4"): _Int4Product for kind in (Dense, EinsumDense)},
    **{(kind, "float8"): _Float8Product for kind in (Dense, EinsumDense)},
    **{(kind, "int8"): _Int8Table for kind in (Embedding, ReversibleEmbedding)},
    **{(kind, "int4"): _Int4Table for kind in (Embedding, ReversibleEmbedding)},
}


@defines("quantizers.QuantizationConfig", differentiable=False)
def quantized(
    layer: Layer,
    mode: str | None,
    config: Mapping[str, Any] | None,
    compute: str,
    policy: QuantizedPolicy | None = None,
) -> Quantized | None:
    """A layer with quantized weights; None where it has no such form.

    Args:
        layer: As it was made.
        mode: That ``model.quantize`` is told.
        config: Likewise; with a policy the layer's own.
        compute: The dtype in which the layer computes.
        policy: With which the layer is made; None: it was made with floats, which are quantized.

    Raises:
        Refused: Keras documents that it refuses this.
        Unsupported: A quantizer is not in the reference.
    """
    found = scheme(mode, config, compute) if policy is None else scheme_of_policy(policy, config)
    kind = _KINDS.get((type(layer), found.mode))
    return None if kind is None else kind(layer, found, afterwards=policy is None)
