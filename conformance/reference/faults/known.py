"""The faults that exist, each with the cases that it could show itself in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from conformance.cases.model import Steps
from conformance.facets import TRAINED
from conformance.reference.faults.editing import EDITS, UNLIKE_FUNCTIONS, UNLIKE_MODELS
from conformance.reference.faults.fault import Fault, nodewise, rounded_to
from conformance.reference.faults.fitting import of_fit
from conformance.reference.faults.flags import of_flags
from conformance.reference.faults.forms import of_forms
from conformance.reference.faults.functions import of_functions, of_model
from conformance.reference.faults.misdrawing import misdrawn
from conformance.reference.faults.quantizing import of_quantize
from conformance.reference.faults.settings import of_settings
from conformance.reference.faults.steps import of_steps
from conformance.reference.model.functions import repeats
from conformance.reference.model.network import Network
from conformance.reference.spec.config import INERT
from conformance.reference.spec.layers.base import Context

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from conformance.cases.model import Case, Graph, Model, Named, Node, Train
    from conformance.reference.engine.array import Values


class PaddedBefore(Context):
    """Pads an odd row before the input, where Keras pads it after."""

    def halves(self, total: int) -> tuple[int, int]:
        """Padding before and after an axis."""
        after, before = super().halves(total)
        return before, after


def candidates(case: Case) -> Iterator[Fault]:
    """Every fault that may fit a case; the caller drops those that don't."""
    program = case.program
    if isinstance(program, Steps):
        yield from of_steps(program)
    elif program.model.form == "function":
        yield from of_functions(case)
    else:
        yield from _of_models(program)
        return
    yield from _of_inputs(np.flip)
    yield from _roundings()
    yield from (
        fault
        for facet, fault in EDITS
        if facet in program.facets
        and (fault.name not in UNLIKE_FUNCTIONS or _of_generator(program))
    )


def _of_generator(program: Graph | Steps) -> bool:
    """Whether a function draws by a generator of seeds, and so otherwise in each call."""
    return not isinstance(program, Steps) and program.random is not None and not repeats(program)


def _of_models(program: Graph) -> Iterator[Fault]:
    nodes = [*program.model.nodes, *(program.twin.model.nodes if program.twin else [])]
    layers = {node.layer for node in nodes}
    yield from _ignored(nodes)
    yield from of_forms(nodes)
    yield from of_settings(program.model)
    yield from of_quantize(program.model)
    yield from _rewrites(nodes, layers)
    yield from _weights(nodes, layers)
    yield from of_model(program.model)
    yield from _of_inputs(_turned_round)
    if program.random is not None:
        yield from misdrawn(nodes)
    yield from _roundings()
    yield from of_flags(program)
    if program.train is not None and not TRAINED.isdisjoint(program.facets):
        yield from _training(program.train)
    if program.exchange is not None and program.exchange.steps is not None:
        yield Fault(
            name="optimizer-forgotten",
            says="trained on with an optimizer that began anew",
            context=Forgetful,
        )
    yield from (
        fault
        for facet, fault in EDITS
        if facet in program.facets and fault.name not in UNLIKE_MODELS
    )


def _of_inputs(turned: Callable[[Values], Values]) -> Iterator[Fault]:
    yield Fault(
        name="inputs-turned-round",
        says="read every axis of its inputs from the other end",
        inputs=turned,
    )
    yield Fault(name="inputs-doubled", says="took its inputs twice as large", inputs=_doubled)


def _with(node: Node, **changes: Any) -> Node:
    return msgspec.structs.replace(node, config={**node.config, **changes})


def _before(node: Node, layer: str, config: dict[str, Any]) -> list[Node]:
    """Put a layer between a node and its one input."""
    extra = f"{node.name}~before"
    inserted = msgspec.structs.replace(node, name=extra, layer=layer, config=config, shares=None)
    return [inserted, msgspec.structs.replace(node, inputs=[extra])]


def _ignored(nodes: list[Node]) -> Iterator[Fault]:
    """An argument that is set, and that a framework does not look at."""
    for owner, argument in sorted(
        {(node.layer, key) for node in nodes for key in node.config if key not in INERT}
    ):

        def rewrite(node: Node, owner: str = owner, argument: str = argument) -> list[Node]:
            if node.layer != owner:
                return [node]
            config = {key: value for key, value in node.config.items() if key != argument}
            return [msgspec.structs.replace(node, config=config)]

        yield Fault(
            name=f"ignored:{owner}.{argument}",
            says=f"ignored the argument {argument} of {owner}",
            model=nodewise(rewrite),
        )


def _rewrites(nodes: list[Node], layers: set[str]) -> Iterator[Fault]:
    if any(node.config.get("padding") == "same" for node in nodes):
        yield Fault(
            name="padding-other-side",
            says="put the odd row of padding before the input, not after it",
            context=PaddedBefore,
        )
    yield Fault(
        name="padding-same-not-causal",
        says="padded evenly where the padding is causal",
        model=nodewise(_same_not_causal),
    )
    if "Flatten" in layers:
        yield Fault(
            name="flatten-fortran-order",
            says="flattened with the first axis changing fastest",
            model=_fortran_flatten,
        )
    yield Fault(
        name="channels-first-read-as-last",
        says="took channels-first numbers for channels-last ones without moving them",
        model=_mixed_channels,
    )
    yield Fault(
        name="leaky-relu",
        says="let a tenth of the negative numbers through relu",
        model=nodewise(lambda n: _reactivated(n, "relu", "leaky_relu")),
    )
    yield Fault(
        name="softmax-other-axis",
        says="took the softmax along the axis before the last",
        model=nodewise(_softmax_axis),
    )
    if layers & {"LSTM", "GRU"}:
        yield Fault(
            name="hard-gates",
            says="used hard_sigmoid for the gates, as early versions of Keras did",
            model=nodewise(
                lambda n: (
                    [_with(n, recurrent_activation="hard_sigmoid")]
                    if n.layer in {"LSTM", "GRU"}
                    else [n]
                )
            ),
        )
    if layers & {"SimpleRNN", "LSTM", "GRU"}:
        yield Fault(
            name="sequence-reversed",
            says="read the sequence from its other end",
            model=nodewise(
                lambda n: (
                    [_with(n, go_backwards=not n.config.get("go_backwards", False))]
                    if n.layer in {"SimpleRNN", "LSTM", "GRU"}
                    else [n]
                )
            ),
        )
    yield Fault(
        name="inputs-reversed",
        says="took the inputs of a merging layer in the other order",
        model=nodewise(
            lambda n: (
                [msgspec.structs.replace(n, inputs=n.inputs[::-1])]
                if n.layer in {"Concatenate", "Subtract"}
                else [n]
            )
        ),
    )
    yield Fault(
        name="average-for-maximum",
        says="pooled by the mean instead of the maximum",
        model=nodewise(
            lambda n: (
                [msgspec.structs.replace(n, layer=n.layer.replace("MaxPool", "AveragePool"))]
                if n.layer.startswith("MaxPooling")
                else [n]
            )
        ),
    )


def _same_not_causal(node: Node) -> list[Node]:
    return [_with(node, padding="same")] if node.config.get("padding") == "causal" else [node]


def _reactivated(node: Node, old: str, new: str) -> list[Node]:
    return [_with(node, activation=new)] if node.config.get("activation") == old else [node]


def _softmax_axis(node: Node) -> list[Node]:
    if node.config.get("activation") != "softmax":
        return [node]
    softmax = msgspec.structs.replace(node, layer="Softmax", config={"axis": -2})
    if node.layer == "Activation":
        return [softmax]
    # A layer with weights keeps them under its own name, and what follows it asks for that name:
    # a softmax can only be put in the place of a layer without weights.
    return [node]


def _fortran_flatten(model: Model) -> Model:
    """Reverse the axes first: C order of the reversed axes is Fortran order of the sample."""
    shapes = Network.build(model).shapes

    def rewrite(node: Node) -> list[Node]:
        if node.layer != "Flatten":
            return [node]
        rank = len(shapes.get(node.inputs[0], ())) - 1
        if rank < 2:  # noqa: PLR2004 (one axis has one order)
            return [node]
        return _before(node, "Permute", {"dims": list(range(rank, 0, -1))})

    return nodewise(rewrite)(model)


def _mixed_channels(model: Model) -> Model:
    """Reshape channels-first inputs instead of transposing them; pass over what has no pixels."""
    shapes = Network.build(model).shapes

    def rewrite(node: Node) -> list[Node]:
        if node.config.get("data_format") != "channels_first":
            return [node]
        shape = shapes.get(node.inputs[0], [None, None])  # one of several outputs: no pixels
        if None in shape[1:]:
            return [node]
        channels, *space = (n or 0 for n in shape[1:])
        order = [len(space) + 1, *range(1, len(space) + 1)]
        reshaped, rest = _before(node, "Reshape", {"target_shape": [*space, channels]})
        moved, last = _before(rest, "Permute", {"dims": order})
        moved = msgspec.structs.replace(moved, inputs=[reshaped.name], name=f"{node.name}~moved")
        return [reshaped, moved, msgspec.structs.replace(last, inputs=[moved.name])]

    return nodewise(rewrite)(model)


def _turned_round(values: Values) -> Values:
    """Every axis from its end, the batch's too. Masks stay: another may leave nothing over."""
    return values if values.dtype.kind == "b" else np.flip(values)


def _doubled(values: Values) -> Values:
    """Floats alone: twice an index may be none."""
    return values * 2 if values.dtype.kind == "f" else values


def _weights(nodes: list[Node], layers: set[str]) -> Iterator[Fault]:
    def bias_missing(name: str, values: Values) -> Values:
        return np.zeros_like(values) if name.endswith("bias") else values

    def one_dropped(name: str, values: Values) -> Values:
        if not name.endswith("kernel") or values.size == 0:
            return values
        changed = values.copy()
        changed.flat[int(np.abs(values).argmax())] = 0
        return changed

    def transposed(name: str, values: Values) -> Values:
        square = values.ndim >= 2 and values.shape[-1] == values.shape[-2]  # noqa: PLR2004
        return np.swapaxes(values, -1, -2) if name.endswith("kernel") and square else values

    def flipped(_: str, values: Values) -> Values:
        return np.flip(values, tuple(range(values.ndim - 2))) if values.ndim > 2 else values  # noqa: PLR2004

    yield Fault(name="bias-missing", says="left the bias out", weights=bias_missing)
    yield Fault(name="one-weight-dropped", says="lost one weight", weights=one_dropped)
    yield Fault(name="kernel-transposed", says="transposed square kernels", weights=transposed)
    if any(layer.startswith("Conv") for layer in layers):
        yield Fault(
            name="kernel-flipped", says="flipped the kernel, as mathematics does", weights=flipped
        )
    for layer, gates, first, second, says in (
        ("LSTM", 4, 0, 1, "swapped the input and forget gates"),
        ("LSTM", 4, 2, 3, "swapped the cell and output gates"),
        ("GRU", 3, 0, 1, "swapped the update and reset gates"),
        ("GRU", 3, 1, 2, "swapped the reset gate and the candidate"),
    ):
        names = {node.name for node in nodes if node.layer == layer}
        if names:
            yield Fault(
                name=f"gates-swapped:{layer}.{first}{second}",
                says=says,
                weights=_gates(names, gates, first, second),
            )


def _gates(names: set[str], gates: int, first: int, second: int) -> Callable[[str, Values], Values]:
    def swap(name: str, values: Values) -> Values:
        if name.split("/", 1)[0] not in names:
            return values
        parts = np.split(values, gates, axis=-1)
        parts[first], parts[second] = parts[second], parts[first]
        return np.concatenate(parts, axis=-1)

    return swap


def _roundings() -> Iterator[Fault]:
    for name, bits in (("bfloat16", 8), ("tensorfloat32", 11)):
        yield Fault(
            name=f"{name}-operands",
            says=f"rounded the operands of products to {name}",
            operands=rounded_to(bits),
        )
    for name, bits in (("bfloat16", 8), ("float16", 11)):
        yield Fault(name=name, says=f"rounded every result to {name}", results=rounded_to(bits))


class Forgetful(Context):
    """A training that goes on does so with an optimizer that begins anew."""

    optimizer_kept = False


def _training(train: Train) -> Iterator[Fault]:
    for part in ("optimizer", "loss"):
        named: Named = getattr(train, part)
        for argument in sorted(named.config):
            yield Fault(
                name=f"ignored:{named.name}.{argument}",
                says=f"ignored the argument {argument} of {named.name}",
                train=_retrained(part, named.config, drop=argument),
            )
    rate = train.optimizer.config.get("learning_rate", _RATES.get(train.optimizer.name.lower()))
    if isinstance(rate, int | float):
        for factor, says in ((10.0, "ten times"), (0.5, "half of")):
            yield Fault(
                name=f"learning-rate-times-{factor:g}",
                says=f"took {says} the learning rate",
                train=_retrained("optimizer", train.optimizer.config, learning_rate=rate * factor),
            )
    if train.steps > 1:
        yield Fault(
            name="one-step-too-few",
            says="stopped one step too early",
            train=lambda train: msgspec.structs.replace(train, steps=train.steps - 1),
        )
    if train.loss.config.get("reduction") != "sum":
        yield Fault(
            name="loss-summed",
            says="summed the loss over the batch instead of averaging it",
            train=_retrained("loss", train.loss.config, reduction="sum"),
        )

    if train.loss_weights is not None:
        yield Fault(
            name="ignored:loss_weights",
            says="added up the losses of its outputs as they are",
            train=_changed(loss_weights=None),
        )
    yield from _weighing(train)
    yield from of_fit(train)


def _weighing(train: Train) -> Iterator[Fault]:
    """What can be wrong with the weights of samples."""
    kind = "class_weight" if train.class_weight is not None else "sample_weight"
    weights: list[float] | None = getattr(train, kind)
    if weights is None:
        return
    yield Fault(name=f"ignored:{kind}", says=f"ignored {kind}", train=_changed(**{kind: None}))
    mean = sum(weights) / len(weights)
    if mean not in {0.0, 1.0}:
        scaled = [weight / mean for weight in weights]
        yield Fault(
            name="weights-normalized",
            says=f"divided {kind} by its mean",
            train=_changed(**{kind: scaled}),
        )
    if train.targets and train.targets[0].data.kind == "values" and kind == "class_weight":
        rows = len(train.targets[0].data.values)
        taken = [weights[row % len(weights)] for row in range(rows)]
        yield Fault(
            name="weights-by-position",
            says="took class weights by the position in the batch",
            train=_changed(class_weight=None, sample_weight=taken),
        )
    if train.metrics:
        yield Fault(
            name="metrics-weighted",
            says="weighed samples in every metric",
            train=lambda train: _changed(metrics=[], weighted_metrics=train.every_metric)(train),
        )
    if train.weighted_metrics:
        yield Fault(
            name="metrics-unweighted",
            says="weighed samples in no metric",
            train=lambda train: _changed(metrics=train.every_metric, weighted_metrics=[])(train),
        )


def _changed(**changes: Any) -> Callable[[Train], Train]:
    return lambda train: msgspec.structs.replace(train, **changes)


_RATES = {"sgd": 0.01, "adam": 0.001}


def _retrained(
    part: str, config: Mapping[str, Any], drop: str = "", **changes: Any
) -> Callable[[Train], Train]:
    def rewrite(train: Train) -> Train:
        kept = {key: value for key, value in config.items() if key != drop} | changes
        named = msgspec.structs.replace(getattr(train, part), config=kept)
        return msgspec.structs.replace(train, **{part: named})

    return rewrite
