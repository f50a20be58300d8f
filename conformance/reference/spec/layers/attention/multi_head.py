"""Attention of several heads with projections: MultiHeadAttention and GroupQueryAttention."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.engine.array import Array, Values, reshape
from conformance.reference.engine.contraction import einsum, matmul
from conformance.reference.engine.structure import transpose
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.layers.attention.dot_product import (
    apart,
    both,
    causal,
    masked_softmax,
    named,
    sequences,
)
from conformance.reference.spec.layers.base import (
    ANY,
    Context,
    Layer,
    Mask,
    Variable,
    Weights,
    known,
    register,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.cases.model import Shape
    from conformance.reference.spec.config import Config

Sizes = tuple[int, ...]


def project(x: Array, weights: Weights, name: str, *, summed: int = 1) -> Array:
    """The last ``summed`` axes of x against the first of a kernel; plus a bias if there is one."""
    kernel = weights[f"{name}/kernel"]
    lead, kept = x.shape[: x.ndim - summed], kernel.shape[summed:]
    rows = reshape(x, (*lead, math.prod(kernel.shape[:summed])))
    matrix = reshape(kernel, (rows.shape[-1], math.prod(kept)))
    y = reshape(matmul(rows, matrix), (*lead, *kept))
    return y + weights[f"{name}/bias"] if f"{name}/bias" in weights else y


class Projected(Layer):
    """What both layers share: projections, masks, a gate.

    Inputs are query, value and, if it isn't the value, key.
    """

    arity: ClassVar[int | None] = ANY
    keywords: ClassVar[frozenset[str]] = frozenset(
        {
            "return_attention_scores",
            "use_causal_mask",
            "attention_mask",
            "query_mask",
            "value_mask",
            "key_mask",
        }
    )

    def __init__(self, config: Config) -> None:
        """Args: use_bias, use_gate, dropout, sliding_window; flash_attention off."""
        self.owner = config.owner
        self.use_bias = config.flag("use_bias", default=True)
        self.use_gate = config.flag("use_gate", default=False)
        self.dropout = config.number("dropout", 0.0)
        self.window = config.get("sliding_window")
        if self.window is not None:
            self.window = config.positive("sliding_window", 1)
        if config.get("flash_attention"):
            message = f"{self.owner}: flash_attention=True is a way of computing, of some devices"
            raise Unsupported(message)

    def projections(self, shapes: Sequence[Shape]) -> Mapping[str, tuple[Sizes, Sizes]]:
        """Each projection's input and output sizes, in Keras's order."""
        raise NotImplementedError

    def weights(self, shapes: Sequence[Shape]) -> list[Variable]:
        """Kernel and bias of each projection."""
        made = []
        for name, (before, after) in self.projections(shapes).items():
            fan_in = math.prod(before)
            summed = tuple(range(len(before)))
            kernel = Variable(f"{name}/kernel", (*before, *after), fan_in=fan_in, summed=summed)
            made.append(kernel)
            if self.use_bias:
                made.append(Variable(f"{name}/bias", after, "bias"))
        return made

    def checked(self, shapes: Sequence[Shape]) -> tuple[Shape, Shape, Shape]:
        """Shapes of query, value and key."""
        query, value, key = named(self.owner, shapes)
        if value[1:-1] != key[1:-1]:
            told = f"{self.owner}: shapes of value, {value}, and key, {key}"
            message = f"{told}, must agree but for the last axis"
            raise Refused(message)
        return query, value, key

    def output_mask(self, context: Context, inputs: Sequence[Array]) -> Mask | list[Mask]:  # noqa: ARG002
        """The query's mask, on the first output."""
        return [given_masks(context)[0], *[None] * bool(self.called.get("return_attention_scores"))]

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:
        """The first of ``forward_all``."""
        return self.forward_all(context, inputs, weights)[0]

    def features(self, shape: Shape) -> int:
        """Size of an input's last axis, which must be known."""
        return known(shape[-1], f"the last axis of {self.owner}'s inputs")

    def allowed(self, context: Context, targets: int, sources: int) -> Values | None:
        """Which target may attend to which source: (batch or 1, targets, sources), or all.

        Raises:
            Unsupported: A mask has another rank than the documented one.
        """
        masks = given_masks(context)
        if any(mask is not None and mask.ndim != 2 for mask in masks):  # noqa: PLR2004 - (batch, steps)
            message = f"{self.owner} is documented for masks of shape (batch, steps) alone"
            raise Unsupported(message)
        result: Values | None = None
        if masks[0] is not None:
            result = masks[0][:, :, None]
        for mask in masks[1:3]:
            result = both(result, None if mask is None else mask[:, None, :])
        if self.called.get("use_causal_mask"):
            result = both(result, causal(targets, sources)[None])
        if self.window is not None:
            apart = np.abs(np.arange(targets)[:, None] - np.arange(sources))
            result = both(result, np.asarray(apart < self.window)[None])
        given: Any = context.tensors.get("attention_mask")
        if given is not None and given.ndim != 3:  # noqa: PLR2004 - (batch, targets, sources)
            message = f"{self.owner} is documented for an attention_mask (B, T, S) alone"
            raise Unsupported(message)
        return both(result, None if given is None else np.asarray(given.value.real > 0.5))  # noqa: PLR2004

    def refuse_random(self, context: Context) -> None:
        """Dropout is no function of the inputs."""
        if context.training and self.dropout:
            message = f"{self.owner} drops in training: say `random:` instead"
            raise Unsupported(message)

    def finish(self, query: Array, heads: Array, shares: Array, weights: Weights) -> list[Array]:
        """Gate (..., heads, size), project to the output, add the shares if they are asked for."""
        if self.use_gate:
            heads = heads * f.sigmoid(project(query, weights, "gate"))
        result = project(heads, weights, "attention_output", summed=2)
        return [result, shares] if self.called.get("return_attention_scores") else [result]


def given_masks(context: Context) -> list[Mask]:
    """Which queries, values and keys count: as the call says, else as the inputs' own masks do."""
    found = [*context.masks, None, None, None][:3]
    for index, name in enumerate(("query_mask", "value_mask", "key_mask")):
        given = context.tensors.get(name)
        if isinstance(given, Array):
            found[index] = given.value.real.astype(bool)
    return found


@register("MultiHeadAttention")
class MultiHeadAttention(Projected):
    """keras.layers.MultiHeadAttention."""

    def __init__(self, config: Config) -> None:
        """Args: also num_heads, key_dim, value_dim, output_shape, attention_axes."""
        super().__init__(config)
        self.heads = config.positive("num_heads")
        self.key_dim = config.positive("key_dim")
        value_dim = config.get("value_dim")
        self.value_dim = self.key_dim if value_dim is None else config.positive("value_dim", 1)
        self.out = self._several(config.get("output_shape"))
        self.axes = self._several(config.get("attention_axes"))

    @staticmethod
    def _several(value: Any) -> Sizes | None:
        if not value:
            return None
        return (value,) if isinstance(value, int) else tuple(value)

    def projections(self, shapes: Sequence[Shape]) -> Mapping[str, tuple[Sizes, Sizes]]:
        """Query, key, gate, value, output."""
        query, value, key = self.checked(shapes)
        of_query, of_key = (self.heads, self.key_dim), (self.heads, self.key_dim)
        of_value = (self.heads, self.value_dim)
        gate = {"gate": ((self.features(query),), of_value)} if self.use_gate else {}
        return {
            "query": ((self.features(query),), of_query),
            "key": ((self.features(key),), of_key),
            **gate,
            "value": ((self.features(value),), of_value),
            "attention_output": (of_value, self.out or (self.features(query),)),
        }

    def _attended(self, rank: int) -> Sizes:
        """Axes over which attention runs: of the inputs, batch axis included.

        Raises:
            Refused: One is named twice, or isn't between the batch axis and the features.
        """
        if self.axes is None:
            return tuple(range(1, rank - 1))
        found = tuple(axis if axis >= 0 else rank + axis for axis in self.axes)
        if len(set(found)) != len(found) or not set(found) <= set(range(1, rank - 1)):
            message = (
                f"{self.owner}: attention_axes must be different axes of inputs of rank {rank}, "
                f"neither the batch axis nor the features, not {list(self.axes)}"
            )
            raise Refused(message)
        return found

    def checked(self, shapes: Sequence[Shape]) -> tuple[Shape, Shape, Shape]:
        """All must have one rank, with an axis that is attended, and agree along the others."""
        query, value, key = super().checked(shapes)
        rank = len(query)
        if rank < 3 or len(value) != rank or len(key) != rank:  # noqa: PLR2004 - batch, steps, features
            message = (
                f"{self.owner} is documented for inputs of one rank, 3 or more, "
                f"not for {query}, {value} and {key}"
            )
            raise Unsupported(message)
        attended = self._attended(rank)
        if any(apart(query[i], value[i]) for i in range(rank - 1) if i not in attended):
            message = (
                f"{self.owner}: query {query} and value {value} must agree along the axes that "
                f"attention doesn't run over"
            )
            raise Unsupported(message)
        return query, value, key

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """The query's, its last axis replaced."""
        query, _, _ = self.checked(shapes)
        return [*query[:-1], *(self.out or (query[-1],))]

    def output_shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        """Also that of the scores, if they are returned: heads before targets and sources."""
        query, value, _ = self.checked(shapes)
        result = self.output_shape(shapes)
        if not self.called.get("return_attention_scores"):
            return [result]
        axes = self._attended(len(query))
        alone = [n for i, n in enumerate(query[:-1]) if i not in axes]
        scores: Shape = [*alone, self.heads, *(query[i] for i in axes), *(value[i] for i in axes)]
        return [result, scores]

    def forward_all(
        self, context: Context, inputs: Sequence[Array], weights: Weights
    ) -> list[Array]:
        """``softmax(query @ key / sqrt(key_dim)) @ value`` for every head, then projected."""
        self.refuse_random(context)
        query, value, key = inputs[0], inputs[1], inputs[-1]
        axes = self._attended(query.ndim)
        # (batch, other axes ..., heads, attended axes ..., features)
        alone = [i for i in range(query.ndim) if i not in axes and i != query.ndim - 1]
        order = [*alone, query.ndim - 1, *axes, query.ndim]

        def rows(x: Array) -> tuple[Array, Sizes, Sizes]:
            moved = transpose(x, order)
            lead = moved.shape[: len(alone) + 1]
            attended = moved.shape[len(alone) + 1 : -1]
            flat = (math.prod(lead), math.prod(attended), moved.shape[-1])
            return reshape(moved, flat), lead, attended

        q, lead, targets = rows(project(query, weights, "query") * (1 / math.sqrt(self.key_dim)))
        k, _, sources = rows(project(key, weights, "key"))
        v, _, _ = rows(project(value, weights, "value"))
        scores = reshape(einsum("btd,bsd->bts", q, k), (*lead, *targets, *sources))
        allowed = self.allowed(context, targets[0], sources[0])
        if allowed is not None and len(targets) > 1:
            message = f"{self.owner}: masks over several attended axes are not documented"
            raise Unsupported(message)
        if allowed is not None:
            between = scores.ndim - allowed.ndim
            allowed = allowed.reshape(allowed.shape[0], *([1] * between), *allowed.shape[1:])
            allowed = np.broadcast_to(allowed, scores.shape).reshape(q.shape[0], q.shape[1], -1)
        square = reshape(scores, (q.shape[0], q.shape[1], k.shape[1]))
        shares = masked_softmax(square, allowed, context.shared_axis)
        mixed = reshape(einsum("bts,bsd->btd", shares, v), (*lead, *targets, self.value_dim))
        heads = transpose(mixed, [order.index(i) for i in range(mixed.ndim)])
        return self.finish(query, heads, reshape(shares, scores.shape), weights)


@register("GroupQueryAttention")
class GroupQueryAttention(Projected):
    """keras.layers.GroupQueryAttention: heads of the query share those of key and value."""

    def __init__(self, config: Config) -> None:
        """Args: also head_dim, num_query_heads, num_key_value_heads."""
        super().__init__(config)
        self.head_dim = config.positive("head_dim")
        self.heads = config.positive("num_query_heads")
        self.shared = config.positive("num_key_value_heads")
        if self.heads % self.shared:
            message = (
                f"GroupQueryAttention: num_query_heads={self.heads} is no multiple of "
                f"num_key_value_heads={self.shared}"
            )
            raise Refused(message)

    def projections(self, shapes: Sequence[Shape]) -> Mapping[str, tuple[Sizes, Sizes]]:
        """Query, key, gate, value, output."""
        query, value, key = self.checked(shapes)
        of_query, of_value = (self.heads, self.head_dim), (self.shared, self.head_dim)
        gate = {"gate": ((self.features(query),), of_query)} if self.use_gate else {}
        return {
            "query": ((self.features(query),), of_query),
            "key": ((self.features(key),), of_value),
            **gate,
            "value": ((self.features(value),), of_value),
            "attention_output": (of_query, (self.features(query),)),
        }

    def checked(self, shapes: Sequence[Shape]) -> tuple[Shape, Shape, Shape]:
        """Query and value must have the same last size too."""
        query, value, key = super().checked(shapes)
        sequences(self.owner, {"query": query, "value": value, "key": key})
        if query[-1] != value[-1]:
            told = f"GroupQueryAttention: shapes of query, {query}, and value, {value}"
            message = f"{told}, differ in the last axis"
            raise Refused(message)
        return query, value, key

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """The query's."""
        return self.checked(shapes)[0]

    def output_shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        """Also (batch, heads, targets, sources) of the scores, if they are returned."""
        query, value, _ = self.checked(shapes)
        if not self.called.get("return_attention_scores"):
            return [query]
        return [query, [query[0], self.heads, query[1], value[1]]]

    def forward_all(
        self, context: Context, inputs: Sequence[Array], weights: Weights
    ) -> list[Array]:
        """As several heads do, head h of the query with head ``h // repeats`` of key and value."""
        self.refuse_random(context)
        query, value, key = inputs[0], inputs[1], inputs[-1]
        batch, targets, sources = query.shape[0], query.shape[1], key.shape[1]
        repeats = self.heads // self.shared
        q = project(query, weights, "query") * (1 / math.sqrt(self.head_dim))
        q = reshape(q, (batch, targets, self.shared, repeats, self.head_dim))
        k = project(key, weights, "key")
        v = project(value, weights, "value")
        scores = einsum("btgrd,bsgd->bgrts", q, k)
        allowed = self.allowed(context, targets, sources)
        shares = masked_softmax(scores, None if allowed is None else allowed[:, None, None])
        mixed = einsum("bgrts,bsgd->btgrd", shares, v)
        heads = reshape(mixed, (batch, targets, self.heads, self.head_dim))
        shown = reshape(shares, (batch, self.heads, targets, sources))
        return self.finish(query, heads, shown, weights)
