"""What each layer of a model must state of its answers before, and without, being called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.cases.model import STRING
from conformance.reference.answer.expectation import ExpectedSpec
from conformance.reference.model.network import Trace

if TYPE_CHECKING:
    from conformance.cases.model import Node
    from conformance.reference.model.execution import Run
    from conformance.reference.model.network import Network

MODEL = ""
"""Among the names of nodes, the model itself, which states its outputs as well."""
SCORES = "return_attention_scores"
"""The one flag of a call that says how many answers there are."""


def expected_specs(network: Network, run: Run) -> dict[str, ExpectedSpec]:
    """The specs of every layer, by its node; a function states nothing by itself.

    Those of a model of several nodes are under the empty name.

    Args:
        network: The model.
        run: What it did: the dtypes of its answers are those of call 0.
    """
    first = run.calls[0] if run.calls else None
    dtypes = first.dtypes if isinstance(first, Trace) else {}
    found = {node.name: _of(network, node, dtypes) for node in network.model.layers}
    if len(network.model.nodes) > 1:
        outputs = first.outputs if isinstance(first, Trace) else []
        shapes = network.outputs
        found[MODEL] = ExpectedSpec(
            shapes=shapes,
            dtypes=[
                STRING if name in network.strings else array.dtype
                for name, array in zip(_named(network), outputs, strict=True)
            ]
            if outputs
            else [],
            untold=shapes,
            other=shapes,
        )
    return found


def _named(network: Network) -> list[str]:
    """The node of each output."""
    names = {node.name for node in network.model.nodes}
    return [
        one if one in names else one.rpartition(".")[0]
        for output in network.model.outputs
        for one in [output] * (len(network.answers[output]) if output in names else 1)
    ]


def _of(network: Network, node: Node, dtypes: dict[str, list[str]]) -> ExpectedSpec:
    layer = network.layers[node.name]
    given = dict(node.arguments)
    turned = {**given, SCORES: not given.get(SCORES, False)} if SCORES in layer.keywords else given
    plain = {key: value for key, value in given.items() if key != SCORES}
    return ExpectedSpec(
        shapes=network.answers[node.name],
        dtypes=[STRING] if node.name in network.strings else dtypes.get(node.name, []),
        untold=network.stated(node, plain) if layer.states_its_shape else None,
        other=network.stated(node, turned),
    )
