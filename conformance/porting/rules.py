"""The rule by which a native argument follows from Keras's, found in the calls that were made.

Every candidate is tried on every call of every passing case; one that fails once is no rule. A rule
counts as found if it held for at least two different values, or if the two arguments have the same
name.
"""

from __future__ import annotations

import difflib
import functools
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from conformance.porting.model import Argument

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from conformance.porting.samples import Sample

PROOFS = 3
"""Cases that are named for each rule."""

_OPERANDS = frozenset(
    {"x", "y", "a", "b", "x1", "x2", "out", "where", "condition", "input", "inputs", "operand"}
)
"""Arguments that are arrays, or a number in the place of one."""

AT_STEP = " at step t"
"""How a rule ends whose value changes from step to step: a call was seen with that of the first."""
_EPSILON = f"epsilon / sqrt(1 - beta_2 ** t){AT_STEP}"

_ALIKE = 0.6
"""Likeness of two names from which on a single value is enough: ``eps`` and ``epsilon``."""


class Seen(NamedTuple):
    """One call of a native function within a sample."""

    sample: Sample
    arguments: dict[str, Any]
    defaults: dict[str, Any]


class _Candidate(NamedTuple):
    kind: str
    keras: str
    rule: str
    values: int
    """How many different native values it has explained."""
    likeness: float


def learn(call: str, seen: Sequence[Seen]) -> list[Argument]:
    """Find the rules of one native function's arguments.

    Args:
        call: The function's name, for the answer.
        seen: Every call of it.

    Returns:
        One for each argument that any call was given away from its default, in that order.
    """
    defaults: dict[str, Any] = {}
    for one in seen:
        defaults.update(one.defaults)
    # One that was only ever None, or else an array, has nothing to tell.
    names = dict.fromkeys(
        name
        for one in seen
        for name, value in one.arguments.items()
        if name not in _OPERANDS and (value is not None or name in defaults)
    )
    return [_argument(call, name, seen, defaults) for name in names]


def _argument(call: str, name: str, seen: Sequence[Seen], defaults: dict[str, Any]) -> Argument:
    known = name in defaults
    pairs = [
        (one.sample, one.arguments.get(name, defaults.get(name)))
        for one in seen
        if name in one.arguments or known
    ]
    best = max(_candidates(name, pairs), key=lambda c: (c.values, c.likeness), default=None)
    constant = _distinct(value for _, value in pairs) == 1
    if best is None or (constant and best.likeness < _ALIKE):
        return _without_rule(call, name, pairs, defaults, constant=constant)
    left = next((pair for pair in pairs if pair[0].left_out(best.keras)), None)
    native_default = defaults.get(name)
    equivalent = left[1] if left else None
    return Argument(
        call=call,
        native=name,
        kind="same" if best.kind == "same" else "converted",
        rule=best.rule,
        keras=best.keras,
        keras_default=left[0].keras.get(best.keras) if left else None,
        left_out=left is not None,
        equivalent=equivalent,
        native_default=native_default,
        known=known,
        differs=known and left is not None and not _equal(equivalent, native_default),
        proofs=_proofs(pairs),
    )


def _without_rule(
    call: str,
    name: str,
    pairs: Sequence[tuple[Sample, Any]],
    defaults: dict[str, Any],
    *,
    constant: bool,
) -> Argument:
    of_input = _of_input(pairs)
    proofs = _proofs(pairs)
    if of_input and name not in defaults:
        return Argument(call=call, native=name, kind="input", rule=of_input, proofs=proofs)
    if constant and not _always_given(pairs):
        value = pairs[0][1]
        return Argument(
            call=call,
            native=name,
            proofs=proofs,
            kind="fixed",
            rule=repr(value),
            equivalent=value,
            native_default=defaults.get(name),
            known=name in defaults,
            differs=name in defaults,
        )
    values = {repr(value) for _, value in pairs}
    rule = " or ".join(sorted(values)) if values <= {"True", "False", "None"} else ""
    return Argument(call=call, native=name, kind="computed", rule=rule, proofs=proofs)


def _always_given(pairs: Sequence[tuple[Sample, Any]]) -> bool:
    """Whether a number is that of an argument of Keras's which every case gave, and gave alike.

    Then nothing tells whether it follows from that argument or is always the same.
    """
    value = pairs[0][1]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    shared = set.intersection(*(set(sample.keras) for sample, _ in pairs))
    return any(
        all(not s.left_out(keras) and _equal(s.keras[keras], value) for s, _ in pairs)
        for keras in shared
    )


def _of_input(pairs: Sequence[tuple[Sample, Any]]) -> str:
    """``x.shape[-1]`` if the value is the number of channels in every call that can tell."""
    told = [(s, value) for s, value in pairs if s.input_shape and None not in s.input_shape]
    if not told:
        return ""
    for rule, size in (
        ("the input's channels", _channels),
        ("the input's size along axis", _along),
    ):
        if all(size(sample) == value for sample, value in told):
            return rule
    return ""


def _channels(sample: Sample) -> int | None:
    shape = sample.input_shape or [None]
    return shape[0 if sample.keras.get("data_format") == "channels_first" else -1]


def _along(sample: Sample) -> int | None:
    axis, shape = sample.keras.get("axis", -1), sample.input_shape or [None]
    if not isinstance(axis, int):
        return None
    return shape[axis if axis < 0 else axis - 1]


def _candidates(name: str, pairs: Sequence[tuple[Sample, Any]]) -> Iterable[_Candidate]:
    values = _distinct(value for _, value in pairs)
    shared = set.intersection(*(set(sample.keras) for sample, _ in pairs)) if pairs else set()
    for keras in sorted(shared):
        likeness = _likeness(name, keras)
        for kind, rule, holds in _RULES:
            if all(holds(sample.keras[keras], value) for sample, value in pairs):
                yield _Candidate(kind, keras, rule.format(keras), values, likeness)
    if {"strides", "pool_size"} <= shared and all(
        _each(s.keras["pool_size"] if s.keras["strides"] is None else s.keras["strides"], value)
        for s, value in pairs
    ):
        yield _Candidate("converted", "strides", "strides or pool_size", values, 1.0)
    if {"epsilon", "beta_2"} <= shared and all(
        _first_epsilon(s.keras["epsilon"], s.keras["beta_2"], value) for s, value in pairs
    ):
        yield _Candidate("converted", "epsilon", _EPSILON, values, 1.0)


@functools.lru_cache(maxsize=4096)
def _likeness(native: str, keras: str) -> float:
    if native == keras or (keras.startswith(native) and len(native) > 2):  # noqa: PLR2004 - eps
        return 1.0
    return difflib.SequenceMatcher(None, native, keras).ratio()


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return math.isclose(a, b, rel_tol=1e-6)
    return bool(a == b)


def _first_epsilon(epsilon: Any, beta: Any, native: Any) -> bool:
    """What an optimizer is told that adds it after the bias is corrected: at its first step."""
    told = all(isinstance(one, float) for one in (epsilon, beta, native)) and beta < 1
    return told and _equal(native, epsilon / math.sqrt(1 - beta))


def _each(keras: Any, native: Any) -> bool:
    """The same value, or the same for each axis."""
    if _equal(keras, native):
        return True
    if not isinstance(native, list) or not native:
        return False
    return all(_equal(keras, one) for one in native)


def _upper(keras: Any, native: Any) -> bool:
    return isinstance(keras, str) and native == keras.upper()


def _complement(keras: Any, native: Any) -> bool:
    numbers = all(isinstance(n, (int, float)) and not isinstance(n, bool) for n in (keras, native))
    return numbers and _equal(1 - keras, native)


def _negation(keras: Any, native: Any) -> bool:
    return isinstance(keras, bool) and isinstance(native, bool) and native is not keras


def _listed(keras: Any, native: Any) -> bool:
    return _equal([keras] if not isinstance(keras, list) else keras, native)


_RULES: tuple[tuple[str, str, Callable[[Any, Any], bool]], ...] = (
    ("same", "{}", _each),
    ("same", "{}", _listed),
    ("converted", "{}.upper()", _upper),
    ("converted", "1 - {}", _complement),
    ("converted", "not {}", _negation),
)


def _distinct(values: Iterable[Any]) -> int:
    return len({msgspec.json.encode(value, order="sorted") for value in values})


def _proofs(pairs: Sequence[tuple[Sample, Any]]) -> list[str]:
    """The first cases with different values."""
    found: dict[bytes, str] = {}
    for sample, value in pairs:
        found.setdefault(msgspec.json.encode(value, order="sorted"), sample.case)
    return list(dict.fromkeys(found.values()))[:PROOFS]
