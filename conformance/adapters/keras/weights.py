"""Variables under the case language's names: ``<node>/<variable>``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.adapters.keras.nesting import flat
from conformance.adapters.shared.variable_names import short_names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from conformance.adapters.keras.build import Net


RENAMED = {
    ("DepthwiseConv1D", "depthwise_kernel"): "kernel",
    ("DepthwiseConv2D", "depthwise_kernel"): "kernel",
}
"""Variables that Keras 2 called otherwise, by class and name. They are given and asked for under
Keras 3's name, so that their numbers can be judged; what they are called here is reported."""


class WeightError(ValueError):
    """The case's weights do not fit the variables that the framework made."""


@dataclass(frozen=True)
class Variable:
    """One variable of the model and its name in the case language."""

    name: str
    variable: Any
    trainable: bool
    own: str = ""
    """What this Keras calls it, where that is something else."""

    @property
    def shape(self) -> list[int]:
        """Sizes by axis."""
        return [int(size) for size in self.variable.shape]

    def describe(self, dtype_of: Callable[[Any], str]) -> dict[str, Any]:
        """The ``Weight`` of an observation, given how a variable's dtype is told."""
        return {
            "name": self.own or self.name,
            "shape": self.shape,
            "dtype": dtype_of(self.variable),
            "trainable": self.trainable,
        }


def variables(net: Net) -> list[Variable]:
    """Every weight of the model, node by node, in Keras's own order.

    A variable is called by the last part of its path: ``dense/kernel``,
    ``time_distributed/kernel``. Where that would name two variables of one node, as in
    ``Bidirectional``, the first part of the path that tells variables apart goes between, for
    all of the node's, or, where that is not enough, all of it from there on.
    """
    trainable = {id(variable) for variable in net.model.trainable_weights}
    found = []
    for node, layer in net.layers.items():
        paths = [_path(variable) for variable in layer.weights]
        for name, variable in zip(short_names(node, paths), layer.weights):
            known = RENAMED.get((type(layer).__name__, name), name)
            own = f"{node}/{name}" if known != name else ""
            found.append(Variable(f"{node}/{known}", variable, id(variable) in trainable, own))
    return found


def assign(found: Sequence[Variable], arrays: Mapping[str, Any]) -> None:
    """Give every variable the array that bears its name.

    Args:
        found: The model's variables.
        arrays: Arrays by name; empty where the case is about a refusal and sends none.

    Raises:
        WeightError: A name or shape differs; then no variable was changed.
    """
    if not arrays:
        return
    missing = [one.name for one in found if one.name not in arrays]
    unknown = sorted(set(arrays) - {one.name for one in found})
    wrong = [
        f"{one.name} is {tuple(one.shape)}, not {tuple(arrays[one.name].shape)}"
        for one in found
        if one.name in arrays and one.shape != list(arrays[one.name].shape)
    ]
    if missing or unknown or wrong:
        said = wrong
        if missing:
            said = [*said, f"the framework has {', '.join(missing)} besides"]
        if unknown:
            said = [*said, f"the framework has no {', '.join(unknown)}"]
        raise WeightError(f"the case's weights do not fit the model: {'; '.join(said)}")
    for one in found:
        one.variable.assign(arrays[one.name])


def empty_states(model: Any) -> None:
    """Empty the states that stateful layers keep from call to call; they are no weights.

    Not by the layers' ``reset_state``, in which Keras 3.15.1 raises for a stack of cells.
    """
    for layer in model._flatten_layers(include_self=False):  # noqa: SLF001 - inner ones as well
        if getattr(layer, "stateful", False) is True:
            for state in flat(getattr(layer, "states", None) or []):
                if hasattr(state, "assign"):
                    state.assign(np.zeros(tuple(state.shape), "float32"))


def _path(variable: Any) -> list[str]:
    """Parts of a variable's path: Keras 3's ``path``, or TensorFlow's name without ``:0``."""
    path = getattr(variable, "path", None) or variable.name.rsplit(":", 1)[0]
    return str(path).split("/")
