"""An argument in the form in which a case wants it passed: as an object, an array or a tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.adapters.shared.forms import HOMES, within
from conformance.adapters.worker.failure import Unsupported

if TYPE_CHECKING:
    from collections.abc import Mapping


def passed(keras: Any, key: str, value: Any, forms: Mapping[str, str]) -> Any:
    """An argument's value as it is passed.

    Args:
        keras: Keras 3, or tf_keras.
        key: The argument's name.
        value: As the case gives it.
        forms: What the case says of this argument: its form under an empty path, and those of what
            is inside it by its path there.

    Raises:
        Unsupported: This Keras has no such object, or no such form.
    """
    form = forms.get("")
    if form in {"config", "object"}:
        made = _object(keras, key, value)
        return made if form == "object" else _config(keras, key, made)
    if form in {"array", "tensor"}:
        array = np.array(value)
        return array if form == "array" else _tensor(keras, array)
    if isinstance(value, dict):
        return {name: passed(keras, name, one, within(forms, name)) for name, one in value.items()}
    if not isinstance(value, list):
        return value
    parts = [passed(keras, key, one, within(forms, str(i))) for i, one in enumerate(value)]
    if form in {"list", "tuple"}:
        return parts if form == "list" else tuple(parts)
    return _tuple_of_numbers(parts)


def _tuple_of_numbers(parts: list[Any]) -> Any:
    """Lists of numbers as the tuples of Keras's documentation; other lists as they are."""
    numbers = all(part is None or isinstance(part, (int, float, tuple)) for part in parts)
    return tuple(parts) if numbers else parts


def _object(keras: Any, key: str, value: Any) -> Any:
    """What a name, or a class's name with arguments, stands for."""
    if key == "dtype":
        if hasattr(keras, "dtype_policies"):
            return keras.dtype_policies.DTypePolicy(value)
        return keras.mixed_precision.Policy(value)
    home = getattr(keras, HOMES[key.rpartition("_")[2]])
    if not isinstance(value, dict):
        # A word, which is that of a class or of a function.
        return home.get(value)
    make = getattr(home, value["class_name"], None)
    if make is None:
        raise Unsupported(f"{value['class_name']} is not in {home.__name__}")
    return make(**value.get("config") or {})


def _config(keras: Any, key: str, made: Any) -> Any:
    """The config of an object, as Keras itself writes it."""
    if key == "dtype":
        if not hasattr(keras, "dtype_policies"):
            return {"class_name": "Policy", "config": made.get_config()}
        return keras.dtype_policies.serialize(made)
    word = key.rpartition("_")[2]
    if word == "activation":
        return keras.saving.serialize_keras_object(made)
    return getattr(keras, HOMES[word]).serialize(made)


def _tensor(keras: Any, array: Any) -> Any:
    """Numbers as a tensor of the backend, floats in float32."""
    narrow = array.astype("float32") if array.dtype.kind == "f" else array
    if hasattr(keras, "ops"):
        return keras.ops.convert_to_tensor(narrow)
    import tensorflow as tf

    return tf.convert_to_tensor(narrow)
