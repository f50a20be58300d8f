"""Functions and objects in Keras's own words, as source: ``keras.ops.sum(x, keepdims=True)``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.adapters.shared import functions as shared
from conformance.adapters.shared.open_sizes import opened
from conformance.cases import names
from conformance.repro.text import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from conformance.cases.model import InputSpec, Model, Node

RESERVED = frozenset(
    {
        "again",
        "array",
        "cotangents",
        "deviating",
        "distributions",
        "draw",
        "expected",
        "fed",
        "flat",
        "found",
        "function",
        "hashlib",
        "importlib",
        "inputs",
        "jax",
        "keras",
        "kind",
        "moving",
        "name",
        "np",
        "observed",
        "one",
        "parts",
        "several",
        "os",
        "outputs",
        "seen",
        "tensors",
        "tf",
        "torch",
        "total",
        "traced",
        "variable",
        "variables",
        "within",
        "y",
    }
)
"""Names that a script has a use for itself."""

SEVERAL = "optimizers.MultiOptimizer"
"""The optimizer that is made of others."""

_WIDE = frozenset({"uint64"})
"""Dtypes that PyTorch has, and that Keras has nothing for there. In the place of uint16 and uint32
it puts wider dtypes with a sign."""


def variables(wanted: Iterable[str]) -> dict[str, str]:
    """A name of Python for each name of a case.

    Raises:
        Unsupported: A name can't be written in Python.
    """
    found: dict[str, str] = {}
    for name in wanted:
        own = name.replace("-", "_").replace(".", "_")
        while own in RESERVED or own in found.values():
            own += "_"
        found[name] = identifier(own)
    return found


def symbol(name: str) -> str:
    """``keras.ops.sum``.

    Raises:
        Unsupported: It can't be written in Python.
    """
    return ".".join(["keras", *map(identifier, name.split("."))])


def value(given: Any) -> str:
    """A literal argument, as adapters hand it over: JSON spells NaN and infinities."""
    return literal(shared.literal(given))


def made(name: str, config: Mapping[str, Any], named: Mapping[str, str] | None = None) -> str:
    """``keras.losses.Huber(delta=0.5)``.

    Args:
        name: Of a class.
        config: The arguments of its constructor.
        named: What stands for an argument, as source, by its name.
    """
    told = {key: (named or {}).get(key) or _inner(name, key, one) for key, one in config.items()}
    arguments = [f"{identifier(key)}={one}" for key, one in told.items()]
    return f"{symbol(name)}({', '.join(arguments)})"


def made_lines(subject: str, name: str, config: Mapping[str, Any]) -> list[str]:
    """Statements that make an object; the map of an optimizer made of others is ``several``."""
    if name != SEVERAL:
        return [f"{subject} = {made(name, config)}"]
    ((form, map_config),) = config["optimizer_map"].items()
    given = "several" if form == "OptimizerMap" else "lambda variable: several(variable)"
    return [
        f"several = {made('optimizers.OptimizerMap', map_config)}",
        f"{subject} = {made(name, config, {'optimizer_map': given})}",
    ]


def _inner(name: str, key: str, given: Any) -> str:
    """An argument that may be an object, written as a mapping.

    Of an optimizer, ``{CosineDecay: {…}}`` is a schedule and ``{SGD: {…}}`` another optimizer; a
    ``{SeedGenerator: {…}}`` is a seed.
    """
    if (name, key) == ("optimizers.OptimizerMap", "optimizer_map") and isinstance(given, dict):
        held = [f"{one!r}: {_inner(name, '', own)}" for one, own in given.items()]
        return f"{{{', '.join(held)}}}"
    if not isinstance(given, dict) or len(given) != 1:
        return value(given)
    ((kind, config),) = given.items()
    if key == "seed":
        return made(f"random.{kind}", config)
    if name.startswith("optimizers."):
        wrapped = names.object_arguments(f"optimizers.{kind}") is not None
        home = "optimizers" if wrapped else "optimizers.schedules"
        return made(f"{home}.{kind}", config or {})
    return value(given)


def called(function: str, node: Node, known: Mapping[str, str]) -> str:
    """The call of one node.

    Required arrays stand in their places and everything else has its name, as people write it.

    Args:
        function: What is called, as source.
        node: Which arrays and literals it takes.
        known: What stands for each input and node.
    """
    signature = names.signature(node.layer)
    order = signature.call if signature is not None else {}
    arrays = {key: _arrays(given, known) for key, given in node.tensors.items()}
    literals = {key: literal(shared.argument(given)) for key, given in node.arguments.items()}
    place = []
    if node.inputs:  # a variadic parameter: those before it can't go by name
        before = [*order][: next((at for at, key in enumerate(order) if key[:1] == "*"), 0)]
        place = [given.pop(key) for key in before for given in (literals, arrays) if key in given]
        place += [reference(one, known) for one in node.inputs]
    else:
        for key, what in order.items():
            if what != "required" or key not in arrays:
                break
            place.append(arrays.pop(key))
    named = [f"{identifier(key)}={text}" for key, text in {**arrays, **literals}.items()]
    return f"{function}({', '.join([*place, *named])})"


def reference(name: str, known: Mapping[str, str]) -> str:
    """An input, a node's answer, or one of its several answers: ``svd[1]``."""
    if name in known:
        return known[name]
    node, _, number = name.rpartition(".")
    return f"{known[node]}[{int(number)}]"


def _arrays(given: str | list[str] | Mapping[str, Any], known: Mapping[str, str]) -> str:
    if isinstance(given, str):
        return reference(given, known)
    if isinstance(given, dict):
        members = [f"{literal(key)}: {_arrays(one, known)}" for key, one in given.items()]
        return f"{{{', '.join(members)}}}"
    return f"[{', '.join(reference(one, known) for one in given)}]"


def instances(model: Model, known: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """What has to be made before it is called: by node, its variable and the expression."""
    alone = len(model.nodes) == 1
    return {
        node.name: (
            known[node.name] if alone else f"make_{known[node.name]}",
            made(node.layer, node.config),
        )
        for node in model.nodes
        if names.is_made(node.layer)
    }


def function_lines(model: Model, known: Mapping[str, str]) -> list[str]:
    """The program's functions as one function of its inputs, in their order."""
    own = instances(model, known)
    head = f"def function({', '.join(known[spec.name] for spec in model.inputs)}):"
    calls = {
        node.name: called(
            own[node.name][0] if node.name in own else symbol(node.layer), node, known
        )
        for node in model.nodes
    }
    if len(model.nodes) == 1:
        return [head, f"    return {calls[model.nodes[0].name]}"]
    answers = [known[name] for name in model.outputs]
    return [
        head,
        *(f"    {known[name]} = {call}" for name, call in calls.items()),
        f"    return {answers[0] if len(answers) == 1 else '[' + ', '.join(answers) + ']'}",
    ]


def instance_lines(model: Model, known: Mapping[str, str], *, rebuilt: bool = False) -> list[str]:
    """Statements that make what has to be made; ``rebuilt``: and once more from its config."""
    lines = []
    for variable, expression in instances(model, known).values():
        lines.append(f"{variable} = {expression}")
        if rebuilt:
            lines.append(f"{variable} = {variable}.from_config({variable}.get_config())")
    return lines


def imports(specs: Iterable[InputSpec], backend: str) -> list[str]:
    """What :func:`tensor` needs beside Keras and NumPy."""
    if not backend:
        return ["import tensorflow as tf"]
    wide = backend == "torch" and any(spec.dtype in _WIDE for spec in specs)
    return ["import torch"] if wide else []


def tensor(array: str, kind: str, dtype: str, backend: str) -> str:
    """An array as the backend is given it.

    Args:
        array: Source of a NumPy array.
        kind: Its dtype.
        dtype: The dtype that the case declares.
        backend: Keras's name of it, empty for Keras 2.
    """
    if not backend:
        converted = f"tf.convert_to_tensor({array})"
        return converted if kind == dtype else f"tf.cast({array}, {dtype!r})"
    if backend == "torch" and dtype in _WIDE:
        return f"torch.tensor({array}, dtype=torch.{dtype})"
    if kind != dtype:
        return f"keras.ops.convert_to_tensor({array}, {dtype!r})"
    return array if backend == "numpy" else f"keras.ops.convert_to_tensor({array})"


def numpy_array(array: str, kind: str, dtype: str) -> str:
    """An array of NumPy as the case declares it, as source; the arguments are as of `tensor`."""
    return array if kind == dtype else f"{array}.astype({dtype!r})"


def lists(array: str, dtype: str) -> str:
    """Numbers as lists of Python's, as source; arrays travel in float32, int32 and bool."""
    kind = "" if dtype != "bool" else ".astype(bool)"
    return f"{array}{kind}.tolist()"


def symbolic(specs: Sequence[InputSpec], facet: str) -> list[str]:
    """The symbolic tensors that stand for the inputs where a facet is asked, as source."""
    shapes = opened(facet, [spec.shape for spec in specs])
    return [
        f"keras.KerasTensor({tuple(shape)!r}, {spec.dtype!r})"
        for spec, shape in zip(specs, shapes, strict=True)
    ]
