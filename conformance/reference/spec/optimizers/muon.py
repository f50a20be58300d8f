"""keras.optimizers.Muon."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from conformance.reference.engine.contraction import matmul
from conformance.reference.engine.structure import transpose
from conformance.reference.spec.optimizers.adam import Moments
from conformance.reference.spec.optimizers.adam import moved as moved_by_adam
from conformance.reference.spec.optimizers.base import Optimizer, norm
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Array

LEAST = 1e-7
"""Added to the norm that a matrix is divided by, as in the authors' code."""


@defines("optimizers.Muon")
class Muon(Optimizer):
    """keras.optimizers.Muon."""

    def __init__(
        self,
        learning_rate: Any = 0.001,
        adam_beta_1: float = 0.9,
        adam_beta_2: float = 0.999,
        adam_weight_decay: float | None = 0.004,
        epsilon: float = 1e-7,
        weight_decay: float | None = 0.004,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        exclude_layers: Sequence[str] | None = None,
        exclude_embeddings: bool = True,
        muon_a: float = 3.4445,
        muon_b: float = -4.7750,
        muon_c: float = 2.0315,
        adam_lr_ratio: float = 1,
        momentum: float = 0.95,
        ns_steps: int = 5,
        nesterov: bool = True,
        rms_rate: float | None = 0.2,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras."""
        super().__init__(
            learning_rate,
            weight_decay,
            clipnorm,
            clipvalue,
            global_clipnorm,
            use_ema,
            ema_momentum,
            ema_overwrite_frequency,
            loss_scale_factor,
            gradient_accumulation_steps,
            name,
            arithmetic,
        )
        self.betas, self.epsilon = (adam_beta_1, adam_beta_2), epsilon
        self.adam_weight_decay, self.adam_lr_ratio = adam_weight_decay, float(adam_lr_ratio)
        self.excluded, self.exclude_embeddings = exclude_layers or (), exclude_embeddings
        self.factors = muon_a, muon_b, muon_c
        self.momentum, self.nesterov, self.ns_steps = momentum, nesterov, ns_steps
        self.rms_rate = rms_rate

    def by_adam(self, name: str, shape: Sequence[int]) -> bool:
        """Whether a variable is moved by AdamW: no matrix, an embedding, or one that is named."""
        embedding = self.exclude_embeddings and "embedding" in name.lower()
        return len(shape) != 2 or embedding or any(word in name for word in self.excluded)  # noqa: PLR2004 (a matrix)

    def slots_of(self, name: str, shape: Sequence[int]) -> Sequence[Sequence[str]]:
        """Only AdamW remembers squares."""
        return [["momentum", "velocity"]] if self.by_adam(name, shape) else [["momentum"]]

    def decay_of(self, name: str) -> float | None:
        """AdamW has a weight decay of its own."""
        adam = self.by_adam(name, self.values[name].shape)
        return self.adam_weight_decay if adam else self.weight_decay

    def update(self, name: str, weight: Array, gradient: Array, rate: Array) -> Array:
        """AdamW's rule, or a step along the momentum's nearest orthogonal matrix."""
        kept = self.recalled(name, "momentum")
        if self.by_adam(name, weight.shape):
            before = Moments(kept, self.recalled(name, "velocity"))
            weight, after = moved_by_adam(
                weight,
                gradient,
                before,
                rate * self.adam_lr_ratio,
                self.betas,
                epsilon=self.epsilon,
                step=self.step + 1,
            )
            self.remember(name, "momentum", after.first)
            self.remember(name, "velocity", after.second)
            return weight
        kept = kept * self.momentum + gradient
        self.remember(name, "momentum", kept)
        ahead = gradient + kept * self.momentum if self.nesterov else kept
        scale = 1.0
        if self.rms_rate is not None:
            scale = self.rms_rate * math.sqrt(max(weight.shape))
        return weight - self._orthogonal(ahead) * rate * scale

    def _orthogonal(self, matrix: Array) -> Array:
        """So many steps of a Newton-Schulz iteration of the fifth degree."""
        a, b, c = self.factors
        tall = matrix.shape[0] > matrix.shape[1]
        x = transpose(matrix, (1, 0)) if tall else matrix
        x = x / (norm([x]) + LEAST)
        for _ in range(self.ns_steps):
            square = matmul(x, transpose(x, (1, 0)))
            x = x * a + matmul(square * b + matmul(square, square) * c, x)
        return transpose(x, (1, 0)) if tall else x
