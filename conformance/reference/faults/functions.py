"""Faults of functions: another function, operands exchanged, a wrong dtype, a wrong draw."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import msgspec

from conformance.adapters.shared.functions import is_layer, is_made
from conformance.cases.model import InputSpec
from conformance.reference.errors import NoAnswer
from conformance.reference.faults import definitions
from conformance.reference.faults.arguments import mistaken, parameters
from conformance.reference.faults.dictionaries import of_dictionaries
from conformance.reference.faults.fault import Fault, nodewise
from conformance.reference.faults.misdrawing import SLIGHTLY, misdropped
from conformance.reference.faults.neighbours import EITHER_WAY, NUMBERS
from conformance.reference.faults.networks import NETWORKS, SYMMETRIC
from conformance.reference.model.network import Network
from conformance.reference.spec import table
from conformance.reference.spec.initializers import KEPT, fans

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from conformance.cases.model import Case, Model, Node

NEIGHBOURS = {
    **NETWORKS,
    "ops.sum": ("ops.mean",),
    "ops.mean": ("ops.sum",),
    "ops.prod": ("ops.sum",),
    "ops.var": ("ops.mean",),
    "ops.max": ("ops.min",),
    "ops.min": ("ops.max",),
    "ops.logsumexp": ("ops.max",),
    "ops.any": ("ops.all",),
    "ops.all": ("ops.any",),
    "ops.argmax": ("ops.argmin",),
    "ops.argmin": ("ops.argmax",),
    "initializers.Constant": ("initializers.Ones",),
    "ops.sort": ("ops.argsort",),
    "ops.argsort": ("ops.sort",),
    "ops.add": ("ops.subtract",),
    "ops.subtract": ("ops.add",),
    "ops.multiply": ("ops.divide",),
    "ops.divide": ("ops.multiply",),
    "ops.power": ("ops.multiply",),
    "ops.maximum": ("ops.minimum",),
    "ops.minimum": ("ops.maximum",),
    "ops.equal": ("ops.greater",),
    "ops.greater": ("ops.less",),
    "ops.less": ("ops.greater",),
    "ops.logical_and": ("ops.bitwise_and",),
    "ops.bitwise_and": ("ops.logical_and",),
    "ops.exp": ("ops.expm1",),
    "ops.expm1": ("ops.exp",),
    "ops.log": ("ops.log1p",),
    "ops.log1p": ("ops.log",),
    "ops.sin": ("ops.cos",),
    "ops.cos": ("ops.sin",),
    "ops.arcsin": ("ops.sin",),
    "ops.sqrt": ("ops.square",),
    "ops.square": ("ops.absolute",),
    "ops.absolute": ("ops.relu",),
    "ops.negative": ("ops.absolute",),
    "ops.relu": ("ops.absolute",),
    "ops.sigmoid": ("ops.softmax",),
    "ops.softmax": ("ops.sigmoid",),
    "ops.sign": ("ops.absolute",),
    "ops.zeros": ("ops.ones",),
    "ops.ones": ("ops.zeros",),
    "ops.matmul": ("ops.dot",),
    "ops.dot": ("ops.matmul",),
    "ops.concatenate": ("ops.stack",),
    "ops.stack": ("ops.concatenate",),
    "ops.take": ("ops.take_along_axis",),
    "ops.take_along_axis": ("ops.take",),
    "ops.fliplr": ("ops.flipud",),
    "ops.flipud": ("ops.fliplr",),
    "ops.tile": ("ops.repeat",),
    "ops.repeat": ("ops.tile",),
    "ops.tril": ("ops.triu",),
    "ops.triu": ("ops.tril",),
    "ops.trace": ("ops.sum",),
    "ops.zeros_like": ("ops.ones_like",),
    "ops.ones_like": ("ops.zeros_like",),
    "ops.tri": ("ops.eye",),
    "ops.identity": ("ops.tri",),
    "ops.vstack": ("ops.hstack",),
    "ops.hstack": ("ops.vstack",),
    "ops.dstack": ("ops.hstack",),
    "ops.vsplit": ("ops.hsplit",),
    "ops.hsplit": ("ops.vsplit",),
    "ops.dsplit": ("ops.hsplit",),
    "ops.hamming": ("ops.hanning",),
    "ops.hanning": ("ops.hamming",),
    "ops.bartlett": ("ops.hanning",),
    "ops.blackman": ("ops.hanning",),
    "ops.outer": ("ops.multiply",),
    "ops.inner": ("ops.dot",),
    "ops.vdot": ("ops.inner",),
    "ops.segment_sum": ("ops.segment_max",),
    "ops.segment_max": ("ops.segment_min",),
    "ops.segment_min": ("ops.segment_max",),
    "ops.segment_prod": ("ops.segment_sum",),
    "ops.size": ("ops.ndim",),
    "ops.ndim": ("ops.size",),
    "losses.MeanSquaredError": ("losses.MeanAbsoluteError",),
    "losses.MeanAbsoluteError": ("losses.MeanSquaredError",),
    "losses.Huber": ("losses.MeanSquaredError",),
    "losses.LogCosh": ("losses.Huber",),
    "losses.Hinge": ("losses.SquaredHinge",),
    "losses.SquaredHinge": ("losses.Hinge",),
    "losses.KLDivergence": ("losses.Poisson",),
    "losses.Poisson": ("losses.KLDivergence",),
    "losses.BinaryFocalCrossentropy": ("losses.BinaryCrossentropy",),
    "losses.CategoricalFocalCrossentropy": ("losses.CategoricalCrossentropy",),
    "losses.Tversky": ("losses.Dice",),
    "losses.hinge": ("losses.squared_hinge",),
    "losses.squared_hinge": ("losses.hinge",),
    "losses.log_cosh": ("losses.huber",),
    "losses.binary_focal_crossentropy": ("losses.binary_crossentropy",),
    "losses.categorical_focal_crossentropy": ("losses.categorical_crossentropy",),
    "initializers.Zeros": ("initializers.Ones",),
    "initializers.Ones": ("initializers.Zeros",),
    "initializers.GlorotUniform": ("initializers.GlorotNormal", "initializers.HeUniform"),
    "initializers.GlorotNormal": ("initializers.GlorotUniform", "initializers.HeNormal"),
    "initializers.HeUniform": ("initializers.HeNormal", "initializers.GlorotUniform"),
    "initializers.HeNormal": ("initializers.HeUniform", "initializers.GlorotNormal"),
    "initializers.LecunUniform": ("initializers.LecunNormal", "initializers.HeUniform"),
    "initializers.LecunNormal": ("initializers.LecunUniform", "initializers.HeNormal"),
    "regularizers.L1": ("regularizers.L2",),
    "regularizers.L2": ("regularizers.L1",),
    "constraints.UnitNorm": ("constraints.MaxNorm",),
    "constraints.MaxNorm": ("constraints.UnitNorm",),
    "initializers.TruncatedNormal": ("initializers.RandomNormal",),
    "initializers.RandomNormal": ("initializers.TruncatedNormal",),
    "random.normal": ("random.truncated_normal",),
    "random.truncated_normal": ("random.normal",),
    "random.uniform": ("random.normal",),
    **NUMBERS,
}
"""What a function may be taken for that takes the same arguments."""

_EITHER_WAY = (
    frozenset(
        f"ops.{name}"
        for name in ("add", "multiply", "maximum", "minimum", "equal", "logical_and", "bitwise_and")
    )
    | EITHER_WAY
)
"""Functions that answer the same whichever operand comes first."""

_INDICES = frozenset({"ops.argmax", "ops.argmin", "ops.argsort", "ops.top_k"})
"""Functions that answer places, in int32."""


def of_functions(case: Case) -> Iterator[Fault]:
    """Every fault that may fit a case of functions; the caller drops those that don't."""
    model = case.program.model
    yield from of_nodes(model.nodes, model.inputs)
    for node in model.nodes:
        if is_layer(node.layer):
            continue
        if case.expect.signed_zero:
            yield definitions.signless(node.layer)
        yield from _misdrawn(node)


def of_model(model: Model) -> Iterator[Fault]:
    """Every fault that may fit the functions among a model's layers."""
    if not model.functions:
        return
    try:
        network = Network.build(model)
    except NoAnswer:
        return
    known = [
        InputSpec(name=name, shape=[n or 0 for n in shapes[0]], dtype=network.dtypes[name][0])
        for name, shapes in network.answers.items()
        if len(shapes) == 1
    ]
    yield from of_nodes(model.functions, known)


def of_nodes(nodes: Sequence[Node], known: Sequence[InputSpec]) -> Iterator[Fault]:
    """Every fault that may fit functions.

    Args:
        nodes: The functions.
        known: What is known of the arrays that they may take, by name.
    """
    yield from mistaken(nodes)
    for node in nodes:
        if is_layer(node.layer):
            yield from of_dictionaries(node)
            continue
        yield from _left_out(node)
        yield from _exchanged(node, known)
        yield from _taken_for(node)
        yield from definitions.of_symbol(node.layer)
        if _numbers(node):
            yield definitions.widening(node.layer)
        yield from _other_dtypes(node, known)


def _only(node: Node, change: Callable[[Node], Node]) -> Any:
    return nodewise(lambda other: [change(other) if other.name == node.name else other])


def _left_out(node: Node) -> Iterator[Fault]:
    """Arrays that a function can do without, such as sample weights."""
    known = parameters(node.layer)
    for name in node.tensors:
        if name not in known or known[name].default is known[name].empty:
            continue

        def without(other: Node, name: str = name) -> Node:
            tensors = {key: one for key, one in other.tensors.items() if key != name}
            return msgspec.structs.replace(other, tensors=tensors)

        yield Fault(
            name=f"ignored:{node.layer}.{name}",
            says=f"ignored the argument {name} of {node.layer}",
            model=_only(node, without),
        )


def _exchanged(node: Node, inputs: Sequence[InputSpec]) -> Iterator[Fault]:
    """Two operands in each other's place, where both are arrays of one shape or one is a number."""
    specs = {spec.name: spec for spec in inputs}
    operands = [
        name for name in parameters(node.layer) if name in {**node.tensors, **_numbers(node)}
    ]
    if node.layer in _EITHER_WAY or node.layer in SYMMETRIC:
        return
    for first, second in itertools.combinations(operands, 2):
        pair = [specs[name] for name in _arrays(node, first, second) if name in specs]
        several = len(pair) == 2  # noqa: PLR2004 (both are arrays)
        if not pair or (several and pair[0].shape != pair[1].shape):
            continue
        places = {first: second, second: first}
        yield Fault(
            name=f"exchanged:{node.layer}.{first}.{second}",
            says=f"took the arguments {first} and {second} of {node.layer} for each other",
            model=_only(node, lambda other, places=places: _renamed(other, places)),  # type: ignore[misc] # a lambda with a default
        )
    for name, arrays in node.tensors.items():
        if isinstance(arrays, list) and len(arrays) > 1:
            turned = {**node.tensors, name: arrays[::-1]}
            yield Fault(
                name=f"reversed:{node.layer}.{name}",
                says=f"took the arrays {name} of {node.layer} in the other order",
                model=_only(
                    node,
                    lambda other, turned=turned: msgspec.structs.replace(other, tensors=turned),  # type: ignore[misc] # a lambda with a default
                ),
            )


def _numbers(node: Node) -> dict[str, Any]:
    """Numbers that stand where an array could: the operands of ``ops.add``."""
    return {
        key: value
        for key, value in node.arguments.items()
        if key in {"x1", "x2"} and isinstance(value, int | float)
    }


def _arrays(node: Node, *names: str) -> list[str]:
    found = [node.tensors.get(name) for name in names]
    return [name for name in found if isinstance(name, str)]


def _renamed(node: Node, names: dict[str, str]) -> Node:
    tensors = {names.get(key, key): value for key, value in node.tensors.items()}
    arguments = {names.get(key, key): value for key, value in node.arguments.items()}
    return msgspec.structs.replace(node, tensors=tensors, arguments=arguments)


def _taken_for(node: Node) -> Iterator[Fault]:
    """Another function, with those of the arguments that it knows too."""
    for other in NEIGHBOURS.get(node.layer, ()):
        ours, theirs = list(parameters(node.layer)), list(parameters(other))
        names = {
            key: to
            for key, to in zip(ours, theirs, strict=False)
            if key not in theirs and to != "axis"  # whatever else stands there is none
        }
        made = table.find(other) if is_made(other) else None

        def swapped(
            node: Node,
            other: str = other,
            names: dict[str, str] = names,
            theirs: list[str] = theirs,
            made: Any = made,
        ) -> Node:
            node = _renamed(node, names)
            arguments = {key: one for key, one in node.arguments.items() if key in theirs}
            config = {k: v for k, v in node.config.items() if k in definitions.arguments_of(made)}
            return msgspec.structs.replace(node, layer=other, arguments=arguments, config=config)

        yield Fault(
            name=f"taken-for:{node.layer}.{other.rpartition('.')[2]}",
            says=f"answered {other} for {node.layer}",
            model=_only(node, swapped),
        )


def _other_dtypes(node: Node, inputs: Sequence[InputSpec]) -> Iterator[Fault]:
    """An answer in the dtype of one argument, or in one that is always the same."""
    specs = {spec.name: spec for spec in inputs}
    narrow = any(spec.dtype != "float32" for spec in inputs)
    for key, name in node.tensors.items():
        if narrow and isinstance(name, str) and name in specs:
            yield Fault(
                name=f"dtype-of:{node.layer}.{key}",
                says=f"answered in the dtype of the argument {key} of {node.layer}",
                definition=definitions.answering(node.layer, specs[name].dtype),
            )
    always = ["float32"] if narrow or "dtype" in node.arguments else []
    if node.layer in _INDICES:
        always.append("int64")
    for dtype in always:
        yield Fault(
            name=f"dtype:{dtype}",
            says=f"answered in {dtype} whatever the dtype of the arguments",
            definition=definitions.answering(node.layer, dtype),
        )


def _misdrawn(node: Node) -> Iterator[Fault]:
    """Draws of another law: a rate that is off, the fans of wrong axes, a variance left out."""
    rate = node.arguments.get("rate")
    if isinstance(rate, float):
        arguments = {**node.arguments, "rate": misdropped(rate)}
        yield Fault(
            name="off:rate",
            says=f"took a rate that is {SLIGHTLY} off",
            model=_only(node, lambda other: msgspec.structs.replace(other, arguments=arguments)),
        )
    shape = node.arguments.get("shape")
    fixed = getattr(table.find(node.layer), "fixed", None) if is_made(node.layer) else None
    if not isinstance(shape, list) or fixed is None:
        return
    scale, mode, distribution = fixed
    turned = fans(shape[::-1])
    into, out = turned if len(shape) > 1 else (1.0, turned[1])
    n = {"fan_in": into, "fan_out": out, "fan_avg": (into + out) / 2}[mode]
    yield Fault(
        name="fans-of-first-axes",
        says="counted the fans over the first axes of the shape instead of the last",
        model=_only(node, lambda other: _drawing(other, distribution, scale / n)),
    )
    if distribution == "truncated_normal":
        honest = max(_fan(mode, shape), 1.0)
        yield Fault(
            name="cut-variance-left-out",
            says="left out that cutting a normal law off makes its variance smaller",
            model=_only(
                node, lambda other: _drawing(other, distribution, scale / honest * KEPT**2)
            ),
        )


def _fan(mode: str, shape: list[int]) -> float:
    into, out = fans(shape)
    return {"fan_in": into, "fan_out": out, "fan_avg": (into + out) / 2}[mode]


def _drawing(node: Node, distribution: str, variance: float) -> Node:
    """An initializer of this variance in a node's place."""
    if distribution == "uniform":
        reach = math.sqrt(3 * variance)
        layer, config = "initializers.RandomUniform", {"minval": -reach, "maxval": reach}
    else:
        layer = "initializers.TruncatedNormal"
        config = {"stddev": math.sqrt(variance) / KEPT}
    config |= {key: node.config[key] for key in ("seed",) if key in node.config}
    return msgspec.structs.replace(node, layer=layer, config=config)
