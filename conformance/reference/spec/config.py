"""Reading a layer's arguments so that none is ignored in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.reference.errors import Refused, Unsupported

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

INERT = frozenset(
    {
        # Initial values are no part of an answer, as every weight is set by name before the first
        # call. They are stated by themselves: conformance/reference/spec/initial.py.
        "kernel_initializer",
        "bias_initializer",
        "recurrent_initializer",
        "depthwise_initializer",
        "pointwise_initializer",
        "unit_forget_bias",
        "beta_initializer",
        "gamma_initializer",
        "moving_mean_initializer",
        "moving_variance_initializer",
        "embeddings_initializer",
        "alpha_initializer",
        # Spellings of the input's shape, which the case loader has turned into an InputSpec.
        "input_shape",
        "batch_input_shape",
        "batch_shape",
        "input_dim",
        "input_length",
        "name",
        # How, not what: documented to change speed alone.
        "unroll",
        "use_cudnn",
        "implementation",
        # Seeds drop-out and initializers, and drop-out must be 0.
        "seed",
    }
)
"""Arguments that cannot change an answer."""

ABSENT = frozenset(
    {
        "kernel_regularizer",
        "bias_regularizer",
        "recurrent_regularizer",
        "depthwise_regularizer",
        "pointwise_regularizer",
        "activity_regularizer",
        "kernel_constraint",
        "bias_constraint",
        "beta_regularizer",
        "gamma_regularizer",
        "beta_constraint",
        "gamma_constraint",
        "recurrent_constraint",
        "depthwise_constraint",
        "pointwise_constraint",
        "lora_rank",
        "lora_alpha",
        "quantization_config",
        "mask",
        "arguments",
    }
)
"""Arguments that the reference implements only in their default, ``None``."""


ADAPT = "adapt()"
"""Under this name a layer asks for what it is adapted to; no argument can be called so."""

EPSILON_KEY = "epsilon()"
"""Likewise, ``keras.config.epsilon()`` where a case sets it."""
USUAL_EPSILON = 1e-7
"""``keras.config.epsilon()`` where nobody sets it."""


class Config:
    """The arguments of one layer, optimizer or loss.

    Every argument must be asked for by the code that implements it; :meth:`finish` refuses those
    that nobody asked for.
    """

    def __init__(self, owner: str, values: Mapping[str, Any]) -> None:
        """Wrap the arguments of ``owner``, a Keras name used in messages."""
        self.owner = owner
        self._values = dict(values)
        self._asked: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        """The raw value of an argument."""
        self._asked.add(name)
        return self._values.get(name, default)

    def required(self, name: str) -> Any:
        """The raw value of an argument that has no default."""
        if name not in self._values:
            message = f"{self.owner} needs the argument {name!r}"
            raise Refused(message)
        return self.get(name)

    def positive(self, name: str, default: int | None = None) -> int:
        """A positive integer."""
        value = self.required(name) if default is None else self.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            message = f"{self.owner}: {name} must be a positive integer, not {value!r}"
            raise Refused(message)
        return value

    def integer(self, name: str, default: int) -> int:
        """Any integer."""
        value = self.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int):
            message = f"{self.owner}: {name} must be an integer, not {value!r}"
            raise Refused(message)
        return value

    def number(self, name: str, default: float) -> float:
        """Any finite number."""
        value = self.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            message = f"{self.owner}: {name} must be a number, not {value!r}"
            raise Unsupported(message)
        return float(value)

    def flag(self, name: str, *, default: bool) -> bool:
        """True or false."""
        value = self.get(name, default)
        if not isinstance(value, bool):
            message = f"{self.owner}: {name} must be true or false, not {value!r}"
            raise Unsupported(message)
        return value

    def choice(self, name: str, choices: Iterable[str], default: str) -> str:
        """One of several words, in any case; ``None`` means the default."""
        value = self.get(name, default)
        value = default if value is None else value
        known = list(choices)
        if not isinstance(value, str) or value.lower() not in known:
            message = f"{self.owner}: {name} must be one of {', '.join(known)}, not {value!r}"
            raise Refused(message)
        return value.lower()

    def sizes(self, name: str, axes: int, default: Any = None) -> tuple[int, ...]:
        """A positive integer for each axis, or one for all."""
        value = self.required(name) if default is None else self.get(name, default)
        values = [value] * axes if isinstance(value, int) else value
        good = isinstance(values, list | tuple) and all(
            isinstance(n, int) and not isinstance(n, bool) and n >= 1 for n in values
        )
        if not good or len(values) != axes:
            message = (
                f"{self.owner}: {name} must be a positive integer or {axes} of them, not {value!r}"
            )
            raise Refused(message)
        return tuple(values)

    def only(self, name: str, value: Any) -> None:
        """An argument of which the reference implements one value."""
        found = self.get(name, value)
        if found != value or isinstance(found, bool) != isinstance(value, bool):
            message = f"{self.owner}: {name}={found!r} is not in the reference, only {value!r}"
            raise Unsupported(message)

    @property
    def epsilon(self) -> float:
        """``keras.config.epsilon()``."""
        return float(self._values.get(EPSILON_KEY, USUAL_EPSILON))

    def finish(self) -> None:
        """Refuse every argument that is set and was not asked for."""
        self._asked |= {*INERT, EPSILON_KEY}
        for name in ABSENT & self._values.keys() - self._asked:
            self.only(name, None)
        self.only("dtype", self._values.get("dtype") and "float32")
        self.get("trainable", default=True)
        left = sorted(self._values.keys() - self._asked)
        if left:
            message = f"{self.owner}: the reference does not know the argument {', '.join(left)}"
            raise Unsupported(message)
