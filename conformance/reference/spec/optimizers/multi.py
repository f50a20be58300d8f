"""keras.optimizers.MultiOptimizer and the map that it goes by."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.reference.engine.dtypes import FLOATX
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.table import defines, find

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Array
    from conformance.reference.spec.optimizers.base import Optimizer

DEFAULT = "default_optimizer"
"""Under which name the default optimizer's own variables are."""

FORMS = ("OptimizerMap", "function")
"""How a map is handed over: as Keras's own, or as a function of a variable that does as it does."""

_WRAPPERS = ("LossScaleOptimizer", "MultiOptimizer")


@defines("optimizers.OptimizerMap")
class OptimizerMap:
    """keras.optimizers.OptimizerMap.

    Attributes:
        optimizers: By key of the map, in its order, the default one last.
    """

    def __init__(
        self,
        default_optimizer: Mapping[str, Any],
        optimizer_map: Mapping[str, Any] | None = None,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras; an optimizer is ``{"SGD": {…}}``."""
        given = {**(optimizer_map or {}), DEFAULT: default_optimizer}
        self.optimizers = {key: _made(key, one, arithmetic) for key, one in given.items()}

    def key_of(self, path: str) -> str:
        """Under which key a variable's optimizer is: its own path, else the pattern that fits it.

        Raises:
            Refused: More than one pattern fits.
        """
        keys = [key for key in self.optimizers if key != DEFAULT]
        if path in keys:
            return path
        fitting = [key for key in keys if self.fits(key, path)]
        if len(fitting) > 1:
            message = f"OptimizerMap: {' and '.join(fitting)} both fit {path}"
            raise Refused(message)
        return fitting[0] if fitting else DEFAULT

    def fits(self, pattern: str, path: str) -> bool:
        """Whether a pattern is one of all of a path."""
        return re.fullmatch(pattern, path) is not None


@defines("optimizers.MultiOptimizer")
class MultiOptimizer:
    """keras.optimizers.MultiOptimizer: each variable is moved by the optimizer that the map has.

    Attributes:
        values: The variables that are trained, as they are now, by name.
        calls: Steps so far.
    """

    map_of = OptimizerMap

    def __init__(
        self,
        optimizer_map: Mapping[str, Any],
        loss_scale_factor: float | None = None,
        name: str | None = None,
        *,
        arithmetic: Arithmetic,
    ) -> None:
        """See Keras; the map is ``{"OptimizerMap": {…}}``, or that as a function of a variable.

        Raises:
            Unsupported: It is something else.
        """
        kind = next(iter(optimizer_map), "") if isinstance(optimizer_map, dict) else ""
        if kind not in FORMS or len(optimizer_map) != 1:
            message = f"optimizer_map={optimizer_map!r} is not in the reference: an OptimizerMap"
            raise Unsupported(message)
        self.map = self.map_of(**optimizer_map[kind], arithmetic=arithmetic)
        self.arithmetic, self.name = arithmetic.at(FLOATX), name
        for one in self.map.optimizers.values():
            one.scale = self.scale_of(one, loss_scale_factor)
        self.calls = 0
        self._order: list[str] = []
        self._owners: dict[str, str] = {}

    def scale_of(self, optimizer: Optimizer, factor: float | None) -> float | None:  # noqa: ARG002 (its own doesn't count)
        """The loss scale of one of its optimizers: this one's own overrides it."""
        return factor

    def build(self, variables: Mapping[str, Array]) -> None:
        """Give each variable to an optimizer, which makes its slots."""
        self._order = [*variables]
        self._owners = {name: self.map.key_of(name) for name in variables}
        for key, optimizer in self.map.optimizers.items():
            optimizer.build({n: a for n, a in variables.items() if self._owners[n] == key})

    @property
    def use_ema(self) -> bool:
        """Whether averages take the weights' places when a ``fit`` ends.

        Raises:
            Unsupported: Those of some weights do.
        """
        if any(one.use_ema for one in self.map.optimizers.values()):
            message = "a fit whose MultiOptimizer averages some weights is not in the reference"
            raise Unsupported(message)
        return False

    @property
    def values(self) -> dict[str, Array]:
        """The variables that are trained, as they are now."""
        return {name: self.map.optimizers[self._owners[name]].values[name] for name in self._order}

    @values.setter
    def values(self, given: Mapping[str, Array]) -> None:
        for name, array in given.items():
            self.map.optimizers[self._owners[name]].values[name] = array

    @property
    def variables(self) -> dict[str, Array]:
        """Its number of steps, and the variables of each of its optimizers.

        What an optimizer keeps of no variable has the key of its optimizer before it:
        ``default_optimizer/learning_rate``.
        """
        count = self.arithmetic.whole(np.asarray(self.calls, np.int32))
        found = {"iteration": count}
        for key, optimizer in self.map.optimizers.items():
            for name, array in optimizer.variables.items():
                found[name if "/" in name else f"{key}/{name}"] = array
        return found

    def set(self, *, learning_rate: float) -> None:  # noqa: ARG002 (there is none)
        """Refused: it has no learning rate.

        Raises:
            Refused: Always.
        """
        message = "MultiOptimizer has no learning rate"
        raise Refused(message, at="call")

    def apply(self, gradients: Mapping[str, Array]) -> None:
        """One step of each optimizer that has variables, by the gradients of these."""
        for key, optimizer in self.map.optimizers.items():
            own = {n: g for n, g in gradients.items() if self._owners[n] == key}
            if own:
                optimizer.apply(own)
        self.calls += 1


def _made(key: str, given: Any, arithmetic: Arithmetic) -> Optimizer:
    """An optimizer of the map.

    Raises:
        Unsupported: It is none, or one that wraps others.
    """
    if not isinstance(given, dict) or len(given) != 1 or next(iter(given)) in _WRAPPERS:
        message = f"{key}: {given!r} is not in the reference: one optimizer that wraps no other"
        raise Unsupported(message)
    ((kind, config),) = given.items()
    made: Optimizer = find(f"optimizers.{kind}")(**(config or {}), arithmetic=arithmetic)
    return made
