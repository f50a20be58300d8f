"""What a script does on a native framework: its own functions, and the question of a facet."""

from __future__ import annotations

import msgspec

from conformance.adapters.shared.calling import chosen
from conformance.adapters.worker.failure import Unsupported
from conformance.repro import keras as keras_words
from conformance.repro.checks import equal_lines
from conformance.repro.native import TABLES, Extract
from conformance.repro.plan import Body, Plan

_AS_NUMPY = '''
def as_numpy(array):
    """The numbers of a tensor."""
    return {}'''

_OF = '''
def of(weights, node):
    """The variables of one layer."""
    parts = {name.rsplit("/", 1)[1]: w for name, w in weights.items()
             if name.rsplit("/", 1)[0] == node}
    return parts'''

_OBSERVED = 'observed = {f"output {j}": as_numpy(y) for j, y in enumerate(outputs)}'

_TORCH_FED = """\
inputs = {name: torch.from_numpy(x) for name, x in inputs.items()}
weights = {name: torch.from_numpy(w) for name, w in weights.items()}"""

_TORCH_GRADIENTS = """\
leaves = [leaf for leaf in [*inputs.values(), *weights.values()] if leaf.is_floating_point()]
for leaf in leaves:
    leaf.requires_grad_()
total = sum((torch.from_numpy(c) * y).sum() for c, y in zip(cotangents, model(inputs, weights)))
found = torch.autograd.grad(total, leaves, materialize_grads=True)
named = [("input " + name, x) for name, x in inputs.items()] + list(weights.items())
names = [name for name, leaf in named if leaf.is_floating_point()]
observed = {"gradient of " + name: as_numpy(g) for name, g in zip(names, found)}"""

_JAX_GRADIENTS = """\
moving = {name: x for name, x in inputs.items() if x.dtype == "float32"}


def total(moving, weights):
    outputs = model({**inputs, **moving}, weights)
    return sum((c * y).sum() for c, y in zip(cotangents, outputs))


of_inputs, of_weights = jax.jit(jax.grad(total, argnums=(0, 1)))(moving, weights)
observed = {"gradient of input " + name: as_numpy(g) for name, g in of_inputs.items()}
observed.update({"gradient of " + name: as_numpy(g) for name, g in of_weights.items()})"""

_TORCH_COUNT = """\
counts = []
torch.nn.modules.module.register_module_forward_hook(
    lambda module, given, answer: counts.append(sum(p.numel() for p in module.parameters()))
)
model(inputs, weights)"""


def native_body(plan: Plan) -> Body:
    """Write the parts of a script for a native framework.

    Raises:
        Unsupported: There is no script for this facet, or the adapter can't do it.
    """
    if plan.facet == "raises" or plan.network is None:
        raise plan.no()
    extract = Extract(TABLES[plan.adapter])
    functions = _model(plan, extract)
    torch = plan.adapter == "torch"
    framework = f"import {plan.adapter}"
    imports = sorted(
        {*extract.imports, framework, *([] if torch else ["import jax"])},
        key=lambda text: (text.startswith("from"), text),
    )
    standard = [text for text in imports if text.split()[1] in {"functools", "math"}]
    result = Body(imports=["from importlib.metadata import distributions", *standard])
    result.prelude = [text for text in imports if text not in standard]
    if not torch:
        result.prelude.append('jax.config.update("jax_default_matmul_precision", "highest")')
    result.functions = [
        *(f"{text}\n" for text in extract.texts.values()),
        _OF,
        functions,
        _AS_NUMPY.format("array.detach().numpy()" if torch else "np.asarray(array)"),
    ]
    result.steps = [_TORCH_FED] if torch else []
    if plan.facet == "gradients":
        result.steps.append(_TORCH_GRADIENTS if torch else _JAX_GRADIENTS)
        result.filled = True
    elif plan.facet in {"values", "shape", "dtype", "batch"}:
        called = "model" if torch else "jax.jit(model)"
        result.steps += [f"outputs = {called}(inputs, weights)", _OBSERVED]
        result.filled = plan.facet != "dtype"
        stated = plan.stated("dtype")
        if plan.facet == "dtype" and stated:
            found = "[str(y.dtype).split('.')[-1] for y in outputs]"
            result.steps += equal_lines(repr([str(one) for one in stated[plan.ordinal]]), found)
    elif plan.facet == "params" and torch:
        result.steps += [_TORCH_COUNT, *equal_lines(repr(plan.network.params.total), "sum(counts)")]
    else:
        raise plan.no()
    return result


def _model(plan: Plan, extract: Extract) -> str:
    """The function that walks through the model, of functions that the extract then holds."""
    model = plan.program.model
    known = keras_words.expressions(model)
    walk = []
    for node in model.nodes:
        if node.is_function:
            message = "a function among layers is not shown by a script of a native framework"
            raise Unsupported(message)
        if "mask" in plan.program.facets and "mask" not in node.tensors:
            raise plan.no()  # the walk that carries masks from layer to layer is the adapter's own
        bound = extract.layer(node.layer, node.config, node.arguments, node.tensors)
        operand = keras_words.listed(chosen(node.inputs, known))
        more = keras_words.keywords(msgspec.structs.replace(node, arguments={}), known)
        made = extract.call(bound, operand, f"of(weights, {node.owner!r})", *more)
        walk.append(f"    t[{node.name!r}] = {made}")
    outputs = ", ".join(chosen(model.outputs, known))
    lines = ["", "def model(inputs, weights):", "    t = dict(inputs)", *walk]
    return "\n".join([*lines, f"    return [{outputs}]"])
