"""The calls of a model as lines of a file; frameworks differ in how a layer is called.

Masks go from line to line as they go in Keras: most layers hand on the mask of their first input,
some make one, some end it. Where a file of Keras's names a mask, that one is taken.
"""

from __future__ import annotations

import keyword
import re
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from conformance.adapters.native.binding import Bound
from conformance.adapters.shared.calling import PASSES_MASK, SPREAD, TAKES_MASK
from conformance.adapters.worker.failure import Unsupported
from conformance.port.functions import Functions
from conformance.port.model import MERGES, Call, PortError, Ref, Variable, refs
from conformance.port.optimizers import Optimizer, compiled
from conformance.repro.native import Extract, parameters
from conformance.repro.text import literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.port.frameworks import Framework
    from conformance.port.model import Graph, Operand

_RECURRENT = frozenset({"GRU", "LSTM", "RNN", "SimpleRNN", "Bidirectional"})
_CONVOLVED = frozenset({"ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"})
_PAIR = frozenset({"Attention", "AdditiveAttention"})
"""Layers that take a mask for the query and one for the value."""


class LayerSpec(NamedTuple):
    """A layer as the file declares it, once, however often it is called."""

    attribute: str
    path: str
    kind: str
    function: str
    """The function that computes it; empty for a hole."""
    arguments: Sequence[str]
    """``key=value``, as source."""
    variables: Sequence[Variable]
    takes: frozenset[str]
    """Which of ``training`` and ``call`` its function takes."""
    trainable: bool
    mask: str = ""
    """The function that makes its mask, if it makes one."""


class Line(NamedTuple):
    """A line of the forward pass."""

    variable: str
    layer: str = ""
    """The attribute of the layer that is called; empty where ``text`` is all of it."""
    operand: str = ""
    more: Sequence[str] = ()
    text: str = ""
    recorded: tuple[str, int] | None = None
    """Path and number of the call, under which its answer is recorded."""


class Ported(NamedTuple):
    """A model in the words of one framework."""

    layers: Sequence[LayerSpec]
    lines: Sequence[Line]
    inputs: Sequence[str]
    """Names of the inputs, as the file calls them."""
    outputs: Sequence[str]
    masks: Sequence[str]
    """The mask of each output, as source; empty where it has none."""
    imports: Sequence[str]
    functions: Sequence[str]
    """Source of the functions, each behind those that it calls."""
    notes: Sequence[str]
    holes: Sequence[str]
    """Paths of the layers that are left to whoever ports them."""
    optimizer: Optimizer | None
    """What the model was compiled with, where a port has it."""


def ported(
    graph: Graph,
    variables: Mapping[str, Sequence[Variable]],
    framework: Framework,
    order: Mapping[int, int] | None = None,
) -> Ported:
    """Find a counterpart for every call.

    Args:
        graph: The model.
        variables: Of each layer by its path, in Keras's order.
        framework: Where to.
        order: When Keras makes a call, by its place in the graph; left out: in the graph's order.

    Raises:
        PortError: A layer, a function or an argument has no counterpart; all of them are named.
    """
    return _Writer(graph, variables, framework, order or {}).written()


class _Writer:
    def __init__(
        self,
        graph: Graph,
        variables: Mapping[str, Sequence[Variable]],
        framework: Framework,
        order: Mapping[int, int],
    ) -> None:
        self._graph, self._variables, self._framework = graph, variables, framework
        self._extract = Extract(framework.layers)
        self._imports: set[str] = set()
        self._functions = Functions(framework, self._extract, self._imports)
        self._names = _Names(self._called_functions())
        self._layers: dict[str, LayerSpec] = {}
        self._lines: list[Line] = []
        self._called: dict[int, str] = {}
        self._several: set[int] = set()
        self._masks: dict[Ref, str] = {}
        self._times: dict[str, int] = {}
        self._notes = list(graph.notes)
        self._maskless_from = _masks_taken(graph, order)
        self._now = 0
        self._order = order
        self._looked = {ref for call in graph.calls for ref in _operands(call)} | set(graph.outputs)

    def _called_functions(self) -> set[str]:
        """Names of functions that the forward pass calls, which no tensor of it may have."""
        for call in self._graph.calls:
            if call.symbol.startswith("ops."):
                with suppress(PortError):  # told when the call is written
                    self._functions.text(call, lambda _: "x")
        return self._functions.called

    def written(self) -> Ported:
        inputs = [self._names.local(one.name) for one in self._graph.inputs]
        for number, name in enumerate(inputs):
            self._called[-1 - number] = name
        self._several = {ref.call for ref in self._looked if ref.output}
        refusals = []
        for number, call in enumerate(self._graph.calls):
            try:
                self._add(number, call)
            except (PortError, Unsupported) as error:
                refusals.append(str(error) if call.path in str(error) else f"{call.path}: {error}")
                self._called[number] = "refused"
        if refusals:
            listed = "\n  ".join(dict.fromkeys(refusals))
            raise PortError(
                f"{len(refusals)} of {len(self._graph.calls)} calls can't be ported to "
                f"{self._framework.title}:\n  {listed}"
            )
        optimizer = self._optimizer()  # before the functions are told, of which it adds some
        return Ported(
            list(self._layers.values()),
            self._needed(),
            inputs,
            [self._name(ref) for ref in self._graph.outputs],
            [self._masks.get(ref, "") for ref in self._graph.outputs],
            sorted(self._imports | self._extract.imports),
            list(self._extract.texts.values()),
            self._notes,
            [spec.path for spec in self._layers.values() if not spec.function],
            optimizer,
        )

    def _optimizer(self) -> Optimizer | None:
        try:
            return compiled(self._graph.compiled, self._framework, self._extract)
        except (PortError, KeyError, TypeError) as error:
            self._notes.append(f"the steps of its optimizer: {error}")
            return None

    def _needed(self) -> list[Line]:
        """The lines without masks that none of them reads."""
        lines = [" ".join([line.operand, line.text, *line.more]) for line in self._lines]
        masks = [self._masks.get(ref, "") for ref in self._graph.outputs]
        read = " ".join([*lines, *masks])
        names = set(re.findall(r"\w+", read))
        return [one for one in self._lines if one.recorded is not None or one.variable in names]

    def _add(self, number: int, call: Call) -> None:
        variable = self._names.local(call.path)
        times = self._times.get(call.path, 0)
        self._times[call.path] = times + 1
        recorded = (call.path, times)
        if call.symbol.startswith("ops."):
            text = self._functions.text(call, self._name)
            self._called[number] = variable
            self._lines.append(Line(variable, text=text, recorded=recorded))
            return
        if call.hole:
            self._hole(number, call, variable, recorded)
            return
        self._now = self._order.get(number, number)
        tensors, literals = self._keywords(call)
        mask = self._mask_of(call)
        passed = [*tensors, *(["mask"] if mask else [])]
        bound = self._extract.layer(call.symbol, dict(call.config), literals, passed)
        spec = self._layer(call, bound)
        given = [f"{key}={value}" for key, value in tensors.items()]
        if mask:
            given.append(f"mask={mask}")
        if call.keywords.get("training") is True and "training" in spec.takes:
            given.append("training=True")
        self._called[number] = variable
        self._lines.append(Line(variable, spec.attribute, self._operand(call), given, "", recorded))
        self._answered_mask(number, call, spec, mask)

    def _hole(self, number: int, call: Call, variable: str, recorded: tuple[str, int]) -> None:
        spec = self._layers.get(call.path)
        if spec is None:
            spec = LayerSpec(
                self._names.attribute(call.path),
                call.path,
                call.symbol,
                "",
                [f"{key}={literal(value)}" for key, value in call.config.items() if _plain(value)],
                self._variables.get(call.path, ()),
                frozenset(),
                call.trainable,
            )
            self._layers[call.path] = spec
        given = [
            f"{key}={self._shown(one)}"
            for key, one in call.keywords.items()
            if one is not None and key != "training"
        ]
        self._called[number] = variable
        operand = ", ".join(self._shown(one) for one in call.inputs)
        self._lines.append(Line(variable, spec.attribute, operand, given, "", recorded))

    def _keywords(self, call: Call) -> tuple[dict[str, str], dict[str, object]]:
        """Keyword tensors as source, and keyword literals; masks of attention are put together."""
        tensors: dict[str, str] = {}
        literals: dict[str, object] = {}
        keywords = dict(call.keywords)
        if call.symbol in SPREAD:
            keywords = self._attention(call, keywords, tensors)
        for key, one in keywords.items():
            if key in {"mask", "training"}:
                continue
            if key == "initial_state" and isinstance(one, Ref):
                tensors[key] = self._shown([one])
            elif refs(one):
                tensors[key] = self._shown(one)
            elif one is not None:
                literals[key] = one
        return tensors, literals

    def _attention(
        self, call: Call, keywords: dict[str, Operand], tensors: dict[str, str]
    ) -> dict[str, Operand]:
        """The masks of query, value and key as one, of (batch, targets, sources)."""
        left = dict(keywords)
        for place, key in enumerate(("query", "value", "key")):
            if key in left:
                raise PortError(f"{call.path}: give {key} by position, not by name (place {place})")
        parts = []
        for place, key in enumerate(("query_mask", "value_mask", "key_mask")):
            named = left.pop(key, None)
            source = call.inputs[place] if place < len(call.inputs) else None
            found = self._shown(named) if named is not None else self._own_mask(call, source)
            if key == "key_mask" and named is None and source == call.inputs[1]:
                found = ""
            if found:
                parts.append(f"{found}[:, :, None]" if place == 0 else f"{found}[:, None, :]")
        own = left.pop("attention_mask", None)
        if own is not None:
            parts.append(self._shown(own))
        if parts:
            tensors["attention_mask"] = " & ".join(parts)
        return left

    def _mask_of(self, call: Call) -> str:
        """The mask that a layer is given, as source; empty if none."""
        named = call.keywords.get("mask")
        if named is not None and refs(named):
            return self._shown(named)
        if call.symbol in _PAIR:
            pair = [self._own_mask(call, one) for one in list(call.inputs)[:2]]
            return f"[{', '.join(one or 'None' for one in pair)}]" if any(pair) else ""
        if call.symbol not in TAKES_MASK - SPREAD or not call.inputs:
            return ""
        if self._mask(call.inputs[0]) and refs(list(call.keywords.values())):
            # Keras 3 looks for a mask only where one argument is a tensor.
            self._notes.append(
                f"{call.path}: the mask that comes with its input is not used beside "
                f"{', '.join(call.keywords)}, as in Keras, in inference too"
            )
            return ""
        return self._mask(call.inputs[0])

    def _mask(self, operand: Operand) -> str:
        return self._masks.get(operand, "") if isinstance(operand, Ref) else ""

    def _own_mask(self, call: Call, operand: Operand) -> str:
        """The mask that a tensor brings as Keras runs; some layers take it off the tensor."""
        found = self._mask(operand)
        if not found or not isinstance(operand, Ref):
            return ""
        if self._maskless_from.get(operand, self._now) < self._now:
            said = (
                f"{call.path}: the mask of {self._name(operand)} is not used, as in Keras, whose "
                "MultiHeadAttention takes it off what it is given"
            )
            if said not in self._notes:
                self._notes.append(said)
            return ""
        return found

    def _answered_mask(self, number: int, call: Call, spec: LayerSpec, mask: str) -> None:
        """Note the mask that goes with a layer's answer."""
        kind = call.symbol
        answer = Ref(number)
        if spec.mask and not self._maskless(call):
            name = self._names.local(f"{call.path}_mask")
            operand = self._operand(call)
            self._lines.append(Line(name, f"{spec.attribute}.mask", operand))
            self._masks[answer] = name
        elif kind in MERGES or kind == "Concatenate":
            if found := self._merged(call):
                self._masks[answer] = found
        elif kind in _PAIR:
            if found := self._mask(call.inputs[0]):
                self._masks[answer] = found
        elif kind in PASSES_MASK:
            if found := (mask or self._mask(call.inputs[0])):
                self._masks[answer] = found
        elif kind in _RECURRENT | _CONVOLVED and (mask or self._mask(call.inputs[0])):
            inner = call.config.get("layer")
            config = next(iter(inner.values())) if isinstance(inner, dict) else call.config
            if config.get("return_sequences"):
                self._masks[answer] = mask or self._mask(call.inputs[0])

    @staticmethod
    def _maskless(call: Call) -> bool:
        return call.symbol == "Embedding" and not call.config.get("mask_zero")

    def _merged(self, call: Call) -> str:
        masks = [self._mask(one) for one in call.inputs]
        if call.symbol != "Concatenate":
            return f"({' | '.join(masks)})" if all(masks) else ""
        if not any(masks):
            return ""
        axis = call.config.get("axis", -1)
        if not all(masks) or axis not in {-1, 1, 2}:
            raise PortError(f"{call.path}: masks along axis {axis} of Concatenate are not ported")
        if axis == 1:
            text = self._functions.symbol(
                "torch.cat" if self._framework.name == "torch" else "jax.numpy.concatenate"
            )
            return f"{text}([{', '.join(masks)}], 1)"
        return f"({' | '.join(masks)})"

    def _layer(self, call: Call, bound: Bound) -> LayerSpec:
        known = self._layers.get(call.path)
        if known is not None:
            return known
        for one in self._variables.get(call.path, ()):
            if not one.place and "lora_" not in one.name:
                raise PortError(
                    f"{call.path}: its variable {one.name} is not in the file; are its "
                    "weights quantized? Save the model without"
                )
        entry = bound.entry
        names = parameters(self._framework.layers.package, entry)[0]
        made = ""
        if entry.mask:
            made = self._extract.add(entry.module, entry.mask, entry.package)
        for inner in bound.arguments.values():
            if isinstance(inner, Bound):
                self._note_training(call, inner)
        spec = LayerSpec(
            self._names.attribute(call.path),
            call.path,
            call.symbol,
            self._extract.name(entry),
            self._extract.keywords(bound),
            [one for one in self._variables.get(call.path, ()) if one.place],
            frozenset({"training", "call"} & set(names)),
            call.trainable,
            made,
        )
        self._layers[call.path] = spec
        return spec

    def _note_training(self, call: Call, inner: Bound) -> None:
        """Note a layer inside another that Keras would tell that it is trained."""
        if "training" in parameters(self._framework.layers.package, inner.entry)[0]:
            self._notes.append(
                f"{call.path}: the {inner.layer} inside it answers as in inference, in training too"
            )

    def _operand(self, call: Call) -> str:
        several = [self._shown(one) for one in call.inputs]
        return several[0] if len(several) == 1 else f"[{', '.join(several)}]"

    def _shown(self, operand: Operand) -> str:
        if isinstance(operand, Ref):
            return self._name(operand)
        if isinstance(operand, (list, tuple)):
            return f"[{', '.join(self._shown(one) for one in operand)}]"
        return literal(operand)

    def _name(self, ref: Ref) -> str:
        name = self._called[ref.call]
        return f"{name}[{ref.output}]" if ref.call in self._several else name


def _masks_taken(graph: Graph, order: Mapping[int, int]) -> dict[Ref, int]:
    """From when on a tensor has no mask any more that comes with it, by the calls' order."""
    found: dict[Ref, int] = {}
    for number, call in enumerate(graph.calls):
        if call.symbol != "MultiHeadAttention":
            continue
        when = order.get(number, number)
        for one in call.inputs:
            if isinstance(one, Ref):
                found[one] = min(when, found.get(one, when))
    return found


def _operands(call: Call) -> list[Ref]:
    return [*refs(list(call.inputs)), *refs(list(call.keywords.values()))]


def _plain(value: object) -> bool:
    return value is None or isinstance(value, (bool, int, float, str, list))


class _Names:
    """Names of Python for what Keras calls anything: no two alike, none that means something."""

    def __init__(self, reserved: set[str]) -> None:
        self._locals: set[str] = {*_RESERVED, *reserved}
        self._attributes: set[str] = set(_OF_MODULES)

    def local(self, path: str) -> str:
        return _unused(path, self._locals)

    def attribute(self, path: str) -> str:
        return _unused(path, self._attributes)


def _unused(path: str, taken: set[str]) -> str:
    name = re.sub(r"\W", "_", path, flags=re.ASCII)
    if not name or name[0].isdigit() or name[0] == "_" or keyword.iskeyword(name):
        name = f"layer_{name.lstrip('_')}"
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name}_{number}"
    taken.add(found)
    return found


_RESERVED = frozenset(
    {
        *("F", "answers", "call", "dict", "functools", "jax", "jnp", "layer", "lax", "list"),
        *("math", "model", "nn", "nnx", "note", "np", "self", "torch", "training", "walk"),
        *("LAYERS", "MASKS", "weights"),
    }
)
_OF_MODULES = frozenset(
    {
        *("T", "add_module", "apply", "bfloat16", "buffers", "call_super_init", "children"),
        *("compile", "cpu", "cuda", "double", "dump_patches", "eval", "extra_repr", "float"),
        *("forward", "get_buffer", "get_parameter", "get_submodule", "half", "ipu", "modules"),
        *("mtia", "named_buffers", "named_children", "named_modules", "named_parameters"),
        *("parameters", "register_buffer", "register_module", "register_parameter"),
        *("requires_grad_", "set_submodule", "share_memory", "state_dict", "to", "to_empty"),
        *("train", "training", "type", "xpu", "zero_grad"),
        *("iter_children", "iter_modules", "perturb", "set_attributes", "sow"),
    }
)
"""Attributes of ``nn.Module`` and ``nnx.Module``, which a layer must not take."""
