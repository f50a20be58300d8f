"""keras.optimizers and their schedules as optax's: JAX has none. Data only: no JAX is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.adapters.native.functions import NUMBER, Own, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHARED = {
    "loss_scale_factor": (None,),
    "gradient_accumulation_steps": (None,),
}
_WHY = {
    "loss_scale_factor": "optax scales no losses",
    "gradient_accumulation_steps": "optax.MultiSteps accumulates around an optimizer, and is not "
    "handled here",
    "amsgrad": "optax.amsgrad takes the maximum after the bias is corrected",
    "epsilon": "optax adds epsilon elsewhere: under Adagrad's root, and to the gradient's size "
    "that Adamax remembers",
    "momentum": "optax's momentum of RMSprop gathers steps with the learning rate of now",
}


def _moved(module: str, function: str, symbol: str, **only: tuple[float]) -> list[Row]:
    covered = {**_SHARED, **only}
    why = {argument: _WHY[argument] for argument in covered}
    through = "moving.moved"
    return [Own(module, function, symbol, only=covered, why=why, needs="optax", through=through)]


def _schedule(function: str, *names: str, composed: bool = False, **only: Sequence[Any]) -> Own:
    symbol = ", ".join(f"optax.{name}" for name in names)
    through = "moving.rate_at"
    return Own("schedules", function, symbol, composed, only, needs="optax", through=through)


OPTIMIZERS: dict[str, list[Row]] = {
    "optimizers.SGD": _moved("optimizers", "sgd", "optax.sgd"),
    "optimizers.Adam": _moved("optimizers", "adam", "optax.adam, optax.adamw", amsgrad=(False,)),
    "optimizers.AdamW": _moved("optimizers", "adamw", "optax.adamw", amsgrad=(False,)),
    "optimizers.RMSprop": _moved(
        "adaptive", "rmsprop", "optax.scale_by_rms, optax.scale_by_stddev", momentum=(0.0,)
    ),
    "optimizers.Adagrad": _moved("adaptive", "adagrad", "optax.scale_by_rss", epsilon=(1e-7,)),
    "optimizers.Adadelta": _moved("adaptive", "adadelta", "optax.scale_by_adadelta"),
    "optimizers.Adamax": _moved("adaptive", "adamax", "optax.scale_by_adamax", epsilon=(0.0,)),
    "optimizers.Lion": _moved("adaptive", "lion", "optax.scale_by_lion"),
    "optimizers.Lamb": _moved(
        "adaptive", "lamb", "optax.scale_by_adam, optax.scale_by_trust_ratio"
    ),
    "optimizers.schedules.CosineDecay": [
        _schedule("cosine_decay", "cosine_decay_schedule", warmup_target=(None,)),
        _schedule("warm_cosine_decay", "warmup_cosine_decay_schedule", warmup_target=(NUMBER,)),
    ],
    "optimizers.schedules.ExponentialDecay": [_schedule("exponential_decay", "exponential_decay")],
    "optimizers.schedules.PolynomialDecay": [
        _schedule("polynomial_decay", "polynomial_schedule", cycle=(False,))
    ],
    "optimizers.schedules.PiecewiseConstantDecay": [
        _schedule("piecewise_constant_decay", "constant_schedule", "join_schedules", composed=True)
    ],
    "optimizers.schedules.CosineDecayRestarts": [
        _schedule("cosine_decay_restarts", "cosine_decay_schedule", "join_schedules", composed=True)
    ],
}
"""By Keras's symbol."""

ABSENT = {
    "optimizers.schedules.InverseTimeDecay": "optax has no such schedule",
    "optimizers.Nadam": "optax.nadam has no schedule of momentum",
    "optimizers.Ftrl": "optax has no FTRL",
    "optimizers.Adafactor": "optax.adafactor decays, clips and factors in an order of its own",
    "optimizers.Muon": "optax.contrib.muon is not handled here",
    "optimizers.MultiOptimizer": "optax.partition goes by labels and is not handled here",
    "optimizers.LossScaleOptimizer": "optax scales no losses",
    "regularizers": "JAX has no regularizers: penalties are written into the loss",
    "constraints": "JAX has no constraints: weights are set after a step",
}
"""Why something of Keras's has no row, by symbol or namespace."""
