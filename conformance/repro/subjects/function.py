"""What a script asks of functions of Keras that are called on arrays, facet by facet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.facets import OPEN
from conformance.repro import pieces
from conformance.repro.checks import equal_lines
from conformance.repro.structure import refusal_lines
from conformance.repro.subjects import words
from conformance.repro.subjects.arrays import travels_as
from conformance.repro.text import literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.cases.model import InputSpec
    from conformance.repro.plan import Body, Plan

CALLED = "outputs = flat(function(*tensors))"

TRACED = {
    "tensorflow": [
        "import tensorflow",
        "",
        "traced = tensorflow.function(function, autograph=False)",
        "outputs = flat(traced(*tensors))",
    ],
    "jax": ["import jax", "", "outputs = flat(jax.jit(function)(*tensors))"],
}
"""Graph mode of the backends that have one for functions."""

RECORDER = """\
recorded = []


class Recorder(keras.optimizers.Optimizer):
    # Keeps the gradients, and changes nothing.
    def apply(self, gradients, trainable_variables=None):
        recorded.extend(gradients)


class Asked(keras.Model):
    # Its loss is sum(cotangent * output); the inputs are variables.
    def __init__(self):
        super().__init__()
        self.moving = {moving}

    def call(self, unused):
        return unused

    def compute_loss(self, *unused, **options):
        total = 0.0
        for variable in self.moving:
            # So that all have a gradient: zero, where no output depends on them.
            total = keras.ops.add(total, keras.ops.sum(keras.ops.cast(variable * 0, "float32")))
        found = flat(function({fed}))
        for place, cotangent in cotangents.items():
            part = keras.ops.cast(found[place], "float32")
            total = keras.ops.add(total, keras.ops.sum(keras.ops.multiply(cotangent, part)))
        return total


asked = Asked()
asked.compile(optimizer=Recorder(1.0), run_eagerly=True)
asked.train_on_batch(np.zeros((1, 1), "float32"), np.zeros((1, 1), "float32"))
observed = {{
    f"gradient of input {{name}}": as_numpy(gradient)
    for name, gradient in zip({names}, recorded)
}}"""
"""Through Keras's public API, so that the one script runs on every backend."""


def function_steps(plan: Plan, body: Body) -> list[str]:
    """The statements of a script, and the functions that they need.

    Raises:
        Unsupported: There is no script for this facet.
    """
    model = plan.program.model
    known = words.variables([*(spec.name for spec in model.inputs), *(n.name for n in model.nodes)])
    build = [
        *words.instance_lines(model, known, rebuilt=plan.facet == "config_round_trip"),
        "",
        "",
        *words.function_lines(model, known),
        "",
        "",
    ]
    fed = [] if plan.structural else [tensor_line(plan)]
    if plan.facet == "raises":
        return refusal_lines(plan, [*build, *fed], "function(*tensors)")
    ask = _ASKING.get(plan.facet)
    if ask is None:
        raise plan.no()
    body.filled = plan.facet not in {"dtype", "symbolic_shape", *OPEN}
    return [*build, *fed, *ask(plan)]


def tensor_line(plan: Plan) -> str:
    """What the functions are called with, as the run gives it to the backend."""
    if plan.facet == "from_numpy":
        given = [
            words.numpy_array(f"inputs[{spec.name!r}]", travels_as(spec), spec.dtype)
            for spec in plan.program.model.inputs
        ]
        return f"tensors = [{', '.join(given)}]"
    if plan.facet == "from_lists":
        given = [words.lists(f"inputs[{s.name!r}]", s.dtype) for s in plan.program.model.inputs]
        return f"tensors = [{', '.join(given)}]"
    backend = "" if plan.old else plan.backend
    texts = [
        words.tensor(f"inputs[{spec.name!r}]", travels_as(spec), spec.dtype, backend)
        for spec in plan.program.model.inputs
    ]
    return f"tensors = [{', '.join(texts)}]"


def _outputs(plan: Plan) -> list[str]:
    del plan
    return [CALLED, pieces.OBSERVED]


def _from_numpy(plan: Plan) -> list[str]:
    del plan
    kept = "all(one.tobytes() == two.tobytes() for one, two in zip(before, tensors))"
    return [
        "before = [one.copy() for one in tensors]",
        CALLED,
        f'assert {kept}, "an array that was given is another one now"',
        pieces.OBSERVED,
    ]


def _dtype(plan: Plan) -> list[str]:
    stated = plan.stated("dtype")
    if stated is None:
        return [CALLED]
    return [CALLED, *equal_lines(literal(stated[0]), "[kind(y) for y in outputs]")]


def _compiled(plan: Plan) -> list[str]:
    if plan.backend not in TRACED:
        raise plan.no()
    return [*TRACED[plan.backend], pieces.OBSERVED]


def _gradients(plan: Plan) -> list[str]:
    if plan.old:
        raise plan.no()
    moving: list[InputSpec] = []
    fed = []
    for at, spec in enumerate(plan.program.model.inputs):
        if "float" in spec.dtype:
            fed.append(f"self.moving[{len(moving)}] * 1")
            moving.append(spec)
        else:
            fed.append(f"tensors[{at}]")
    made = [f"keras.Variable(inputs[{spec.name!r}], dtype={spec.dtype!r})" for spec in moving]
    return [
        RECORDER.format(
            moving=f"[{', '.join(made)}]",
            fed=", ".join(fed),
            names=literal([spec.name for spec in moving]),
        )
    ]


def symbolic_lines(plan: Plan) -> list[str]:
    """What is stated before any data."""
    given = words.symbolic(plan.program.model.inputs, plan.facet)
    lines = [f"outputs = flat(function({', '.join(given)}))"]
    stated = plan.stated(plan.facet)
    if not stated:
        return lines
    true = literal([tuple(shape) for shape in stated["outputs"]])
    lines.append("shapes = [tuple(y.shape) for y in outputs]")
    if plan.facet in OPEN:
        lines += [f"true = {true}", *_STATED.splitlines()]
        true = "true"
    lines += equal_lines(true, "shapes")
    if stated.get("dtypes"):
        lines += equal_lines(literal(stated["dtypes"]), "[kind(y) for y in outputs]")
    return lines


_STATED = """\
for place, (shape, sizes) in enumerate(zip(shapes, true)):
    if len(shape) == len(sizes):  # None is right for any size
        shapes[place] = tuple(size if n is None else n for n, size in zip(shape, sizes))"""
"""What is stated, with the true sizes in the places of those that are left open."""


_ASKING: dict[str, Callable[[Plan], list[str]]] = {
    "symbolic_shape": symbolic_lines,
    **dict.fromkeys(OPEN, symbolic_lines),
    "values": _outputs,
    "shape": _outputs,
    "dtype": _dtype,
    "compiled": _compiled,
    "config_round_trip": _outputs,
    "from_numpy": _from_numpy,
    "from_lists": _outputs,
    "gradients": _gradients,
}
