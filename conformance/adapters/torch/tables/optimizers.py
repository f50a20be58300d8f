"""keras.optimizers and their schedules as torch.optim's. Data only: no torch is imported."""

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


def _moved(module: str, kind: str, name: str, **only: tuple[float]) -> list[Row]:
    covered = {**_SHARED, **only}
    why = {argument: _WHY[argument] for argument in covered}
    symbol = f"torch.optim.{name}"
    return [Own(module, kind, symbol, only=covered, why=why, through="moving.moved")]


def _schedule(function: str, *names: str, composed: bool = False, **only: Sequence[Any]) -> Own:
    symbol = ", ".join(f"torch.optim.lr_scheduler.{name}" for name in names)
    through = "moving.rate_after"
    return Own("schedules", function, symbol, composed=composed, only=only, through=through)


def _of_steps(function: str) -> list[Row]:
    return [_schedule(function, "LambdaLR", composed=True)]


OPTIMIZERS: dict[str, list[Row]] = {
    "optimizers.SGD": _moved("optimizers", "SGD", "SGD"),
    "optimizers.Adam": _moved("optimizers", "Adam", "Adam"),
    "optimizers.AdamW": _moved("optimizers", "AdamW", "AdamW"),
    "optimizers.RMSprop": _moved("adaptive", "RMSprop", "RMSprop"),
    "optimizers.Adagrad": _moved("adaptive", "Adagrad", "Adagrad"),
    "optimizers.Adadelta": _moved("adaptive", "Adadelta", "Adadelta"),
    "optimizers.Adamax": _moved("adaptive", "Adamax", "Adamax", epsilon=(0.0,)),
    "optimizers.Nadam": _moved("adaptive", "Nadam", "NAdam"),
    "optimizers.Adafactor": _moved(
        "adaptive",
        "Adafactor",
        "Adafactor",
        epsilon_1=(1e-30,),
        relative_step=(True,),
        clip_threshold=(1.0,),
    ),
    "optimizers.schedules.CosineDecay": [
        _schedule("cosine_decay", "CosineAnnealingLR", warmup_target=(None,)),
        _schedule("warm_cosine_decay", "LambdaLR", composed=True, warmup_target=(NUMBER,)),
    ],
    "optimizers.schedules.ExponentialDecay": [
        _schedule("exponential_decay", "ExponentialLR", "StepLR")
    ],
    "optimizers.schedules.PolynomialDecay": _of_steps("polynomial_decay"),
    "optimizers.schedules.InverseTimeDecay": _of_steps("inverse_time_decay"),
    "optimizers.schedules.PiecewiseConstantDecay": _of_steps("piecewise_constant_decay"),
    "optimizers.schedules.CosineDecayRestarts": [
        _schedule(
            "cosine_decay_restarts",
            "CosineAnnealingWarmRestarts",
            t_mul=(2.0, 1.0, 3.0),
            m_mul=(1.0,),
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
