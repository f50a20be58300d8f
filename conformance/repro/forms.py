"""An argument in the form in which a case wants it passed, as source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from conformance.adapters.shared.forms import HOMES, within
from conformance.adapters.worker.failure import Unsupported
from conformance.repro import quantizing
from conformance.repro.text import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Mapping

_OLD: Final = "Keras 2 takes this form of an argument in other words"


def written(key: str, value: Any, forms: Mapping[str, str], *, old: bool = False) -> str:
    """An argument's value as an expression.

    Args:
        key: The argument's name.
        value: As the case gives it.
        forms: What the case says of it: its form under an empty path, and those of what is inside
            it by its path there.
        old: Whether it is Keras 2's.

    Raises:
        Unsupported: It can't be written.
    """
    if key == "quantization_config" and isinstance(value, dict):
        return quantizing.made(value)
    form = forms.get("")
    if form in {"object", "config"}:
        return _named(key, value, config=form == "config", old=old)
    if form in {"array", "tensor"}:
        return _array(value, tensor=form == "tensor", old=old)
    if not isinstance(value, list) or not forms:
        return literal(tuples(value))
    parts = [written(key, one, within(forms, str(i)), old=old) for i, one in enumerate(value)]
    return f"[{', '.join(parts)}]" if form == "list" else f"({', '.join(parts)},)"


def tuples(value: Any) -> Any:
    """Lists of numbers as the tuples of Keras's documentation; everything else as it is."""
    if isinstance(value, list):
        parts = [tuples(part) for part in value]
        numbers = all(part is None or isinstance(part, (int, float, tuple)) for part in parts)
        return tuple(parts) if numbers else parts
    return value


def _named(key: str, value: Any, *, config: bool, old: bool) -> str:
    """An object, or its config as Keras itself writes it."""
    if key == "dtype":
        if old:
            raise Unsupported(_OLD)
        made = f"keras.dtype_policies.DTypePolicy({literal(value)})"
        return f"keras.dtype_policies.serialize({made})" if config else made
    word = key.rpartition("_")[2]
    home = f"keras.{HOMES[word]}"
    if isinstance(value, dict):
        arguments = (value.get("config") or {}).items()
        listed = ", ".join(f"{identifier(name)}={literal(one)}" for name, one in arguments)
        made = f"{home}.{identifier(value['class_name'])}({listed})"
    else:
        made = f"{home}.get({literal(value)})"
    if not config:
        return made
    write = "keras.saving.serialize_keras_object" if word == "activation" else f"{home}.serialize"
    return f"{write}({made})"


def _array(value: Any, *, tensor: bool, old: bool) -> str:
    if not tensor:
        return f"np.array({literal(value)})"
    if old:
        raise Unsupported(_OLD)
    kind = ', "float32"' if _has_floats(value) else ""
    return f"keras.ops.convert_to_tensor(np.array({literal(value)}{kind}))"


def _has_floats(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_has_floats, value))
    return isinstance(value, float)
