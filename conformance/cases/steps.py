"""Objects with a memory: what ``object:``, ``variables:`` and ``steps:`` say.

A flat list of calls on one object, out of a closed table of methods by its kind. Nothing refers to
an earlier step, and there are no loops, conditions or arithmetic: this is no programming language.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from conformance.adapters.shared.layer_names import automatic_name
from conformance.cases import fields, inputs, names, references
from conformance.cases.binding import accepts, literals_of
from conformance.cases.inputs import as_spec
from conformance.cases.model import EXCLUDING, Node, Step, Steps
from conformance.cases.problems import described, did_you_mean
from conformance.cases.reading import Map, Seq

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.cases.inputs import Fed
    from conformance.cases.problems import Where


class Method(NamedTuple):
    """What a method of the table takes, and whether it answers."""

    takes: str
    """``arrays``: by position and under ``with``; ``gradients``: one by variable; ``literals`` by
    name; ``variables``: by ``var_list`` and by parts of their names; nothing."""
    answers: bool = False


METHODS: Final[dict[str, dict[str, Method]]] = {
    "metrics": {
        "update_state": Method("arrays"),
        "result": Method("", answers=True),
        "reset_state": Method(""),
    },
    "optimizers": {
        "apply": Method("gradients"),
        "set": Method("literals"),
        EXCLUDING: Method("variables"),
    },
    "random": {"next": Method("", answers=True)},
}
"""Every method that a step may call, by the namespace of the object; ``set`` sets attributes.
(Keras 3's metrics have no ``merge_state``, which Keras 2's had.)"""

ANSWERING: Final = frozenset(
    name for methods in METHODS.values() for name, method in methods.items() if method.answers
)
"""Methods whose answer is judged."""
SETTABLE: Final = ("learning_rate",)
"""What ``set`` may set."""
EXCLUDED: Final = ("var_list", "var_names")
MAX_STEPS: Final = 64
"""Steps of one case, and how often one of them may be repeated."""
MAX_ALL: Final = 256
"""Steps of one case, repetitions included."""


def read_steps(tree: Map, where: Where, given: Sequence[Fed]) -> Steps | None:
    """The program of an object and its steps; its facets are not settled yet."""
    place = where.value(tree, "object")
    symbol = fields.text(tree["object"], place, "an object's name, such as metrics.MeanIoU")
    if symbol is None:
        return None
    if wrong := names.unfit_symbol(symbol, "object"):
        place.refuse(wrong[0], hint=wrong[1])
        return None
    kind = symbol.partition(".")[0]
    if kind not in METHODS:
        place.refuse(f"{symbol} has no steps", expected=f"one of {', '.join(METHODS)}")
        return None
    config_place = where.value(tree, "config") if "config" in tree else place
    config = literals_of(tree.get("config"), config_place, symbol)
    if config is not None:
        _check(symbol, config, config_place)
    variables = _variables(tree, where, kind)
    if "steps" not in tree:
        where.refuse("has an object without `steps`", expected="a list of calls")
        return None
    scope = {fed.name: fed for fed in given}
    steps = _steps(tree["steps"], where.value(tree, "steps"), kind, scope, variables)
    _refuse_unused(given, steps)
    if config is None:
        return None
    return Steps(
        case="",
        object=Node(
            name=automatic_name(symbol.rpartition(".")[2]), layer=symbol, config=config, inputs=[]
        ),
        variables=[as_spec(fed, None) for fed in variables.values()],
        inputs=[as_spec(fed, None) for fed in given],
        steps=steps,
        facets=[],
    )


def _refuse_unused(given: Sequence[Fed], steps: Sequence[Step]) -> None:
    used = {name for step in steps for name in step.names}
    for fed in given:
        if fed.shape is None:
            fed.where.refuse("has no shape", expected="`shape` or `values`")
        if fed.name not in used:
            fed.where.refuse(f"the input {fed.name!r} is not used by a step")


def _check(symbol: str, config: dict[str, Any], where: Where) -> None:
    own = names.object_arguments(symbol)
    if own is None:
        return
    accepts(symbol, own, config, where)
    for key, needed in own.items():
        if needed == "required" and key not in config:
            where.refuse(f"{symbol} needs the argument {key!r}")


def _variables(tree: Map, where: Where, kind: str) -> dict[str, Fed]:
    if kind != "optimizers":
        if "variables" in tree:
            where.key(tree, "variables").refuse("is of no use here", hint="optimizers have some")
        return {}
    if "variables" not in tree:
        where.refuse("has an optimizer without `variables`", expected="{w: {shape: [3, 2]}}")
        return {}
    place = where.value(tree, "variables")
    return {fed.name: fed for fed in inputs.read_named(tree["variables"], place) or []}


def _steps(
    value: object, where: Where, kind: str, scope: dict[str, Fed], variables: dict[str, Fed]
) -> list[Step]:
    listed = fields.items(value, where, "calls") or Seq()
    if len(listed) > MAX_STEPS:
        where.refuse(f"has {len(listed)} steps", expected=f"at most {MAX_STEPS}")
        return []
    found: list[Step] = []
    for index, one in enumerate(listed):
        step, times = _step(one, where.item(listed, index), kind, scope, variables)
        if step is not None:
            found += [step] * times
    if len(found) > MAX_ALL:
        where.refuse(f"makes {len(found)} steps, repetitions included", expected=f"{MAX_ALL}")
        return []
    if any(step.call == EXCLUDING for step in found[1:]):
        where.refuse(f"has `{EXCLUDING}` behind another step", expected="it before all others")
    if listed and not any(METHODS[kind][step.call].answers for step in found):
        kinds = [name for name, method in METHODS[kind].items() if method.answers]
        if kinds:
            where.refuse("never looks at the object", hint=f"add a step `{kinds[0]}`")
    return found


def _step(
    value: object, where: Where, kind: str, scope: dict[str, Fed], variables: dict[str, Fed]
) -> tuple[Step | None, int]:
    methods = METHODS[kind]
    if isinstance(value, str):
        body: Map = Map(where.at)
        body.put(value, None, where.at, where.at)
    elif isinstance(value, Map):
        body = value
    else:
        where.mistyped("a method, or {update_state: [y, p]}", value)
        return None, 0
    calls = [key for key in body if key != "times"]
    if len(calls) != 1:
        where.refuse(f"names {len(calls)} methods", expected="one, such as {update_state: [y, p]}")
        return None, 0
    name = calls[0]
    if name not in methods:
        where.key(body, name).refuse(
            f"{name!r} is no step of {kind}",
            expected=f"one of {', '.join(methods)}",
            hint=did_you_mean(name, methods),
        )
        return None, 0
    times: int | None = 1
    if "times" in body:
        times = fields.whole(
            body["times"], where.value(body, "times"), least=1, most=MAX_STEPS, what="a number"
        )
    step = _called(name, methods[name], body[name], where.value(body, name), scope, variables)
    return step, times or 0


def _called(  # noqa: PLR0913, PLR0917 (what a step may be made of)
    name: str,
    method: Method,
    value: object,
    where: Where,
    scope: dict[str, Fed],
    variables: dict[str, Fed],
) -> Step | None:
    if method.takes == "arrays":
        return _updated(name, value, where, scope)
    if method.takes == "gradients":
        return _applied(name, value, where, scope, variables)
    if method.takes == "literals":
        return _set(name, value, where)
    if method.takes == "variables":
        return _excluded(name, value, where, variables)
    if value is not None:
        where.refuse(f"{name} takes nothing", expected=f"`{name}` alone")
        return None
    return Step(call=name)


def _set(name: str, value: object, where: Where) -> Step | None:
    """Attributes by their names."""
    literals = literals_of(value, where, name)
    for key in literals or ():
        if key not in SETTABLE:
            where.refuse(f"{key!r} can't be set", expected=f"one of {', '.join(SETTABLE)}")
    if not literals:
        where.refuse("sets nothing", expected="{learning_rate: 0.001}")
        return None
    return Step(call=name, arguments=literals)


def _excluded(name: str, value: object, where: Where, variables: Mapping[str, Fed]) -> Step | None:
    """Variables, and parts of names."""
    given = fields.mapping(value, where, EXCLUDED)
    literals = {} if given is None else literals_of(given, where, name) or {}
    if not all(isinstance(one, list) and one for one in literals.values()):
        where.refuse("holds what is no list of names", expected="{var_names: [bias]}")
        return None
    for one in literals.get("var_list", ()):
        if one not in variables:
            where.refuse(f"{one!r} is no variable", expected=f"one of {', '.join(variables)}")
    return Step(call=name, arguments=literals) if literals else None


def _updated(name: str, value: object, where: Where, scope: dict[str, Fed]) -> Step | None:
    known: references.Scope = (dict.fromkeys(scope), Map((0, 0)))
    of: object = value
    tensors: dict[str, str] = {}
    if isinstance(value, Map):
        fields.mapping(value, where, ("of", "with"), required=("of",))
        if "of" not in value:
            return None
        of = value["of"]
        passed = references.keywords(
            value.get("with"), where.value(value, "with") if "with" in value else where, known
        )
        if passed is None:
            return None
        if passed[0] or any(not isinstance(one, str) for one in passed[1].values()):
            where.refuse("passes more than inputs by keyword", expected="{sample_weight: w}")
            return None
        tensors = {key: str(one) for key, one in passed[1].items()}
        where = where.value(value, "of")
    listed = of if isinstance(of, Seq) else None
    if listed is None:
        sound = references.is_earlier(of, where, known)
        return Step(call=name, inputs=[str(of)], tensors=tensors) if sound else None
    good = [
        str(one)
        for i, one in enumerate(listed)
        if references.is_earlier(one, where.item(listed, i), known)
    ]
    if not listed or len(good) < len(listed):
        if not listed:
            where.refuse("is empty", expected="the inputs that it takes")
        return None
    return Step(call=name, inputs=good, tensors=tensors)


def _applied(
    name: str, value: object, where: Where, scope: dict[str, Fed], variables: dict[str, Fed]
) -> Step | None:
    given = fields.mapping(value, where, [*variables], what="inputs by variable")
    if given is None:
        return None
    found: dict[str, str] = {}
    for variable, declared in variables.items():
        if variable not in given:
            where.refuse(f"has no gradient for {variable!r}", expected="one for every variable")
            continue
        place, gradient = where.value(given, variable), given[variable]
        if not isinstance(gradient, str) or gradient not in scope:
            place.refuse(
                f"is {described(gradient)}", expected=f"one of the inputs {', '.join(scope)}"
            )
        elif scope[gradient].shape != declared.shape:
            place.refuse(
                f"has the shape {scope[gradient].shape}",
                expected=f"{declared.shape}, as the variable",
            )
        else:
            found[variable] = gradient
    return Step(call=name, tensors=found) if len(found) == len(variables) else None
