"""An application as the graph of layers that it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from conformance.cases.model import InputSpec, Model, Node
from conformance.reference.errors import Refused
from conformance.reference.spec.applications.arguments import drawn, image_of
from conformance.reference.spec.applications.graph import IMAGE

if TYPE_CHECKING:
    from conformance.cases.model import Shape
    from conformance.reference.spec.applications.graph import Written

FORM = "application"


def written_out(model: Model) -> Model:
    """The graph of an application's layers; any other model as it is.

    Args:
        model: Of the form ``application``.

    Raises:
        Unsupported: The reference doesn't have it, or an argument.
        Refused: Keras documents that it refuses these arguments.
    """
    if model.form != FORM:
        return model
    node = model.nodes[0]
    name = node.layer.rpartition(".")[2]
    image, spec = _image(model, node, name)
    net, last = drawn(name, node.config, image)
    return msgspec.structs.replace(
        model,
        form="functional",
        inputs=[spec],
        nodes=[_node(one, spec.name) for one in net.written],
        outputs=[last],
    )


def _image(model: Model, node: Node, name: str) -> tuple[Shape, InputSpec]:
    """What the model is made for, and the input that says so.

    Raises:
        Refused: What is fed does not fit.
    """
    fed = model.inputs[0] if model.inputs else None
    if fed is not None and node.tensors:  # it is handed over, and says itself what it is
        return list(fed.declared or fed.shape), fed
    image = image_of(name, node.config)
    if fed is None:
        fed = InputSpec(name=IMAGE, shape=[size or 0 for size in image])
    elif any(own not in {None, size} for own, size in zip(image, fed.shape, strict=False)):
        message = f"{name} is made for images of {image}, not of {fed.shape}"
        raise Refused(message, at="call")
    return image, msgspec.structs.replace(fed, declared=image if None in image else None)


def _node(one: Written, image: str) -> Node:
    inputs = [image if each == IMAGE else each for each in one.inputs]
    if "." in one.kind:
        return Node(
            name=one.name,
            layer=one.kind,
            config={},
            inputs=[],
            arguments=one.config,
            tensors={"x1": inputs[0]},
        )
    return Node(name=one.name, layer=one.kind, config=one.config, inputs=inputs, adapt=one.adapt)
