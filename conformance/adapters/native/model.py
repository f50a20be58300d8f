"""A program's model as native functions, and one walk through it.

The walk is the same for every framework: arrays are passed from function to function and only
their ``shape`` is looked at.
"""

from __future__ import annotations

import functools
import importlib
import inspect
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from conformance.adapters.native.binding import Bound, Entry, Function, Table, bind
from conformance.adapters.native.dtypes import (
    DEFAULT,
    DIGITS,
    Cast,
    Policy,
    cast_all,
    meeting,
    policy,
)
from conformance.adapters.native.function_nodes import FunctionNode
from conformance.adapters.shared.calling import PASSES_MASK, TAKES_MASK, chosen
from conformance.adapters.shared.functions import is_function
from conformance.adapters.shared.policies import quantized_policy
from conformance.adapters.worker.failure import Unsupported

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.adapters.native.feeds import Feeds
    from conformance.adapters.native.running import Library

Array = Any
Step = Callable[..., Array]
Around = Callable[[str], AbstractContextManager[Any]]


class Answer(NamedTuple):
    """What one walk gave."""

    outputs: list[Array]
    nodes: dict[str, list[int]]
    """Actual output shape by node."""
    probes: dict[str, list[int]]
    """Shape that each probing Lambda saw."""
    updates: Mapping[str, Array] = {}
    """New values of variables, by ``<node>/<variable>``: a function that changes one puts it into
    the weights that it was given."""


class Node(NamedTuple):
    """A layer of a model, bound."""

    name: str
    inputs: Sequence[str]
    bound: Bound
    step: Step
    tensors: Mapping[str, str | Sequence[str]] = {}
    heeds: bool = False
    """Whether it is given the mask that comes with its input."""
    passes: bool = False
    """Whether that mask, or the one that its call names, goes on with its answer."""
    masks: Step | None = None
    """What makes the mask of its answer, if it makes one."""
    policy: Policy = DEFAULT
    owner: str = ""
    """The node under whose name its variables go, an earlier one where a layer is shared."""


class _Walked(NamedTuple):
    """What a walk has come to so far, by node."""

    values: dict[str, list[Array]]
    masks: dict[str, Array]
    probes: dict[str, list[int]]
    updates: dict[str, Array]


def _alone(_node: str) -> AbstractContextManager[Any]:
    return nullcontext()


class Model:
    """A model bound to one framework's functions. It holds no weights: each walk is given them."""

    def __init__(
        self,
        table: Table,
        model: Mapping[str, Any],
        cast: Cast | None = None,
        library: Library | None = None,
    ) -> None:
        """Bind every node.

        Args:
            table: What the adapter can do.
            model: A ``Model`` of ``conformance/cases/model.py`` as a plain dict.
            cast: Casts an array to a float dtype; without it, all floats are float32.
            library: What does the functions among the layers; None where there are none.

        Raises:
            Unsupported: A layer or one of its arguments has no native counterpart.
        """
        self.inputs: list[str] = [entry["name"] for entry in model["inputs"]]
        _refuse(model)
        self._cast = cast
        self._given = {
            entry["name"]: entry.get("dtype", "float32")
            for entry in model["inputs"]
            if entry.get("dtype", "float32") in DIGITS
        }
        for dtype in self._given.values():
            if cast is None and dtype != "float32":
                raise Unsupported(f"inputs of dtype {dtype} are not handled here")
        self.outputs: list[str] = list(model["outputs"])
        self.walk: list[Node | FunctionNode] = []
        """Layers and functions, in order."""
        masked: set[str] = set()
        for node in model["nodes"]:
            if is_function(node["layer"]):
                if library is None:
                    raise Unsupported(f"{node['layer']}: a function among layers is not done here")
                self.walk.append(FunctionNode(library, node))
                continue
            if node.get("adapt") is not None:
                raise Unsupported(f"{node['layer']}: adapt() has no native counterpart")
            own = policy(node["layer"], node["config"]) if cast is not None else DEFAULT
            if cast is not None:
                kept = {k: v for k, v in node["config"].items() if k not in {"dtype", "autocast"}}
                node = {**node, "config": kept}  # noqa: PLW2901 - the policy has been told
            self.walk.append(_bound(table, node, masked)._replace(policy=own))
        self.nodes = [node for node in self.walk if isinstance(node, Node)]
        """The layers."""
        self.functions = [node for node in self.walk if isinstance(node, FunctionNode)]
        """The functions among them."""
        self._kept = {node.name: node.policy.variable for node in self.nodes}
        self.dtypes = {*self._given.values(), *self._kept.values()}
        self.dtypes |= {node.policy.compute for node in self.nodes}
        """Every float dtype that is spoken of."""
        self._plain = self.dtypes <= {"float32"} and not self.functions  # which may be casts
        self.frozen = {
            f"{node.owner}/{variable}"
            for node in self.nodes
            for variable in node.bound.entry.frozen
        }
        """Variables that training does not differentiate, as ``<node>/<variable>``."""
        self._table = table

    @property
    def in_training(self) -> list[str]:
        """Layers that answer otherwise in training, and are not told whether this is one."""
        return [
            node.bound.layer
            for node in self.nodes
            if "training" in _keywords(_entered(self._table, node.bound.entry))[0]
            and "training" not in node.bound.arguments
        ]

    def __call__(
        self,
        inputs: Mapping[str, Array],
        weights: Mapping[str, Array],
        around: Around = _alone,
    ) -> Answer:
        """Walk through the nodes in order.

        Args:
            inputs: Arrays by the name of their input, batch axis first.
            weights: Arrays by ``<node>/<variable>``, in Keras's layout.
            around: Context in which each node runs, given its name.

        Returns:
            Outputs in the model's order, and the shapes seen on the way.
        """
        walked = _Walked({name: [inputs[name]] for name in self.inputs}, {}, {}, {})
        shapes: dict[str, list[int]] = {}
        own = _by_node(weights)
        for node in self.walk:
            if isinstance(node, FunctionNode):
                with around(node.name):
                    answers = node(walked.values)
            else:
                answers = self._layer(node, own, walked, around)
            walked.values[node.name] = answers
            if len(answers) == 1:
                shapes[node.name] = list(answers[0].shape)
        outputs = chosen(self.outputs, walked.values)
        return Answer(outputs, shapes, walked.probes, walked.updates)

    def _layer(
        self, node: Node, own: dict[str, dict[str, Array]], walked: _Walked, around: Around
    ) -> list[Array]:
        """What a layer answers; its mask, what it probed and what it changed go into the walk."""
        values, masks = walked.values, walked.masks
        several = chosen(node.inputs, values)
        given = own.get(node.owner, {})
        if self._cast is not None and not self._plain:
            compute = meeting(node.policy, several, variables=bool(given))
            several = cast_all(several, compute, self._cast)
            given = cast_all(given, compute, self._cast)
        fed = several[0] if len(several) == 1 else several
        if node.bound.layer == "Lambda":
            walked.probes[node.name] = list(several[0].shape)
        passed = {
            key: chosen([name], values)[0] if isinstance(name, str) else chosen(name, values)
            for key, name in node.tensors.items()
        }
        if self._cast is not None and not self._plain:
            passed = cast_all(passed, compute, self._cast)
        if node.heeds:
            passed["mask"] = masks[_source(node.inputs[0])]
        before = dict(given)
        with around(node.name):
            answer = node.step(fed, given, **passed)
        if node.bound.entry.composed and self._cast is not None and not self._plain:
            # What we put together of whole numbers doesn't know the layer's dtype.
            answer = cast_all(answer, compute, self._cast)
        changed = {key: array for key, array in given.items() if array is not before[key]}
        walked.updates.update(self._kept_of(node.owner, changed, own))
        if node.masks is not None:
            masks[node.name] = node.masks(fed, before)
        elif node.passes:
            masks[node.name] = passed.get("mask", masks.get(_source(node.inputs[0])))
        return list(answer) if isinstance(answer, (list, tuple)) else [answer]

    def _kept_of(
        self, node: str, changed: dict[str, Array], own: dict[str, dict[str, Array]]
    ) -> dict[str, Array]:
        """New values of a node's variables, in the dtype in which they are kept.

        They are put among the node's ``own`` as well: a layer that is called twice finds them.
        """
        if changed and self._cast is not None and not self._plain:
            changed = cast_all(changed, self._kept[node], self._cast)
        own.get(node, {}).update(changed)
        return {f"{node}/{key}": array for key, array in changed.items()}

    def declared(self, feeds: Feeds) -> Feeds:
        """Feeds in the dtypes that inputs and variables are declared in; they travel as float32."""
        cast = self._cast
        if cast is None or self._plain:
            return feeds
        return feeds._replace(
            calls=[
                {
                    name: cast_all(array, self._given.get(name, "float32"), cast)
                    for name, array in call.items()
                }
                for call in feeds.calls
            ],
            weights={
                name: cast_all(array, self._kept[name.split("/", 1)[0]], cast)
                for name, array in feeds.weights.items()
            },
        )


def _source(name: str) -> str:
    """The node of a reference: masks go with first outputs, and so are kept by node."""
    return name.partition(".")[0] if name.rpartition(".")[2].isdecimal() else name


def _refuse(model: Mapping[str, Any]) -> None:
    """See that nothing is asked of which only Keras has a notion.

    Raises:
        Unsupported: Something is.
    """
    if any(entry.get("dtype") == "string" for entry in model["inputs"]):
        raise Unsupported("strings have no native counterpart")
    if model.get("settings"):
        raise Unsupported("settings of the process that are Keras's have no native counterpart")
    if model.get("quantize") or any(
        quantized_policy(node["config"].get("dtype")) for node in model["nodes"]
    ):
        raise Unsupported("weights that Keras quantizes have no native counterpart")
    if any(node.get("forms") for node in model["nodes"]):
        raise Unsupported("forms of an argument that are Keras's have no native counterpart")


def _bound(table: Table, node: Mapping[str, Any], masked: set[str]) -> Node:
    """Bind one node, and note in ``masked`` whether a mask goes with its answer."""
    layer, tensors = node["layer"], node.get("tensors", {})
    arrives = any(_source(name) in masked for name in node["inputs"])
    if arrives and len(node["inputs"]) > 1:
        raise Unsupported(f"{layer}: masks of several inputs are not handled here")
    heeds = arrives and layer in TAKES_MASK and "mask" not in tensors
    bound = bind(
        table,
        layer,
        node["config"],
        _parameters(table),
        called=node.get("arguments", {}),
        passed={*tensors, "mask"} if heeds else tensors,
    )
    made = None
    if bound.entry.mask:
        made = _step(table, bound._replace(entry=bound.entry._replace(function=bound.entry.mask)))
    passes = (arrives or "mask" in tensors) and (layer in PASSES_MASK or _sequences(bound))
    if passes or made is not None:
        masked.add(node["name"])
    return Node(
        node["name"],
        node["inputs"],
        bound,
        _step(table, bound),
        tensors,
        heeds,
        passes,
        made,
        owner=node.get("shares") or node["name"],
    )


def _sequences(bound: Bound) -> bool:
    """Whether a recurrent layer, or the one inside ``Bidirectional``, answers every step."""
    inner = bound.arguments.get("layer")
    one = inner if isinstance(inner, Bound) else bound
    return bool(one.arguments.get("return_sequences"))


def _by_node(weights: Mapping[str, Array]) -> dict[str, dict[str, Array]]:
    """``{"dense/kernel": k}`` as ``{"dense": {"kernel": k}}``."""
    nodes: dict[str, dict[str, Array]] = {}
    for name, array in weights.items():
        node, variable = name.split("/", 1)  # a variable may be called query/kernel
        nodes.setdefault(node, {})[variable] = array
    return nodes


def _function(package: str, module: str, name: str) -> Step:
    found: Step = getattr(importlib.import_module(f"{package}.{module}"), name)
    return found


def _parameters(table: Table) -> Callable[[Entry], tuple[Sequence[str], Sequence[str]]]:
    return lambda entry: _keywords(_entered(table, entry))


def _entered(table: Table, entry: Entry) -> Step:
    return _function(entry.package or table.package, entry.module, entry.function)


@functools.cache  # a signature takes longer to find out than a small layer to compute
def _keywords(function: Step) -> tuple[Sequence[str], Sequence[str]]:
    """The keyword-only parameters of a function: all of them, and the required ones."""
    named = [p for p in inspect.signature(function).parameters.values() if p.kind is p.KEYWORD_ONLY]
    return [p.name for p in named], [p.name for p in named if p.default is p.empty]


def _step(table: Table, bound: Bound) -> Step:
    """The bound function as a callable of (inputs, weights)."""
    arguments = {key: _argument(table, value) for key, value in bound.arguments.items()}
    return functools.partial(_entered(table, bound.entry), **arguments)


def _argument(table: Table, value: Any) -> Any:
    if isinstance(value, Function):
        return _function(value.package or table.package, "activation", value.name)
    if isinstance(value, Bound):
        return _step(table, value)
    if isinstance(value, dict):
        return {key: _argument(table, one) for key, one in value.items()}
    return value
