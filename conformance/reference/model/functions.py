"""Running functions on arrays: a program whose nodes keep nothing and have no batch axis."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.adapters.shared.functions import flat, is_layer, is_made, operand
from conformance.invariants import Invariants
from conformance.reference.engine.array import Array, cast, gradients
from conformance.reference.engine.dtypes import DIGITS, NARROW, held
from conformance.reference.engine.laws import Affine, DataSized, Distribution
from conformance.reference.errors import Unsupported
from conformance.reference.model import data
from conformance.reference.model.arrays import fed_to_function, watching
from conformance.reference.spec import table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from conformance.cases.model import Graph, Node
    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Values
    from conformance.reference.engine.laws import Drawn, Named

    Find = Callable[[str], Any]
    """Takes a symbol to its definition; one of its own where a fault is in it."""


DICTIONARY = "dictionary.images"
"""What image layers answer to a dictionary, which is defined for all of them together."""


@dataclass
class FunctionRun:
    """What the functions of a program did.

    Attributes:
        outputs: Arrays, or what is said of answers that are not unique.
        nodes: Shape of what a node answers, of those with one answer.
        gradients: Of sum(cotangent * output) by input; None where it was not asked for.
        drawn: The law of the answer, where that is left to chance.
        unsized: Axes of an output whose size only the data tell, by the output's place.
    """

    outputs: list[Any] = field(default_factory=list)
    nodes: dict[str, list[int]] = field(default_factory=dict)
    gradients: dict[str, Array] | None = None
    drawn: Drawn | None = None
    unsized: dict[int, tuple[int, ...]] = field(default_factory=dict)


def function_feeds(program: Graph, seed: int) -> dict[str, Values]:
    """What is fed to the functions of a program, by the names of docs/architecture.md."""
    return {
        f"call/0/{spec.name}": data.input_values(spec, seed, f"call/0/{spec.name}", None)
        for spec in program.model.inputs
    }


def run_functions(
    program: Graph,
    feeds: Mapping[str, Values],
    arithmetic: Arithmetic,
    cotangents: Callable[[list[Array]], Mapping[int, Values]] | None = None,
    find: Find = table.find,
) -> FunctionRun:
    """Run the functions of a program.

    Args:
        program: Of the form ``function``.
        feeds: What is fed.
        arithmetic: In which to compute.
        cotangents: Given the outputs, an array for each that is a float one, by its place; with
            None no gradient is taken.
        find: The definition of a symbol.

    Raises:
        Unsupported: A function or an argument is not in the reference.
        Refused: Keras documents that it refuses this call.
    """
    inputs = {
        spec.name: fed_to_function(arithmetic, spec, feeds[f"call/0/{spec.name}"])
        for spec in program.model.inputs
    }
    with_gradients = cotangents is not None
    if with_gradients:
        inputs = {
            name: array.watched() if isinstance(array, Array) else array
            for name, array in inputs.items()
        }
    watching(arithmetic, on=with_gradients)
    values: dict[str, list[Any]] = {name: [array] for name, array in inputs.items()}
    unsized: dict[str, dict[int, tuple[int, ...]]] = {}
    for node in program.model.nodes:
        answers = called(node, values, arithmetic, find)
        _unsized_only_last(node, unsized)
        unsized[node.name] = {
            j: one.axes for j, one in enumerate(answers) if isinstance(one, DataSized)
        }
        values[node.name] = [one.array if isinstance(one, DataSized) else one for one in answers]
    watching(arithmetic, on=False)
    places = [(name, j) for name in program.model.outputs for j in range(len(values[name]))]
    run = FunctionRun(outputs=[values[name][j] for name, j in places])
    run.unsized = {
        at: unsized[name][j] for at, (name, j) in enumerate(places) if j in unsized.get(name, {})
    }
    run.nodes = {
        node.name: list(values[node.name][0].shape)
        for node in program.model.nodes
        if len(values[node.name]) == 1 and not isinstance(values[node.name][0], Invariants)
    }
    if cotangents is not None:
        moving = {
            name: array
            for name, array in inputs.items()
            if isinstance(array, Array) and array.tracked
        }
        given = cotangents(run.outputs)
        pairs = [
            (run.outputs[j], _cotangent(arithmetic, run.outputs[j], values))
            for j, values in given.items()
        ]
        found = gradients([y for y, _ in pairs], [c for _, c in pairs], [*moving.values()])
        run.gradients = dict(zip(moving, found, strict=True))
    return run


def _unsized_only_last(node: Node, unsized: Mapping[str, Mapping[int, object]]) -> None:
    """See that nothing is made of an answer whose size only the data tell.

    Raises:
        Unsupported: What a symbolic call would then state is not worked out.
    """
    given = [*node.inputs, *flat(node.tensors.values())]
    if any(unsized.get(name) or unsized.get(name.rpartition(".")[0]) for name in given):
        message = f"{node.layer} of an answer whose size only the data tell is not in the reference"
        raise Unsupported(message)


def differentiated(program: Graph) -> bool:
    """Whether gradients are asked for that could be stated."""
    symbols = [node.layer for node in program.model.nodes]
    return "gradients" in program.facets and all(map(table.differentiable, symbols))


def cotangents_fed(
    feeds: dict[str, Values], seed: int
) -> Callable[[list[Array]], Mapping[int, Values]]:
    """The arrays ``cotangent/<output>`` that are fed, drawn where there is none of the shape."""

    def drawn(outputs: list[Array]) -> Mapping[int, Values]:
        made = {}
        for j in floats(outputs):
            key = f"cotangent/{j}"
            if key not in feeds or feeds[key].shape != outputs[j].shape:
                feeds[key] = data.normal(seed, key, outputs[j].shape)
            made[j] = feeds[key]
        return made

    return drawn


def _cotangent(arithmetic: Arithmetic, output: Array, values: Values) -> Array:
    return cast(arithmetic.leaf(values), output.dtype)


def drawn_law(
    program: Graph, feeds: Mapping[str, Values], arithmetic: Arithmetic, find: Find = table.find
) -> Drawn:
    """The law of what the program's one function draws, given what it is fed.

    What half precision leaves of a number tells no draw, but how often it comes does: there the law
    is told by its name.
    """
    node = program.model.nodes[0]
    given = {
        spec.name: [fed_to_function(arithmetic, spec, feeds[f"call/0/{spec.name}"])]
        for spec in program.model.inputs
    }
    drawn: Drawn = _result(node, given, arithmetic, find)
    if drawn.dtype in NARROW and isinstance(drawn.law, Affine):
        return replace(drawn, law=_by_name(drawn.law, drawn.dtype))
    return drawn


def _by_name(law: Affine, dtype: str) -> Distribution:
    """The law of numbers that are all drawn alike, as those of an initializer are."""
    location, scale = (np.asarray(one.value.flat[0]) for one in (law.location, law.scale))
    if law.law == "uniform":
        low, high = (held(location + scale * end, dtype) for end in (law.low, law.high))
        # The last number is one of them; the distribution's bound is none.
        beyond = held(high + np.abs(high) * 2.0 ** (1 - DIGITS[dtype]), dtype)
        return Distribution("uniform", {"low": low, "high": beyond})
    named: Named = "normal" if law.law == "normal" else "truncated"
    return Distribution(named, {"mean": location, "deviation": scale})


def repeats(program: Graph) -> bool:
    """Whether a second call draws what the first did: the seed is a number, and no generator.

    Raises:
        Unsupported: There is no seed, so that nothing is promised of a second call.
    """
    node = program.model.nodes[0]
    seed: Any = {**node.config, **node.arguments}.get("seed")
    generator = isinstance(seed, dict)
    first = [(config or {}).get("seed") for config in seed.values()] if generator else [seed]
    if first == [None]:
        message = f"what {node.layer} draws without a seed is not in the reference"
        raise Unsupported(message)
    return not generator


def called(
    node: Node, values: Mapping[str, list[Any]], arithmetic: Arithmetic, find: Find = table.find
) -> list[Any]:
    """What one node answers, its several answers in order."""
    answer = _result(node, values, arithmetic, find)
    return list(answer) if isinstance(answer, (list, tuple)) else [answer]


def _result(node: Node, values: Mapping[str, list[Any]], arithmetic: Arithmetic, find: Find) -> Any:
    if is_layer(node.layer):
        answer = find(DICTIONARY)
        passed = {key: operand(names, values, _one) for key, names in node.tensors.items()}
        layer = node.layer.partition(".")[2]
        told = {"training": True, **node.arguments}
        return answer(arithmetic, layer, node.config, **passed, **told)
    function = find(node.layer)
    if is_made(node.layer):
        function = made(node.layer, node.config, arithmetic, find)
    place = [_one(name, values) for name in node.inputs]
    keywords = {**node.arguments}
    for key, names in node.tensors.items():
        keywords[key] = operand(names, values, _one)
    return applied(node.layer, function, place, keywords, arithmetic)


def made(
    symbol: str, config: Mapping[str, Any], arithmetic: Arithmetic, find: Find = table.find
) -> Any:
    """An instance of a class of the specification."""
    return applied(symbol, find(symbol), [], dict(config), arithmetic)


def applied(
    symbol: str,
    function: Callable[..., Any],
    place: list[Any],
    keywords: dict[str, Any],
    arithmetic: Arithmetic,
) -> Any:
    """Call a definition, with the arithmetic where it asks for one.

    Raises:
        Unsupported: It knows no such argument.
    """
    signature = inspect.signature(function)
    variadic = next((n for n, p in signature.parameters.items() if p.kind is p.VAR_POSITIONAL), "")
    if place and variadic:
        before = [n for n in signature.parameters if n in keywords][: _before(signature, variadic)]
        place = [*(keywords.pop(name) for name in before), *place]
    if "arithmetic" in signature.parameters:
        keywords["arithmetic"] = arithmetic
    try:
        signature.bind(*place, **keywords)
    except TypeError as error:
        message = f"{symbol} in the reference: {error}"
        raise Unsupported(message) from error
    return function(*place, **keywords)


def _before(signature: inspect.Signature, variadic: str) -> int:
    return list(signature.parameters).index(variadic)


def _one(name: str, values: Mapping[str, Sequence[Any]]) -> Any:
    if name in values:
        return values[name][0]
    node, _, number = name.rpartition(".")
    if int(number) >= len(values[node]):
        message = f"{name}: {node} has {len(values[node])} outputs, counted from 0"
        raise Unsupported(message)
    return values[node][int(number)]


def floats(outputs: list[Any]) -> list[int]:
    """Places of the outputs that gradients flow from: arrays of floats."""
    return [j for j, y in enumerate(outputs) if isinstance(y, Array) and y.dtype in DIGITS]
