"""Models without their drop-outs and noise, so that two of them can be trained alike."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from conformance.adapters.worker.failure import Unsupported

if TYPE_CHECKING:
    from collections.abc import Mapping

_RATES = frozenset({"dropout", "recurrent_dropout", "dropout_rate", "attention_dropout"})
"""Arguments of layers that drop something on their way."""
_FUNCTIONS = (
    *("dropout", "dropout1d", "dropout2d", "dropout3d"),
    *("alpha_dropout", "feature_alpha_dropout"),
)


def without(keras: Any, model: Any) -> Any:
    """A Keras model made anew from its config, with each rate and each noise at 0.

    Raises:
        Unsupported: It can't be made from its config.
    """
    try:
        config = keras.saving.serialize_keras_object(model)
        made = keras.saving.deserialize_keras_object(_still(config), safe_mode=True)
        made.set_weights(model.get_weights())
    except Exception as error:
        raise Unsupported(
            f"its drop-outs can't be left out: it can't be made anew from its config ({error})"
        ) from error
    return made


def _still(value: Any) -> Any:
    """A config with what draws in training at 0."""
    if isinstance(value, list):
        return [_still(one) for one in value]
    if not isinstance(value, dict):
        return value
    kind, config = str(value.get("class_name", "")), value.get("config")
    found = {key: _still(one) for key, one in value.items()}
    if isinstance(config, dict):
        found["config"] = {**found["config"], **_zeros(kind, config)}
    return found


def _zeros(kind: str, config: Mapping[str, Any]) -> dict[str, float]:
    names = set(_RATES)
    if "Dropout" in kind:
        names.add("rate")
    if kind == "GaussianNoise":
        names.add("stddev")
    return {key: 0.0 for key, one in config.items() if key in names and isinstance(one, float)}


def silence(model: Any) -> None:
    """See to it that a port's drop-outs drop nothing: its modules', and PyTorch's functions."""
    torch = sys.modules.get("torch")
    if torch is not None:
        functional = torch.nn.functional
        for name in _FUNCTIONS:
            setattr(functional, name, _kept)
        attention = functional.scaled_dot_product_attention

        def undropped(*args: Any, **kwargs: Any) -> Any:
            args = (*args[:4], 0.0, *args[5:]) if len(args) > 4 else args  # noqa: PLR2004 - the rate's place
            return attention(*args, **{**kwargs, "dropout_p": 0.0} if len(args) < 5 else kwargs)  # noqa: PLR2004

        functional.scaled_dot_product_attention = undropped
        if isinstance(model, torch.nn.Module):
            for module in model.modules():
                if isinstance(getattr(module, "dropout", None), float):  # attention, LSTM
                    module.dropout = 0.0
    nnx = getattr(sys.modules.get("flax"), "nnx", None)
    if nnx is not None and isinstance(model, nnx.Module):
        for _, one in nnx.iter_graph(model):
            if isinstance(one, nnx.Dropout):
                one.rate = 0.0


def _kept(value: Any, *_: Any, **__: Any) -> Any:
    return value
