"""Mistakes of whoever ports a layer by hand: a foreign default, another padding, a mask not heeded.

They explain what ``compare`` finds; no run tries them on the catalogue's cases. Those of weights,
which are read in another order than they were written, are in ``port_weights``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from conformance.cases.model import Node
from conformance.reference.faults.fault import Fault, nodewise
from conformance.reference.faults.known import PaddedBefore
from conformance.reference.faults.port_weights import of_weights
from conformance.reference.faults.port_wiring import of_functions, of_wiring
from conformance.reference.spec.activations import ACTIVATIONS
from conformance.reference.spec.layers.base import Context
from conformance.reference.spec.sliding import OddAfter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.cases.model import Model
    from conformance.reference.engine.array import Array
    from conformance.reference.model.network import Network
    from conformance.reference.spec.layers.base import Mask

EPSILONS = (1e-3, 1e-5, 1e-6, 1e-7, 1e-8, 1e-12, 1e-2, 0.0)
"""What libraries divide safely by: Keras's, PyTorch's, Flax's, TensorFlow's and none at all."""
SLOPES = (0.01, 0.1, 0.2, 0.3, 1.0)
"""Of leaky rectifiers and their kin."""
_COMMON = (
    *("linear", "relu", "gelu", "silu", "elu", "selu", "leaky_relu", "relu6", "sigmoid", "tanh"),
    *("softmax", "log_softmax", "hard_sigmoid", "softplus", "softsign", "mish"),
)
"""Activations that are tried first: others may be the same where their arguments are the usual."""
_ALIKE = frozenset({"swish", "hard_swish"})
_MERGES = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")
_GATES = ("activation", "recurrent_activation")
_RECURRENT = frozenset({"LSTM", "GRU", "SimpleRNN"})


class Unmasked(Context):
    """Heeds no mask."""

    @property
    def mask(self) -> Mask:
        """None, whatever came with the input."""
        return None

    def __setattr__(self, name: str, value: Any) -> None:
        """Take the masks that come with inputs for none."""
        super().__setattr__(name, () if name == "masks" else value)


class MaskTurned(Context):
    """Takes a mask's true for what does not count, as PyTorch's padding masks do."""

    def __setattr__(self, name: str, value: Any) -> None:
        """Turn the masks that come with inputs."""
        if name == "masks":
            value = [None if mask is None else ~mask for mask in value]
        super().__setattr__(name, value)

    @property
    def mask(self) -> Mask:
        """The one that the call gives, turned; without one, that of the first input, which is."""
        given = super().mask
        return ~given if given is not None and "mask" in self.tensors else given


class CornersAligned(Context):
    """Enlarges an image with its outermost pixels on the corners."""

    @staticmethod
    def centre(pixel: Array, size: int, factor: int) -> Array:
        """The first on the first, the last on the last."""
        return pixel * ((size - 1) / (size * factor - 1))


class SharedByTargets(Context):
    """Takes an attention's softmax along the other axis of the scores."""

    @property
    def shared_axis(self) -> int:
        """That of the targets."""
        return -2


def of_ports(network: Network, *, masked: bool) -> Iterator[Fault]:
    """Every mistake that may fit a layer; the caller drops those that don't.

    Args:
        network: The layer, as a model of its own, for the shapes that it is fed.
        masked: Whether a mask comes with any of its inputs.
    """
    node = network.model.nodes[0]
    if node.is_function:
        yield from of_functions(network)
        return
    yield from _epsilons(node)
    yield from _slopes(node)
    if masked:
        yield from _masks(node)
    yield from of_weights(network)
    yield from _paddings(network)
    yield from _neighbours(node)
    yield from _merges(node)
    yield from _sequences(network)
    yield from _attention(node)
    yield from _normalization(node)
    yield from _flattening(network)
    yield from of_wiring(network)
    yield from _asked(node)
    yield from _activations(network.model)  # the most by number


def _asked(node: Node) -> Iterator[Fault]:
    """What a layer asks the run, answered otherwise."""
    if node.layer == "UpSampling2D" and node.config.get("interpolation") == "bilinear":
        yield Fault(
            name="corners-aligned",
            says="put the outermost pixels on the corners (align_corners), where Keras leaves half "
            "a pixel beside them",
            context=CornersAligned,
        )
    if node.layer == "MultiHeadAttention":
        yield Fault(
            name="softmax-of-targets",
            says="took the softmax of the scores along the targets, not along the sources",
            context=SharedByTargets,
        )


def _with(name: str, says: str, **config: Any) -> Fault:
    """The first node with other arguments."""

    def rewrite(model: Model) -> Model:
        first, *rest = model.nodes
        changed = msgspec.structs.replace(first, config={**first.config, **config})
        return msgspec.structs.replace(model, nodes=[changed, *rest])

    return Fault(name=name, says=says, model=rewrite)


def _as_layer(name: str, says: str, layer: str, config: dict[str, Any] | None = None) -> Fault:
    """Another layer in the place of the first node."""

    def rewrite(model: Model) -> Model:
        first, *rest = model.nodes
        kept = first.config if config is None else config
        changed = msgspec.structs.replace(first, layer=layer, config=kept)
        return msgspec.structs.replace(model, nodes=[changed, *rest])

    return Fault(name=name, says=says, model=rewrite)


def _epsilons(node: Node) -> Iterator[Fault]:
    given = node.config.get("epsilon")
    if not isinstance(given, float):
        return
    for epsilon in EPSILONS:
        if epsilon != given:
            said = f"took {epsilon:g} for epsilon, which is {given:g}"
            yield _with(f"epsilon:{epsilon:g}", said, epsilon=epsilon)


def _activations(model: Model) -> Iterator[Fault]:
    for node in model.nodes:
        for argument in _GATES:
            given = node.config.get(argument)
            if given is None and argument in node.config:
                given = "linear"
            if given not in ACTIVATIONS:
                continue
            for other in (*_COMMON, *(name for name in ACTIVATIONS if name not in _COMMON)):
                if ACTIVATIONS[other] is ACTIVATIONS[given] or other in _ALIKE:
                    continue
                missing = other == "linear"
                says = f"left out the {argument} {given}" if missing else (
                    f"took {other} for the {argument}, which is {given}"
                )  # fmt: skip
                yield Fault(
                    name=f"{argument}:{other}", says=says, model=_activated(argument, node, other)
                )
        if node.config.get("activation") == "gelu":
            yield Fault(
                name="activation:gelu-approximate",
                says="took the approximation by tanh for gelu, which is exact",
                model=_approximated,
            )
    last = model.nodes[-1]
    if last.layer in {"Softmax", "Dense", "Activation"}:
        yield from _softmax(last)


def _activated(argument: str, node: Node, other: str) -> Callable[[Model], Model]:
    return nodewise(
        lambda one: [
            msgspec.structs.replace(one, config={**one.config, argument: other})
            if one.name == node.name
            else one
        ]
    )


def _approximated(model: Model) -> Model:
    """Each layer with gelu, followed by the approximation in its place."""
    nodes: list[Node] = []
    outputs = list(model.outputs)
    for node in model.nodes:
        if node.config.get("activation") != "gelu":
            nodes.append(node)
            continue
        plain = msgspec.structs.replace(node, config={**node.config, "activation": "linear"})
        behind = Node(
            name=f"{node.name}~gelu",
            layer="ops.gelu",
            config={},
            inputs=[],
            tensors={"x": node.name},
            arguments={"approximate": True},
        )
        nodes += [plain, behind]
        outputs = [behind.name if name == node.name else name for name in outputs]
    return msgspec.structs.replace(model, nodes=nodes, outputs=outputs)


def _softmax(node: Node) -> Iterator[Fault]:
    if node.layer == "Softmax":
        for axis in (1, -2, 0):
            if axis != node.config.get("axis", -1):
                yield _with(
                    f"softmax-axis:{axis}", f"took the softmax along axis {axis}", axis=axis
                )
        yield _as_layer("softmax:log", "took the logarithm of the softmax", "Activation",
                        {"activation": "log_softmax"})  # fmt: skip


def _slopes(node: Node) -> Iterator[Fault]:
    for argument in ("negative_slope", "alpha"):
        given = node.config.get(argument)
        if not isinstance(given, float):
            continue
        for slope in SLOPES:
            # A negative slope of 1 is no activation at all, which is told as such.
            if slope != given and (slope, argument) != (1.0, "negative_slope"):
                said = f"took {slope:g} for {argument}, which is {given:g}"
                yield _with(f"{argument}:{slope:g}", said, **{argument: slope})
    if node.layer == "ReLU" and node.config.get("max_value") is None:
        yield _with("relu:capped", "cut relu off at 6", max_value=6.0)


def _masks(node: Node) -> Iterator[Fault]:
    yield Fault(name="mask-ignored", says="ignored the mask", context=Unmasked)
    yield Fault(
        name="mask-turned-round", says="took the mask's true for what is left out",
        context=MaskTurned,
    )  # fmt: skip
    if node.layer in _RECURRENT and node.config.get("return_sequences"):
        filled = not node.config.get("zero_output_for_mask", False)
        says = (
            "answered zeros at masked steps, where Keras repeats the answer before"
            if filled
            else "repeated the answer before at masked steps, where Keras answers zeros"
        )
        yield _with("masked-steps-zeroed", says, zero_output_for_mask=filled)


def _paddings(network: Network) -> Iterator[Fault]:
    node = network.model.nodes[0]
    sliding = getattr(network.layers[node.name], "sliding", None)
    if sliding is None:
        return
    if node.config.get("padding") != "same":
        return
    shape = network.shapes[node.inputs[0]]
    _, space, _ = sliding.split(shape)
    amounts = sliding.amounts([n or 0 for n in space], OddAfter())
    pooling = "Pooling" in node.layer
    layer = f"ZeroPadding{sliding.axes}D"
    first = {"data_format": node.config.get("data_format", "channels_last")}
    first = {} if sliding.axes == 1 else first
    if pooling and any(sum(pair) for pair in amounts):
        yield _padded(
            "zeros-pooled" if node.layer.startswith("Max") else "padding-counted",
            "padded with zeros, which can be the largest number"
            if node.layer.startswith("Max")
            else "counted the padding among the numbers of the mean",
            {"layer": layer, "config": {"padding": _pairs(amounts), **first}},
        )
    evenly = [((b + a + 1) // 2,) * 2 for b, a in amounts]
    if evenly != amounts:
        yield _padded(
            "padding-evenly",
            "padded evenly on both sides, where `same` puts the odd row after",
            {"layer": layer, "config": {"padding": _pairs(evenly), **first}},
        )
    yield Fault(
        name="padding-other-side",
        says="put the odd row of padding before the input, not after it",
        context=PaddedBefore,
    )


def _pairs(amounts: list[tuple[int, int]]) -> Any:
    pairs = [list(pair) for pair in amounts]
    return pairs[0] if len(pairs) == 1 else pairs


def _padded(name: str, says: str, border: dict[str, Any]) -> Fault:
    """Zeros around the input by a layer of their own, and no padding by the layer itself."""

    def rewrite(model: Model) -> Model:
        first, *rest = model.nodes
        before = Node(name="border", inputs=first.inputs, **border)
        config = {**first.config, "padding": "valid"}
        changed = msgspec.structs.replace(first, inputs=["border"], config=config)
        return msgspec.structs.replace(model, nodes=[before, changed, *rest])

    return Fault(name=name, says=says, model=rewrite)


def _neighbours(node: Node) -> Iterator[Fault]:
    for ours, theirs, says in (
        ("MaxPool", "AveragePool", "pooled by the mean instead of the maximum"),
        ("AveragePool", "MaxPool", "pooled by the maximum instead of the mean"),
        ("GlobalMaxPool", "GlobalAveragePool", "took the mean instead of the maximum"),
        ("GlobalAveragePool", "GlobalMaxPool", "took the maximum instead of the mean"),
    ):
        if node.layer.startswith(ours):
            other = node.layer.replace(ours, theirs, 1)
            yield _as_layer(f"taken-for:{other}", says, other)
    if node.config.get("pool_size") is not None:
        size = node.config["pool_size"]
        ones = [1] * len(size) if isinstance(size, list) else 1
        yield _with("strides-of-1", "moved its windows by 1", strides=ones)
        yield _with("strides-of-size", "moved its windows by their size", strides=size)


def _merges(node: Node) -> Iterator[Fault]:
    if node.layer in _MERGES:
        for other in _MERGES:
            if other != node.layer and (len(node.inputs) == 2 or other != "Subtract"):  # noqa: PLR2004
                says = f"merged as {other} does"
                yield _as_layer(f"taken-for:{other}", says, other, {})
        for place in range(len(node.inputs)):
            yield Fault(
                name=f"input-left-out:{place}",
                says=f"left out input {place + 1} of {len(node.inputs)}",
                model=_without(place),
            )
    if node.layer == "Concatenate":
        for axis in (1, -2, -1):
            if axis != node.config.get("axis", -1):
                yield _with(f"concatenate-axis:{axis}", f"joined along axis {axis}", axis=axis)


def _without(place: int) -> Callable[[Model], Model]:
    def rewrite(model: Model) -> Model:
        first, *rest = model.nodes
        inputs = [name for at, name in enumerate(first.inputs) if at != place]
        alone = {"layer": "Identity", "config": {}} if len(inputs) == 1 else {}
        changed = msgspec.structs.replace(first, inputs=inputs, **alone)
        return msgspec.structs.replace(model, nodes=[changed, *rest])

    return rewrite


def _sequences(network: Network) -> Iterator[Fault]:
    """A last step taken from all steps: of a backward layer it is the first that was read."""
    node = network.model.nodes[0]
    inner = node.config.get("layer")
    if node.layer != "Bidirectional" or not isinstance(inner, dict):
        return
    for mode in ("sum", "ave", "concat"):
        if mode != node.config.get("merge_mode", "concat"):
            says = f"merged both directions as {mode!r} does"
            yield _with(f"merge-mode:{mode}", says, merge_mode=mode)
    ((_, config),) = inner.items()
    if config.get("return_sequences"):
        return

    def rewrite(model: Model) -> Model:
        first, *rest = model.nodes
        told = {
            key: _every_step(value) if key in {"layer", "backward_layer"} else value
            for key, value in first.config.items()
        }
        changed = msgspec.structs.replace(first, config=told)
        last = Node(
            name="last", layer="ops.take", config={}, inputs=[], tensors={"x": first.name},
            arguments={"indices": -1, "axis": 1},
        )  # fmt: skip
        return msgspec.structs.replace(model, nodes=[changed, last, *rest], outputs=["last"])

    yield Fault(
        name="backward-taken-at-the-end",
        says="took the backward layer's answer at the last step, where it has read one step alone",
        model=rewrite,
    )


def _every_step(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, config),) = value.items()
    return {kind: {**config, "return_sequences": True}}


def _attention(node: Node) -> Iterator[Fault]:
    if "Attention" not in node.layer:
        return
    asked = bool(node.arguments.get("use_causal_mask"))

    def causal(model: Model) -> Model:
        first, *rest = model.nodes
        arguments = {**first.arguments, "use_causal_mask": not asked}
        changed = msgspec.structs.replace(first, arguments=arguments)
        return msgspec.structs.replace(model, nodes=[changed, *rest])

    says = "let a step attend to later ones" if asked else "let no step attend to later ones"
    yield Fault(name="causal-mask", says=says, model=causal)
    for key in ("attention_mask", "mask"):
        if key in node.tensors:

            def without(model: Model, key: str = key) -> Model:
                first, *rest = model.nodes
                tensors = {name: one for name, one in first.tensors.items() if name != key}
                changed = msgspec.structs.replace(first, tensors=tensors)
                return msgspec.structs.replace(model, nodes=[changed, *rest])

            yield Fault(name=f"ignored:{key}", says=f"ignored the argument {key}", model=without)


def _normalization(node: Node) -> Iterator[Fault]:
    if node.layer != "BatchNormalization":
        return

    def trained(model: Model) -> Model:
        first, *rest = model.nodes
        changed = msgspec.structs.replace(first, arguments={**first.arguments, "training": True})
        return msgspec.structs.replace(model, nodes=[changed, *rest])

    yield Fault(
        name="batch-statistics",
        says="normalized by the batch's own mean and variance, as in training",
        model=trained,
    )
    axis = node.config.get("axis", -1)
    for other in (1, -1, 2):
        if other != axis:
            yield _with(f"axis:{other}", f"took axis {other} for the channels", axis=other)


def _flattening(network: Network) -> Iterator[Fault]:
    node = network.model.nodes[0]
    if node.layer not in {"Flatten", "Reshape"}:
        return
    rank = len(network.shapes[node.inputs[0]]) - 1
    if rank < 2:  # noqa: PLR2004 - one axis has one order
        return

    def moved(model: Model) -> Model:
        first, *rest = model.nodes
        dims = [rank, *range(1, rank)]
        before = Node(name="moved", layer="Permute", config={"dims": dims}, inputs=first.inputs)
        changed = msgspec.structs.replace(first, inputs=["moved"])
        return msgspec.structs.replace(model, nodes=[before, changed, *rest])

    yield Fault(
        name="channels-first-order",
        says="read its input in the order of channels first",
        model=moved,
    )
