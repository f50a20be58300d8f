"""``equals``: a second model that must answer as the first one does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from conformance.cases import fields, models
from conformance.cases.model import Twin
from conformance.cases.reading import Map, plain_value

if TYPE_CHECKING:
    from conformance.cases.inputs import Fed
    from conformance.cases.layers import LayerReader
    from conformance.cases.models import Read
    from conformance.cases.problems import Where


def read_twin(value: object, where: Where, read: Read, layers: LayerReader) -> Twin | None:
    """The second model, which has the first one's weights, inputs and outputs, permuted or not.

    Args:
        value: What is written.
        where: Its place.
        read: The first model.
        layers: Reads layers.
    """
    given = fields.mapping(value, where, ("model", "input", "output"), required=("model",))
    if given is None or "model" not in given:
        return None
    problems = where.log.noted
    fed, input_axes = list(read.fed), None
    if "input" in given:
        fed, input_axes = _twin_input(given["input"], where.value(given, "input"), fed)
    if where.log.noted > problems:
        return None
    declares = not isinstance(given["model"], Map)
    if declares and "input" not in given and read.model.inputs[0].declared_by is not None:
        # The batch size that the first model's layer declares is that layer's, not the twin's.
        fed = [one._replace(batch_size=None) for one in fed]
    twin = models.read_model(given["model"], where.value(given, "model"), fed, layers)
    if twin is None:
        return None
    if len(twin.model.outputs) != len(read.model.outputs):
        where.refuse(
            f"has {len(twin.model.outputs)} outputs",
            expected=f"{len(read.model.outputs)}, as the first model has",
        )
    output_axes = None
    if "output" in given:
        place = where.value(given, "output")
        output = fields.mapping(given["output"], place, ("axes",), required=("axes",))
        axes = output.get("axes") if output is not None else None
        if output is not None and axes is not None:
            rank = len(axes) if isinstance(axes, list) else 0
            output_axes = fields.permutation(axes, place.value(output, "axes"), rank)
    made = msgspec.structs.replace(twin.model, settings=read.model.settings)
    return Twin(model=made, input_axes=input_axes, output_axes=output_axes)


def _twin_input(value: object, where: Where, fed: list[Fed]) -> tuple[list[Fed], list[int] | None]:
    given = fields.mapping(value, where, ("shape", "batch_shape", "axes"))
    if given is None:
        return fed, None
    if len(fed) != 1:
        where.refuse("needs a model of one input")
        return fed, None
    first = fed[0]
    shape, size = first.shape or [], first.batch_size
    axes = None
    if "axes" in given:
        axes = fields.permutation(given["axes"], where.value(given, "axes"), len(shape))
        shape = [shape[axis] for axis in axes or ()]
    for key in ("shape", "batch_shape"):
        if key not in given:
            continue
        place = where.value(given, key)
        stated = fields.shape(given[key], place)
        if stated is None:
            continue
        if key == "batch_shape" and stated:
            size, stated = stated[0], stated[1:]
        if stated != shape:
            place.refuse(
                f"is {plain_value(given[key])}",
                expected=f"{shape}, as the first model's input{' permuted' if axes else ''}",
            )
    return [first._replace(shape=shape, batch_size=size)], axes
