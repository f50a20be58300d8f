"""How a bound function is called in any framework: casts around one call, or a function of ours."""

from __future__ import annotations

from abc import ABC, abstractmethod
from itertools import combinations
from typing import TYPE_CHECKING, Any, Callable

from conformance.adapters.native.dtypes import name_of
from conformance.adapters.native.functions import (
    Direct,
    Operation,
    bound,
    in_effect,
    note_of,
    resolved,
)
from conformance.adapters.native.spy import Call, Spy, names
from conformance.adapters.shared.functions import outputs_of, walked
from conformance.adapters.worker.failure import Unsupported

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.adapters.native.functions import Table

Array = Any
"""An array of the framework."""

Numbers = Any
"""An array of NumPy, or a :class:`~conformance.adapters.shared.wire.BF16`."""


class Library(ABC):
    """What each framework does in its own way."""

    table: Table
    unanswered: Mapping[str, str]
    """Facets that it has no notion of, with the reasons."""
    casting: str
    """What a cast is called: ``torch.Tensor.to``."""

    @abstractmethod
    def array(self, numbers: Any, dtype: str) -> Array:
        """An array of NumPy, or a list, as one of the framework's, in memory of its own."""

    @abstractmethod
    def numbers(self, array: Array) -> Numbers:
        """The numbers of an array in its own dtype."""

    @abstractmethod
    def dtype(self, name: str) -> Any:
        """A dtype as an argument of the framework's functions."""

    @abstractmethod
    def cast(self, array: Array, dtype: str) -> Array:
        """An array in the dtype of this name."""

    @abstractmethod
    def scalar(self, number: float, others: Sequence[Array]) -> Array:
        """A number of Python's as an array without axes, which promotes others as it does."""

    @abstractmethod
    def promoted(self, dtypes: Sequence[str]) -> str:
        """The dtype in which the framework has these meet."""

    @abstractmethod
    def gradients(
        self,
        function: Callable[[Sequence[Array]], list[Array]],
        arrays: Sequence[Array],
        moving: Sequence[int],
        cotangents: Mapping[int, Any],
    ) -> list[Array]:
        """Gradients of ``sum(cotangent * output)``.

        Args:
            function: From the inputs to the outputs.
            arrays: The inputs.
            moving: Places of those that a gradient is asked for.
            cotangents: NumPy's arrays by the place of their output.

        Returns:
            One for each place in ``moving``.
        """

    @abstractmethod
    def compiled(
        self, function: Callable[[Sequence[Array]], list[Array]], arrays: Sequence[Array]
    ) -> list[Array]:
        """The outputs in graph mode."""

    def symbolic(
        self,
        function: Callable[[Sequence[Array]], list[Array]],  # noqa: ARG002 - as every library's
        specs: Sequence[Mapping[str, Any]],  # noqa: ARG002
    ) -> dict[str, Any]:
        """Shapes and dtypes before any data, as ``Symbolic`` (``adapters/host/observation.py``)."""
        raise Unsupported("the framework states no shape before it has seen data")

    def refusal(self, error: Exception) -> str:
        """What the framework says where it has no such operation for these dtypes; else nothing."""
        return str(error) if isinstance(error, NotImplementedError) else ""

    def internal(self, error: Exception) -> bool | None:  # noqa: ARG002 - as every library's
        """Whether the adapter is at fault for what was raised; None: the traceback tells."""
        return None


class Functions:
    """The functions of a program as one callable of its inputs, in their order.

    Args:
        library: The framework.
        model: The program's ``model``.
        seed: In the place of the one that the program gives, where a function draws.
    """

    def __init__(self, library: Library, model: Mapping[str, Any], seed: int | None = None) -> None:
        """Bind every node.

        Raises:
            Unsupported: A function or an argument has no native counterpart.
        """
        self._library = library
        self._model = model
        self._spy: Spy | None = None
        self.operations: dict[str, Operation] = {}
        for node in model["nodes"]:
            operation = bound(library.table, node)
            if seed is not None and "seed" in operation.literals:
                operation = operation._replace(literals={**operation.literals, "seed": seed})
            self.operations[operation.name] = operation

    def __call__(self, arrays: Sequence[Array]) -> list[Array]:
        """Outputs in order, flat."""
        inputs = dict(zip([spec["name"] for spec in self._model["inputs"]], arrays))
        values = walked(self._model["nodes"], inputs, self._called)
        return outputs_of(self._model["outputs"], values)

    def told(self, arrays: Sequence[Array]) -> tuple[list[Array], list[dict[str, Any]]]:
        """The outputs, and how each node is done: ``Native`` (``adapters/host/observation.py``)."""
        operations = self.operations.values()
        self._spy = Spy([name for one in operations for name in names(one.row.symbol)])
        try:
            with self._spy.watching():
                outputs = self(arrays)
            return outputs, [
                told(self.operations[node["name"]], node.get("tensors", {}), self._spy)
                for node in self._model["nodes"]
            ]
        finally:
            self._spy = None

    def _called(self, node: Mapping[str, Any], place: list[Any], keywords: dict[str, Any]) -> Any:
        casts: list[Call] = []
        operation = self.operations[node["name"]]
        if self._spy is None:
            return Calling(self._library, operation, casts)(place, keywords)
        with self._spy.node(operation.name):
            answer = Calling(self._library, operation, casts)(place, keywords)
        self._spy.calls.setdefault(operation.name, []).extend(casts)
        return answer


def told(operation: Operation, tensors: Mapping[str, Any], spy: Spy) -> dict[str, Any]:
    """How an operation was done, as ``Native`` (``adapters/host/observation.py``).

    Args:
        operation: The bound node.
        tensors: Its arrays by name.
        spy: What has watched it.
    """
    calls = spy.of(operation.name)
    arguments: dict[str, Any] = {}
    for call in calls:
        if not call.around:
            arguments.update(call.arguments)
    return {
        "node": operation.name,
        "symbol": operation.row.symbol,
        "arguments": arguments,
        "composed": operation.row.composed,
        "calls": [call.plain() for call in calls],
        "keras": in_effect(operation, tensors),
        "note": note_of(operation),
    }


_OPERANDS = "*operands"
"""What arrays without a name are called in a row."""


class Calling:
    """One call of a bound function.

    Args:
        library: The framework.
        operation: What is called.
        casts: Takes the casts that were made around it.
    """

    def __init__(self, library: Library, operation: Operation, casts: list[Call]) -> None:
        """Hold them."""
        self._library = library
        self._operation = operation
        self._dtypes = operation.row.dtypes
        self._noted = casts

    def __call__(self, place: Sequence[Array], keywords: Mapping[str, Any]) -> Any:
        """The answer: an array, or several.

        Args:
            place: Arrays without a name.
            keywords: Arrays, and lists of them, by Keras's names.
        """
        operation = self._operation
        literals = {k: v for k, v in operation.literals.items() if k not in operation.idle}
        arrays = dict(keywords)
        for name in operation.arrays:
            if name in literals:
                arrays[name] = literals.pop(name)
        if place:
            arrays[_OPERANDS] = list(place)
        arrays = self._as_arrays(self._meeting(self._given(arrays)))
        place = arrays.pop(_OPERANDS, ())
        if operation.function is not None:
            named = {key: self._argument(key, value) for key, value in literals.items()}
            front = [arrays.pop(name) for name in operation.arrays if place and name in arrays]
            answer = operation.function(*front, *place, **arrays, **named)
        else:
            answer = self._directly(place, arrays, {**operation.defaults, **literals})
        return self._answered(answer, arrays)

    def _directly(
        self, place: Sequence[Array], arrays: Mapping[str, Any], literals: Mapping[str, Any]
    ) -> Any:
        row = self._operation.row
        if not isinstance(row, Direct):
            raise TypeError(f"{row} is no direct row")
        passed = {}
        for name in row.keywords:
            if name not in literals:
                continue
            value, instead = literals[name], row.instead.get(name)
            if instead is not None and isinstance(value, (str, int, type(None))):
                value = instead.get(value, value)
            passed[name] = self._argument(name, value)
        front = [passed.pop(name) for name in row.front]
        arrays_ = [arrays[name] for name in self._operation.arrays]
        behind = [passed.pop(name) for name in row.place]
        renamed = {row.rename.get(name, name): value for name, value in passed.items()}
        return resolved(row.symbol)(*front, *arrays_, *place, *behind, **renamed, **row.fixed)

    def _argument(self, name: str, value: Any) -> Any:
        if name == "dtype" and value is not None:
            return self._library.dtype(value)
        return _tuples(value)

    def _given(self, arrays: Mapping[str, Any]) -> dict[str, Any]:
        """Arrays in the dtypes that the symbol wants them in."""
        found = dict(arrays)
        for name, wanted in self._dtypes.given.items():
            if name in found:
                found[name] = self._cast(found[name], wanted)
        return found

    def _meeting(self, arrays: Mapping[str, Any]) -> dict[str, Any]:
        """Arrays that are promoted, in Keras's dtype where the framework's would be another."""
        found = dict(arrays)
        meeting = [name for name in self._dtypes.meet if name in found]
        kinds = sorted({kind for name in meeting for kind in _kinds(found[name])})
        if not kinds:
            return found
        table = {**self._library.table.promotion, **self._dtypes.pairs}
        if len(kinds) > 2 and any(pair in table for pair in combinations(kinds, 2)):  # noqa: PLR2004
            raise Unsupported(f"{self._operation.symbol}: {', '.join(kinds)} meet")
        target = table.get((kinds[0], kinds[-1]))
        if target is None and self._dtypes.alike and len(kinds) > 1:
            target = self._promoted(kinds)
        if self._dtypes.met:
            target = self._dtypes.met.get(target or kinds[0], target)
        if target is not None:
            wanted = dict.fromkeys(kinds, target)
            found.update({name: self._cast(found[name], wanted) for name in meeting})
        return found

    def _promoted(self, kinds: Sequence[str]) -> str | None:
        """The dtype in which the framework has arrays meet, and a number of Python's with them."""
        dtypes = [kind for kind in kinds if kind not in {"int", "float"}]
        if not dtypes:
            return None
        found = self._library.promoted(dtypes)
        weak = "float" in kinds and "float" not in found
        return "float32" if weak else found

    def _as_arrays(self, arrays: Mapping[str, Any]) -> dict[str, Any]:
        """Lists and numbers of Python's as arrays, where the symbol does not take them."""
        row, found = self._operation.row, dict(arrays)
        numbers = row.numbers if isinstance(row, Direct) else ()
        for name, value in arrays.items():
            if isinstance(value, (bool, int, float)) and name not in numbers:
                others = [arrays[one] for one in self._dtypes.meet or arrays if one in arrays]
                found[name] = self._library.scalar(value, [one for one in others if _is_array(one)])
            elif isinstance(value, list) and not _holds_arrays(value):
                found[name] = self._library.array(value, _dtype_of(value))
        return found

    def _answered(self, answer: Any, arrays: Mapping[str, Any]) -> Any:
        """The answers in Keras's dtypes."""
        wanted, which = self._dtypes.answer, self._dtypes.which
        if not wanted or self._operation.literals.get("dtype") is not None:
            return answer
        if arrays and not self._dtypes.meet and not which:
            first = _kinds(next(iter(arrays.values())))[0]
            target = wanted.get(first, wanted.get("*"))
            wanted = {} if target is None else {"*": target}
        if isinstance(answer, (list, tuple)):
            return [
                self._cast(one, wanted) if not which or at in which else one
                for at, one in enumerate(answer)
            ]
        return self._cast(answer, wanted)

    def _cast(self, value: Any, wanted: Mapping[str, str]) -> Any:
        if isinstance(value, list):
            return [self._cast(one, wanted) for one in value]
        if not _is_array(value):
            return value
        own = name_of(value)
        target = wanted.get(own, wanted.get("*", own))
        if target == own:
            return value
        self._noted.append(Call(self._library.casting, {"dtype": target}, {}, around=True))
        return self._library.cast(value, target)


def _is_array(value: Any) -> bool:
    return hasattr(value, "dtype")


def _holds_arrays(value: Any) -> bool:
    return any(_is_array(one) for one in value)


def _kinds(value: Any) -> list[str]:
    """The dtypes of an array or a list of them; what a number of Python's is."""
    if _is_array(value):
        return [name_of(value)]
    if isinstance(value, list):
        return [kind for one in value for kind in _kinds(one)]
    return [type(value).__name__]


def _dtype_of(value: Any) -> str:
    """The dtype that Keras gives to a list of numbers."""
    kinds = set(_kinds(value))
    return "float32" if "float" in kinds else "int32" if "int" in kinds else "bool"


def _tuples(value: Any) -> Any:
    """A list of a program as what every framework takes."""
    return tuple(_tuples(one) for one in value) if isinstance(value, list) else value
