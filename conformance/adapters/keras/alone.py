"""What a layer states of its answers by itself: ``compute_output_shape``, ``compute_output_spec``.

While a model is built, Keras builds each layer before it asks what will come out, and asks once,
with the flags of the call. Here a layer is asked alone: freshly made, in either order, and again
once it has been called with other flags.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from conformance.adapters.keras.build import Maker, symbolic
from conformance.adapters.keras.nesting import flat
from conformance.adapters.shared.calling import chosen, positional
from conformance.adapters.shared.functions import is_function
from conformance.adapters.worker.failure import Unsupported

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.adapters.keras.build import Net

MODEL = ""
"""Among the names of nodes, the model itself."""
SCORES = "return_attention_scores"
"""The one flag of a call that says how many answers there are."""


def specs(keras: Any, net: Net) -> dict[str, dict[str, Any]]:
    """What each layer states alone, by node and by question.

    The model's own layers are called symbolically once more, so this is asked behind all else that
    looks at how they hang together.

    Args:
        keras: Keras 3.
        net: The built model, whose layers have been called already.

    Returns:
        By node: ``shape`` and ``spec`` of a layer freshly made, asked in this order;
        ``spec_first`` and ``shape_second`` of another, asked in that one; ``other``: a call with
        other flags of the layer that the model has; ``spec_again`` and ``shape_again`` of that
        layer. What isn't asked of a layer that leaves ``compute_output_shape`` to Keras is absent.

    Raises:
        Unsupported: This Keras has no ``compute_output_spec``.
        Exception: Whatever Keras raises.
    """
    if not hasattr(keras.layers.Layer, "compute_output_spec"):
        message = "this Keras has no compute_output_spec"
        raise Unsupported(message)
    known = _tensors(net)
    layers = [node for node in net.spec["nodes"] if not is_function(node["layer"])]
    return {node["name"]: _of_node(keras, net, node, known) for node in layers}


def of_model(keras: Any, net: Net) -> dict[str, dict[str, Any]]:
    """What the model states of its outputs: ``compute_output_shape`` and ``compute_output_spec``.

    Args:
        keras: Keras 3.
        net: The built model.

    Returns:
        ``shape`` and ``spec``, asked in this order.

    Raises:
        Exception: Whatever Keras raises.
    """
    given = [keras.KerasTensor(tuple(one.shape), dtype=one.dtype) for one in net.model.inputs]
    shapes = [tuple(one.shape) for one in given]
    alone = len(given) == 1
    shape = net.model.compute_output_shape(shapes[0] if alone else shapes)
    spec = net.model.compute_output_spec(given[0] if alone else given)
    return {"shape": {"shapes": _listed(shape)}, "spec": _told(spec)}


def _tensors(net: Net) -> Mapping[str, Sequence[Any]]:
    """Every input's and node's symbolic outputs."""
    if net.tensors:
        return net.tensors
    names = [one["name"] for one in net.spec["inputs"]]
    known = {name: [tensor] for name, tensor in zip(names, net.model.inputs)}
    known.update((node, list(flat(layer.output))) for node, layer in net.layers.items())
    return known


def _of_node(
    keras: Any, net: Net, node: Mapping[str, Any], known: Mapping[str, Sequence[Any]]
) -> dict[str, Any]:
    owner = node.get("shares") or node["name"]
    written = next(one for one in net.spec["nodes"] if one["name"] == owner)
    asked = _Question(keras, node, known)
    one, other = (Maker(keras, {}).adapted(written) for _ in range(2))
    called = net.layers[owner]
    defined = type(called).compute_output_shape is not keras.layers.Layer.compute_output_shape
    told: dict[str, Any] = {}
    if defined:
        told["shape"] = asked.shape(one)
        told["spec"] = asked.spec(one)
        told["spec_first"] = asked.spec(other)
        told["shape_second"] = asked.shape(other)
    told["other"] = asked.called_otherwise(called)
    told["spec_again"] = asked.spec(called)
    if defined:
        told["shape_again"] = asked.shape(called)
    return told


class _Question:
    """How a node's layer is called, without anything that would be computed."""

    def __init__(
        self, keras: Any, node: Mapping[str, Any], known: Mapping[str, Sequence[Any]]
    ) -> None:
        def bare(tensor: Any) -> Any:
            return keras.KerasTensor(tuple(tensor.shape), dtype=tensor.dtype)

        def taken(name: Any) -> Any:
            if isinstance(name, list):
                return [bare(tensor) for tensor in chosen(name, known)]
            return bare(chosen([name], known)[0])

        given = [bare(tensor) for tensor in chosen(node["inputs"], known)]
        self._given = positional(node["layer"], given)
        self._tensors = {key: taken(name) for key, name in node.get("tensors", {}).items()}
        self._flags = dict(node.get("arguments", {}))

    def shape(self, layer: Any) -> dict[str, Any]:
        """What ``compute_output_shape`` answers, told as much of the call as it takes."""
        takes = inspect.signature(layer.compute_output_shape).parameters
        keywords = {f"{key}_shape": _shape(one) for key, one in self._tensors.items()}
        keywords.update(self._flags)
        known = {key: value for key, value in keywords.items() if key in takes}
        answer = layer.compute_output_shape(*[_shape(one) for one in self._given], **known)
        return {"shapes": _listed(answer)}

    def spec(self, layer: Any) -> dict[str, Any]:
        """What ``compute_output_spec`` answers."""
        answer = layer.compute_output_spec(*self._given, **self._tensors, **self._flags)
        return _told(answer)

    def called_otherwise(self, layer: Any) -> dict[str, Any]:
        """What a symbolic call answers where each flag of the layer's is turned round."""
        takes = inspect.signature(layer.call).parameters
        turned = {
            flag: not self._flags.get(flag, False) for flag in ("training", SCORES) if flag in takes
        }
        flags = {**self._flags, **turned}
        return _told(layer(*self._given, **self._tensors, **flags))


def _told(answer: Any) -> dict[str, Any]:
    tensors = list(flat(answer))
    return {
        "shapes": [symbolic(tensor) for tensor in tensors],
        "dtypes": [str(tensor.dtype) for tensor in tensors],
    }


def _shape(given: Any) -> Any:
    if isinstance(given, list):
        return [tuple(tensor.shape) for tensor in given]
    return tuple(given.shape)


def _listed(answer: Any) -> list[list[int | None]]:
    """The shapes in an answer, which may be one, or a list of some, or of lists of them."""
    parts = list(answer.values()) if isinstance(answer, dict) else list(answer)
    if all(part is None or hasattr(part, "__index__") for part in parts):
        return [[None if part is None else int(part) for part in parts]]
    return [shape for part in parts for shape in _listed(part)]
