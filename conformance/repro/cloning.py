"""A clone of a model, as source."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.repro.plan import Plan

_MADE = "lambda layer: layer.__class__.from_config(layer.get_config())"
_INPUTS = "[keras.Input(batch_shape=x.shape, dtype=x.dtype) for x in model.inputs]"


def cloned(plan: Plan) -> str:
    """The call that clones ``model``, as the case says."""
    asked = plan.graph.clone
    given = ["model"]
    if asked is not None and asked.input_tensors:
        one = len(plan.program.model.inputs) == 1
        given.append(f"input_tensors={_INPUTS}{'[0]' if one else ''}")
    if asked is not None and asked.clone_function is not None:
        given.append(f"clone_function={_MADE}")
    if asked is not None and asked.recursive:
        given.append("recursive=True")
    return f"keras.models.clone_model({', '.join(given)})"
