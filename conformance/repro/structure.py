"""Facets that need a model and no numbers: shapes before any data, variables, counts, refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.repro.checks import equal_lines
from conformance.repro.text import literal

if TYPE_CHECKING:
    from conformance.reference.model.network import Network
    from conformance.repro.plan import Plan


def structure_lines(plan: Plan) -> list[str]:
    """Statements that ask a built model for its structure, and compare it.

    Raises:
        Unsupported: It is no such facet, or the model isn't known.
    """
    if plan.network is None:
        raise plan.no()
    if plan.facet == "symbolic_shape":
        return _symbolic(plan, plan.network)
    if plan.facet == "weights":
        return _weights(plan, plan.network)
    if plan.facet == "params":
        return _params(plan, plan.network)
    if plan.facet == "config":
        return config_lines(plan)
    raise plan.no()


def config_lines(plan: Plan, layer: str = "get_layer({name!r})") -> list[str]:
    """Statements that look for the arguments that a config lacks or has wrong.

    Args:
        plan: What is shown.
        layer: How a model gives a layer by the ``name`` of its node, or by its place ``at``.

    Raises:
        Unsupported: The verdict names none that is data.
    """
    judged = plan.judged
    if judged is None or not isinstance(judged.expected, dict):
        raise plan.no()
    names = [node.name for node in plan.program.model.nodes]
    for way, nodes in judged.expected.items():
        for node, arguments in nodes.items():
            told = {
                key: values
                for key, values in arguments.items()
                if key != "name" and values and not any(map(_is_made, values))
            }
            if told:
                found = layer.format(name=node, at=names.index(node))
                seen = judged.observed[way][node]
                return [
                    *_CONFIG_OF[way],
                    f"config = {'model' if way == 'made' else 'again'}.{found}.get_config()",
                    *(_said(key, values, seen[key]) for key, values in told.items()),
                ]
    raise plan.no()


_CONFIG_OF = {
    "made": [],
    "rebuilt": ["again = model.__class__.from_config(model.get_config())"],
    "loaded": [
        'model.save("model.keras")',
        'again = keras.models.load_model("model.keras", compile=False)',
    ],
}
"""How the model of each config is got at."""


def _is_made(value: Any) -> bool:
    return isinstance(value, dict) and bool(value)


def _said(key: str, values: list[Any], seen: Any) -> str:
    """A statement that a config says one of these; where it is a list, as a tuple, too.

    Args:
        key: The argument.
        values: What it may be.
        seen: What was told; where that is nothing, it must be told at all.
    """
    tuples = [_tuple(value) for value in values if isinstance(value, list)]
    default = "" if seen is None else f", {literal(values[0])}"
    found = f"config.get({literal(key)}{default})"
    return f"assert {found} in {literal([*values, *tuples])}, {found}"


def _tuple(value: Any) -> Any:
    return tuple(map(_tuple, value)) if isinstance(value, list) else value


def refusal_lines(plan: Plan, build: list[str], call: str) -> list[str]:
    """Statements that fail unless the framework refuses.

    Args:
        plan: What is shown.
        build: Statements that build the model.
        call: Calls it.
    """
    at_build = plan.raises == "build"
    inner = "\n".join(build).splitlines() if at_build else [call]
    return [
        *([] if at_build else build),
        "try:",
        *(f"    {line}" if line else "" for line in inner),
        "except Exception as error:",
        '    print("refused, as it must be:", type(error).__name__, error)',
        "else:",
        f'    raise AssertionError("accepted, although it must be refused at {plan.raises}")',
    ]


def _symbolic(plan: Plan, network: Network) -> list[str]:
    stated = plan.stated("symbolic_shape")
    told: dict[str, Any] = stated or {"inputs": network.inputs, "outputs": network.outputs}
    expected: dict[str, Any] = {
        part: [tuple(shape) for shape in told[part]] for part in ("inputs", "outputs")
    }
    found = [
        '"inputs": [tuple(x.shape) for x in model.inputs]',
        '"outputs": [tuple(y.shape) for y in model.outputs]',
    ]
    nodes = told.get("nodes")
    if nodes:
        expected["layers"] = {node: tuple(shape) for node, shape in nodes.items()}
        shape = "tuple(model.get_layer(layer).output.shape)"
        found.append(f'"layers": {{layer: {shape} for layer in {literal(list(nodes))}}}')
    return equal_lines(literal(expected), f"{{{', '.join(found)}}}")


def _params(plan: Plan, network: Network) -> list[str]:
    told = network.params
    # Of what layers an application is made is not said.
    counts = dict(network.counts) if plan.program.model.form != "application" else {}
    expected = {
        "total": told.total,
        "trainable": told.trainable,
        "non_trainable": told.non_trainable,
        "layers": counts,
    }
    size = "sum(int(np.prod(v.shape)) for v in model.{}_weights)"
    count = "layer: model.get_layer(layer).count_params()"
    found = [
        '"total": model.count_params()',
        f'"trainable": {size.format("trainable")}',
        f'"non_trainable": {size.format("non_trainable")}',
        f'"layers": {{{count} for layer in {literal(list(counts))}}}',
    ]
    return equal_lines(literal(expected), f"{{{', '.join(found)}}}")


def _weights(plan: Plan, network: Network) -> list[str]:
    expected = [
        (name.split("/")[0], name.split("/")[-1], tuple(v.shape), v.dtype, v.trainable)
        for name, v in network.variables.items()
    ]
    nodes = list(dict.fromkeys(node.owner for node in plan.program.model.nodes))
    found = (
        '[(layer, v.name.split("/")[-1].split(":")[0], tuple(v.shape), kind(v), '
        f"id(v) in trainable) for layer in {literal(nodes)} "
        "for v in model.get_layer(layer).weights]"
    )
    return [
        "trainable = {id(v) for v in model.trainable_weights}",
        *equal_lines(literal(expected), found),
    ]
