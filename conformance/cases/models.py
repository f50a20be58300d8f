"""Models: a list of layers, or a graph of named nodes, with every reference checked."""

from __future__ import annotations

from itertools import filterfalse
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec

from conformance.adapters.shared.functions import is_function
from conformance.adapters.shared.layer_names import automatic_name
from conformance.cases import binding, fields, inputs, names, references
from conformance.cases.model import Model, Node
from conformance.cases.problems import described, did_you_mean
from conformance.cases.reading import Map, Seq

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from conformance.cases.inputs import Fed
    from conformance.cases.layers import Layer, LayerReader
    from conformance.cases.problems import Where
    from conformance.cases.references import Scope

MAX_NODES = 2_000
_BESIDE = frozenset({"of", "with"})
"""What stands in a node beside its layer."""
AGAIN = "again"
"""What stands in a node in its layer's place: the layer of an earlier node, called once more."""


class Read(NamedTuple):
    """A model that was read, and what else its reader learned."""

    model: Model
    fed: list[Fed]
    """The inputs, every one with its shape."""
    probes: list[str]
    """Nodes that are, or hold, the probing Lambda."""


def read_model(
    value: object,
    where: Where,
    given: Sequence[Fed],
    layers: LayerReader,
    *,
    may_disagree: bool = False,
) -> Read | None:
    """A model as ``model:`` writes it.

    Args:
        value: A list (Sequential) or a mapping with ``nodes`` (a graph).
        where: Its place.
        given: The inputs that the case declares.
        layers: Reads the layers.
        may_disagree: Let the first layer declare another shape than the data have, as a case may
            that wants the call refused.
    """
    if isinstance(value, Seq) and len(value) > MAX_NODES:
        where.refuse(f"has {len(value):,} layers", expected=f"at most {MAX_NODES:,}")
        return None
    if isinstance(value, Seq):
        read = [layers.read(entry, where.item(value, i)) for i, entry in enumerate(value)]
        if not value:
            where.refuse("is empty", expected="at least one layer")
        sound = [layer for layer in read if layer is not None]
        if not sound or len(sound) < len(read):
            return None
        return _sequential(sound, where, given, may_disagree=may_disagree)
    if isinstance(value, Map):
        return _graph(value, where, given, layers)
    where.mistyped("a list of layers, or a graph {nodes: {…}}", value)
    return None


def look_over(value: object, where: Where, layers: LayerReader) -> None:
    """Note what is wrong with a model's layers, where its inputs aren't known to read it whole."""
    if isinstance(value, Seq):
        for index, entry in enumerate(value[:MAX_NODES]):
            layers.read(entry, where.item(value, index))
    elif isinstance(value, Map) and isinstance(written := value.get("nodes"), Map):
        place = where.value(value, "nodes")
        for name, body in list(written.items())[:MAX_NODES]:
            if isinstance(body, Map):
                at = place.value(written, name)
                for kind in filterfalse(is_function, body.keys() - _BESIDE - {AGAIN}):
                    layers.named(kind, body[kind], at.key(body, kind), at.value(body, kind))
    else:
        where.mistyped("a list of layers, or a graph {nodes: {…}}", value)


def single_layer(  # noqa: PLR0913 - what ``layer:``, ``call:`` and ``inputs:`` say
    layer: Layer,
    where: Where,
    given: Sequence[Fed],
    *,
    call: object = None,
    call_where: Where | None = None,
    may_disagree: bool = False,
) -> Read | None:
    """The model of one layer that ``layer:`` stands for.

    It takes all the inputs in their order, but for those that ``call`` passes by keyword.
    """
    if len(given) <= 1 and call is None:
        return _sequential([layer], where, given, may_disagree=may_disagree)
    if _shapeless(given):
        return None
    if not given:
        where.refuse("has no input", hint="declare it with `input: {shape: […]}`")
        return None
    called = references.keywords(
        call, call_where or where, ({fed.name: None for fed in given}, Map((0, 0)))
    )
    if called is None:
        return None
    arguments, tensors = called
    passed = set(references.flat(tensors.values()))
    name = layer.name or automatic_name(layer.layer)
    node = Node(
        name=name,
        layer=layer.layer,
        config=layer.config,
        inputs=[fed.name for fed in given if fed.name not in passed],
        arguments=arguments,
        tensors={**tensors},
    )
    if not node.inputs:
        (call_where or where).refuse("passes every input by keyword", expected="one by position")
        return None
    return _finished("functional", given, [node], [name], probes=[name] if layer.probes else [])


def _shapeless(given: Iterable[Fed]) -> bool:
    """Whether an input has no shape; those are noted."""
    without = [fed for fed in given if fed.shape is None]
    for fed in without:
        fed.where.refuse("has no shape", expected="`shape` or `batch_shape`")
    return bool(without)


def _sequential(
    layers: list[Layer], where: Where, given: Sequence[Fed], *, may_disagree: bool
) -> Read | None:
    if len(given) > 1:
        where.refuse(f"is a list, but has {len(given)} inputs", hint="write a graph: `nodes:`")
        return None
    settled = _only_input(layers[0], where, given, may_disagree=may_disagree)
    called = None if settled is None else _unique_names(layers, {settled[0].name})
    if settled is None or called is None:
        return None
    fed, declares = settled
    sources = [fed.name, *called]
    nodes = [
        Node(name=name, layer=layer.layer, config=layer.config, inputs=[before])
        for name, layer, before in zip(called, layers, sources, strict=False)
    ]
    probes = [name for name, layer in zip(called, layers, strict=True) if layer.probes]
    return _finished(
        "sequential",
        [fed],
        nodes,
        called[-1:],
        probes=probes,
        declaring=called[0] if declares else None,
    )


def _only_input(
    first: Layer, where: Where, given: Sequence[Fed], *, may_disagree: bool
) -> tuple[Fed, bool] | None:
    """A list's one input, and whether its first layer declares it."""
    problems = where.log.noted
    declared = inputs.declared_by(first)
    if where.log.noted > problems:
        return None
    fed = inputs.settle(given[0] if given else None, declared, where)
    if fed is None:
        return None
    if declared and not may_disagree and not inputs.agrees(declared, fed.shape or []):
        declared.where.refuse(
            f"declares samples of shape {declared.shape}",
            expected=f"{fed.shape}, as `input` says",
            hint="only a case with `raises: call` may feed another shape",
        )
        return None
    return fed, declared is not None


def _unique_names(layers: list[Layer], taken: set[str]) -> list[str] | None:
    """Names as written, or Keras's automatic ones: first ``dense``, then ``dense_1``."""
    problems = layers[0].where.log.noted
    taken = set(taken)
    for layer in layers:
        if layer.name is not None:
            if layer.name in taken:
                layer.arguments.refuse(f"{layer.name!r} is the name of another layer or input")
            taken.add(layer.name)
    if layers[0].where.log.noted > problems:
        return None
    counts: dict[str, int] = {}
    called = []
    for layer in layers:
        name = layer.name
        while name is None:
            base = automatic_name(layer.layer)
            count = counts.get(base, 0)
            counts[base] = count + 1
            candidate = f"{base}_{count}" if count else base
            if candidate not in taken:
                name = candidate
        called.append(name)
    return called


def _finished(  # noqa: PLR0913 - the parts of one model
    form: Literal["sequential", "functional"],
    fed: Sequence[Fed],
    nodes: list[Node],
    outputs: list[str],
    *,
    probes: list[str],
    declaring: str | None = None,
) -> Read:
    specs = [inputs.as_spec(one, declaring) for one in fed]
    return Read(Model(form=form, inputs=specs, nodes=nodes, outputs=outputs), list(fed), probes)


def _graph(value: Map, where: Where, given: Sequence[Fed], layers: LayerReader) -> Read | None:
    problems = where.log.noted
    fields.mapping(value, where, ("nodes", "outputs"), required=("nodes",))
    if "nodes" not in value:
        return None
    place = where.value(value, "nodes")
    written = value["nodes"]
    if not isinstance(written, Map) or not 0 < len(written) <= MAX_NODES:
        expected = (
            f"a mapping of 1 to {MAX_NODES:,} nodes: {{name: {{Dense: {{units: 4}}, of: x}}}}"
        )
        place.mistyped(expected, written)
        return None
    if not given:
        where.refuse("has no input", hint="declare it with `input: {shape: […]}`")
    _shapeless(given)
    read = _nodes(written, place, given, layers)
    outputs = _outputs(value, where, written)
    if where.log.noted > problems or outputs is None:
        return None
    nodes = [node for node, _ in read]
    if not _all_used(nodes, outputs, given, place, written):
        return None
    if _takes_a_name(nodes, given, place, written):
        return None
    probes = [node.name for node, probing in read if probing]
    return _finished("functional", given, nodes, outputs, probes=probes)


def _nodes(
    written: Map, place: Where, given: Sequence[Fed], layers: LayerReader
) -> list[tuple[Node, bool]]:
    """The graph's nodes, each with whether it probes; wrong ones are noted and left out."""
    seen = {fed.name: None for fed in given}
    read: list[tuple[Node, bool]] = []
    for name, body in written.items():
        if not fields.NAME.fullmatch(name):
            expected = "letters, digits, '_', '-' and '.'"
            place.key(written, name).refuse("is no name for a node", expected=expected)
        if name in seen:
            place.key(written, name).refuse("is the name of an input")
        at = place.value(written, name)
        if isinstance(body, Map) and AGAIN in body:
            node = _again(name, body, at, (seen, written), [one for one, _ in read])
        else:
            node = _node(name, body, at, (seen, written), layers)
        seen[name] = None
        if node is not None:
            read.append(node)
    return read


def _node(
    name: str, body: object, where: Where, scope: Scope, layers: LayerReader
) -> tuple[Node, bool] | None:
    if not isinstance(body, Map):
        where.mistyped("a layer and `of`: {Dense: {units: 4}, of: x}", body)
        return None
    kinds = [key for key in body if key not in _BESIDE]
    if len(kinds) != 1:
        where.refuse(
            f"names {len(kinds)} layers{': ' + ', '.join(kinds[:4]) if kinds else ''}",
            expected="one layer or function, and `of`: {Dense: {units: 4}, of: x}",
        )
        return None
    kind = kinds[0]
    if is_function(kind):
        function = _function(name, kind, body, where, scope)
        return None if function is None else (function, False)
    taken = _taken(body, where, scope)
    layer = layers.named(kind, body[kind], where.key(body, kind), where.value(body, kind))
    if layer is None or taken is None:
        return None
    if layer.name is not None:
        layer.arguments.refuse("has a `name`", hint=f"the node's name is the layer's: {name!r}")
    return Node(name=name, layer=layer.layer, config=layer.config, **taken), layer.probes


def _function(name: str, kind: str, body: Map, where: Where, scope: Scope) -> Node | None:
    """A node that is a function: ``{ops.add: {}, of: [a, b]}``."""
    place = where.key(body, kind)
    if not kind.startswith(names.IN_MODELS):
        place.refuse(
            f"{kind!r} is no node of a model",
            expected=f"a layer, or a function of {' or '.join(names.IN_MODELS)}",
            hint="other functions are called on arrays, under `function`",
        )
        return None
    if "of" not in body:
        where.refuse("the key 'of' is missing", expected="the inputs or nodes that it takes")
        return None
    config = where.value(body, kind)
    operands = binding.read_operands(body["of"], where.value(body, "of"), scope)
    passed = binding.read_passed(body, where, scope, f"into the mapping behind `{kind}`")
    literals = binding.literals_of(body[kind], config, kind)
    if operands is None or passed is None or literals is None:
        return None
    bound = binding.bind(kind, literals, operands, passed, (place, config))
    return None if bound is None else Node(name=name, layer=kind, **bound._asdict())


def _again(
    name: str, body: Map, where: Where, scope: Scope, before: Sequence[Node]
) -> tuple[Node, bool] | None:
    """A node that calls the layer of an earlier one; whether that one probes, it says itself."""
    fields.mapping(body, where, (AGAIN, *_BESIDE))
    place = where.value(body, AGAIN)
    taken = _taken(body, where, scope)
    earlier = {node.name: node for node in before}
    wanted = body[AGAIN] if isinstance(body[AGAIN], str) else ""
    first = earlier.get(wanted)
    if first is None or first.shares is not None or first.is_function:
        place.refuse(
            f"is {described(body[AGAIN])}",
            expected="an earlier node that has a layer of its own",
            hint=_no_layer(first) if first is not None else did_you_mean(wanted, earlier),
        )
        return None
    if taken is None:
        return None
    return msgspec.structs.replace(first, name=name, shares=first.name, **taken), False


def _no_layer(node: Node) -> str:
    """Why a node has no layer that could be called again."""
    if node.is_function:
        return f"{node.name!r} is a function: write it once more"
    return f"{node.name!r} calls the layer of {node.shares!r}"


def _taken(body: Map, where: Where, scope: Scope) -> dict[str, Any] | None:
    """What a node's call takes, by the fields of :class:`Node`."""
    of = references.read_of(body, where, scope)
    called = references.keywords(
        body.get("with"), where.value(body, "with") if "with" in body else where, scope
    )
    if of is None or called is None:
        return None
    return {"inputs": of, "arguments": called[0], "tensors": called[1]}


def _outputs(value: Map, where: Where, written: Map) -> list[str] | None:
    if "outputs" not in value:
        return [list(written)[-1]]
    place = where.value(value, "outputs")
    given = value["outputs"]
    listed = given if isinstance(given, Seq) else None
    if not listed or len(listed) > MAX_NODES:
        place.refuse(f"is {described(given)}", expected="a list of node names")
        return None
    found: list[str] = []
    for index, name in enumerate(listed):
        at = place.item(listed, index)
        if not isinstance(name, str) or references.base_name(name, written) not in written:
            hint = did_you_mean(name, written) if isinstance(name, str) else ""
            at.refuse(f"is {described(name)}", expected="the name of a node", hint=hint)
        elif name in found:
            at.refuse(f"{name!r} is here twice")
        else:
            found.append(name)
    return found if len(found) == len(listed) else None


def _all_used(
    nodes: list[Node], outputs: list[str], given: Sequence[Fed], place: Where, written: Map
) -> bool:
    """Whether every node and input reaches an output; those that don't are noted."""
    known = {node.name for node in nodes} | {fed.name for fed in given}
    used = {references.base_name(name, known) for name in outputs}
    for node in reversed(nodes):
        if node.name in used:
            for name in [*node.inputs, *references.flat(node.tensors.values())]:
                used.add(references.base_name(name, known))
        else:
            place.key(written, node.name).refuse(
                "reaches no output", hint="add it to `outputs`, or leave it out"
            )
    for fed in given:
        if fed.name not in used:
            fed.where.refuse(f"the input {fed.name!r} is not used by the model")
    return used.issuperset(fed.name for fed in given) and len(used) == len(nodes) + len(given)


def _takes_a_name(nodes: list[Node], given: Sequence[Fed], place: Where, written: Map) -> bool:
    """Whether a layer or input has the name that Keras gives to a function; those are noted.

    In a functional model a function is an operation with a name of its own, ``add`` for
    ``ops.add``, which nobody can choose, and no two operations have one name.
    """
    own = {automatic_name(node.layer.rpartition(".")[2]) for node in nodes if node.is_function}
    wrong = [node.name for node in nodes if not node.is_function and node.name in own]
    inputs_ = [fed for fed in given if fed.name in own]
    for at, name in [
        *((place.key(written, name), name) for name in wrong),
        *((fed.where, fed.name) for fed in inputs_),
    ]:
        at.refuse(
            f"{name!r} is the name that Keras gives to a function of this model",
            hint="call it otherwise",
        )
    return bool(wrong or inputs_)
