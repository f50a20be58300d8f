"""Small cases for the tests of the reference, written in a line each."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from conformance.cases.model import (
    Call,
    Case,
    Data,
    Expect,
    Extra,
    Graph,
    InputSpec,
    Model,
    Named,
    Node,
    Place,
    Raises,
    Source,
    Train,
)
from conformance.facets import FACETS

SGD = Train(
    optimizer=Named(name="SGD", config={"learning_rate": 0.05}),
    loss=Named(name="mean_squared_error"),
    steps=3,
)

APART = {"random", "exchange", "metrics", "optimizer", "checkpoint"}
"""Facets that few cases can have."""


def spec(shape: list[int], **kwargs: Any) -> InputSpec:
    return InputSpec(name="x", shape=shape, **kwargs)


def chain(*layers: tuple[str, dict[str, Any]], given: InputSpec) -> Model:
    """A Sequential model; nodes without a name get class and position."""
    nodes: list[Node] = []
    before = given.name
    for position, (layer, config) in enumerate(layers):
        name = config.get("name", f"{layer.lower()}_{position}")
        nodes.append(Node(name=name, layer=layer, config=config, inputs=[before]))
        before = name
    return Model(form="sequential", inputs=[given], nodes=nodes, outputs=[before])


def case(
    model: Model,
    *,
    calls: list[Call | Extra] | None = None,
    expect: Expect | None = None,
    raises: Raises | None = None,
    facets: list[str] | None = None,
    **program: Any,
) -> Case:
    """A case of one model, fed two rows, that asks for every facet unless told otherwise."""
    made = Graph(
        case="tests/one",
        model=model,
        calls=[call for call in calls or [Call(batch=2)] if isinstance(call, Call)],
        extra=[call for call in calls or () if isinstance(call, Extra)],
        facets=[f for f in FACETS if f not in APART] if facets is None else facets,
        **program,
    )
    expect = expect or Expect()
    digest = hashlib.sha256(msgspec.json.encode((made, expect, raises))).hexdigest()
    return Case(
        id="tests/one",
        digest=digest,
        title="",
        source=Source(keras="keras"),
        place=Place(file="one.yaml", line=1, column=1),
        yaml="",
        program=made,
        expect=expect,
        raises=raises,
    )


def of_layer(
    layer: str, shape: list[int], config: dict[str, Any] | None = None, **kwargs: Any
) -> Case:
    """A case of one layer."""
    return case(chain((layer, config or {}), given=spec(shape)), **kwargs)


def exact(shape: list[int]) -> InputSpec:
    """An input fed with integers."""
    return spec(shape, data=Data(kind="integers"))
