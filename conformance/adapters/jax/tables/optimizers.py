"""keras.optimizers and their schedules as optax's: JAX has none. Data only: no JAX is imported."""

from __future__ import annotations

from conformance.adapters.native.functions import NUMBER, Own, Row

_SHARED = {
    "loss_scale_factor": (None,),
    "gradient_accumulation_steps": (None,),
}
_WHY = {
    "loss_scale_factor": "optax scales no losses",
    "gradient_accumulation_steps": "optax.MultiSteps accumulates around an optimizer, and is not "
    "handled here",
}

_WHY_ADAPTIVE = {
    **_WHY,
    "amsgrad": "optax.amsgrad takes the maximum after the bias is corrected",
    "epsilon": "optax adds epsilon elsewhere: under Adagrad's root, and to the gradient's size "
    "that Adamax remembers",
    "momentum": "optax's momentum of RMSprop gathers steps with the learning rate of now",
}


def _adaptive(
    function: str, symbol: str, module: str = "adaptive", **only: tuple[float]
) -> list[Row]:
    covered = {**_SHARED, **only}
    why = {argument: _WHY_ADAPTIVE[argument] for argument in covered}
    return [Own(module, function, symbol, only=covered, why=why, needs="optax")]


def _joined(function: str, symbol: str) -> list[Row]:
    symbols = f"{symbol}, optax.join_schedules"
    return [Own("schedules", function, symbols, composed=True, needs="optax")]


OPTIMIZERS: dict[str, list[Row]] = {
    "optimizers.SGD": [
        Own(
            "optimizers",
            "sgd",
            "optax.sgd",
            only={**_SHARED, "weight_decay": (None,)},
            why=_WHY,
            needs="optax",
        ),
        Own(
            "optimizers",
            "sgd",
            "optax.trace, optax.add_decayed_weights, optax.scale_by_learning_rate",
            composed=True,
            only={**_SHARED, "weight_decay": (NUMBER,)},
            why=_WHY,
            needs="optax",
        ),
    ],
    "optimizers.Adam": _adaptive(
        "adam", "optax.adam, optax.adamw", module="optimizers", amsgrad=(False,)
    ),
    "optimizers.AdamW": _adaptive("adamw", "optax.adamw", module="optimizers", amsgrad=(False,)),
    "optimizers.RMSprop": _adaptive(
        "rmsprop", "optax.scale_by_rms, optax.scale_by_stddev", momentum=(0.0,)
    ),
    "optimizers.Adagrad": _adaptive("adagrad", "optax.scale_by_rss", epsilon=(1e-7,)),
    "optimizers.Adadelta": _adaptive("adadelta", "optax.scale_by_adadelta"),
    "optimizers.Adamax": _adaptive("adamax", "optax.scale_by_adamax", epsilon=(0.0,)),
    "optimizers.Lion": _adaptive("lion", "optax.scale_by_lion"),
    "optimizers.Lamb": _adaptive("lamb", "optax.scale_by_adam, optax.scale_by_trust_ratio"),
    "optimizers.schedules.CosineDecay": [
        Own(
            "schedules",
            "cosine_decay",
            "optax.cosine_decay_schedule",
            only={"warmup_target": (None,)},
            needs="optax",
        ),
        Own(
            "schedules",
            "warm_cosine_decay",
            "optax.warmup_cosine_decay_schedule",
            only={"warmup_target": (NUMBER,)},
            needs="optax",
        ),
    ],
    "optimizers.schedules.ExponentialDecay": [
        Own("schedules", "exponential_decay", "optax.exponential_decay", needs="optax")
    ],
    "optimizers.schedules.PolynomialDecay": [
        Own(
            "schedules",
            "polynomial_decay",
            "optax.polynomial_schedule",
            only={"cycle": (False,)},
            needs="optax",
        )
    ],
    "optimizers.schedules.PiecewiseConstantDecay": _joined(
        "piecewise_constant_decay", "optax.constant_schedule"
    ),
    "optimizers.schedules.CosineDecayRestarts": _joined(
        "cosine_decay_restarts", "optax.cosine_decay_schedule"
    ),
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
