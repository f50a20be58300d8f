"""Weights that a port reads in another order than Keras writes them, leaves out or takes twice."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from conformance.reference.faults.fault import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.cases.model import Model, Node
    from conformance.reference.engine.array import Values
    from conformance.reference.model.network import Network

    Change = Callable[[str, Values], Values]

_GATES = {"LSTM": ("input", "forget", "cell", "output"), "GRU": ("update", "reset", "candidate")}
_INITIAL = {
    "gamma": (1.0, "left gamma at 1"),
    "beta": (0.0, "left beta at 0"),
    "moving_mean": (0.0, "left the moving mean at 0"),
    "moving_variance": (1.0, "left the moving variance at 1"),
}
_TOGETHER = (
    (("moving_mean", "moving_variance"), "left the moving mean at 0 and the moving variance at 1"),
    (("gamma", "beta"), "left gamma at 1 and beta at 0"),
    (
        ("gamma", "beta", "moving_mean", "moving_variance"),
        "left all its weights at their start: gamma and the moving variance at 1, the others at 0",
    ),
)
_EXCHANGED = (
    ("gamma", "beta"),
    ("moving_mean", "moving_variance"),
    ("query", "key"),
    ("key", "value"),
    ("query", "value"),
)


def of_weights(network: Network) -> Iterator[Fault]:
    """Every mistake of weights that may fit a layer."""
    node = network.model.nodes[0]
    shapes = {
        name.partition("/")[2]: variable.shape for name, variable in network.variables.items()
    }
    yield from _at_start(shapes)
    yield from _without_biases(shapes)
    yield from _kernels(node.layer, shapes)
    yield from _recurrent(node.layer, shapes)
    yield from _heads(node.config, shapes) if "Attention" in node.layer else ()
    if node.layer == "Embedding":
        yield from _embeddings()
    if node.layer == "LayerNormalization":
        yield from _unbiased(network)
    if node.layer == "Bidirectional":
        yield from _directions(node)


def _at_start(shapes: dict[str, tuple[int, ...]]) -> Iterator[Fault]:
    for name, (number, says) in _INITIAL.items():
        if name in shapes:
            yield Fault(name=f"left-at-start:{name}", says=says, weights=_filled(name, number))
    for several, says in _TOGETHER:
        if all(name in shapes for name in several):
            yield Fault(
                name=f"left-at-start:{'+'.join(several)}",
                says=says,
                weights=_filled_all({name: _INITIAL[name][0] for name in several}),
            )


def _without_biases(shapes: dict[str, tuple[int, ...]]) -> Iterator[Fault]:
    biases = [name for name in shapes if name.endswith("bias")]
    for name in shapes:
        if name.endswith("bias") and len(shapes) > 1:
            says = f"left out the {name}"
            yield Fault(name=f"left-out:{name}", says=says, weights=_filled(name, 0.0))
    for some in (biases, [name for name in biases if not name.startswith("attention_output")]):
        if len(some) > 1:
            says = f"left out the biases {', '.join(name.removesuffix('/bias') for name in some)}"
            zeros = dict.fromkeys(some, 0.0)
            yield Fault(name=f"left-out:{'+'.join(some)}", says=says, weights=_filled_all(zeros))


def exchanges(names: list[str]) -> list[dict[str, str]]:
    """What a port may take for each other of a layer's variables: each by the one in its place."""
    found = []
    ways = [[name for name in names if name.startswith(way)] for way in ("forward_", "backward_")]
    if ways[0] and len(ways[0]) == len(ways[1]):
        found.append(dict(zip(*ways, strict=True)) | dict(zip(*ways[::-1], strict=True)))
    for first, second in _EXCHANGED:
        ours = [name for name in names if name.split("/")[0] == first]
        pairs = [(name, name.replace(first, second, 1)) for name in ours]
        pairs = [pair for pair in pairs if pair[1] in names]
        whole = dict(pairs) | {other: name for name, other in pairs}
        if whole:
            found.append(whole)
        if len(pairs) > 1:
            found += [{name: other, other: name} for name, other in pairs]
    return found


def _only(name: str, change: Callable[[Values], Values]) -> Change:
    """Changes one variable of a layer, by its name without the node's."""
    return lambda full, values: change(values) if full.partition("/")[2] == name else values


def _filled(name: str, number: float) -> Change:
    return _only(name, lambda values: np.full_like(values, number))


def _filled_all(numbers: dict[str, float]) -> Change:
    """Several variables of a layer, each with one number throughout."""

    def change(full: str, values: Values) -> Values:
        name = full.partition("/")[2]
        return np.full_like(values, numbers[name]) if name in numbers else values

    return change


def _kernels(layer: str, shapes: dict[str, tuple[int, ...]]) -> Iterator[Fault]:
    for name, shape in shapes.items():
        if not name.endswith("kernel"):
            continue
        if len(shape) >= 4 and shape[0] == shape[1] and shape[0] > 1:  # noqa: PLR2004 - two of space
            yield Fault(
                name=f"space-transposed:{name}",
                says="exchanged the height and the width of its kernel",
                weights=_only(name, lambda values: np.swapaxes(values, 0, 1)),
            )
        if layer.startswith("Depthwise") or name == "depthwise_kernel":
            yield Fault(
                name=f"multiplier-first:{name}",
                says="took the depth multiplier for the slower of a depthwise kernel's last axes",
                weights=_only(name, _last_two_read_turned),
            )
        square = len(shape) >= 2 and shape[-1] == shape[-2] and shape[-1] > 1  # noqa: PLR2004
        if square and "Attention" not in layer:
            yield Fault(
                name=f"transposed:{name}",
                says=f"transposed the {name}",
                weights=_only(name, lambda values: np.swapaxes(values, -1, -2)),
            )


def _last_two_read_turned(values: Values) -> Values:
    *lead, first, second = values.shape
    return np.asarray(np.swapaxes(values.reshape(*lead, second, first), -1, -2))


def _recurrent(layer: str, shapes: dict[str, tuple[int, ...]]) -> Iterator[Fault]:
    gates = _GATES.get(layer)
    if gates is None:
        return
    honest = tuple(range(len(gates)))
    swaps = [p for p in itertools.permutations(honest) if p != honest]
    # Two gates that are exchanged come before longer ways round.
    for order in sorted(swaps, key=lambda p: sum(a != b for a, b in enumerate(p))):
        moved = [gates[i] for i, j in enumerate(order) if i != j]
        two = len(moved) == 2  # noqa: PLR2004 - a swap
        read = ", ".join(gates[i] for i in order)
        yield Fault(
            name=f"gates:{''.join(map(str, order))}",
            says=f"swapped the {moved[0]} and {moved[1]} gates"
            if two
            else f"read the gates in the order {read}",
            weights=_in_parts(order),
        )
        if two:
            for name in shapes:
                yield Fault(
                    name=f"gates:{''.join(map(str, order))}:{name}",
                    says=f"swapped the {moved[0]} and {moved[1]} gates in the {name} alone",
                    weights=_in_parts_of(name, order),
                )
    bias = shapes.get("bias")
    if layer == "LSTM" and bias is not None:
        yield Fault(
            name="forget-bias-added",
            says="added 1 to the bias of the forget gate, which is in the weights already",
            weights=_only("bias", _one_more_to_forget),
        )
    if bias is not None:
        yield Fault(
            name="bias-twice",
            says="added the bias twice",
            weights=_only("bias", lambda values: values * 2),
        )
    if layer == "GRU" and bias is not None and len(bias) == 2:  # noqa: PLR2004 - of input and state
        for row, what in enumerate(("input", "recurrent")):
            yield Fault(
                name=f"left-out:{what}-bias",
                says=f"left out the {what} row of the bias",
                weights=_only("bias", _without_row(row)),
            )
        yield Fault(
            name="biases-added-up",
            says="added both rows of the bias up before the reset gate",
            weights=_only("bias", lambda v: np.stack([v.sum(0), np.zeros_like(v[0])])),
        )
        yield Fault(
            name="biases-exchanged",
            says="took the rows of the bias for each other",
            weights=_only("bias", lambda values: values[::-1]),
        )


def _without_row(row: int) -> Callable[[Values], Values]:
    def without(values: Values) -> Values:
        changed = values.copy()
        changed[row] = 0
        return changed

    return without


def _in_parts(order: tuple[int, ...]) -> Change:
    def change(_: str, values: Values) -> Values:
        if values.shape[-1] % len(order):
            return values
        parts = np.split(values, len(order), axis=-1)
        return np.concatenate([parts[i] for i in order], axis=-1)

    return change


def _in_parts_of(name: str, order: tuple[int, ...]) -> Change:
    change = _in_parts(order)
    return lambda full, values: change(full, values) if full.endswith(f"/{name}") else values


def _one_more_to_forget(values: Values) -> Values:
    changed = values.copy()
    units = values.shape[-1] // 4
    changed[..., units : 2 * units] += 1
    return changed


def _heads(config: dict[str, Any], shapes: dict[str, tuple[int, ...]]) -> Iterator[Fault]:
    kernel = shapes.get("query/kernel")
    size = config.get("key_dim") or config.get("head_dim")
    if kernel is None or not isinstance(size, int):
        return
    width = math.prod(kernel[1:])
    for name, factor, says in (
        ("unscaled", math.sqrt(size), "did not divide by the root of key_dim"),
        ("scaled-twice", 1 / math.sqrt(size), "divided by the root of key_dim twice"),
        (
            "scaled-by-width",
            math.sqrt(size / width),
            "divided by the root of all heads' width, not of one head's",
        ),
    ):
        if not math.isclose(factor, 1.0):
            yield Fault(name=name, says=says, weights=_scaled("query", factor))
    for projection in ("attention_output", "query", "key", "value"):
        own = shapes.get(f"{projection}/kernel", ())
        sides = math.prod(own[:2]) if projection == "attention_output" else math.prod(own[1:])
        if own and sides == (own[-1] if projection == "attention_output" else own[0]):
            yield Fault(
                name=f"transposed:{projection}/kernel",
                says=f"transposed the {projection}/kernel, read as a matrix",
                weights=_only(f"{projection}/kernel", _matrix_turned(sides)),
            )
    for several, what in (
        (("query", "key", "value"), "the query, the key and the value"),
        (("query", "key", "value", "attention_output"), "all projections"),
        (("attention_output",), "the answer"),
        (("query",), "the query"),
        (("key",), "the key"),
        (("value",), "the value"),
    ):
        yield Fault(
            name=f"heads-interleaved:{'+'.join(several)}",
            says=f"took the heads for the faster axis in {what}",
            weights=_interleaved(frozenset(several)),
        )


def _matrix_turned(side: int) -> Callable[[Values], Values]:
    return lambda values: values.reshape(side, side).T.reshape(values.shape)


def _scaled(projection: str, factor: float) -> Change:
    def change(name: str, values: Values) -> Values:
        return values * factor if name.split("/")[1] == projection else values

    return change


def _interleaved(projections: frozenset[str]) -> Change:
    """Read the two axes of heads and sizes in the other order."""

    def change(name: str, values: Values) -> Values:
        _, projection, kind = name.split("/")[:3]
        if projection not in projections:
            return values
        if projection == "attention_output":
            if kind != "kernel":
                return values
            heads, size, *rest = values.shape
            return np.asarray(np.swapaxes(values.reshape(size, heads, *rest), 0, 1))
        return _last_two_read_turned(values)

    return change


def _embeddings() -> Iterator[Fault]:
    def emptied(values: Values) -> Values:
        changed = values.copy()
        changed[0] = 0
        return changed

    yield Fault(
        name="row-0-empty",
        says="answered zeros for index 0, as a padding index does elsewhere",
        weights=_only("embeddings", emptied),
    )
    for by, says in ((1, "looked up the row before"), (-1, "looked up the row after")):
        yield Fault(
            name=f"row-off:{by}",
            says=says,
            weights=_only("embeddings", lambda values, by=by: np.roll(values, by, 0)),  # type: ignore[misc] # a lambda with a default
        )


def _unbiased(network: Network) -> Iterator[Fault]:
    """A variance over n - 1 is one over n, with another epsilon and another gamma."""
    node = network.model.nodes[0]
    axis = node.config.get("axis", -1)
    shape = network.shapes[node.inputs[0]]
    axes = axis if isinstance(axis, list) else [axis]
    count = math.prod(shape[one] or 1 for one in axes)
    if not node.config.get("scale", True) or count < 2:  # noqa: PLR2004 - n - 1 would be 0
        return
    share = (count - 1) / count

    def rewrite(model: Model) -> Model:
        first, *rest = model.nodes
        config = {**first.config, "epsilon": first.config.get("epsilon", 1e-3) * share}
        changed = msgspec.structs.replace(first, config=config)
        return msgspec.structs.replace(model, nodes=[changed, *rest])

    yield Fault(
        name="variance-unbiased",
        says="divided the variance by n - 1, where Keras divides by n",
        model=rewrite,
        weights=_only("gamma", lambda values: values * math.sqrt(share)),
    )


def _directions(node: Node) -> Iterator[Fault]:
    """The gates of both directions of a Bidirectional."""
    inner = node.config.get("layer")
    kind = next(iter(inner)) if isinstance(inner, dict) else ""
    gates = _GATES.get(kind, ())
    honest = tuple(range(len(gates)))
    for order in itertools.permutations(honest):
        if order != honest:
            read = ", ".join(gates[i] for i in order)
            yield Fault(
                name=f"gates:{''.join(map(str, order))}",
                says=f"read the gates in the order {read}",
                weights=_in_parts(order),
            )
