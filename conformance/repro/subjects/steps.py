"""What a script asks of an object with a memory: its steps, up to the one that is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.cases.model import EXCLUDING
from conformance.cases.steps import ANSWERING
from conformance.repro.checks import equal_lines
from conformance.repro.plan import STEP
from conformance.repro.subjects import words
from conformance.repro.subjects.arrays import travels_as
from conformance.repro.text import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.cases.model import Step, Steps
    from conformance.repro.plan import Body, Plan
    from conformance.verdicts.model import FacetVerdict

_NAME_OF = '''
def name_of(variable):
    """Keras's name; a slot's is that of the variable that it is kept for, and its own."""
    for own in variables:
        if variable.name.startswith(own + "_"):
            return own + "/" + variable.name[len(own) + 1 :]
    return variable.name'''


_NAMELESS = frozenset({"optimizers.Adafactor", "optimizers.Nadam"})
"""Optimizers some of whose variables have no name of their own."""

_HELD_BY = '''
def held_by(subject, variable):
    """The attribute that holds a variable, as some have no name of their own."""
    for key, held in vars(subject).items():
        if held is variable:
            return key.lstrip("_")
        if isinstance(held, list) and key not in ("_variables", "_trainable_variables"):
            for own, one in zip(variables, held):
                if one is variable:
                    return own + "/" + key.lstrip("_")
    return name_of(variable)'''


_SEVERAL = """\
found["iteration"] = {subject}.iterations
parts = {{**several, "default_optimizer": several.default_optimizer}}
for name, part in parts.items():
    held = {{name_of(v): v for v in part.variables}}
    found |= {{own if "/" in own else name + "/" + own: v for own, v in held.items()}}"""


def step_shown(program: Steps, judged: FacetVerdict | None, facet: str) -> int:
    """The step that deviates first; where none does, the last that is looked at."""
    told = []
    if judged is not None:
        told = [one.what for one in judged.comparisons if one.message] or [judged.message]
    found = [int(match[1]) for text in told if (match := STEP.match(text))]
    found = [at for at in found if at < len(program.steps)]
    if found:
        return min(found)
    if facet == "config_round_trip" and any(text.startswith("rebuilt: ") for text in told):
        return len(program.steps) - 1  # after which the variables are looked at
    looked = [
        at for at, step in enumerate(program.steps) if facet == "state" or step.call in ANSWERING
    ]
    return looked[-1] if looked else len(program.steps) - 1


def steps_of(plan: Plan, program: Steps, body: Body) -> list[str]:
    """The statements of a script, and the functions that they need.

    Raises:
        Unsupported: There is no script for this facet.
    """
    shown = {"values", "shape", "dtype", "state", "from_lists", "config_round_trip"}
    if plan.facet not in shown or plan.old:
        raise plan.no()
    if plan.facet == "config_round_trip" and program.variables:
        raise plan.no()  # rebuilt in the middle of its steps
    if any(step.call == EXCLUDING for step in program.steps):
        raise plan.no()

    def fed(at: int, name: str) -> str:
        return f"fed[{at}][{name!r}]"

    known = names_of(program)
    lines = [
        *begin_lines(program, known, lambda name: f"variables[{name!r}]"),
        *rebuilding_lines(plan, known[program.object.name]),
        *step_lines(plan, program, known, fed),
    ]
    if plan.of_variables:
        body.filled = True
        return [*lines, *_variables_of(plan, program, known, body)]
    lines.append("outputs = [y]")
    stated = plan.stated("dtype")
    if plan.facet == "dtype":
        kinds = [] if stated is None else [literal(stated[plan.ordinal])]
        return [*lines, *(text for one in kinds for text in equal_lines(one, "[kind(y)]"))]
    body.filled = True
    return [*lines, 'observed = {"output 0": as_numpy(y)}']


def _variables_of(plan: Plan, program: Steps, known: dict[str, str], body: Body) -> list[str]:
    """Statements that look at every variable of the object, and of what it trains.

    Raises:
        Unsupported: Some have no names, and the optimizer is one of several.
    """
    body.functions.append(_NAME_OF)
    lines = [] if program.variables else ["variables = {}"]
    own = "".join(f"{spec.name!r}: {known[spec.name]}, " for spec in program.variables)
    subject = known[program.object.name]
    naming = "name_of(v)"
    if program.object.layer in _NAMELESS:
        body.functions.append(_HELD_BY)
        naming = f"held_by({subject}, v)"
    if program.object.layer == words.SEVERAL:
        if any(name.partition(".")[2] in str(program.object.config) for name in _NAMELESS):
            raise plan.no()
        lines += [f"found = {{{own}}}", *_SEVERAL.format(subject=subject).splitlines()]
    else:
        lines.append(f"found = {{{own}**{{{naming}: v for v in {subject}.variables}}}}")
    return [
        *lines,
        "observed = {",
        f'    f"{plan.before_variables}{{name}}": as_numpy(v) for name, v in found.items()',
        "}",
    ]


def names_of(program: Steps) -> dict[str, str]:
    """A variable for the object and for each variable that it trains."""
    return words.variables([program.object.name, *(spec.name for spec in program.variables)])


def begin_lines(program: Steps, known: dict[str, str], array: Callable[[str], str]) -> list[str]:
    """Statements that make the object and what it trains.

    Args:
        program: The program.
        known: The names of variables.
        array: Gives the numbers of a variable, as source.
    """
    subject = known[program.object.name]
    lines = words.made_lines(subject, program.object.layer, program.object.config)
    for spec in program.variables:
        dtype = "" if spec.dtype == "float32" else f", dtype={spec.dtype!r}"
        given = f"{array(spec.name)}{dtype}, name={spec.name!r}"
        lines.append(f"{known[spec.name]} = keras.Variable({given})")
    if program.variables:
        lines.append(f"{subject}.build([{', '.join(known[s.name] for s in program.variables)}])")
    return lines


def rebuilding_lines(plan: Plan, subject: str) -> list[str]:
    """The statement that makes the object anew from its config, where that is what is asked."""
    if plan.facet != "config_round_trip":
        return []
    return [f"{subject} = {subject}.from_config({subject}.get_config())"]


def step_lines(
    plan: Plan, program: Steps, known: dict[str, str], fed: Callable[[int, str], str]
) -> list[str]:
    """The calls, up to the step that is shown; an answer of the last one is ``y``."""
    last = plan.call
    return [
        line
        for at, step in enumerate(program.steps[: last + 1])
        for line in _step(plan, program, known, (at, step), fed)
    ]


def _step(
    plan: Plan,
    program: Steps,
    known: dict[str, str],
    numbered: tuple[int, Step],
    fed: Callable[[int, str], str],
) -> list[str]:
    at, step = numbered
    subject = known[program.object.name]
    specs = {spec.name: spec for spec in program.inputs}

    def tensor(name: str) -> str:
        spec = specs[name]
        if plan.facet == "from_lists":
            return words.lists(fed(at, name), spec.dtype)
        return words.tensor(fed(at, name), travels_as(spec), spec.dtype, plan.backend)

    if step.call == "apply":
        gradients = [tensor(step.tensors[spec.name]) for spec in program.variables]
        trained = [known[spec.name] for spec in program.variables]
        return [f"{subject}.apply([{', '.join(gradients)}], [{', '.join(trained)}])"]
    if step.call == "set":
        return [
            f"{subject}.{identifier(key)} = {words.value(one)}"
            for key, one in step.arguments.items()
        ]
    arguments = [
        *(tensor(name) for name in step.inputs),
        *(f"{identifier(key)}={tensor(name)}" for key, name in step.tensors.items()),
        *(f"{identifier(key)}={words.value(one)}" for key, one in step.arguments.items()),
    ]
    given = ", ".join(arguments)
    kept = "y = " if at == plan.call and step.call in ANSWERING else ""
    return [f"{kept}{subject}.{identifier(step.call)}({given})"]
