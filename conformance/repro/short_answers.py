"""What must come out of a question, on a few lines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.facets import REPEATS
from conformance.repro.short_parts import TooLong, fed
from conformance.repro.structure import config_lines
from conformance.repro.text import literal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from conformance.repro.plan import Plan
    from conformance.repro.short_parts import Writer
    from conformance.repro.truth import Numbers
    from conformance.verdicts.model import Comparison


def compared_lines(number: Numbers, plan: Plan, write: Writer) -> list[str]:
    """What ``y`` must be, number by number.

    Raises:
        TooLong: There is no short way.
    """
    expected = number.expected
    lines = [f"expected = {_written(expected, write)}"]
    if number.signed:
        same = "(np.signbit(y) == np.signbit(expected))[expected == 0].all()"
        return [*_near(number, plan, lines, write), f'assert {same}, f"{{y}}: a zero has a sign"']
    return _near(number, plan, lines, write)


def _near(number: Numbers, plan: Plan, lines: list[str], write: Writer) -> list[str]:
    """That no number is further off than rounding may move it.

    Raises:
        TooLong: There is no short way.
    """
    expected = number.expected
    if number.within is None:
        same = "np.array_equal(y, expected, equal_nan=True)"
        if expected.dtype.kind != "f" or not np.isnan(expected).any():
            same = "np.array_equal(y, expected)"
        return [*lines, f'assert {same}, f"{{y}} is not {{expected}}"']
    if (np.abs(expected[np.isfinite(expected)]) >= number.largest).any():
        raise TooLong("numbers beyond the range of their dtype take more than a few lines")
    within = number.within
    if within.size and (within == within.flat[0]).all():
        lines.append(f"within = {literal(float(within.flat[0]))}  # how far rounding may move them")
    else:
        lines.append(f"within = {_written(within, write)}")
    if number.together:
        z = f"(y - expected) / within * {plan.limits.peak!r}"
        rms = plan.limits.rms
        return [*lines, f"rms = np.sqrt(np.mean(({z}) ** 2))", f"assert rms <= {rms!r}, rms"]
    near = "(abs(y - expected) <= within)"
    if not np.isfinite(expected).all():
        near = f"({near} | (y == expected) | (np.isnan(y) & np.isnan(expected)))"
    return [*lines, f'assert {near}.all(), f"{{y}} is not {{expected}}"']


def _written(values: NDArray[Any], write: Writer) -> str:
    text = write(np.asarray(values))
    return text.removesuffix(", 'float64')") + ")" if text.endswith(", 'float64')") else text


def shape_lines(plan: Plan) -> list[str]:
    """The shape of the first output that has another one."""
    stated, seen = plan.stated("shape"), plan.judged.observed if plan.judged else None
    if not stated or not seen or len(stated[0]) != len(seen[0]):
        raise TooLong("the number of outputs is another")
    if stated[0][0] == seen[0][0]:
        raise TooLong("it is not the first output whose shape is another")
    return [f"assert y.shape == {tuple(stated[0][0])!r}, y.shape"]


def dtype_lines(plan: Plan) -> list[str]:
    """The dtype of the first output that has another one."""
    stated, which = plan.stated("dtype"), 0
    if not stated:
        raise TooLong("no dtype is stated")
    seen = plan.judged.observed if plan.judged else None
    if seen and len(seen[0]) == len(stated[0]):
        which = next((j for j, one in enumerate(stated[0]) if one != seen[0][j]), which)
    output = "" if len(stated[0]) == 1 else f"[{which}]"
    name = "dtype.name" if plan.old else "dtype"
    tensor = f"{plan.called}({fed(plan)}){output}.{name}"
    found = tensor if plan.old else f"keras.backend.standardize_dtype({tensor})"
    return [f"found = {found}", f"assert found == {str(stated[0][which])!r}, found"]


def repeated_dtype_lines(plan: Plan, compared: Comparison) -> list[str]:
    """The dtype of an answer that was got another way."""
    stated, found = plan.stated("dtype"), re.search(r"output (\d+)$", compared.what)
    if not stated or found is None or plan.facet not in REPEATS:
        raise TooLong("no dtype is stated")
    return [f"assert str(y.dtype) == {str(stated[0][int(found[1])])!r}, y.dtype"]


def structure_lines(plan: Plan) -> list[str]:
    """Shapes before any data, variables, counts, configs: the first thing that is another."""
    network, judged = plan.network, plan.judged
    if network is None or judged is None:
        raise TooLong("the model is not known")
    if plan.facet == "symbolic_shape":
        return _symbolic(plan)
    if plan.facet == "params":
        return _params(plan)
    if plan.facet == "config":
        return _config(plan)
    if plan.facet != "weights":
        raise TooLong(f"the facet {plan.facet} takes more than a few lines")
    kind = "v.dtype.name" if plan.old else "keras.backend.standardize_dtype(v.dtype)"
    expected = [
        (name.split("/")[-1], tuple(v.shape), v.dtype, v.trainable)
        for name, v in network.variables.items()
    ]
    return [
        f"expected = {literal(expected)}",
        "trained = [id(v) for v in model.trainable_weights]",
        f'found = [(v.name.split("/")[-1].split(":")[0], tuple(v.shape), {kind}, id(v) in trained)',
        "         for v in model.weights]",
        'assert found == expected, f"{found} is not {expected}"',
    ]


def _symbolic(plan: Plan) -> list[str]:
    stated, judged = plan.stated("symbolic_shape"), plan.judged
    seen = judged.observed if judged else None
    if not stated or not isinstance(seen, dict):
        raise TooLong("the shapes are not stated")
    for part, tensors in (("outputs", "model.outputs"), ("inputs", "model.inputs")):
        if seen.get(part) != stated[part]:
            expected = [tuple(shape) for shape in stated[part]]
            return [
                f"found = [tuple(tensor.shape) for tensor in {tensors}]",
                f"assert found == {literal(expected)}, found",
            ]
    model = plan.program.model
    for at, node in enumerate(model.nodes):
        shape = stated["nodes"].get(node.name)
        if shape is not None and seen["nodes"].get(node.name) != shape:
            sequential = model.form == "sequential"
            layer = f"model.layers[{at}].output" if sequential else f"t[{node.name!r}]"
            return [f"found = tuple({layer}.shape)", f"assert found == {tuple(shape)!r}, found"]
    raise TooLong("it is no shape of the model's inputs, outputs or layers")


def _config(plan: Plan) -> list[str]:
    """Of a sequential model, whose layers are in the order of their nodes, or of one layer."""
    model = plan.program.model
    if model.form != "sequential" and len(model.nodes) > 1:
        raise TooLong("the model's layers have no names here")
    return config_lines(plan, "layers[{at}]" if model.form == "sequential" else "layers[-1]")


def _params(plan: Plan) -> list[str]:
    stated, seen = plan.stated("params"), plan.judged.observed if plan.judged else None
    wrong = [
        name for name in stated or () if isinstance(seen, dict) and seen.get(name) != stated[name]
    ]
    if not wrong:
        raise TooLong("it is the count of a layer that is another")
    if wrong[0] == "total":
        found = "model.count_params()"
    else:
        found = f"sum(int(np.prod(v.shape)) for v in model.{wrong[0]}_weights)"
    return [f"found = {found}", f"assert found == {stated[wrong[0]]!r}, found"]
