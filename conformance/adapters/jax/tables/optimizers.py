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
    "optimizers.Adam": [
        Own(
            "optimizers",
            "adam",
            "optax.adam, optax.adamw",
            only={**_SHARED, "amsgrad": (False,)},
            why={**_WHY, "amsgrad": "optax.amsgrad takes the maximum after the bias is corrected"},
            needs="optax",
        )
    ],
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
}
"""By Keras's symbol."""
