"""What a script asks of a Keras: build, set the weights, and the question of each facet.

Everything is asked through Keras's public API, so one script runs on every backend: whoever
replaces the name of the backend in it sees whether another one does as it should.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from conformance.cases.model import Steps
from conformance.facets import TRAINED
from conformance.repro import exchanging, pieces, quantizing
from conformance.repro import keras as keras_words
from conformance.repro.checks import equal_lines
from conformance.repro.cloning import cloned
from conformance.repro.drawing import drawing_lines
from conformance.repro.initial import initial_lines
from conformance.repro.plan import Body
from conformance.repro.structure import refusal_lines, structure_lines
from conformance.repro.subjects import words
from conformance.repro.subjects.function import function_steps
from conformance.repro.subjects.steps import steps_of
from conformance.repro.text import literal
from conformance.repro.training import training_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.repro.plan import Plan


def keras_body(plan: Plan) -> Body:
    """Write the parts of a script for a Keras.

    Raises:
        Unsupported: There is no script for this facet.
    """
    result = Body(imports=["from importlib.metadata import distributions"])
    if plan.old:
        result.prelude = ["import tf_keras as keras"]
        if plan.facet == "gradients":
            result.prelude.append("import tensorflow as tf")
    else:
        result.imports.append("import os")
        result.prelude = _begin(plan)
        if plan.facet == "exchange":
            result.imports.append("import tempfile")
            result.prelude = exchanging.begin_lines(plan, result.prelude)
    numbers = "np.asarray(array)" if plan.old else "keras.ops.convert_to_numpy(array)"
    dtype = "tensor.dtype.name" if plan.old else "keras.backend.standardize_dtype(tensor.dtype)"
    result.functions = [pieces.AS_NUMPY.format(numbers), pieces.KIND.format(dtype), pieces.FLAT]
    if not plan.of_model:
        return _called_body(plan, result)
    if plan.facet == "random":
        result.steps = drawing_lines(plan)
        return result
    build = keras_words.model_lines(plan.program.model, old=plan.old)
    if any("probe" in line for line in build) or plan.facet.endswith("round_trip"):
        result.functions.append(pieces.PROBE)
    if plan.facet == "initial":
        result.imports.append("import random")
        result.steps = initial_lines(plan, build)
    elif plan.facet == "raises":
        whole = [*build, *quantizing.lines(plan.program.model.quantize)]
        result.steps = refusal_lines(plan, whole, f"{plan.called}({fed(plan)}{plan.said(0)})")
    elif plan.structural:
        quantized = quantizing.lines(plan.program.model.quantize)
        result.steps = [*build, *quantized, *structure_lines(plan)]
    else:
        result.steps = _numeric(plan, result, build)
        result.filled = plan.facet not in {"dtype", "mask", "probes"}
    return result


def _called_body(plan: Plan, result: Body) -> Body:
    """The rest of the parts, where functions or an object are asked."""
    result.prelude += words.imports(plan.program.model.inputs, "" if plan.old else plan.backend)
    if plan.facet == "random":
        result.steps = drawing_lines(plan)
    elif isinstance(plan.program, Steps):
        result.steps = steps_of(plan, plan.program, result)
    else:
        result.steps = function_steps(plan, result)
    return result


def _numeric(plan: Plan, result: Body, build: list[str]) -> list[str]:
    """The statements of a facet that it takes the case's weights to show.

    Raises:
        Unsupported: There is no script for this facet.
    """
    weighted = plan.network is not None and plan.network.variables
    settled = [pieces.SET_WEIGHTS] if weighted else []
    settled += quantizing.lines(plan.program.model.quantize)
    if plan.facet == "exchange":
        return exchanging.exchange_lines(plan, build, settled, fed(plan), result)
    ask = _ASKING.get(plan.facet)
    if ask is None:
        raise plan.no()
    return [*build, *settled, *ask(plan, result)]


def _begin(plan: Plan) -> list[str]:
    """Choose the backend, and pin what the run pinned."""
    lines = [f'os.environ["KERAS_BACKEND"] = {plan.backend!r}']
    if plan.backend in pieces.SWITCHES:
        lines.append(pieces.SWITCHES[plan.backend])
    if plan.backend == "openvino":
        lines.append(pieces.OPENVINO)
    if plan.backend not in pieces.IMPORTED_BY_KERAS:
        lines.append(pieces.ANNOUNCED)
    return [*lines, "import keras"]


def fed(plan: Plan, arrays: str = "inputs") -> str:
    """What the model is called with, of arrays by name."""
    specs = plan.program.model.inputs
    texts = [f"{arrays}[{spec.name!r}]" for spec in specs]
    # Keras doesn't take tensors beside arrays.
    if any("float" in spec.dtype and spec.dtype != "float32" for spec in specs):
        convert = "keras.backend.cast" if plan.old else "keras.ops.convert_to_tensor"
        pairs = zip(texts, specs, strict=True)
        texts = [f"{convert}({text}, {spec.dtype!r})" for text, spec in pairs]
    return keras_words.listed(texts)


# --- how the model is called --------------------------------------------------------------------


def _called(plan: Plan) -> str:
    """How the model is called for this facet."""
    if plan.facet == "compiled":
        return "in_graph_mode"
    return "traced" if _traces(plan) else plan.called


def _traces(plan: Plan) -> bool:
    """Whether it takes JAX's tracing to see it: the run has all calls traced but one."""
    if plan.backend != "jax" or plan.judged is None:
        return False
    if plan.facet not in {"values", "shape", "dtype", "batch", "state"}:
        return False
    if plan.before or (plan.facet == "state" and plan.program.train is None):
        return True
    eager = plan.call == 0 and "compiled" in plan.program.facets
    return plan.judged.outcome == "error" and not eager


def _earlier(plan: Plan, called: str) -> list[str]:
    """The calls before the one that is shown."""
    if any(plan.said(index) or plan.predicts(index) for index in plan.before):
        return [_one(plan, index, called, f"before[{at}]") for at, index in enumerate(plan.before)]
    return [f"for earlier in before:\n    {called}({fed(plan, 'earlier')})"] if plan.before else []


def _one(plan: Plan, index: int, called: str, arrays: str = "inputs") -> str:
    """One call of the model, as the case makes it."""
    if plan.predicts(index):
        rows = plan.program.calls[index].predict_rows
        if rows is not None:
            return f"model.predict({fed(plan, arrays)}, batch_size={rows}, verbose=0)"
        return f"model.predict_on_batch({fed(plan, arrays)})"
    said = "" if called == "model.predict_on_batch" else plan.said(index)
    return f"{called}({fed(plan, arrays)}{said})"


def _calls(plan: Plan, result: Body) -> list[str]:
    """Fill ``outputs``, with the functions that it takes."""
    called = _called(plan)
    if called == "traced":
        result.functions.append(pieces.TRACED)
    elif called == "in_graph_mode":
        other = "traced" if plan.backend in pieces.SWITCHES else "model.predict_on_batch"
        result.functions.append(pieces.OLD_GRAPH if plan.old else pieces.GRAPH.format(other))
    return [*_earlier(plan, called), f"outputs = flat({_one(plan, plan.call, called)})"]


# --- the facets ---------------------------------------------------------------------------------


def _outputs(plan: Plan, result: Body) -> list[str]:
    return [*_calls(plan, result), pieces.OBSERVED]


def _dtype(plan: Plan, result: Body) -> list[str]:
    lines, stated = _calls(plan, result), plan.stated("dtype")
    if stated is None:
        return lines
    return [*lines, *equal_lines(literal(stated[plan.ordinal]), "[kind(y) for y in outputs]")]


def _probes(plan: Plan, result: Body) -> list[str]:
    shapes = [tuple(shape) for shape in (plan.stated("probes") or {}).values()]
    return ["seen.clear()", *_calls(plan, result), *equal_lines(literal(shapes), "seen")]


def _round_trip(plan: Plan, result: Body) -> list[str]:
    again = pieces.FROM_CONFIG
    if plan.facet == "clone":
        again = f"again = {cloned(plan)}\nagain.set_weights(model.get_weights())"
    if plan.facet == "save_round_trip":
        result.imports += ["import tempfile", "import os"]
        again = pieces.FROM_FILE
    called = _called(plan).replace("model", "again", 1)
    return [again, f"outputs = flat({called}({fed(plan)}{plan.said(0)}))", pieces.OBSERVED]


def _masks(plan: Plan, result: Body) -> list[str]:
    """Which outputs carry a mask, and what the masks are, as far as that is known."""
    del result
    # Not by predict, whose answers carry none.
    lines = [f"outputs = flat(model({fed(plan)}{plan.said(0)}))", pieces.MASKS]
    carried = _carried(plan)
    if any(one is not None for one in carried):
        texts = [f"carried[{j}]" if one is None else repr(one) for j, one in enumerate(carried)]
        lines += [
            "carried = [mask is not None for mask in masks]",
            f"assert carried == [{', '.join(texts)}], carried",
        ]
    return [*lines, pieces.OBSERVED_MASKS]


def _carried(plan: Plan) -> list[bool | None]:
    """Whether each output must carry a mask; None where that isn't known."""
    if plan.answer is not None:
        return [mask is not None for mask in plan.answer.expectation.calls[0].masks]
    told: list[bool | None] = []
    for compared in plan.judged.comparisons if plan.judged else []:
        found = re.search(r": expected (none|one of)\b", compared.message)
        # Where two masks have been compared, there was one to be.
        told.append(found[1] != "none" if found else bool(compared.worst) or None)
    return told


def _gradients(plan: Plan, result: Body) -> list[str]:
    """The gradient of ``sum(cotangent * output)`` by each float input and trainable weight.

    Raises:
        Unsupported: The model is told a flag; the step of training that is asked has its own.
    """
    del result
    if plan.said(0):
        raise plan.no()
    specs = plan.program.model.inputs
    moving = [spec for spec in specs if "float" in spec.dtype]
    of = literal([f"input {spec.name}" for spec in moving])
    holder = "given[{}]" if plan.old else "self.inputs_too[{}] * 1"
    places = {spec.name: holder.format(at) for at, spec in enumerate(moving)}
    texts = [places.get(spec.name, f"inputs[{spec.name!r}]") for spec in specs]
    made = [(f"inputs[{spec.name!r}]", repr(spec.dtype)) for spec in moving]
    if plan.old:
        given = ", ".join(f"tf.cast({text}, {dtype})" for text, dtype in made)
        tape = pieces.TAPE.format(given=f"[{given}]", fed=keras_words.listed(texts), of=of)
        return [pieces.NAMES, tape]
    added = ", ".join(f"keras.Variable({text}, dtype={dtype})" for text, dtype in made)
    asked = keras_words.listed([f"keras.ops.convert_to_tensor({text})" for text in texts])
    return [
        pieces.RECORDER.format(added=f"[{added}]", fed=asked),
        pieces.NAMES,
        pieces.RECORDED.format(of=of),
    ]


def _state(plan: Plan, result: Body) -> list[str]:
    """What training, or the calls, leave of the variables."""
    train = plan.program.train
    if train is None:
        called = _calls(plan, result)
        if plan.program.model.quantize is not None and plan.network is not None:
            called.append(quantizing.names(plan.network))
        return [*called, pieces.LEFT.format("after")]
    return training_lines(plan, train, fed(plan), result)


_ASKING: dict[str, Callable[[Plan, Body], list[str]]] = {
    "values": _outputs,
    "shape": _outputs,
    "dtype": _dtype,
    "probes": _probes,
    "mask": _masks,
    "batch": _outputs,
    "compiled": _outputs,
    "config_round_trip": _round_trip,
    "save_round_trip": _round_trip,
    "clone": _round_trip,
    "gradients": _gradients,
    **dict.fromkeys(TRAINED, _state),
}
