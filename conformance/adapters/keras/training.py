"""``compile``, and ``train_on_batch`` or ``fit``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from conformance.adapters.keras import fitting
from conformance.adapters.keras.backends.base import packed
from conformance.adapters.keras.subjects import optimizers
from conformance.adapters.keras.subjects.symbols import make
from conformance.adapters.worker.failure import Absent, Unsupported

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.adapters.keras.build import Net


class Trained(NamedTuple):
    """What a training tells.

    Attributes:
        losses: One a step.
        metrics: By name, one value a step.
        optimizer: The optimizer, whose variables are what it holds now.
    """

    losses: Any
    metrics: dict[str, Any]
    optimizer: Any


def train(
    keras: Any,
    net: Net,
    spec: Mapping[str, Any],
    rows: tuple[Sequence[Any], Sequence[Any]],
    folder: str,
) -> Trained:
    """Train the model in place.

    Args:
        keras: Keras 3, or tf_keras.
        net: The model and its layers; its weights are changed.
        spec: A ``Train`` of ``conformance/cases/model.py`` as plain data.
        rows: NumPy arrays, one for each input, and one for each output.
        folder: Where callbacks write files.

    Returns:
        Losses and metrics as float64 arrays.

    Raises:
        Absent: This Keras has no such optimizer, loss or metric.
        Exception: Whatever Keras raises.
    """
    model, named = net.model, spec["optimizer"]
    optimizer = _optimizer(keras, named)
    more: dict[str, Any] = {
        key: [_made(keras.metrics, one) for one in spec[key]]
        for key in ("metrics", "weighted_metrics")
        if spec.get(key)
    }
    _forget(net)
    _freeze(net, spec.get("freeze", ()))
    if spec.get("eager"):
        more["run_eagerly"] = True
    if spec.get("loss_weights"):
        more["loss_weights"] = spec["loss_weights"]
    more.update(fitting.compiled(spec))
    loss: Any = _made(keras.losses, spec["loss"])
    if spec.get("loss_weights"):  # one loss is not taken beside a list of weights
        loss = [_made(keras.losses, spec["loss"]) for _ in spec["loss_weights"]]
    model.compile(optimizer=optimizer, loss=loss, **more)
    _freeze(net, spec.get("freeze_late", ()))
    weights = _weighed(spec)
    x, y = packed(rows[0]), packed(rows[1])
    if "batch_size" in spec:
        told = fitting.fitted(keras, model, spec, (*rows, weights), folder)
    else:
        every = [
            model.train_on_batch(x, y, return_dict=True, **weights) for _ in range(spec["steps"])
        ]
        told = {name: [one[name] for one in every] for name in every[0]}
    losses = told.pop("loss")
    if spec.get("evaluate"):
        losses = [*losses, _evaluated(model, spec, x, y, weights)]
    return Trained(
        _floats(losses),
        {name: _floats(one) for name, one in told.items()},
        optimizer,
    )


def trained_on(
    model: Any,
    spec: Mapping[str, Any],
    rows: tuple[Sequence[Any], Sequence[Any]],
    steps: int,
) -> Any:
    """The losses of so many further steps of a compiled model."""
    x, y, weights = packed(rows[0]), packed(rows[1]), _weighed(spec)
    losses = []
    for _ in range(steps):
        model.reset_metrics()  # before Keras 3.15 it tells the mean of all losses so far
        losses.append(model.train_on_batch(x, y, return_dict=True, **weights)["loss"])
    return _floats(losses)


def _weighed(spec: Mapping[str, Any]) -> dict[str, Any]:
    """What a step takes for the weights of samples."""
    weights: dict[str, Any] = {}
    if "class_weight" in spec:
        weights["class_weight"] = dict(enumerate(spec["class_weight"]))
    if "sample_weight" in spec:
        weights["sample_weight"] = np.asarray(spec["sample_weight"], np.float32)
    return weights


def _forget(net: Net) -> None:
    """Have stateful layers begin anew: the model has been called before."""
    for layer in net.layers.values():
        reset = getattr(layer, "reset_state", None) or getattr(layer, "reset_states", None)
        if getattr(layer, "stateful", False) and reset is not None:
            reset()


def _freeze(net: Net, nodes: Sequence[str]) -> None:
    for node in nodes:
        net.layers[node].trainable = False


def _evaluated(
    model: Any, spec: Mapping[str, Any], x: Any, y: Any, weights: Mapping[str, Any]
) -> Any:
    """The loss outside of training."""
    if "batch_size" in spec:
        size = spec["batch_size"]
        return model.evaluate(x, y, batch_size=size, verbose=0, return_dict=True, **weights)["loss"]
    return model.test_on_batch(x, y, return_dict=True, **weights)["loss"]


def optimizer_variables(optimizer: Any, trained: Mapping[str, Any]) -> dict[str, Any]:
    """What an optimizer holds: ``iteration``, ``learning_rate``, ``<node>/<variable>/<slot>``.

    Args:
        optimizer: Of Keras 3, built.
        trained: The variables that it trains, by ``<node>/<variable>``.

    Raises:
        Unsupported: Another Keras's, which keeps other variables.
    """
    variables = optimizer.variables
    if callable(variables) or not all(hasattr(one, "path") for one in variables):
        raise Unsupported("the optimizers of Keras 2 keep variables of other names")
    # A slot is called by the path of the variable that it is kept for, and its own name.
    owners = {f"{one.path.replace('/', '_')}_": name for name, one in trained.items()}
    found = {}
    for home, _, variable in optimizers.variables(optimizer):
        prefix = max((p for p in owners if variable.name.startswith(p)), key=len, default="")
        slot = variable.name[len(prefix) :]
        found[f"{owners[prefix]}/{slot}" if prefix else home + slot] = variable
    return found


def _optimizer(keras: Any, named: Mapping[str, Any]) -> Any:
    """An optimizer; what it wraps, a schedule and a map of others are made with it."""
    _class(keras.optimizers, named["name"])
    return make(keras, f"optimizers.{named['name']}", named.get("config") or {})


def _floats(numbers: Sequence[Any]) -> Any:
    return np.asarray([float(np.asarray(one)) for one in numbers], dtype=np.float64)


def _made(module: Any, named: Mapping[str, Any]) -> Any:
    """A loss or metric: by its name where it has no arguments, as Keras takes it."""
    config = named.get("config")
    return _class(module, named["name"])(**config) if config else named["name"]


def _class(module: Any, name: str) -> Any:
    found = getattr(module, name, None) if name.isidentifier() else None
    if not isinstance(found, type):
        raise Absent(f"{module.__name__} has no class named {name}")
    return found
