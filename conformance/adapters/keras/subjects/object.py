"""Objects of Keras with a memory, step by step: metrics and optimizers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.adapters.keras.subjects import optimizers
from conformance.adapters.keras.subjects.parts import Answering, as_lists
from conformance.adapters.keras.subjects.symbols import explain, make
from conformance.adapters.shared.functions import literal
from conformance.adapters.worker.failure import Unsupported, failure

if TYPE_CHECKING:
    from collections.abc import Mapping

_OF_CALLS = frozenset({"shape", "dtype", "values", "raises"})

_EXCLUDING = "exclude_from_weight_decay"

_AUTOMATIC = re.compile(r"variable(_[0-9]+)?")
"""Names that Keras gives to variables that got none."""
_TRACKED = frozenset({"_variables", "_trainable_variables"})
"""Attributes that hold all of an optimizer's variables."""


class ObjectSession(Answering):
    """Answers one program of steps."""

    def answer(self) -> None:
        """Every step in order; the first that raises ends them."""
        symbol = self.program["object"]["layer"]
        if not hasattr(self.keras, "Variable"):
            raise Unsupported(
                "Keras 2's metrics and optimizers keep other variables than Keras 3's"
            )
        self.subject = make(self.keras, symbol, self.program["object"]["config"])
        self.trained: dict[str, Any] = {}
        if self.program.get("variables"):
            self._build()
        calls: list[dict[str, Any]] = []
        states: dict[str, str] = {}
        with self.timed("calls"):
            for index, step in enumerate(self.program["steps"]):
                try:
                    result = self._step(index, step)
                except (Unsupported, NotImplementedError, MemoryError):
                    raise
                except Exception as error:  # noqa: BLE001 - a refusal is this step's answer
                    calls.append({"error": failure(error, "call")})
                    self.said["errors"]["state"] = failure(error, "state")
                    break
                outputs = [] if result is None else self.put(f"call/{index}/output", [result])
                calls.append({"outputs": outputs})
                states.update(self._state(index))
        if self.facets & _OF_CALLS:
            self.said["calls"] = calls
        if "from_lists" in self.facets:
            with self.facet("from_lists"):
                self.said["from_lists"] = self._from_lists(symbol)
        if "config_round_trip" in self.facets:
            with self.facet("config_round_trip"):
                self.said["config_round_trip"] = self._from_config(symbol)
        if "state" in self.facets and "state" not in self.said["errors"]:
            self.said["state"] = {"weights": states}

    def _from_config(self, symbol: str) -> list[dict[str, Any]]:
        """The results of an object that is made anew from its config, and its variables at last.

        An optimizer is made anew before the second half of its steps, and goes on with the
        variables of the first half; a metric before the first step, when it has counted nothing.
        """
        self.subject = make(self.keras, symbol, self.program["object"]["config"])
        if self.program.get("variables"):
            self._build()
        steps = self.program["steps"]
        middle = len(steps) // 2 if self.trained else 0
        results: list[dict[str, Any]] = []
        for index, step in enumerate(steps):
            if index == middle:
                self._rebuild()
            result = self._step(index, step)
            if result is not None:
                results += self.put(f"config_round_trip/{index}", [result])
        for name, variable in sorted(self._variables().items()):
            numbers = np.array(self.backend.numbers(variable))
            results.append(self.arrays.output(f"config_round_trip/{name}", numbers))
        return results

    def _rebuild(self) -> None:
        """Another object of the same config, which takes the variables over."""
        before = self.subject
        self.subject = type(before).from_config(before.get_config())
        if self.trained:
            self.subject.build(list(self.trained.values()))
        for old, new in zip(before.variables, self.subject.variables):
            new.assign(old)

    def _from_lists(self, symbol: str) -> list[dict[str, Any]]:
        """The results of an object that is made anew, and is called with lists."""
        self.subject = make(self.keras, symbol, self.program["object"]["config"])
        results: list[dict[str, Any]] = []
        for index, step in enumerate(self.program["steps"]):
            result = self._step(index, step, listed=True)
            if result is not None:
                results += self.put(f"from_lists/{index}", [result])
        return results

    def _build(self) -> None:
        if not hasattr(self.keras, "Variable"):
            raise Unsupported("Keras 2 has no variables of its own and optimizers without apply()")
        for spec in self.program["variables"]:
            array = self.tensors[f"variable/{spec['name']}"]
            self.trained[spec["name"]] = self.keras.Variable(
                array, dtype=spec.get("dtype", "float32"), name=spec["name"]
            )
        for step in self.program["steps"]:
            if step["call"] == _EXCLUDING:  # before it is built, as documented
                given = step["arguments"]
                self.subject.exclude_from_weight_decay(
                    var_list=[self.trained[name] for name in given.get("var_list", ())],
                    var_names=given.get("var_names"),
                )
        self.subject.build(list(self.trained.values()))

    def _step(self, index: int, step: Mapping[str, Any], *, listed: bool = False) -> Any:
        specs = {spec["name"]: spec for spec in self.program.get("inputs", ())}

        def fed(name: str) -> Any:
            array = self.tensors[f"step/{index}/{name}"]
            dtype = specs[name].get("dtype", "float32")
            return (
                as_lists(array, dtype) if listed else self.backend.operand(np.array(array), dtype)
            )

        call = step["call"]
        if call == "apply":
            gradients = step["tensors"]
            self.subject.apply(
                [fed(gradients[name]) for name in self.trained], list(self.trained.values())
            )
            return None
        if call == _EXCLUDING:
            return None
        if call == "set":
            for key, value in step["arguments"].items():
                setattr(self.subject, key, value)
            return None
        place = [fed(name) for name in step.get("inputs", ())]
        keywords = {key: fed(name) for key, name in step.get("tensors", {}).items()}
        keywords.update({key: literal(one) for key, one in step.get("arguments", {}).items()})
        method = getattr(self.subject, call)
        try:
            answer = method(*place, **keywords)
        except TypeError as error:
            explain(self.keras, self.program["object"]["layer"], method, keywords, error)
            raise
        return answer if step["call"] in {"result", "next"} else None

    def _state(self, index: int) -> dict[str, str]:
        if "state" not in self.facets:
            return {}
        return {
            f"{index}/{name}": self.arrays.put(
                f"state/weight/{index}/{name}", np.array(self.backend.numbers(variable))
            )
            for name, variable in self._variables().items()
        }

    def _variables(self) -> dict[str, Any]:
        """What it trains, and what it keeps itself, by name."""
        found = dict(self.trained)
        for prefix, owner, variable in optimizers.variables(self.subject):
            name = self._name(owner, variable)
            found[name if "/" in name else prefix + name] = variable
        return found

    def _name(self, owner: Any, variable: Any) -> str:
        """Keras's name; a slot's is that of the variable that it is kept for, and its own.

        Some have no name of their own, or that of the variable alone: Nadam's product, Adafactor's
        rows. Those are named by the attribute that holds them.
        """
        name = str(variable.name).partition(":")[0]  # Keras 2 numbers outputs: total:0
        for trained in self.trained:
            if name.startswith(f"{trained}_"):
                return f"{trained}/{name[len(trained) + 1 :]}"
        if name in self.trained or _AUTOMATIC.fullmatch(name):
            return self._held(owner, variable) or name
        return name

    def _held(self, owner: Any, variable: Any) -> str:
        """The attribute of the object that holds a variable: ``u_product``, ``w/r``."""
        for key, value in vars(owner).items():
            if value is variable:
                return str(key).lstrip("_")
            if key in _TRACKED or not isinstance(value, list):
                continue
            for trained, one in zip(self._trained_by(owner), value):
                if one is variable:
                    return f"{trained}/{key.lstrip('_')}"
        return ""

    def _trained_by(self, owner: Any) -> list[str]:
        """The names of the variables that an optimizer trains, in its order."""
        moved = [id(one) for one in getattr(owner, "_trainable_variables", ())]
        named = {id(one): name for name, one in self.trained.items()}
        return [named[one] for one in moved if one in named] or [*self.trained]
