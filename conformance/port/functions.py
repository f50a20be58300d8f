"""A call of a function of ``keras.ops`` as source: the row that the run proved, written out."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from conformance.adapters.native.functions import ARRAY, Direct, Own, Taken, direct, unfit
from conformance.port.configs import defaults_of
from conformance.port.model import PortError, Ref, refs
from conformance.repro.text import literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from conformance.adapters.native.functions import Row
    from conformance.port.frameworks import Framework
    from conformance.port.model import Call, Operand
    from conformance.repro.native import Extract

_OPERANDS = "*operands"


class Functions:
    """Writes calls of functions, and notes what they need.

    Args:
        framework: Where to.
        extract: Takes in the functions of ours that are called.
        imports: Takes the imports.
    """

    def __init__(self, framework: Framework, extract: Extract, imports: set[str]) -> None:
        """Hold them."""
        self._framework = framework
        self._extract = extract
        self._imports = imports
        self.called: set[str] = set()
        """Names that the calls use, which no tensor of the file may have."""

    def text(self, call: Call, name: Callable[[Ref], str]) -> str:
        """The call as an expression.

        Args:
            call: Of a function.
            name: What a tensor is called in the file.

        Raises:
            PortError: There is no counterpart, or an argument has none.
        """
        if call.symbol == "ops.getitem":
            return self._item(call, name)
        if call.symbol == "ops.convert_to_tensor" and not call.config.get("dtype"):
            return name(refs(list(call.keywords.values()))[0])  # a tensor is one already
        arrays = {key: one for key, one in call.keywords.items() if refs(one)}
        defaults = defaults_of(call.symbol)
        literals = {
            key: one
            for key, one in {**call.config, **call.keywords}.items()
            if key not in arrays and not (key in defaults and defaults[key] == one)
        }
        rows = self._framework.functions.get(call.symbol, ())
        refusal = f"{self._framework.title} has no counterpart of {call.symbol} here"
        for row in rows:
            taken = direct(row) if isinstance(row, Direct) else self._taken(row)
            if taken.operands != bool(call.inputs):
                refusal = "it takes any number of arrays, which is not ported"
                continue
            # A number in the place of an array is one of its arrays.
            plain = {key: one for key, one in literals.items() if key not in taken.arrays}
            kinds = dict.fromkeys(arrays, ARRAY)
            given = {key: one for key, one in literals.items() if key in taken.arrays}
            reason = unfit(row, taken, {**plain, **given}, kinds, operands=bool(call.inputs))
            if not reason:
                return self._row(call, row, taken, {**arrays, **given}, plain, name)
            refusal = reason
        message = f"{call.path}: {call.symbol}: {refusal}; put a layer in its place, or port it"
        raise PortError(f"{message} by hand")

    def _row(  # noqa: PLR0913, PLR0917 - a row, and what it is called with
        self,
        call: Call,
        row: Row,
        taken: Taken,
        arrays: Mapping[str, Operand],
        literals: Mapping[str, Any],
        name: Callable[[Ref], str],
    ) -> str:
        dtypes = _dtypes(call)
        shown = {
            key: self._array(row, key, one, dtypes, arrays, name) for key, one in arrays.items()
        }
        if call.inputs:
            if len(set(call.dtypes)) > 1:
                raise PortError(f"{call.path}: arrays of {' and '.join(call.dtypes)} together")
            shown[_OPERANDS] = ", ".join(
                self._array(row, "", one, {}, arrays, name) for one in call.inputs
            )
        if isinstance(row, Own):
            function = self._extract.add(row.module, row.function, self._framework.package)
            self.called.add(function)
            named = [f"{key}={self._literal(key, one)}" for key, one in literals.items()]
            place = [shown[key] for key in taken.arrays if key in shown]
            text = f"{function}({', '.join([*place, *named])})"
        else:
            text = self._directly(row, shown, {**taken.defaults, **literals})
        answer = row.dtypes.answer
        if answer and literals.get("dtype") is None and dtypes:
            first = next(iter(dtypes.values()))
            target = answer.get(first, answer.get("*"))
            if target is not None:
                text = self._cast(f"{text}", target)
        return text

    def _directly(self, row: Direct, arrays: Mapping[str, str], literals: Mapping[str, Any]) -> str:
        passed: dict[str, str] = {}
        for key in row.keywords:
            if key not in literals:
                continue
            value, instead = literals[key], row.instead.get(key)
            if instead is not None and isinstance(value, (str, int, type(None))):
                value = instead.get(value, value)
            passed[key] = self._literal(key, value)
        front = [passed.pop(key) for key in row.front]
        place = [arrays[key] for key in row.arrays if key in arrays]
        behind = [passed.pop(key) for key in row.place]
        named = [f"{row.rename.get(key, key)}={value}" for key, value in passed.items()]
        fixed = [f"{key}={literal(_tuples(value))}" for key, value in row.fixed.items()]
        return f"{self.symbol(row.symbol)}({', '.join([*front, *place, *behind, *named, *fixed])})"

    def symbol(self, dotted: str) -> str:
        """A function of the framework as the file calls it."""
        for long, short in self._framework.shorter.items():
            if dotted.startswith(long):
                dotted = short + dotted[len(long) :]
                break
        self._imports.add(self._framework.imports[dotted.partition(".")[0]])
        return dotted

    def _array(  # noqa: PLR0913, PLR0917 - one among the others
        self,
        row: Row,
        key: str,
        operand: Operand,
        dtypes: Mapping[str, str],
        arrays: Mapping[str, Operand],
        name: Callable[[Ref], str],
    ) -> str:
        if isinstance(operand, Ref):
            text = name(operand)
            wanted = row.dtypes.given.get(key, {})
            own = dtypes.get(key, "float32")
            target = wanted.get(own, wanted.get("*", own))
            return text if target == own else self._cast(text, target)
        if isinstance(operand, dict):
            raise PortError(f"{key} is given as {operand.get('class_name', 'a dictionary')}")
        if isinstance(operand, (list, tuple)) and not refs(operand):
            return self._framework.array.format(literal(operand), self._dtype(_dtype_of(operand)))
        if isinstance(operand, (list, tuple)):
            inner = [self._array(row, key, one, dtypes, arrays, name) for one in operand]
            return f"[{', '.join(inner)}]"
        numbers = row.numbers if isinstance(row, Direct) else ()
        if key in numbers or not isinstance(operand, (bool, int, float)):
            return literal(operand)
        others = [dtypes[one] for one in arrays if one in dtypes]
        dtype = others[0] if others and not isinstance(operand, float) else "float32"
        return self._framework.array.format(literal(operand), self._dtype(dtype))

    def _literal(self, key: str, value: Any) -> str:
        if key == "dtype" and isinstance(value, str):
            return self._dtype(value)
        return literal(_tuples(value))

    def _dtype(self, name: str) -> str:
        shown = self._framework.dtype.format(name)
        self._imports.add(self._framework.imports[shown.partition(".")[0]])
        return "bool" if name == "bool" and shown.startswith("jnp") else shown

    def _cast(self, text: str, dtype: str) -> str:
        return self._framework.cast.format(text, self._dtype(dtype))

    def _taken(self, row: Own) -> Taken:
        """What a function of ours takes, by its source."""
        definition = self._extract.definition(row.module, row.function, self._framework.package)
        arguments = definition.args
        named = [one.arg for one in arguments.args]
        without = len(named) - len(arguments.defaults)
        defaults = {
            one.arg: ast.literal_eval(value)
            for one, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
            if value is not None
        }
        required = [*named[:without], *(one.arg for one in arguments.kwonlyargs)]
        return Taken(
            named,
            [one for one in required if one not in defaults],
            defaults,
            arguments.vararg is not None,
        )

    def _item(self, call: Call, name: Callable[[Ref], str]) -> str:
        x, key = [*call.inputs, *call.keywords.values()][:2]
        if not isinstance(x, Ref):
            raise PortError(f"{call.path}: brackets behind what is no tensor")
        if self._framework.name == "torch" and _backwards(key):
            raise PortError(f"{call.path}: torch has no step below 0; use keras.ops.flip")
        return f"{name(x)}[{_slices(key, name)}]"


def _dtypes(call: Call) -> dict[str, str]:
    """The dtype of each array by its name, as far as the file tells."""
    found: dict[str, str] = {}
    left = list(call.dtypes)
    for key, operand in call.keywords.items():
        several = refs(operand)
        if several and left:
            found[key] = left[0]
            left = left[len(several) :]
    return found


def _dtype_of(numbers: Any) -> str:
    """The dtype that Keras gives to a list of numbers."""
    if isinstance(numbers, (list, tuple)):
        kinds = {_dtype_of(one) for one in numbers}
        return next((one for one in ("float32", "int32") if one in kinds), "bool")
    return {bool: "bool", int: "int32"}.get(type(numbers), "float32")


def _backwards(key: Operand) -> bool:
    """Whether a key has a slice with a step below 0."""
    if isinstance(key, (list, tuple)):
        return any(_backwards(one) for one in key)
    if isinstance(key, dict):
        step = key.get("config", key).get("step")
        return isinstance(step, int) and step < 0
    return False


def _tuples(value: Any) -> Any:
    return tuple(_tuples(one) for one in value) if isinstance(value, list) else value


def _slices(key: Operand, name: Callable[[Ref], str]) -> str:
    """What stands in the brackets of ``x[...]``.

    Raises:
        PortError: It is none that can be written.
    """
    if isinstance(key, Ref):
        return name(key)
    if isinstance(key, (list, tuple)):
        return ", ".join(_slices(one, name) for one in key)
    if isinstance(key, dict):
        if key.get("class_name") in {"__ellipsis__", "Ellipsis"}:
            return "..."
        config = key.get("config", key)
        parts = [config.get(one) for one in ("start", "stop", "step")]
        shown = ["" if part is None else literal(part) for part in parts]
        return ":".join(shown[:2] if not shown[2] else shown)
    return literal(key)
