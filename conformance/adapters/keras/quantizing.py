"""A model's weights quantized, by ``model.quantize``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.adapters.keras.subjects.symbols import explain
from conformance.adapters.shared.policies import quantized_policy
from conformance.adapters.worker.failure import Unsupported

if TYPE_CHECKING:
    from collections.abc import Mapping


def quantize(keras: Any, model: Any, asked: Mapping[str, Any]) -> None:
    """Quantize a built model.

    Args:
        keras: Keras 3, or tf_keras.
        model: The model, with the weights that are to be quantized.
        asked: A ``Quantize`` of ``conformance/cases/model.py`` as plain data.

    Raises:
        Unsupported: This Keras quantizes no models, or lacks what is asked for.
        Exception: Whatever Keras raises.
    """
    if not hasattr(model, "quantize"):
        raise Unsupported("this Keras quantizes no models")
    given = {key: asked[key] for key in ("mode", "filters") if key in asked}
    if "config" in asked:
        given["config"] = made(keras, asked["config"])
    if "config" in given or "filters" in given:
        _refuse_unknown(model, given)
    if "mode" in given:  # which older releases take by position alone
        model.quantize(given.pop("mode"), **given)
    else:
        model.quantize(**given)


def _refuse_unknown(model: Any, given: Mapping[str, Any]) -> None:
    """See that this Keras has the arguments, which came one by one.

    Raises:
        Unsupported: It lacks one.
    """
    code = type(model).quantize.__code__
    known = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    lacking = [key for key in given if key not in known]
    if lacking:
        raise Unsupported(f"this Keras's model.quantize takes no {' and no '.join(lacking)}")


def check_policy(keras: Any, dtype: Any) -> None:
    """See that this Keras has policies of quantized weights, where a layer's dtype is one.

    Raises:
        Unsupported: It has none, or none of this mode.
    """
    policy = quantized_policy(dtype)
    if policy is None:
        return
    home = getattr(keras, "dtype_policies", None)
    needed = "Int4DTypePolicy" if policy.mode == "int4" else "QuantizedDTypePolicy"
    if not hasattr(home, needed):
        raise Unsupported(f"this Keras has no dtype policies of weights quantized to {policy.mode}")


def made(keras: Any, written: Mapping[str, Any]) -> Any:
    """A config or a quantizer, written as its class and its arguments.

    Raises:
        Unsupported: This Keras has no such class, or the class no such argument.
        Exception: Whatever Keras raises.
    """
    ((name, given),) = written.items()
    make = getattr(getattr(keras, "quantizers", None), name, None)
    if make is None:
        raise Unsupported(f"this Keras has no quantizers.{name}")
    arguments = {key: _argument(keras, value) for key, value in (given or {}).items()}
    try:
        return make(**arguments)
    except TypeError as error:
        explain(keras, f"quantizers.{name}", make.__init__, arguments, error)
        raise


def _argument(keras: Any, value: Any) -> Any:
    """A quantizer made; a list as the tuple that Keras documents."""
    if isinstance(value, dict):
        return made(keras, value)
    return tuple(value) if isinstance(value, list) else value
