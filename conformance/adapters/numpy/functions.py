"""Functions in NumPy: arrays and dtypes. It has no gradients, no graph mode, no shapes to be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.adapters.native.functions import Table
from conformance.adapters.native.running import Library
from conformance.adapters.numpy.tables.ops import ABSENT, OPS
from conformance.adapters.numpy.tables.promotion import PROMOTION
from conformance.adapters.worker.failure import Unsupported, came_out_of_a_call

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Array = np.ndarray[Any, np.dtype[Any]]
    Function = Callable[[Sequence[Array]], list[Array]]

TABLE = Table("conformance.adapters.numpy", OPS, PROMOTION, ABSENT)
"""All functions that the adapter can do."""

_OF_OTHER_DTYPES = re.compile(
    r"did not contain a loop with signature|ufunc '\w+' not supported for the input types"
    r"|numpy boolean (?:negative|subtract).* is not supported"
)
"""What NumPy says where a function is for other dtypes only."""

_OF_ANOTHER_RELEASE = re.compile(r"module '(numpy[\w.]*)' has no attribute '(\w+)'")
"""What Python says where a release of NumPy lacks a function."""

_OF_ANOTHER_SIGNATURE = re.compile(r"(?:unexpected keyword|positional|required) argument")
"""What Python says of a call that a row has put together wrongly."""

_NUMPYS = (ArithmeticError, IndexError, TypeError, ValueError)
"""What NumPy's compiled code raises, which are Python's own types."""

# Of this module's own, as a spy watches NumPy's while a function runs.
_array, _asarray = np.array, np.asarray


class NumpyLibrary(Library):
    """NumPy, operation by operation."""

    casting = "numpy.astype"

    def __init__(self, unanswered: Mapping[str, str]) -> None:
        """Hold the facets that it has no notion of."""
        self.table = TABLE
        self.unanswered = unanswered

    def array(self, numbers: Any, dtype: str) -> Array:
        """An array with memory of its own.

        Raises:
            Unsupported: NumPy has no such dtype.
        """
        return _array(numbers, dtype=self.dtype(dtype))

    def numbers(self, array: Any) -> Array:
        """The array; of a number of NumPy's or Python's, one without axes."""
        return _asarray(array)

    def dtype(self, name: str) -> Any:
        """The dtype of this name.

        Raises:
            Unsupported: NumPy has none.
        """
        try:
            found = np.dtype(name)
        except TypeError:
            raise Unsupported(f"NumPy has no {name}") from None
        if found.isbuiltin != 1:  # a library of its own, such as ml_dtypes, has added it
            raise Unsupported(f"NumPy has no {name}")
        return found

    def cast(self, array: Array, dtype: str) -> Array:
        """An array in the dtype of this name."""
        return _asarray(array, dtype=self.dtype(dtype))

    def scalar(self, number: Any, others: Sequence[Array]) -> Array:
        """A number as an array of the dtype that it leaves to those that it meets.

        NumPy's arrays without axes promote others as all arrays do.
        """
        if hasattr(number, "dtype"):  # a float64 of NumPy's is a float of Python's as well
            return _asarray(number)
        own = {bool: "bool", int: "int32"}.get(type(number), "float32")
        kinds = {"bool": "biufc", "int32": "iufc"}.get(own, "fc")
        met = np.result_type(*(one.dtype for one in others)) if others else np.dtype(own)
        return _array(number, dtype=met if met.kind in kinds else own)

    def promoted(self, dtypes: Sequence[str]) -> str:
        """The dtype in which NumPy has these meet."""
        return np.result_type(*map(np.dtype, dtypes)).name

    def gradients(
        self,
        function: Function,  # noqa: ARG002 - as every library's
        arrays: Sequence[Array],  # noqa: ARG002
        moving: Sequence[int],  # noqa: ARG002
        cotangents: Mapping[int, Any],  # noqa: ARG002
    ) -> list[Array]:
        """None.

        Raises:
            Unsupported: Always.
        """
        raise Unsupported(self.unanswered["gradients"])

    def compiled(
        self,
        function: Function,  # noqa: ARG002 - as every library's
        arrays: Sequence[Array],  # noqa: ARG002
    ) -> list[Array]:
        """None.

        Raises:
            Unsupported: Always.
        """
        raise Unsupported(self.unanswered["compiled"])

    def refusal(self, error: Exception) -> str:
        """What NumPy says where it has the function for other dtypes only, or lacks it."""
        said = str(error)
        lacking = _OF_ANOTHER_RELEASE.search(said) if isinstance(error, AttributeError) else None
        if lacking:
            return f"NumPy {np.__version__} has no {lacking[1]}.{lacking[2]}"
        if isinstance(error, TypeError) and _OF_OTHER_DTYPES.search(said):
            short = said.partition(" with signature")[0].partition(", use ")[0]
            return f"NumPy has it for other dtypes: {short}"
        return super().refusal(error)

    def internal(self, error: Exception) -> bool | None:
        """Not where NumPy's compiled code has raised, of whose own there is no line."""
        called = isinstance(error, _NUMPYS) and came_out_of_a_call(error)
        return False if called and not _OF_ANOTHER_SIGNATURE.search(str(error)) else None
