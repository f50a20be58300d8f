"""keras.optimizers and their schedules as torch.optim's. Data only: no torch is imported."""

from __future__ import annotations

from conformance.adapters.native.functions import NUMBER, Own, Row

_SHARED = {
    "loss_scale_factor": (None,),
    "gradient_accumulation_steps": (None,),
}
_WHY = {
    "loss_scale_factor": "torch.optim scales no losses; torch.amp.GradScaler does",
    "gradient_accumulation_steps": "torch.optim accumulates nothing: gradients add up until they "
    "are zeroed",
}

OPTIMIZERS: dict[str, list[Row]] = {
    "optimizers.SGD": [Own("optimizers", "sgd", "torch.optim.SGD", only=_SHARED, why=_WHY)],
    "optimizers.Adam": [
        Own("optimizers", "adam", "torch.optim.Adam, torch.optim.AdamW", only=_SHARED, why=_WHY)
    ],
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
}
"""By Keras's symbol."""
