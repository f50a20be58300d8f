"""What a case is about, and the programs of what is no model: functions, and objects with steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from conformance.cases import (
    applications,
    dictionaries,
    drawing,
    expects,
    functions,
    inputs,
    listed,
    names,
    open_sizes,
    steps,
)
from conformance.cases.model import EXCLUDING, STRING, Call, Expect, Graph
from conformance.facets import APPLICATION, FACETS, FUNCTION, OPEN, STEPS, asked_of

if TYPE_CHECKING:
    from conformance.cases.model import Model, Program, Steps
    from conformance.cases.models import Read
    from conformance.cases.problems import Where
    from conformance.cases.reading import Map

_SUBJECTS = ("model", "layer", "function", "object", "application")
"""What a case can be about: exactly one of these."""

_ONLY_FOR: dict[str, tuple[str, ...]] = {
    "call": ("layer",),
    "adapt": ("layer",),
    "as": ("layer",),
    "of": ("function",),
    "with": ("function", "application"),
    "variables": ("object",),
    "steps": ("object",),
    "config": ("layer", "function", "object", "application"),
    "weights": ("model", "layer"),
    "settings": ("model", "layer"),
    "quantize": ("model", "layer"),
    "training": ("model", "layer"),
    "train": ("model", "layer"),
    "targets": ("model", "layer"),
    "exchange": ("model", "layer"),
    "clone": ("model", "layer"),
    "equals": ("model", "layer"),
    "random": ("model", "layer", "function"),
}
"""Keys that mean something only beside one of these."""


def which(tree: Map, where: Where) -> str | None:
    """The key that says what a case is about; its other keys must fit it."""
    there = [key for key in _SUBJECTS if key in tree]
    if len(there) > 1:
        where.key(tree, there[1]).refuse(
            f"is beside `{there[0]}`", expected=f"one of {', '.join(_SUBJECTS)}"
        )
        return None
    subject = there[0] if there else "model"
    for key, beside in _ONLY_FOR.items():
        if key in tree and subject not in beside:
            hint = "in a graph: `with:` beside `of:`" if key == "call" else ""
            where.key(tree, key).refuse(
                f"is here without `{'`, `'.join(beside)}`"
                if not there
                else f"says nothing beside `{subject}`",
                hint=hint,
            )
    return subject


def function(
    tree: Map, where: Where, raises: str | None, without: dict[str, str]
) -> tuple[Program, Expect] | None:
    """The program of a function that is called on arrays.

    Args:
        tree: The case.
        where: Its place.
        raises: The stage at which the call must be refused, if it must.
        without: Facets that aren't asked for.
    """
    given = inputs.read_inputs(tree, where, whole=True)
    if given is None:
        return None
    read = functions.read_function(tree, where, given, incomplete=raises is not None)
    if read is None:
        return None
    expect, random = Expect(), None
    if "expect" in tree:
        place = where.value(tree, "expect")
        expect = expects.read_expect(tree["expect"], place, read) or expect
    if "random" in tree:
        random = drawing.read_seed(tree["random"], where.value(tree, "random"), read)
    if raises == "build":
        where.value(tree, "raises").refuse("is build", expected="call: a function has no build")
    program = Graph(case="", model=read.model, calls=[Call(batch=1)], facets=[])
    asked = _asked_of_function(read, program)
    if "symbolic_shape" in without:  # what holds of a symbolic call holds of each
        asked -= {*OPEN}
    if "values" in without:  # there are no numbers that could be the same
        asked -= {"from_numpy", "from_lists"}
    if raises is not None or random is not None:
        asked = frozenset({"raises" if raises is not None else "random"})
    facets = [facet for facet in FACETS if facet in asked.difference(without)]
    return msgspec.structs.replace(program, facets=facets, random=random), expect


def _asked_of_function(read: Read, program: Program) -> frozenset[str]:
    parts = open_sizes.told_without(read.model) | _parts(read) | _lists(program)
    asked = asked_of(FUNCTION, parts)
    if not has_floats(read.model):
        asked -= {"gradients"}
    if not names.is_made(read.model.nodes[0].layer):
        asked -= {"config_round_trip"}
    if any(dictionaries.takes(node.layer) for node in read.model.nodes):
        # A layer with a seed keeps a state, which traces and gradients of a function don't.
        asked -= {"gradients", "compiled"}
    if not all(node.layer.startswith(names.IN_MODELS) for node in read.model.nodes):
        asked -= {"symbolic_shape", *OPEN}
    return asked


_NOT_IN_NUMPY = frozenset({"bfloat16", STRING})
"""Dtypes of inputs that no array of NumPy's own has."""


def _parts(read: Read) -> frozenset[str]:
    """``numpy_inputs``, where a function is fed what NumPy has arrays of."""
    specs, nodes = read.model.inputs, read.model.nodes
    fits = bool(specs) and all(spec.dtype not in _NOT_IN_NUMPY for spec in specs)
    fits = fits and not any(dictionaries.takes(node.layer) for node in nodes)
    return frozenset({"numpy_inputs"} if fits else ())


def _lists(program: Program) -> frozenset[str]:
    """``lists``, where what is called is documented to take lists of Python's numbers."""
    return frozenset({"lists"} if listed.takes_lists(program) else ())


def has_floats(model: Model) -> bool:
    """Whether an input is of floats, so that there can be a gradient of it."""
    return any("float" in spec.dtype for spec in model.inputs)


def steps_of(
    tree: Map, where: Where, raises: str | None, without: dict[str, str]
) -> tuple[Program, Expect] | None:
    """The program of an object with a memory.

    Args:
        tree: The case.
        where: Its place.
        raises: The stage at which the object or a step must be refused, if one must.
        without: Facets that aren't asked for.
    """
    given = inputs.read_inputs(tree, where, whole=True)
    program = None if given is None else steps.read_steps(tree, where, given)
    if program is None:
        return None
    if raises == "build":
        where.value(tree, "raises").refuse("is build", expected="call: an object has no build")
    if "expect" in tree:
        where.key(tree, "expect").refuse("is not read beside `steps`", hint="leave it out")
    asked = asked_of(STEPS, frozenset({"changes"}) | _lists(program))
    if not any(step.call in steps.ANSWERING for step in program.steps):
        asked &= {"state", "config_round_trip"}
    if "values" in without:
        asked -= {"from_lists"}
    if "state" in without or not _has_config(program):
        asked -= {"config_round_trip"}
    if raises is not None:
        asked = frozenset({"raises"})
    facets = [facet for facet in FACETS if facet in asked.difference(without)]
    return msgspec.structs.replace(program, facets=facets), Expect()


def _has_config(program: Steps) -> bool:
    """Whether an object can be made anew from what it says of itself.

    No function is in that, and neither is what an optimizer was told besides its arguments.
    """
    several = program.object.config.get("optimizer_map")
    told = any(step.call == EXCLUDING for step in program.steps)
    return not told and not (isinstance(several, dict) and "function" in several)


def application(
    tree: Map, where: Where, raises: str | None, without: dict[str, str]
) -> tuple[Program, Expect] | None:
    """The program of a model that Keras itself puts together.

    Args:
        tree: The case.
        where: Its place.
        raises: The stage at which it must be refused, if it must.
        without: Facets that aren't asked for.
    """
    given = inputs.read_inputs(tree, where)
    read = None if given is None else applications.read_application(tree, where, given)
    if read is None:
        return None
    expect = Expect()
    if "expect" in tree:
        place = where.value(tree, "expect")
        expect = expects.read_expect(tree["expect"], place, read) or expect
        applications.check_expect(tree["expect"], place)
    if raises == "call":
        where.value(tree, "raises").refuse("is call", expected="build: nothing is called")
    asked = asked_of(APPLICATION, frozenset()).difference(without)
    if raises is not None:
        asked = frozenset({"raises"})
    elif not read.fed:
        asked = frozenset(one for one in asked if not FACETS[one].needs_numbers)
    calls = []
    if any(FACETS[one].of_calls for one in asked) and raises is None:
        calls = [Call(batch=rows) for rows in read.fed[0].batches or [read.fed[0].batch_size or 1]]
    facets = [facet for facet in FACETS if facet in asked]
    return Graph(case="", model=read.model, calls=calls, facets=facets), expect
