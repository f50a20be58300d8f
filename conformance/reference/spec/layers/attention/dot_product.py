"""Attention without projections: the layers ``Attention`` and ``AdditiveAttention`` of Keras."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.engine.contraction import einsum
from conformance.reference.engine.structure import expand
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.layers.base import (
    ANY,
    Context,
    Layer,
    Mask,
    Variable,
    Weights,
    register,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.cases.model import Shape
    from conformance.reference.engine.array import Array, Values
    from conformance.reference.spec.config import Config

_NEVER = -(2.0**100)
"""A score whose exponential is zero in every dtype."""

_RANK = 3


def masked_softmax(scores: Array, allowed: Values | None, axis: int = -1) -> Array:
    """Softmax over the last axis, or another, of those scores that are allowed; the others get 0.

    Args:
        scores: (..., targets, sources).
        allowed: Booleans that broadcast to them; ``None`` allows all.
        axis: Along which the shares are 1.

    Raises:
        Unsupported: Nothing is allowed somewhere: what must come out then is documented nowhere.
    """
    if allowed is None:
        return f.softmax(scores, axis)
    everywhere = np.broadcast_to(allowed, scores.shape)
    if scores.value.size and not everywhere.any(axis=-1).all():
        message = "attention where a target may attend to no source at all is not documented"
        raise Unsupported(message)
    return f.softmax(f.choose(everywhere, scores, _NEVER), axis)


def causal(targets: int, sources: int) -> Values:
    """Position i may attend to positions j <= i: (targets, sources)."""
    return np.tri(targets, sources, dtype=bool)


def both(a: Values | None, b: Values | None) -> Values | None:
    """Allowed by both masks; ``None`` allows all."""
    if a is None or b is None:
        return b if a is None else a
    return np.asarray(a & b)


def named(owner: str, shapes: Sequence[Shape]) -> tuple[Shape, Shape, Shape]:
    """Shapes of query, value and key, which is the value where it isn't given.

    Raises:
        Refused: It isn't two or three.
    """
    if len(shapes) not in {2, 3}:
        message = f"{owner} takes query, value and perhaps key, not {len(shapes)} inputs"
        raise Refused(message)
    return shapes[0], shapes[1], shapes[-1]


def sequences(owner: str, shapes: Mapping[str, Shape]) -> None:
    """Each input is of shape (batch, steps, features).

    Raises:
        Unsupported: One has another rank, for which nothing is documented.
    """
    for name, shape in shapes.items():
        if len(shape) != _RANK:
            message = (
                f"{owner} is documented for inputs of rank 3, (batch, steps, features); "
                f"{name} has rank {len(shape)}: {shape}"
            )
            raise Unsupported(message)


def apart(a: int | None, b: int | None) -> bool:
    """Whether two sizes are known to differ."""
    return a is not None and b is not None and a != b


@register("Attention")
class Attention(Layer):
    """keras.layers.Attention: scores are dot products, or sums of hyperbolic tangents."""

    arity: ClassVar[int | None] = ANY
    keywords: ClassVar[frozenset[str]] = frozenset({"return_attention_scores", "use_causal_mask"})
    scales: ClassVar[bool] = False
    """Whether ``use_scale`` is true when left out."""

    def __init__(self, config: Config) -> None:
        """Args: use_scale, score_mode, dropout."""
        self.owner = config.owner
        self.use_scale = config.flag("use_scale", default=self.scales)
        self.dropout = config.number("dropout", 0.0)
        self.score_mode = config.get("score_mode", "dot")
        if self.score_mode not in {"dot", "concat"}:
            message = f"{self.owner}: score_mode must be dot or concat, not {self.score_mode!r}"
            raise Refused(message)

    def weights(self, shapes: Sequence[Shape]) -> list[Variable]:  # noqa: ARG002
        """``scale`` and ``concat_score_weight``, one number each, where they are used."""
        made = [Variable("scale", ())] if self.use_scale else []
        if self.score_mode == "concat":
            made.append(Variable("concat_score_weight", ()))
        return made

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """The query's with the value's last size."""
        query, value, key = named(self.owner, shapes)
        sequences(self.owner, {"query": query, "value": value, "key": key})
        if apart(value[1], key[1]) or apart(query[2], key[2]):
            message = (
                f"{self.owner}: documented for a query (batch, Tq, dim), a value (batch, Tv, dim) "
                f"and a key (batch, Tv, dim), not for {query}, {value} and {key}"
            )
            raise Unsupported(message)
        return [*query[:-1], value[-1]]

    def output_shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        """Also (batch, targets, sources) of the scores, if they are returned."""
        result = self.output_shape(shapes)
        if self.called.get("return_attention_scores"):
            return [result, [*shapes[0][:-1], shapes[-1][-2]]]
        return [result]

    def output_mask(self, context: Context, inputs: Sequence[Array]) -> Mask | list[Mask]:  # noqa: ARG002
        """The query's mask, on the first output."""
        return [self.masks(context)[0], *[None] * bool(self.called.get("return_attention_scores"))]

    def masks(self, context: Context) -> tuple[Mask, Mask]:
        """Those of query and value: given by the call, or come with them."""
        given = context.tensors.get("mask")
        if isinstance(given, list):
            return tuple(one.value.real.astype(bool) for one in given[:2])  # type: ignore[return-value] # two of them
        return tuple([*context.masks, None, None][:2])  # type: ignore[return-value] # two of them

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:
        """The first of :meth:`forward_all`."""
        return self.forward_all(context, inputs, weights)[0]

    def forward_all(
        self, context: Context, inputs: Sequence[Array], weights: Weights
    ) -> list[Array]:
        """``softmax(scores) @ value``; zeros where the query is masked. Then the softmax."""
        if context.training and self.dropout:
            message = f"{self.owner}: dropout in training is random"
            raise Unsupported(message)
        query, value, key = inputs[0], inputs[1], inputs[-1]
        scores = self.scores(query, key, weights)
        of_query, of_value = self.masks(context)
        allowed = None if of_value is None else of_value[:, None, :]
        if self.called.get("use_causal_mask"):
            allowed = both(allowed, causal(*scores.shape[-2:])[None])
        shares = masked_softmax(scores, allowed)
        result = einsum("bts,bsd->btd", shares, value)
        if of_query is not None:
            shown = np.broadcast_to(of_query[:, :, None], result.shape)
            result = f.choose(shown, result, 0.0)
        return [result, shares] if self.called.get("return_attention_scores") else [result]

    def scores(self, query: Array, key: Array, weights: Weights) -> Array:
        """Scores (batch, targets, sources)."""
        if self.score_mode == "dot":
            products = einsum("btd,bsd->bts", query, key)
            return products * weights["scale"] if self.use_scale else products
        sums = expand(query, 2) + expand(key, 1)
        if self.use_scale:
            sums = sums * weights["scale"]
        return f.tanh(sums).sum(-1) * weights["concat_score_weight"]


@register("AdditiveAttention")
class AdditiveAttention(Attention):
    """keras.layers.AdditiveAttention: scores are scaled sums of hyperbolic tangents."""

    scales: ClassVar[bool] = True

    def __init__(self, config: Config) -> None:
        """Args: use_scale, dropout."""
        super().__init__(config)
        if self.score_mode != "dot":
            message = "AdditiveAttention has no score_mode"
            raise Unsupported(message)

    def weights(self, shapes: Sequence[Shape]) -> list[Variable]:
        """``scale``, one number for each of the query's features."""
        size = shapes[0][-1]
        if size is None:
            message = "the last axis of AdditiveAttention's query must be known, not null"
            raise Refused(message)
        return [Variable("scale", (size,))] if self.use_scale else []

    def scores(self, query: Array, key: Array, weights: Weights) -> Array:
        """``sum(scale * tanh(query + key))``: (batch, targets, sources)."""
        tangents = f.tanh(expand(query, 2) + expand(key, 1))
        return (tangents * weights["scale"] if self.use_scale else tangents).sum(-1)
