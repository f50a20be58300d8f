"""Functions and objects with steps on a few lines of Keras, and what their answer must be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from conformance.adapters.shared.functions import is_layer
from conformance.cases.model import Steps
from conformance.facets import OPEN
from conformance.repro.short_answers import compared_lines, repeated_dtype_lines
from conformance.repro.short_parts import TooLong, as_numpy
from conformance.repro.structure import refusal_lines
from conformance.repro.subjects import words
from conformance.repro.subjects.arrays import feeds_of, travels_as
from conformance.repro.subjects.properties import properties_of, residual
from conformance.repro.subjects.steps import begin_lines, names_of, rebuilding_lines, step_lines
from conformance.repro.text import comment
from conformance.repro.truth import numbers_of
from conformance.verdicts.properties import said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.cases.model import InputSpec, Node
    from conformance.repro.plan import Plan
    from conformance.repro.short_parts import Writer
    from conformance.verdicts.model import Comparison

_GRADIENT = {
    "torch": [
        "for one in [{moving}]: one.requires_grad_()",
        "({call} * {cotangent}).sum().backward()",
        "y = keras.ops.convert_to_numpy({by}.grad)",
    ],
    "tensorflow": [
        "import tensorflow as tf",
        "with tf.GradientTape() as tape:",
        "    tape.watch({by})",
        "    y = {call}",
        "y = keras.ops.convert_to_numpy(tape.gradient(y, {by}, output_gradients={cotangent}))",
    ],
    "jax": [
        "import jax",
        "y = jax.vjp(lambda {by}: {call}, {by})[1]({cotangent})[0]",
        "y = keras.ops.convert_to_numpy(y)",
    ],
}
"""The gradient of ``sum(cotangent * output)`` by one input."""

_SYMBOLIC = ("symbolic_shape", *OPEN)

_TRACED = {
    "tensorflow": [
        "import tensorflow as tf",
        "y = tf.function(lambda {given}: {call}, autograph=False)({given}){which}",
    ],
    "jax": ["import jax", "y = jax.jit(lambda {given}: {call})({given}){which}"],
}


def subject_lines(plan: Plan, write: Writer, *, answered: bool) -> list[str]:
    """Make what is fed, ask the question, and say what the answer must be.

    Args:
        plan: What is shown.
        write: Gives an array as source.
        answered: Where it raises: whether to say what the answer should have been.

    Raises:
        TooLong: There is no short way.
        Unsupported: There is no script of this at all.
    """
    asked = _steps if isinstance(plan.program, Steps) else _function
    judged = plan.judged
    compared = next((one for one in (judged.comparisons if judged else []) if one.message), None)
    lines = [
        *words.imports(plan.program.model.inputs, "" if plan.old else plan.backend),
        *asked(plan, compared, write),
    ]
    if plan.facet == "raises":
        return lines
    if judged is not None and judged.outcome == "error":
        lines = [comment(judged.message, 200), *lines]
        return [*lines, *_should(plan, compared, write)] if answered else lines
    return [*lines, *_answer(plan, compared, write)]


# --- what must come out -------------------------------------------------------------------------


def _should(plan: Plan, compared: Comparison | None, write: Writer) -> list[str]:
    """What a question that raises should have been answered, as far as there is a short way."""
    try:
        return _answer(plan, compared, write)
    except TooLong:
        return []


def _answer(plan: Plan, compared: Comparison | None, write: Writer) -> list[str]:
    which = _place(plan, compared)
    if plan.facet in {"shape", "dtype", *_SYMBOLIC}:
        outputs = plan.answer.expectation.calls[plan.call].outputs if plan.answer else []
        if which >= len(outputs):
            raise TooLong("what must come out is not known")
        shape = f"assert tuple(y.shape) == {tuple(outputs[which].shape)!r}, y.shape"
        kind = outputs[which].dtype
        dtype = [
            "found = keras.backend.standardize_dtype(y.dtype)",
            f"assert found == {kind!r}, found",
        ]
        if plan.facet in OPEN:
            shape = f"assert len(y.shape) == {len(outputs[which].shape)}, y.shape"
            sizes = f"zip(y.shape, {tuple(outputs[which].shape)!r})"
            each = f"assert all(n in (None, size) for n, size in {sizes}), y.shape"
            return [shape, each, *dtype]
        if plan.facet == "symbolic_shape":
            return [shape, *dtype]
        return [shape] if plan.facet == "shape" else dtype
    if plan.answer is not None and (listed := properties_of(plan)):
        off = next((one for one in listed if compared and said(one) == compared.what), listed[0])
        shown = residual(plan, plan.answer, off)
        return [
            f"off = {shown.text}  # must be 0: {shown.what}",
            f"assert (np.abs(off) <= {shown.within}).all(), off",
        ]
    if compared is not None and compared.what.startswith("dtype of "):
        return repeated_dtype_lines(plan, compared)
    numbers = numbers_of(plan)
    found = numbers[0] if numbers and compared is None else None
    if compared is not None:
        found = next((one for one in numbers if compared.what.endswith(one.what)), None)
    if found is None or found.places is not None:
        raise TooLong("what is off is too much to write out")
    return compared_lines(found, plan, write)


def _place(plan: Plan, compared: Comparison | None) -> int:
    """Which of several outputs is off."""
    told = compared.what if compared is not None else plan.judged.message if plan.judged else ""
    found = re.search(r"output (\d+)\b", told)
    return int(found[1]) if found else 0


# --- functions ----------------------------------------------------------------------------------


def _function(plan: Plan, compared: Comparison | None, write: Writer) -> list[str]:
    model = plan.program.model
    known = words.variables([*(spec.name for spec in model.inputs), *(n.name for n in model.nodes)])
    if len(model.nodes) > 1 or len(model.outputs) > 1:
        raise TooLong("several functions take more than a few lines")
    own = words.instance_lines(model, known, rebuilt=plan.facet == "config_round_trip")
    (node,) = model.nodes
    called = words.called(known[node.name] if own else words.symbol(node.layer), node, known)
    given = _given(plan, model.inputs, known, write)
    if plan.facet == "raises":
        return refusal_lines(plan, [*given, *own], called)
    calls = [] if plan.answer is None else plan.answer.expectation.calls  # none of what is drawn
    several = any(len(call.outputs) > 1 for call in calls[:1])
    which = f"[{_place(plan, compared)}]" if several else ""
    if is_layer(node.layer):
        if plan.facet not in {"shape", "dtype"}:
            raise TooLong("a dictionary is held against its images in more than a few lines")
        which = _member(node, _place(plan, compared))
    lines = [*given, *own]
    if plan.facet == "values" and properties_of(plan):
        each = f"for one in {called}" if several else f"for one in [{called}]"
        return [*lines, f"o = [keras.ops.convert_to_numpy(one).astype(float) {each}]"]
    if plan.facet in {"shape", "dtype", *_SYMBOLIC}:
        return [*lines, f"y = {called}{which}"]
    if plan.facet in {"values", "config_round_trip", "from_numpy", "from_lists"}:
        return [*lines, f"y = {as_numpy(plan, called + which)}"]
    if plan.facet == "compiled" and plan.backend in _TRACED:
        names = ", ".join(known[spec.name] for spec in model.inputs)
        traced = [
            line.format(given=names, call=called, which=which) for line in _TRACED[plan.backend]
        ]
        return [*lines, *traced, "y = keras.ops.convert_to_numpy(y)"]
    if plan.facet == "gradients" and plan.backend in _GRADIENT:
        return [*lines, *_gradient(plan, compared, known, called, write)]
    raise TooLong(f"the facet {plan.facet} takes more than a few lines")


def _member(node: Node, place: int) -> str:
    """The keys under which a dictionary holds one of its arrays, by their sorted order."""
    found = []
    for key, given in sorted(node.tensors["data"].items()):  # type: ignore[union-attr] # a dictionary
        inner = sorted(given) if isinstance(given, dict) else []
        found += [f'["{key}"]["{one}"]' for one in inner] or [f'["{key}"]']
    return found[place]


def _given(
    plan: Plan, specs: Sequence[InputSpec], known: dict[str, str], write: Writer
) -> list[str]:
    """Statements that make what is fed."""
    if plan.facet in _SYMBOLIC:
        made = words.symbolic(specs, plan.facet)
        return [f"{known[s.name]} = {one}" for s, one in zip(specs, made, strict=True)]
    feeds = plan.answer.feeds if plan.answer else feeds_of(plan.program, plan.seed)
    if plan.facet == "from_numpy":
        if plan.judged is not None and plan.judged.message.startswith("the call changed"):
            raise TooLong("what was given before and after takes more than a few lines")
        arrays = {spec.name: write(feeds[f"call/0/{spec.name}"]) for spec in specs}
        return [
            f"{known[s.name]} = {words.numpy_array(arrays[s.name], travels_as(s), s.dtype)}"
            for s in specs
        ]
    if plan.facet == "from_lists":
        arrays = {spec.name: write(feeds[f"call/0/{spec.name}"]) for spec in specs}
        return [f"{known[s.name]} = {words.lists(arrays[s.name], s.dtype)}" for s in specs]
    backend = "" if plan.old else plan.backend
    return [
        f"{known[spec.name]} = "
        + words.tensor(write(feeds[f"call/0/{spec.name}"]), travels_as(spec), spec.dtype, backend)
        for spec in specs
    ]


def _gradient(
    plan: Plan, compared: Comparison | None, known: dict[str, str], called: str, write: Writer
) -> list[str]:
    feeds = plan.answer.feeds if plan.answer else {}
    cotangents = [array for name, array in feeds.items() if name.startswith("cotangent/")]
    specs = [spec for spec in plan.program.model.inputs if "float" in spec.dtype]
    by = specs[0].name if specs else ""
    if compared is not None:
        by = compared.what.removeprefix("gradient of input ")
    outputs = plan.answer.expectation.calls[0].outputs if plan.answer else []
    if len(cotangents) != 1 or len(outputs) != 1 or by not in known:
        raise TooLong("gradients of several outputs take more than a few lines")
    given = words.tensor(write(cotangents[0]), "float32", outputs[0].dtype, plan.backend)
    moving = ", ".join(known[spec.name] for spec in specs)
    return [
        line.format(moving=moving, call=called, by=known[by], cotangent=given)
        for line in _GRADIENT[plan.backend]
    ]


# --- steps --------------------------------------------------------------------------------------


def _steps(plan: Plan, compared: Comparison | None, write: Writer) -> list[str]:
    program = plan.program
    if not isinstance(program, Steps) or plan.old:
        raise TooLong("steps of Keras 2 take more than a few lines")
    feeds = plan.answer.feeds if plan.answer else feeds_of(program, plan.seed)
    known = names_of(program)
    lines = [
        *begin_lines(program, known, lambda name: write(feeds[f"variable/{name}"])),
        *rebuilding_lines(plan, known[program.object.name]),
        *step_lines(plan, program, known, lambda at, name: write(feeds[f"step/{at}/{name}"])),
    ]
    if plan.facet in {"values", "from_lists", "config_round_trip"} and not plan.of_variables:
        return [*lines, f"y = {as_numpy(plan, 'y')}"]
    if plan.facet in {"shape", "dtype"}:
        return lines
    if not plan.of_variables:
        raise TooLong(f"the facet {plan.facet} takes more than a few lines")
    name = compared.what.partition(": ")[2] if compared is not None else ""
    trained = {spec.name: known[spec.name] for spec in program.variables}
    found = trained.get(name, "")
    if not found:
        subject, written = known[program.object.name], name.replace("/", "_", 1)
        found = f"next(v for v in {subject}.variables if v.name == {written!r})"
    return [*lines, f"y = {as_numpy(plan, found)}"]
