"""keras.optimizers and their schedules as torch.optim's. Data only: no torch is imported."""

from __future__ import annotations

from conformance.adapters.native.functions import NUMBER, Own, Row

_SHARED = {
    "loss_scale_factor": (None,),
    "gradient_accumulation_steps": (None,),
}
_WHY = {
    "epsilon": "torch.optim.Adamax adds epsilon to the gradient's size before it takes the larger "
    "one, and remembers that",
    "epsilon_1": "torch.optim.Adafactor's first epsilon bounds what is divided by, and is not "
    "added to the squares",
    "clip_threshold": "torch.optim.Adafactor refuses a threshold below 1",
    "relative_step": "torch.optim.Adafactor's learning rate always falls with the steps",
    "loss_scale_factor": "torch.optim scales no losses; torch.amp.GradScaler does",
    "gradient_accumulation_steps": "torch.optim accumulates nothing: gradients add up until they "
    "are zeroed",
}
_OF_ALL = {argument: _WHY[argument] for argument in _SHARED}


def _adaptive(function: str, name: str, **only: tuple[float]) -> list[Row]:
    covered = {**_SHARED, **only}
    why = {argument: _WHY[argument] for argument in covered}
    return [Own("adaptive", function, f"torch.optim.{name}", only=covered, why=why)]


def _of_steps(function: str) -> list[Row]:
    symbol = "torch.optim.lr_scheduler.LambdaLR"
    return [Own("schedules", function, symbol, composed=True)]


OPTIMIZERS: dict[str, list[Row]] = {
    "optimizers.SGD": [Own("optimizers", "sgd", "torch.optim.SGD", only=_SHARED, why=_OF_ALL)],
    "optimizers.Adam": [
        Own("optimizers", "adam", "torch.optim.Adam, torch.optim.AdamW", only=_SHARED, why=_OF_ALL)
    ],
    "optimizers.AdamW": [
        Own("optimizers", "adamw", "torch.optim.AdamW", only=_SHARED, why=_OF_ALL)
    ],
    "optimizers.RMSprop": _adaptive("rmsprop", "RMSprop"),
    "optimizers.Adagrad": _adaptive("adagrad", "Adagrad"),
    "optimizers.Adadelta": _adaptive("adadelta", "Adadelta"),
    "optimizers.Adamax": _adaptive("adamax", "Adamax", epsilon=(0.0,)),
    "optimizers.Nadam": _adaptive("nadam", "NAdam"),
    "optimizers.Adafactor": _adaptive(
        "adafactor", "Adafactor", epsilon_1=(1e-30,), relative_step=(True,), clip_threshold=(1.0,)
    ),
    "optimizers.schedules.CosineDecay": [
        Own(
            "schedules",
            "cosine_decay",
            "torch.optim.lr_scheduler.CosineAnnealingLR",
            only={"warmup_target": (None,)},
        ),
        Own(
            "schedules",
            "warm_cosine_decay",
            "torch.optim.lr_scheduler.LambdaLR",
            composed=True,
            only={"warmup_target": (NUMBER,)},
        ),
    ],
    "optimizers.schedules.ExponentialDecay": [
        Own(
            "schedules",
            "exponential_decay",
            "torch.optim.lr_scheduler.ExponentialLR, torch.optim.lr_scheduler.StepLR",
        )
    ],
    "optimizers.schedules.PolynomialDecay": _of_steps("polynomial_decay"),
    "optimizers.schedules.InverseTimeDecay": _of_steps("inverse_time_decay"),
    "optimizers.schedules.PiecewiseConstantDecay": _of_steps("piecewise_constant_decay"),
    "optimizers.schedules.CosineDecayRestarts": [
        Own(
            "schedules",
            "cosine_decay_restarts",
            "torch.optim.lr_scheduler.CosineAnnealingWarmRestarts",
            only={"t_mul": (2.0, 1.0, 3.0), "m_mul": (1.0,)},
        )
    ],
}
"""By Keras's symbol."""

ABSENT = {
    "optimizers.Ftrl": "torch.optim has no FTRL",
    "optimizers.Lion": "torch.optim has no Lion",
    "optimizers.Lamb": "torch.optim has no LAMB",
    "optimizers.Muon": "torch.optim.Muon iterates in bfloat16",
    "optimizers.MultiOptimizer": "weights are divided among several torch optimizers by hand",
    "optimizers.LossScaleOptimizer": "torch.amp.GradScaler is around a loss, not an optimizer",
    "regularizers": "torch has no regularizers: penalties are written into the loss",
    "constraints": "torch has no constraints: weights are set after a step",
}
"""Why something of Keras's has no row, by symbol or namespace."""
