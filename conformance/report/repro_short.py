"""A deviation on a few lines of Keras: what a maintainer reads at a glance.

For small cases on Keras's own backends. Everything is written out: the numbers that go in, the ones
that must come out, and how far rounding may move them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.adapters.naming import base_of
from conformance.adapters.worker.failure import Unsupported
from conformance.reference.errors import NoAnswer
from conformance.reference.network import Network
from conformance.report.repro_keras import model_lines
from conformance.report.repro_steps import KERAS
from conformance.report.repro_text import comment, literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from conformance.cases.model import Case
    from conformance.reference.expectation import Expected
    from conformance.reference.store import StoredAnswer
    from conformance.verdicts.model import CellVerdict, FacetVerdict

LINES = 25
"""A script is at most so long."""
WIDTH = 99
MOST_NUMBERS = 400
"""Beyond so many, writing them out helps nobody."""

_OUTPUT = re.compile(r"(?:call 0 )?output (\d+)")


class TooLong(Exception):  # noqa: N818 - a reason for the caller to write another script
    """It can't be said on so few lines. The text says why."""


def short_script(
    case: Case,
    verdict: CellVerdict,
    expected: StoredAnswer,
    facet: str,
    versions: Mapping[str, str],
) -> str:
    """Write the script.

    Args:
        case: A reduced case.
        verdict: Of an adapter on it.
        expected: The reference's answer, and what was fed.
        facet: The facet to show.
        versions: What the adapter reported.

    Raises:
        TooLong: The adapter, the facet or the size are not for such a script.
    """
    adapter = base_of(verdict.adapter)
    judged = next((one for one in verdict.facets if one.facet == facet), None)
    if adapter not in KERAS or adapter == "keras-openvino" or judged is None:
        raise TooLong(f"short scripts are of Keras's backends, not of {adapter}")
    if judged.outcome == "fail" and facet not in {"values", "shape", "dtype"}:
        raise TooLong(f"the facet {facet} takes more than a few lines")
    if any(node.layer == "Lambda" for node in case.program.model.nodes):
        raise TooLong("a probing Lambda takes more than a few lines")
    old = adapter == "tf-keras"
    told = ", ".join(f"{name} {version}" for name, version in versions.items())
    lines = [comment(f"{case.id} on {adapter} ({told}), reduced: {facet}", 180)]
    if not old:
        lines += ["import os", f'os.environ["KERAS_BACKEND"] = "{adapter.removeprefix("keras-")}"']
    lines += ["import tf_keras as keras" if old else "import keras", "import numpy as np", ""]
    try:
        lines += _fed(case, expected)
        lines += model_lines(case.program.model, named=False)
        lines += _weights(case, expected)
    except (Unsupported, NoAnswer, TypeError) as reason:
        raise TooLong(str(reason)) from reason
    lines += _asked(judged, expected, facet, old=old)
    if len(lines) > LINES:
        raise TooLong(f"it takes {len(lines)} lines")
    return "\n".join(lines) + "\n"


def _fed(case: Case, expected: StoredAnswer) -> list[str]:
    """The inputs of call 0, as ``x``."""
    arrays = [expected.feeds[f"call/0/{spec.name}"] for spec in case.program.model.inputs]
    if len(arrays) == 1:
        return [f"x = {_array(arrays[0])}"]
    return ["x = [", *(f"    {_array(array)}," for array in arrays), "]"]


def _weights(case: Case, expected: StoredAnswer) -> list[str]:
    """All variables, in the order in which Keras takes them."""
    names = list(Network.build(case.program.model).variables)
    if not names:
        return []
    arrays = [_array(expected.feeds[f"weight/{name}"]) for name in names]
    whole = f"model.set_weights([{', '.join(arrays)}])"
    if len(whole) <= WIDTH:
        return [whole]
    return ["model.set_weights([", *(f"    {array}," for array in arrays), "])"]


def _asked(judged: FacetVerdict, expected: StoredAnswer, facet: str, *, old: bool) -> list[str]:
    """The question, and what the answer must be."""
    if judged.outcome == "error":
        return ["model(x)", comment(judged.message, 200)]
    outputs = expected.expectation.calls[0].outputs
    compared = next((one for one in judged.comparisons if one.message), None)
    found = _OUTPUT.fullmatch(compared.what) if compared else None
    which = int(found[1]) if found else 0
    if compared is not None and found is None:
        raise TooLong(f"{compared.what} is not an output of the first call")
    answer = "model(x)" if len(outputs) == 1 else f"model(x)[{which}]"
    truth = outputs[which]
    lines = [f"y = {'np.asarray' if old else 'keras.ops.convert_to_numpy'}({answer})"]
    if facet == "shape":
        return [*lines, f"assert y.shape == {tuple(truth.shape)}, y.shape"]
    if facet == "dtype":
        return [*lines, f"assert str(y.dtype) == {truth.dtype!r}, y.dtype"]
    worst = compared.worst[0] if compared and compared.worst else None
    if worst is None:
        raise TooLong("the verdict names no number that is off")
    lines += ["print(y)", f"expected = {_array(_truth(truth, expected))}"]
    if isinstance(worst.times, str):
        return [*lines, "np.testing.assert_array_equal(y, expected)"]
    tolerance = abs(float(worst.observed) - float(worst.expected)) / worst.times
    return [*lines, f"np.testing.assert_allclose(y, expected, rtol=0, atol={tolerance:.1g})"]


def _truth(truth: Expected, expected: StoredAnswer) -> NDArray[Any]:
    return np.asarray(expected.arrays[truth.tensor])


def _array(values: NDArray[Any]) -> str:
    """An array as source: whole numbers without fractions, no more digits than its type has."""
    if values.size > MOST_NUMBERS:
        raise TooLong(f"{values.size} numbers are too many to write out")
    kind = values.dtype.name
    if values.size == 0:
        return f"np.zeros({values.shape!r}, {kind!r})"
    if kind == "float64":
        rounded = np.vectorize(lambda number: float(f"{number:.9g}"))(values)
        return f"np.array({literal(rounded.tolist())})"
    return f"np.array({literal(values.tolist())}, {kind!r})"
