"""What a script asks of draws: seeds, and the law that the drawn numbers follow.

Four answers are drawn as in the run. The law stands in the script as numbers, or as multiples of
what is fed; where it takes more than that there is no script.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from conformance.acceptance import VALUES
from conformance.adapters.worker.failure import Unsupported
from conformance.cases import names
from conformance.reference.answer.expectation import (
    ExpectedAffine,
    ExpectedChoice,
    ExpectedDistribution,
    ExpectedPermutation,
)
from conformance.repro import data
from conformance.repro import keras as keras_words
from conformance.repro.laws import distribution_lines, permutation_lines
from conformance.repro.subjects import words
from conformance.repro.subjects.arrays import travels_as
from conformance.repro.text import literal
from conformance.verdicts import statistics
from conformance.verdicts.random import coincides
from conformance.verdicts.shifts import moments
from conformance.verdicts.tolerance import scale

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from conformance.cases.model import Model, Node
    from conformance.reference.answer.expectation import (
        Expected,
        ExpectedBounds,
        ExpectedRandom,
    )
    from conformance.reference.answer.store import StoredAnswer
    from conformance.repro.plan import Plan

_INDEPENDENCE = (
    *("neighbours ", "first and ", "second and ", "shared draws", "distribution"),
    *("mean of the ", "spread of the ", "frequency of the ", "places of the ", "same sequence"),
)
"""How checks begin that take more than a few lines."""

_SEEDS = frozenset({"dtype", "shape", "input", "same seed", "second call", "other seed"})
"""Checks that need no law."""

_LIKE = 1e-12
"""How near to each other the numbers of the law must be to be multiples of one number."""


def drawing_lines(plan: Plan) -> list[str]:
    """Statements that draw four times, and hold the draws against their law.

    Raises:
        Unsupported: The reference's answer is not at hand, or the law takes too many numbers.
    """
    answer = plan.answer
    if answer is None or answer.expectation.random is None:
        raise Unsupported("the record keeps no law of draws; without --run it is computed anew")
    _shown(plan)
    expected = answer.expectation.random
    try:
        law = _law(plan, answer, expected)
    except Unsupported as reason:
        if not _of_seeds(plan):
            raise
        law = [f"# Of the law of these numbers nothing is looked at: {reason}."]
    drawn = _of_model(plan) if plan.of_model else _of_function(plan)
    return [
        *drawn,
        f"assert {{kind(one) for one in tensors.values()}} == {{{expected.dtype!r}}}",
        "drawn = {name: np.asarray(as_numpy(one), np.float64) for name, one in tensors.items()}",
        *_form(expected),
        *_seeds(expected),
        *law,
    ]


def _shown(plan: Plan) -> None:
    """See that what fails is one of the checks that a script makes.

    Raises:
        Unsupported: It isn't.
    """
    wrong = [one.what for one in plan.judged.comparisons if one.message] if plan.judged else []
    if wrong and all(what.startswith(_INDEPENDENCE) for what in wrong):
        raise Unsupported(f"the check of {wrong[0]} takes more than a script")


def _of_seeds(plan: Plan) -> bool:
    """Whether what fails is the form of the answers, or what seeds make of them."""
    wrong = [one.what for one in plan.judged.comparisons if one.message] if plan.judged else []
    return any(what in _SEEDS for what in wrong)


# --- four answers -------------------------------------------------------------------------------


def _of_function(plan: Plan) -> list[str]:
    model = plan.program.model
    known = words.variables([*(spec.name for spec in model.inputs), *(n.name for n in model.nodes)])
    (node,) = model.nodes
    seed = None if plan.program.random is None else plan.program.random.other
    own, other = (_called(one, known) for one in (node, _seeded(node, seed)))
    lines, first = _fed(plan, known), own
    if names.is_made(node.layer):
        lines.append(f"{known[node.name]} = {words.made(node.layer, node.config)}")
        first = words.called(known[node.name], node, known)
    elif isinstance(node.arguments.get("seed"), dict):
        lines.append(f"seeds = {_generator(node)}")
        first = _called(node, known, "seeds")
    texts = {"first": first, "second": first, "again": own, "other": other}
    entries = (f"    {name!r}: {text}," for name, text in texts.items())
    return [*lines, "tensors = {", *entries, "}"]


def _fed(plan: Plan, known: dict[str, str]) -> list[str]:
    """What the function is called with, as the run gives it to the backend."""
    backend = "" if plan.old else plan.backend
    lines = []
    for spec in plan.program.model.inputs:
        given = words.tensor(f"inputs[{spec.name!r}]", travels_as(spec), spec.dtype, backend)
        lines.append(f"{known[spec.name]} = {given}")
    return lines


def _generator(node: Node) -> str:
    """A seed that is an object, as source."""
    ((kind, config),) = node.arguments["seed"].items()
    return words.made(f"random.{kind}", config)


def _called(node: Node, known: dict[str, str], seeds: str = "") -> str:
    """The call of a function that is made anew, where it has to be made.

    Args:
        node: The function.
        known: What stands for each input.
        seeds: The generator that it draws by; by default one is made of the call's own.
    """
    if names.is_made(node.layer):
        return words.called(words.made(node.layer, node.config), node, known)
    if not isinstance(node.arguments.get("seed"), dict):
        return words.called(words.symbol(node.layer), node, known)
    others = {key: one for key, one in node.arguments.items() if key != "seed"}
    seedless = msgspec.structs.replace(node, arguments=others)
    call = words.called(words.symbol(node.layer), seedless, known)
    return f"{call.removesuffix(')')}, seed={seeds or _generator(node)})"


def _seeded(node: Node, seed: int | None) -> Node:
    """A node with another seed, wherever it has one."""
    config, arguments = (
        {key: _another(one, seed) if key == "seed" else one for key, one in given.items()}
        for given in (node.config, node.arguments)
    )
    return msgspec.structs.replace(node, config=config, arguments=arguments)


def _another(given: Any, seed: int | None) -> Any:
    """Another seed in the place of a number, or of that which a generator begins with."""
    if not isinstance(given, dict):
        return seed
    return {kind: {**config, "seed": seed} for kind, config in given.items()}


def _of_model(plan: Plan) -> list[str]:
    program = plan.graph
    if program.random is None or plan.network is None:
        raise plan.no()
    if plan.network.variables:
        raise Unsupported("a layer that draws and has weights takes more than a script")
    (spec,) = program.model.inputs
    shape = (program.random.rows, *spec.shape)
    fed = data.drawn_input(plan.seed, f"random/{spec.name}", shape, spec.data)
    if spec.dtype != "float32":
        fed = f"{fed}.astype({spec.dtype!r})" if "float" not in spec.dtype else fed
    lines = [f"x = {fed}"]
    for name, seed in (("own", None), ("other", program.random.other)):
        built = keras_words.model_lines(_free(program.model, seed))
        body = "\n".join(built).splitlines()
        lines += [f"def {name}():", *(f"    {line}" for line in body), "    return model", "", ""]
    convert = f"keras.ops.convert_to_tensor(x, {spec.dtype!r})"
    return [
        *lines,
        "model = own()",
        f"given = {convert}",
        "tensors = {'first': model(given, training=True)}",
        "assert (as_numpy(given) == x).all(), 'the call changed what it was given'",
        f"tensors['second'] = model({convert}, training=True)",
        f"tensors['again'] = own()({convert}, training=True)",
        f"tensors['other'] = other()({convert}, training=True)",
    ]


def _free(model: Model, seed: int | None) -> Model:
    """The model with another seed, its layer free to be called in training."""
    (node,) = model.nodes
    arguments = {key: one for key, one in node.arguments.items() if key != "training"}
    free = msgspec.structs.replace(node, arguments=arguments)
    return msgspec.structs.replace(model, nodes=[free if seed is None else _seeded(free, seed)])


# --- checks -------------------------------------------------------------------------------------


def _form(expected: ExpectedRandom) -> list[str]:
    shape = tuple(expected.shape)
    return [
        "for name, one in drawn.items():",
        f'    assert one.shape == {shape!r}, f"{{name}} has the shape {{one.shape}}"',
        '    assert np.isfinite(one).all(), f"{name} holds what is no number"',
    ]


def _seeds(expected: ExpectedRandom) -> list[str]:
    same = [("first", "again"), *([("first", "second")] if expected.repeats else [])]
    others = [("first", "other")]
    if not expected.repeats:
        others += [("first", "second"), ("second", "other")]
    lines = [
        f'assert (drawn["{a}"] == drawn["{b}"]).all(), "{a} and {b} must be alike"' for a, b in same
    ]
    if not coincides(expected):
        lines += [
            f'assert (drawn["{a}"] != drawn["{b}"]).any(), "{a} and {b} must differ"'
            for a, b in others
        ]
    return lines


def _law(plan: Plan, answer: StoredAnswer, expected: ExpectedRandom) -> list[str]:
    law = expected.law
    if isinstance(law, ExpectedChoice):
        return list(_choice(plan, answer, law, expected))
    if isinstance(law, ExpectedAffine):
        return list(_affine(plan, answer, law, expected))
    if isinstance(law, ExpectedDistribution):
        return distribution_lines(answer, law, expected)
    if isinstance(law, ExpectedPermutation):
        return permutation_lines(law, plan.program.model.inputs[0].name)
    return list(_bounds(law))


def _bounds(law: ExpectedBounds) -> Iterator[str]:
    yield "room = 16 * 2.0**-24  # what rounding may add to a bound, as a share of it"
    yield "for name, one in drawn.items():"
    if law.low is not None:
        yield f"    low = {law.low!r} - room * {max(abs(law.low), 1.0)!r}"
        yield '    assert (one >= low).all(), f"{name} goes below the range"'
    if law.high is not None:
        yield f"    high = {law.high!r} + room * {max(abs(law.high), 1.0)!r}"
        yield '    assert (one <= high).all(), f"{name} goes beyond the range"'


def _choice(
    plan: Plan, answer: StoredAnswer, law: ExpectedChoice, expected: ExpectedRandom
) -> Iterator[str]:
    if expected.draws != expected.shape:
        raise Unsupported("numbers that share a draw take more than a script")
    yield "options = ["
    for option in law.options:
        yield f"    ({_written(plan, answer, option)}, {within(answer, option)}),"
    yield "]"
    yield "for name in ('first', 'second', 'other'):"
    yield "    near = [np.abs(drawn[name] - number) <= within for number, within in options]"
    yield '    assert np.any(near, axis=0).all(), f"{name} holds what is none of the options"'
    if not law.probabilities:
        return
    yield "    picked = np.argmax(near, axis=0)[np.sum(near, axis=0) == 1]"
    yield f"    for option, share in enumerate({law.probabilities[:-1]!r}):"
    yield "        count, total = (picked == option).sum(), picked.size"
    yield f"        if total * min(share, 1 - share) >= {statistics.LEAST_PICKED}:"
    yield "            z = (count - total * share) / np.sqrt(total * share * (1 - share))"
    yield (
        f"            assert abs(z) <= {statistics.LIMIT}, "
        'f"option {option} is picked {count} times in {total}, its share is {share}"'
    )


def _affine(
    plan: Plan, answer: StoredAnswer, law: ExpectedAffine, expected: ExpectedRandom
) -> Iterator[str]:
    if expected.draws != expected.shape:
        raise Unsupported("numbers that share a draw take more than a script")
    slope = np.asarray(answer.arrays[law.scale.tensor])
    if not slope.all():
        raise Unsupported("numbers that are not drawn take more than a script")
    center, deviation, kurtosis = moments(law)
    low, high = (-10.0, 10.0) if law.law == "normal" else (law.low, law.high)
    written = [_written(plan, answer, one) for one in (law.location, law.scale)]
    yield f"location, scale = {', '.join(written)}"
    yield f"within = {within(answer, law.location)} / np.abs(scale)"
    yield "for name in ('first', 'other'):"
    yield "    theta = (drawn[name] - location) / scale"
    yield f"    inside = (theta >= {low!r} - within) & (theta <= {high!r} + within)"
    yield f'    assert inside.all(), f"{{name}} leaves the range of the {law.law} law"'
    yield f"    score = (theta - {center!r}) / {deviation!r}"
    yield "    z = score.sum() / np.sqrt(score.size)"
    yield f'    assert abs(z) <= {statistics.LIMIT}, f"the mean of {{name}} is off: z = {{z}}"'
    yield f"    z = (np.square(score).sum() - score.size) / np.sqrt(score.size * {kurtosis - 1!r})"
    yield f'    assert abs(z) <= {statistics.LIMIT}, f"the variance of {{name}} is off: z = {{z}}"'


def _written(plan: Plan, answer: StoredAnswer, one: Expected) -> str:
    """An array of the law: one number, a multiple of what is fed, or all of it where it is small.

    Raises:
        Unsupported: It is none of these.
    """
    array = np.asarray(answer.arrays[one.tensor], np.float64)
    if array.size and (array == array.flat[0]).all():
        return repr(float(array.flat[0]))
    if plan.of_model:
        fed = np.asarray(answer.feeds[f"random/{plan.program.model.inputs[0].name}"], np.float64)
        if fed.shape == array.shape and (factor := _factor(array, fed)) is not None:
            return "x" if factor == 1 else f"x * {factor!r}"
    if array.size > data.LITERAL:
        raise Unsupported("the law of the draws takes too many numbers")
    return f"np.array({literal(array.tolist())})"


def _factor(array: NDArray[Any], fed: NDArray[Any]) -> float | None:
    """By what number every number of one array is multiplied to be another's."""
    place = int(np.abs(fed).argmax())
    if not fed.flat[place]:
        return None
    factor = float(array.flat[place] / fed.flat[place])
    near = np.abs(array - fed * factor) <= _LIKE * np.abs(array)
    return factor if near.all() else None


def within(answer: StoredAnswer, one: Expected) -> str:
    """How far rounding may move a number at most."""
    measure = scale(one.dtype)
    if not one.spread or measure is None:
        return "0.0"
    spread = np.asarray(answer.arrays[one.spread], np.float64)
    return repr(float((VALUES.peak * (spread * measure.unit + measure.floor)).max()))
