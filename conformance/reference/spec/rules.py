"""Regularizers and constraints: what weights and answers add to the loss, and what binds weights.

Both are arguments of layers, ``kernel_regularizer`` or ``bias_constraint``. They change no answer,
so only training looks at them: the loss is added to, and each update is followed by a constraint.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.reference.engine import functions as f
from conformance.reference.errors import Unsupported
from conformance.reference.spec.config import EPSILON_KEY, USUAL_EPSILON

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.reference.engine.array import Array

Formula = Callable[["Array"], "Array"]


@dataclass(frozen=True)
class _Named:
    """A regularizer or a constraint, as it is named."""

    name: str
    config: Mapping[str, Any]
    formula: Formula = field(compare=False)

    def __call__(self, a: Array) -> Array:
        """The number that it adds to the loss, or what becomes of the weight."""
        return self.formula(a)


Penalty = _Named
"""Takes an array to the number that it adds to the loss."""

Constraint = _Named
"""Takes a weight after an update to what it is instead."""

_KINDS = ("regularizer", "constraint")
_ACTIVITY = "activity_regularizer"


@dataclass(frozen=True)
class Rule:
    """What one variable is subject to."""

    penalty: Penalty | None = None
    constraint: Constraint | None = None


@dataclass(frozen=True)
class Rules:
    """What a layer's arguments say.

    Attributes:
        by_argument: By the argument's first part: ``kernel``, ``recurrent``.
        activity: Of the layer's outputs.
    """

    by_argument: Mapping[str, Rule] = field(default_factory=dict)
    activity: Penalty | None = None

    def by_variable(self, names: Sequence[str]) -> dict[str, Rule]:
        """The rules of variables by their names, of those that have one.

        ``kernel`` is said of every variable that is called so, ``query/kernel``; ``recurrent`` of
        the ``recurrent_kernel``; a layer with one kernel may call it ``kernel`` all the same.
        """
        found: dict[str, Rule] = {}
        last = {name: name.rpartition("/")[2] for name in names}
        for argument, rule in self.by_argument.items():
            meant = [one for one in names if last[one] in {argument, f"{argument}_kernel"}]
            if not meant and argument != "bias":
                meant = [one for one in names if last[one] == "kernel"]
            found |= dict.fromkeys(meant, rule)
        return found


def rules_of(owner: str, values: Mapping[str, Any]) -> tuple[Rules, dict[str, Any]]:
    """A layer's rules, and its other arguments.

    Args:
        owner: The layer, for messages.
        values: Its arguments.

    Raises:
        Unsupported: A regularizer or constraint that the reference doesn't have.
    """
    rest, parts = dict(values), {kind: dict[str, Any]() for kind in _KINDS}
    activity = None
    for name in values:
        of, _, kind = name.rpartition("_")
        if kind not in _KINDS or values[name] is None or not of:
            continue
        epsilon = values.get(EPSILON_KEY, USUAL_EPSILON)
        made = _made(owner, name, kind, rest.pop(name), epsilon)
        if name == _ACTIVITY:
            activity = made
        else:
            parts[kind][of] = made
    penalties, constraints = (parts[kind] for kind in _KINDS)
    named = dict.fromkeys([*penalties, *constraints])
    return Rules({of: Rule(penalties.get(of), constraints.get(of)) for of in named}, activity), rest


def _made(owner: str, argument: str, kind: str, value: object, epsilon: float) -> Any:
    """A regularizer or constraint by its name, or its class with arguments.

    ``epsilon`` is ``keras.config.epsilon()``, beside every norm that is divided by.
    """
    name, config = str(value), dict[str, Any]()
    if isinstance(value, Mapping) and "class_name" in value:
        name, config = str(value["class_name"]), dict(value.get("config") or {})
    table = _REGULARIZERS if kind == "regularizer" else _CONSTRAINTS
    make = table.get(name.lower().replace("_", ""))
    if make is None:
        message = f"{owner}: {argument}={value!r} is not in the reference"
        raise Unsupported(message)
    own = {"epsilon": epsilon} if make in _DIVIDING else {}
    try:
        return _Named(name, {**config, **own}, make(**config, **own))
    except TypeError as error:
        message = f"{owner}: {argument}={value!r} is not in the reference"
        raise Unsupported(message) from error


def _axes(a: Array) -> tuple[int, ...]:
    return tuple(range(a.ndim))


def l1_l2(l1: float = 0.0, l2: float = 0.0) -> Formula:
    """``l1 * sum(abs(x)) + l2 * sum(square(x))``."""

    def penalty(a: Array) -> Array:
        terms = []
        if l1:
            terms.append(f.absolute(a).sum(_axes(a)) * l1)
        if l2:
            terms.append(f.square(a).sum(_axes(a)) * l2)
        total = terms[0] if terms else f.square(a).sum(_axes(a)) * 0.0
        for term in terms[1:]:
            total = total + term
        return total

    return penalty


def l1(l1: float = 0.01) -> Formula:
    """``l1 * sum(abs(x))``."""
    return l1_l2(l1=l1)


def l2(l2: float = 0.01) -> Formula:
    """``l2 * sum(square(x))``."""
    return l1_l2(l2=l2)


def _norms(a: Array, axis: int | Sequence[int]) -> Array:
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    return f.sqrt(f.square(a).sum(axes, keepdims=True))


def non_neg() -> Formula:
    """Negative numbers become 0."""
    return f.relu


def unit_norm(axis: int | Sequence[int] = 0, *, epsilon: float = USUAL_EPSILON) -> Formula:
    """Norm 1 along the axis."""
    return lambda a: a / (_norms(a, axis) + epsilon)


def min_max_norm(
    min_value: float = 0.0,
    max_value: float = 1.0,
    rate: float = 1.0,
    axis: int | Sequence[int] = 0,
    *,
    epsilon: float = USUAL_EPSILON,
) -> Formula:
    """The norm within two bounds; with a rate below 1 only on the way there."""

    def constrained(a: Array) -> Array:
        norms = _norms(a, axis)
        desired = f.clip(norms, min_value, max_value) * rate + norms * (1.0 - rate)
        return a * (desired / (norms + epsilon))

    return constrained


def max_norm(
    max_value: float = 2, axis: int | Sequence[int] = 0, *, epsilon: float = USUAL_EPSILON
) -> Formula:
    """A norm of at most so much."""
    return min_max_norm(0.0, max_value, 1.0, axis, epsilon=epsilon)


_REGULARIZERS: Mapping[str, Callable[..., Formula]] = {"l1": l1, "l2": l2, "l1l2": l1_l2}

_CONSTRAINTS: Mapping[str, Callable[..., Formula]] = {
    "nonneg": non_neg,
    "nonnegative": non_neg,
    "unitnorm": unit_norm,
    "minmaxnorm": min_max_norm,
    "maxnorm": max_norm,
}

_DIVIDING = frozenset({unit_norm, min_max_norm, max_norm})
"""Those that divide by a norm."""
