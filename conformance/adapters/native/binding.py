"""From a Keras layer and its configuration to a function of the framework and its arguments.

An argument is either handled, known to be without effect on the answer, or a reason to say
``unsupported``: none is ignored in silence.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Callable, NamedTuple

from conformance.adapters.shared.layer_names import automatic_name
from conformance.adapters.worker.failure import Unsupported

Json = Any


class Entry(NamedTuple):
    """One way to do one Keras layer natively: a row of an adapter's table."""

    module: str
    """Module of the adapter that holds the function: ``core``, ``convolutional`` ..."""
    function: str
    symbol: str
    """The framework's own name for it: ``torch.nn.Linear``, ``jax.lax.reduce_window``."""
    weights: Mapping[str, str] = {}
    """How each of Keras's variables is laid out for that symbol."""
    composed: bool = False
    """True where the framework has no such layer and the function puts one together."""
    only: Mapping[str, Sequence[Json]] = {}
    """Arguments that must have one of these values; the first is the value when left out."""
    mask: str = ""
    """The function of the module that makes the mask of the answer, from the same arguments."""
    frozen: Sequence[str] = ()
    """Variables that training does not differentiate, such as moving statistics."""
    package: str = ""
    """Package of the module, where it is not the table's own: what one adapter lends another."""
    given: Mapping[str, Sequence[Json]] = {}
    """Arguments that must be there, with one of these values: not as when they are left out."""


class Function(NamedTuple):
    """An activation: a function of the adapter's module ``activation``."""

    name: str
    symbol: str
    """The framework's own name for it: ``torch.nn.functional.relu``."""
    package: str = ""
    """As of an entry."""


class Bound(NamedTuple):
    """A layer with its configuration: what to call, with which keyword arguments."""

    layer: str
    entry: Entry
    arguments: dict[str, Any]
    """JSON values, but ``Function`` for activations, ``Bound`` for a nested layer, and ``Bound`` by
    name for a list of them."""


class Table(NamedTuple):
    """All that one adapter can do."""

    package: str
    """``conformance.adapters.torch``."""
    layers: Mapping[str, Sequence[Entry]]
    """By Keras's name. The first entry whose ``only`` holds is taken."""
    activations: Mapping[str, Function]
    """By Keras's name."""


Parameters = Callable[[Entry], tuple[Sequence[str], Sequence[str]]]
"""The keyword-only parameters of an entry's function: all of them, and the required ones."""

DECLARATIONS = frozenset(
    {
        "name",
        "input_shape",
        "input_dim",
        "batch_input_shape",
        "batch_shape",
        "batch_size",
        "input_length",
    }
)
"""Arguments that name a layer or declare the model's input, which the program carries anyway."""

WITHOUT_EFFECT = frozenset(
    {
        "kernel_initializer",
        "bias_initializer",
        "recurrent_initializer",
        "depthwise_initializer",
        "pointwise_initializer",
        "beta_initializer",
        "gamma_initializer",
        "moving_mean_initializer",
        "moving_variance_initializer",
        "unit_forget_bias",  # only the bias's initial value: every weight here is set by the case
        "implementation",
        "unroll",
    }
)
"""Arguments that choose initial weights or a way of computing, never the answer."""

NEUTRAL: Mapping[str, Sequence[Json]] = {
    "data_format": (None,),  # Keras's own default, channels_last
    "trainable": (True,),
    "training": (False, None),  # in a layer's call
    "mask": (None,),
    "dtype": (None, "float32"),
    "autocast": (True,),
    "activity_regularizer": (None,),
    "kernel_regularizer": (None,),
    "bias_regularizer": (None,),
    "recurrent_regularizer": (None,),
    "depthwise_regularizer": (None,),
    "pointwise_regularizer": (None,),
    "beta_regularizer": (None,),
    "gamma_regularizer": (None,),
    "beta_constraint": (None,),
    "gamma_constraint": (None,),
    "renorm": (False,),
    "synchronized": (False,),
    "kernel_constraint": (None,),
    "bias_constraint": (None,),
    "recurrent_constraint": (None,),
    "depthwise_constraint": (None,),
    "pointwise_constraint": (None,),
    "lora_rank": (None,),
    "lora_alpha": (None,),
    "quantization_config": (None,),
    "dropout": (0, 0.0),
    "recurrent_dropout": (0, 0.0),
    "seed": (None,),
    "return_state": (False,),
    "stateful": (False,),
    "zero_output_for_mask": (False,),
}
"""Arguments that are not handled, with the values at which they change nothing."""


NESTED = frozenset({"layer", "backward_layer", "cell", "cells"})
"""Arguments that hold a layer, or a list of them."""


def bind(  # noqa: PLR0913 - what is called, with what, by whom
    table: Table,
    layer: str,
    config: Mapping[str, Json],
    parameters: Parameters,
    *,
    called: Mapping[str, Json] = {},
    passed: Collection[str] = (),
) -> Bound:
    """Find the native counterpart of a layer and check every argument.

    Args:
        table: The adapter's table.
        layer: Keras's name of the layer, as in ``Conv2D``.
        config: Its arguments, in Keras's words.
        parameters: Tells an entry's keyword-only parameters, and which of them are required.
        called: Literal keyword arguments of the layer's call.
        passed: Keyword arguments of the call that are arrays, a mask among them.

    Returns:
        What to call and with which arguments.

    Raises:
        Unsupported: The adapter lacks the layer, or an argument or its value, which is named.
    """
    entries = table.layers.get(layer)
    if not entries:
        raise Unsupported(f"this adapter has no native counterpart for the layer {layer}")
    given = {
        key: value
        for key, value in {**config, **called}.items()
        # An argument that a layer can't do without is its own: Embedding's ``input_dim``.
        if (key not in DECLARATIONS or key in parameters(entries[0])[1])
        and key not in WITHOUT_EFFECT
        and not (key in NEUTRAL and is_one_of(value, NEUTRAL[key]))
    }
    # An entry that can't be given these arrays gives way to one that can, if there is one.
    able = [one for one in entries if set(passed) <= set(parameters(one)[0])]
    entry = _choose(layer, able or entries, given)
    known, required = parameters(entry)
    for key in passed:
        if key not in known:
            raise Unsupported(f"{layer}: a call with {key}= is not handled here")
    for key, value in given.items():
        if key not in known:
            raise Unsupported(f"{layer}: the argument {key}={value!r} is not handled here")
    for key in required:
        if key not in given and key not in passed:
            raise Unsupported(f"{layer}: the argument {key} is required and missing")
    # Bidirectional gives the mask that it is given to the layers inside it.
    inner = {"mask"} & set(passed) if layer == "Bidirectional" else frozenset[str]()
    return Bound(
        layer,
        entry,
        {key: _value(table, layer, key, value, parameters, inner) for key, value in given.items()},
    )


def _choose(layer: str, entries: Sequence[Entry], given: Mapping[str, Json]) -> Entry:
    """The first entry whose conditions hold, or Unsupported with the condition that did not."""
    unmet = ""
    for entry in entries:
        conditions = [(key, given.get(key, some[0]), some) for key, some in entry.only.items()]
        conditions += [(key, given.get(key), some) for key, some in entry.given.items()]
        unmet = next(
            (f"{key}={value!r}" for key, value, some in conditions if not is_one_of(value, some)),
            "",
        )
        if not unmet:
            return entry
    raise Unsupported(f"{layer}: no native counterpart with {unmet}")


def is_one_of(value: Json, allowed: Sequence[Json]) -> bool:
    """Membership that tells ``True`` from ``1`` and never hashes a list."""
    return any(type(value) is type(item) and value == item for item in allowed)


def _value(  # noqa: PLR0913, PLR0917 - as ``bind``
    table: Table,
    layer: str,
    key: str,
    value: Json,
    parameters: Parameters,
    passed: Collection[str],
) -> Any:
    if key in {"activation", "recurrent_activation"}:
        return _activation(table, layer, key, value)
    if key in NESTED:
        if isinstance(value, list):
            return _listed(table, layer, key, value, parameters)
        if value is None:
            return None
        kind, config = _written(layer, key, value)
        return bind(table, kind, config, parameters, passed=passed)
    return value


def _listed(
    table: Table, layer: str, key: str, value: Sequence[Json], parameters: Parameters
) -> dict[str, Bound]:
    """Several layers by their names, or by those that Keras gives to layers without one."""
    found: dict[str, Bound] = {}
    for one in value:
        kind, config = _written(layer, key, one)
        bound = bind(table, kind, config, parameters)
        base = automatic_name(kind)
        name = config.get("name", base)
        number = 0
        while name in found:
            number += 1
            name = f"{base}_{number}"
        found[name] = bound
    return found


def _written(layer: str, key: str, value: Json) -> tuple[str, dict[str, Json]]:
    """Name and arguments of a layer inside another, ``Dense`` or ``{Dense: {units: 4}}``."""
    if isinstance(value, str):
        value = {value: {}}
    if not (isinstance(value, dict) and len(value) == 1):
        raise Unsupported(f"{layer}: {key} is not one layer with its arguments: {value!r}")
    ((inner, config),) = value.items()
    if inner == "Lambda":
        raise Unsupported(f"{layer}: a probe inside a wrapper sees a folded shape here")
    return inner, config or {}


def _activation(table: Table, layer: str, key: str, value: Json) -> Function:
    name = "linear" if value is None else value
    if not isinstance(name, str) or name not in table.activations:
        raise Unsupported(f"{layer}: no native counterpart for {key}={value!r}")
    return table.activations[name]
