"""What a script does with its data: build, set the weights, ask, by framework and facet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from conformance.adapters.calling import chosen
from conformance.adapters.worker.failure import Unsupported
from conformance.report import repro_keras
from conformance.report.repro_native import TABLES, Extract, call
from conformance.report.repro_text import identifier, literal

if TYPE_CHECKING:
    from conformance.cases.model import Program
    from conformance.reference.network import Network

NUMERIC = frozenset({"values", "shape", "dtype", "batch", "gradients", "compiled", "state"})
"""Facets whose script fills ``observed``."""

KERAS = {f"keras-{b}" for b in ("tensorflow", "torch", "jax", "numpy", "openvino")} | {"tf-keras"}


@dataclass(frozen=True)
class Plan:
    """What a script is to show."""

    adapter: str
    facet: str
    program: Program
    seed: int
    call: int
    network: Network | None
    """None for refusals: there may be no such model."""
    raises: str = ""
    """``build`` or ``call``, where the framework must refuse."""


@dataclass
class Body:
    """The parts of a script around its numbers."""

    prelude: list[str] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)


def body(plan: Plan) -> Body:
    """Write the parts.

    Raises:
        Unsupported: There is no script for this adapter or facet.
    """
    if plan.adapter in KERAS:
        return _keras(plan)
    if plan.adapter in TABLES:
        return _native(plan)
    raise Unsupported(f"the adapter {plan.adapter} is not one of this suite's own")


def _no(plan: Plan) -> Unsupported:
    return Unsupported(f"the facet {plan.facet} is not shown by a script on {plan.adapter}")


_PRELUDE = {
    "keras-openvino": """
import openvino

# As in the run: float32 that is float32, whatever the processor would rather do.
compile_model = openvino.compile_model
openvino.compile_model = lambda model, device="CPU", config=None, **rest: compile_model(
    model, device, {"INFERENCE_PRECISION_HINT": "f32", **(config or {})}, **rest
)""",
    "keras-tensorflow": "import tensorflow as tf",
    "tf-keras": "import tensorflow as tf",
    "keras-torch": "import torch",
    "keras-jax": "import jax",
}

_SET_WEIGHTS = """
for layer in model.layers:
    for variable in layer.weights:
        variable.assign(weights[layer.name + "/" + variable.name.split("/")[-1].split(":")[0]])"""

_AS_NUMPY = "def as_numpy(array):\n    return {}\n"

_FED = """
fed = list(inputs.values())
fed = fed[0] if len(fed) == 1 else fed"""

_OBSERVED = """outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
observed = {f"output {j}": as_numpy(y) for j, y in enumerate(outputs)}"""

_NAMES = """names = [
    layer.name + "/" + variable.name.split("/")[-1].split(":")[0]
    for layer in model.layers
    for variable in layer.trainable_weights
]
variables = [v for layer in model.layers for v in layer.trainable_weights]"""

_NAMED = """observed = {"gradient of input " + n: as_numpy(g) for n, g in zip(inputs, of_inputs)}
observed.update({"gradient of " + n: as_numpy(g) for n, g in zip(names, of_weights)})"""

_TAPE = f"""
{_NAMES}
given = [tf.constant(x) for x in inputs.values()]
with tf.GradientTape() as tape:
    tape.watch(given)
    outputs = model(given[0] if len(given) == 1 else given)
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    total = tf.add_n([tf.reduce_sum(c * y) for c, y in zip(cotangents, outputs)])
of_inputs, of_weights = tape.gradient(
    total, [given, [getattr(v, "value", v) if hasattr(v, "path") else v for v in variables]]
)
{_NAMED}"""

_AUTOGRAD = f"""
{_NAMES}
given = [torch.from_numpy(x).requires_grad_() for x in inputs.values()]
outputs = model(given[0] if len(given) == 1 else given)
outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
total = sum((torch.from_numpy(c) * y).sum() for c, y in zip(cotangents, outputs))
found = torch.autograd.grad(total, given + [v.value for v in variables])
of_inputs, of_weights = found[: len(given)], found[len(given) :]
{_NAMED}"""

_STATELESS = f"""
{_NAMES}
still = [v.value for v in model.non_trainable_variables]

def total(given, values):
    outputs, _ = model.stateless_call(values, still, given[0] if len(given) == 1 else given)
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    return sum((c * y).sum() for c, y in zip(cotangents, outputs))

values = [v.value for v in variables]
of_inputs, of_weights = jax.jit(jax.grad(total, argnums=(0, 1)))(list(inputs.values()), values)
{_NAMED}"""

_GRADIENTS = {
    "keras-tensorflow": _TAPE,
    "tf-keras": _TAPE,
    "keras-torch": _AUTOGRAD,
    "keras-jax": _STATELESS,
}


def _keras(plan: Plan) -> Body:
    old = plan.adapter == "tf-keras"
    result = Body()
    backend = plan.adapter.removeprefix("keras-")
    if not old:
        result.prelude = ["import os", "", f'os.environ["KERAS_BACKEND"] = {backend!r}']
    result.prelude += ["", "import hashlib", "", "import numpy as np"]
    result.prelude.append(_PRELUDE.get(plan.adapter, ""))
    result.prelude.append("import tf_keras as keras" if old else "import keras")
    result.prelude.append('print("keras", keras.__version__)')
    convert = "np.asarray(array)" if old else "keras.ops.convert_to_numpy(array)"
    result.functions = [_AS_NUMPY.format(convert)]
    result.functions += ["", "def probe(x):", '    print("the layer saw", x.shape)', "    return x"]
    build = repro_keras.model_lines(plan.program.model)
    if plan.facet == "raises":
        result.steps = _refusal(plan, build)
        return result
    result.steps = [*build, _SET_WEIGHTS, _FED]
    asked = "model.predict_on_batch(fed)" if backend == "openvino" else "model(fed)"
    if plan.facet in {"values", "shape", "dtype", "batch"}:
        result.steps += [f"outputs = {asked}", _OBSERVED]
    elif plan.facet == "gradients" and plan.adapter in _GRADIENTS:
        result.steps.append(_GRADIENTS[plan.adapter])
    elif plan.facet == "state":
        result.steps += _training(plan)
    else:
        result.steps = [*build, *_structure(plan)]
    return result


def _refusal(plan: Plan, build: list[str]) -> list[str]:
    made = [*build, *([_FED, "model(fed)"] if plan.raises == "call" else [])]
    inner = [line for part in made for line in part.splitlines()]
    return [
        "try:",
        *(f"    {line}" if line else "" for line in inner),
        "except Exception as error:",
        '    print("refused, as it must be:", type(error).__name__, error)',
        "else:",
        f'    raise AssertionError("accepted, although it must be refused at {plan.raises}")',
    ]


def _training(plan: Plan) -> list[str]:
    train = plan.program.train
    if train is None:
        raise _no(plan)
    if train.loss.config:
        raise _no(plan)
    keywords = ", ".join(
        f"{identifier(key)}={literal(value)}" for key, value in train.optimizer.config.items()
    )
    return [
        f"optimizer = keras.optimizers.{identifier(train.optimizer.name)}({keywords})",
        f"model.compile(optimizer=optimizer, loss={train.loss.name!r})",
        "targets = targets[0] if len(targets) == 1 else targets",
        f"losses = [model.train_on_batch(fed, targets) for _ in range({train.steps})]",
        _NAMES,
        'observed = {"losses": np.array(losses, np.float32)}',
        'observed.update({"trained " + n: as_numpy(v) for n, v in zip(names, variables)})',
    ]


def _structure(plan: Plan) -> list[str]:
    """Facets that need no numbers, only the model."""
    network = plan.network
    if network is None:
        raise _no(plan)
    if plan.facet == "symbolic_shape":
        expected = repr([tuple(shape) for shape in network.outputs])
        shown = "[tuple(y.shape) for y in model.outputs]"
    elif plan.facet == "params":
        expected, shown = repr(network.params.total), "model.count_params()"
    elif plan.facet == "weights":
        expected = repr({name: tuple(v.shape) for name, v in network.variables.items()})
        shown = (
            '{layer.name + "/" + v.name.split("/")[-1].split(":")[0]: tuple(v.shape) '
            "for layer in model.layers for v in layer.weights}"
        )
    else:
        raise _no(plan)
    return [f"expected = {expected}", f"found = {shown}", *_compared()]


def _compared() -> list[str]:
    return [
        'print("expected", expected)',
        'print("observed", found)',
        'assert found == expected, f"{found} is not {expected}"',
    ]


_TORCH_GRADIENTS = """
inputs = {name: torch.from_numpy(x).requires_grad_() for name, x in inputs.items()}
weights = {name: torch.from_numpy(w).requires_grad_() for name, w in weights.items()}
total = sum((torch.from_numpy(c) * y).sum() for c, y in zip(cotangents, model(inputs, weights)))
leaves = list(inputs.values()) + list(weights.values())
found = torch.autograd.grad(total, leaves)
names = ["input " + name for name in inputs] + list(weights)
observed = {"gradient of " + name: as_numpy(g) for name, g in zip(names, found)}"""

_JAX_GRADIENTS = """
def total(inputs, weights):
    return sum((c * y).sum() for c, y in zip(cotangents, model(inputs, weights)))

of_inputs, of_weights = jax.jit(jax.grad(total, argnums=(0, 1)))(inputs, weights)
observed = {"gradient of input " + name: as_numpy(g) for name, g in of_inputs.items()}
observed.update({"gradient of " + name: as_numpy(g) for name, g in of_weights.items()})"""

_TORCH_COUNT = """
counts = []
torch.nn.modules.module.register_module_forward_hook(
    lambda module, given, answer: counts.append(sum(p.numel() for p in module.parameters()))
)
model({k: torch.from_numpy(x) for k, x in inputs.items()},
      {k: torch.from_numpy(w) for k, w in weights.items()})
found = sum(counts)"""


def _native(plan: Plan) -> Body:
    if plan.facet == "raises" or plan.network is None:
        raise _no(plan)
    extract = Extract(TABLES[plan.adapter])
    known = repro_keras.expressions(plan.program.model)
    walk = []
    for node in plan.program.model.nodes:
        if "mask" in plan.program.facets and "mask" not in node.tensors:
            raise _no(plan)  # the walk that carries masks from layer to layer is the adapter's own
        bound = extract.layer(node.layer, node.config, node.arguments, node.tensors)
        operand = repro_keras.listed(chosen(node.inputs, known))
        more = repro_keras.keywords(msgspec.structs.replace(node, arguments={}), known)
        made = call(bound, operand, f"of(weights, {node.owner!r})", *more)
        walk.append(f"    t[{node.name!r}] = {made}")
    outputs = ", ".join(chosen(plan.program.model.outputs, known))
    torch = plan.adapter == "torch"
    framework = f"import {plan.adapter}"
    imports = sorted(
        {*extract.imports, framework, *([] if torch else ["import jax"])},
        key=lambda text: (text.startswith("from"), text),
    )
    standard = [text for text in imports if text.split()[1] in {"functools", "math"}]
    result = Body(["import hashlib", *standard, "", "import numpy as np"])
    result.prelude += [text for text in imports if text not in standard]
    result.prelude.append(f'print("{plan.adapter}", {plan.adapter}.__version__)')
    if not torch:
        result.prelude.append('jax.config.update("jax_default_matmul_precision", "highest")')
    result.functions = [f"{text}\n\n" for text in extract.texts.values()]
    result.functions += [
        "def of(weights, node):",
        '    """The variables of one layer."""',
        '    parts = {name.rsplit("/", 1)[1]: w for name, w in weights.items()',
        '             if name.rsplit("/", 1)[0] == node}',
        "    return parts",
        "",
        "",
        "def model(inputs, weights):",
        "    t = dict(inputs)",
        *walk,
        f"    return [{outputs}]",
        "",
        "",
        _AS_NUMPY.format("array.detach().numpy()" if torch else "np.asarray(array)"),
    ]
    if plan.facet == "gradients":
        result.steps = [_TORCH_GRADIENTS if torch else _JAX_GRADIENTS]
    elif plan.facet in {"values", "shape", "dtype", "batch"}:
        if torch:
            result.steps = [
                "outputs = model({k: torch.from_numpy(x) for k, x in inputs.items()},",
                "                {k: torch.from_numpy(w) for k, w in weights.items()})",
                _OBSERVED,
            ]
        else:
            result.steps = ["outputs = jax.jit(model)(inputs, weights)", _OBSERVED]
    elif plan.facet == "params" and torch:
        expected = f"expected = {plan.network.params.total!r}"
        result.steps = [_TORCH_COUNT, expected, *_compared()]
    else:
        raise _no(plan)
    return result
