"""What every optimizer of Keras's takes besides its own arguments, once for all frameworks."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any, NamedTuple

from conformance.adapters.worker.failure import Unsupported

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Common(NamedTuple):
    """The arguments that all optimizers have, sorted by what they are for."""

    rate: float | Mapping[str, Any]
    """The learning rate, or Keras's words for a schedule of it."""
    weight_decay: float | None
    clips: dict[str, float]
    """The limit by the one of Keras's three names that is told; empty where nothing is clipped."""
    averages: tuple[float, int | None] | None
    """Keras's ``ema_momentum`` and ``ema_overwrite_frequency``, if there are averages."""


_CLIPS = ("clipnorm", "clipvalue", "global_clipnorm")
_DEFAULTS: dict[str, Any] = {
    "learning_rate": 0.001,
    "weight_decay": None,
    **dict.fromkeys(_CLIPS),
    "use_ema": False,
    "ema_momentum": 0.99,
    "ema_overwrite_frequency": None,
    # What a row covers of these two, it says: no framework has them in an optimizer.
    "loss_scale_factor": None,
    "gradient_accumulation_steps": None,
}


def optimizer(**defaults: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a function of ``(variables, common, *, own arguments)`` the arguments of Keras's class.

    Args:
        defaults: Of common arguments, where the class has others than most.

    Returns:
        A decorator. What it makes has the signature of the class after its ``variables``, as the
        rows of a table are read by it, and raises Unsupported where two clips are told, which Keras
        refuses.
    """

    def decorated(make: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(make)
        def made(variables: Mapping[str, Any], **told: Any) -> Any:
            given = {**_DEFAULTS, **defaults, **told}
            common = {name: given.pop(name) for name in _DEFAULTS}
            return make(variables, _sorted(common), **given)

        variables, _, *own = inspect.signature(make).parameters.values()
        common = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=value)
            for name, value in {**_DEFAULTS, **defaults}.items()
        ]
        made.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [variables, *own, *common]
        )
        return made

    return decorated


def _sorted(told: Mapping[str, Any]) -> Common:
    clips = {name: told[name] for name in _CLIPS if told[name] is not None}
    if len(clips) > 1:
        raise Unsupported("Keras refuses to clip in two ways")
    averages = (told["ema_momentum"], told["ema_overwrite_frequency"])
    return Common(
        told["learning_rate"], told["weight_decay"], clips, averages if told["use_ema"] else None
    )
