"""A ported model as the text of one file, which needs its framework, NumPy and h5py alone."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from conformance.port import frames, optimizers
from conformance.port.model import recorded_name
from conformance.repro.text import literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.port.frameworks import Framework
    from conformance.port.lines import LayerSpec, Line, Ported
    from conformance.port.model import Graph

_WIDTH = 100
TOLERANCE = 1e-4
"""Of the largest number of a layer's answer: what more than rounding in float32 moves it by."""
_STANDARD = ("io", "os", "sys", "zipfile")


def text(  # noqa: PLR0913 - what it is a file of, and of what it speaks
    graph: Graph,
    done: Ported,
    framework: Framework,
    *,
    source: str,
    keras: str,
    recorded: str,
) -> str:
    """The file.

    Args:
        graph: The model.
        done: The model in the framework's words.
        framework: Which one.
        source: The name of the ``.keras`` file.
        keras: Version of the Keras whose answers are recorded.
        recorded: The name of the file of recorded answers.
    """
    parts = [
        _docstring(graph, done, framework, source, keras, recorded),
        _imports(done, framework),
        _constants(graph, done, source, recorded),
        "\n\n" + "\n\n\n".join(done.functions) + "\n" if done.functions else "",
        _HOLES[framework.name](done),
        _MODELS[framework.name](done),
        frames.LOADING,
        {"torch": frames.TORCH_USE, "jax": frames.JAX_USE, "flax": frames.FLAX_USE}[framework.name],
        frames.OUTPUT_MASKS if any(done.masks) else "",
        optimizers.text(done.optimizer, framework.name),
        frames.CHECKING,
    ]
    return "".join(parts)


def _docstring(  # noqa: PLR0913, PLR0917 - as ``text``
    graph: Graph, done: Ported, framework: Framework, source: str, keras: str, recorded: str
) -> str:
    lines = [
        f"{_told(graph.name)}: the Keras model of {_told(source)} in {framework.title}.",
        "",
        f"    python THIS_FILE.py [{_told(source)} [{_told(recorded)}]]",
        "",
        (
            f"prints layer by layer how far it is from what Keras {_told(keras)} answered. "
            "`load(path)` gives the model with the file's weights, `forward(model, *inputs)` its "
            "answer."
        ),
    ]
    if framework.name == "jax":
        lines[-1] += " A model is its weights; `forward_and_update` answers in training."
    if any(done.masks):
        lines += [
            "",
            (
                "An output has a mask. Keras's loss leaves out what it masks: it is the mean over "
                "the rest, which `output_masks(model, *inputs)` tells."
            ),
        ]
    if done.notes:
        lines += ["", "What Keras does in training and this file does not:", ""]
        lines += [f"- {_told(note)}" for note in done.notes]
    if done.holes:
        lines += ["", "To be filled in, as these are classes of your own:", ""]
        lines += [
            f"- {_told(hole)}: what it was given is recorded as holes/{_told(hole)}, what it "
            f"answered as answers/{_told(hole)}"
            for hole in done.holes
        ]
    wrapped = [
        piece
        for line in lines
        for piece in (
            textwrap.wrap(line, _WIDTH, subsequent_indent="  " if line.startswith("-") else "")
            if not line.startswith("    ")
            else [line]
        )
        or [""]
    ]
    return '"""' + "\n".join(wrapped) + '\n"""\n\n'


def _told(name: str) -> str:
    """A name of the user's inside a docstring: printable, and nothing that ends it."""
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in name[:300])
    return shown.replace("\\", "/").replace('"', "'")


def _imports(done: Ported, framework: Framework) -> str:
    own = {*done.imports, *(f"import {name}" for name in _STANDARD)}
    if framework.name == "torch":
        own |= {"import inspect", "import torch", "from torch import nn"}
    elif framework.name == "jax":
        own |= {"import functools", "from jax import numpy as jnp"}
    else:
        own |= {"import inspect", "from flax import nnx", "from jax import numpy as jnp"}
    own |= {"import h5py", "import numpy as np"}
    if done.optimizer is not None and framework.name != "torch":
        own.add("import jax")
    own -= {"import jax.numpy as jnp"}
    inner = {"functools", "inspect", "math", *_STANDARD}
    first = sorted(one for one in own if one.split()[1].split(".")[0] in inner)
    second = sorted(own - set(first), key=lambda one: (one.split()[1], one))
    return "\n".join([*first, "", *second]) + "\n"


def _constants(graph: Graph, done: Ported, source: str, recorded: str) -> str:
    places = {
        spec.attribute: {one.name: one.place for one in spec.variables}
        for spec in done.layers
        if spec.variables
    }
    shown = [f"    {literal(layer)}: {_dictionary(names, 4)}," for layer, names in places.items()]
    return "\n".join(
        [
            "",
            f"MODEL, RECORDED = {literal(source)}, {literal(recorded)}",
            f"INPUTS = {literal([one.name for one in graph.inputs])}",
            f"TOLERANCE = {TOLERANCE!r}  # of a layer's largest number",
            "PLACES = {",
            *shown,
            "}",
            '"""Where each variable lies in ``model.weights.h5``, by layer and name."""',
            "",
        ]
    )


def _dictionary(names: Mapping[str, object], indent: int) -> str:
    flat = literal(names)
    if len(flat) + indent + 40 <= _WIDTH:
        return flat
    inner = " " * (indent + 4)
    lines = [f"{inner}{literal(key)}: {literal(value)}," for key, value in names.items()]
    return "\n".join(["{", *lines, " " * indent + "}"])


def _torch_holes(done: Ported) -> str:
    return "".join(_module_hole(spec, "nn.Module", "forward") for spec in _holes(done))


def _flax_holes(done: Ported) -> str:
    return "".join(_module_hole(spec, "nnx.Module", "__call__") for spec in _holes(done))


def _jax_holes(done: Ported) -> str:
    return "".join(
        f'''

def {_hole_function(spec)}(x, weights, **config):
    """TO DO: {_told(spec.kind)}. Its variables are ``weights``: {_told(_listed(spec))}."""
    raise NotImplementedError({literal(_hole_message(spec))})
'''
        for spec in _holes(done)
    )


def _hole_message(spec: LayerSpec) -> str:
    return (
        f"{spec.path}: the layer {spec.kind} is not one of Keras's; write here what its call() "
        f"does. What it was given and answered is recorded under holes/{spec.path} and "
        f"answers/{spec.path}"
    )


def _holes(done: Ported) -> list[LayerSpec]:
    return [spec for spec in done.layers if not spec.function]


def _hole_class(spec: LayerSpec) -> str:
    return "Hole_" + spec.attribute


def _hole_function(spec: LayerSpec) -> str:
    return "hole_" + spec.attribute


def _listed(spec: LayerSpec) -> str:
    return ", ".join(f"{one.name} {tuple(one.shape)}" for one in spec.variables) or "none"


def _module_hole(spec: LayerSpec, base: str, call: str) -> str:
    made = "nn.Parameter(torch.zeros({0}))" if base == "nn.Module" else "nnx.Param(jnp.zeros({0}))"
    variables = [
        f"        self.{one.name.replace('/', '_')} = {made.format(literal(tuple(one.shape)))}"
        for one in spec.variables
    ]
    own = ["        super().__init__()"] if base == "nn.Module" else []
    body = "\n".join([*own, *variables]) or "        pass"
    return f'''

class {_hole_class(spec)}({base}):
    """TO DO: {_told(spec.kind)}, with the config {_told(", ".join(spec.arguments)) or "{}"}."""

    def __init__(self):
{body}

    def {call}(self, *inputs, **more):
        raise NotImplementedError({literal(_hole_message(spec))})
'''


def _made(spec: LayerSpec) -> list[str]:
    """The arguments of ``KerasLayer``, as source."""
    parts = [spec.function]
    if spec.variables:
        parts.append(_dictionary({one.name: tuple(one.shape) for one in spec.variables}, 12))
    frozen = [one.name for one in spec.variables if not one.trainable and spec.trainable]
    if frozen:
        parts.append(f"frozen={literal(frozen)}")
    if spec.mask:
        parts.append(f"mask={spec.mask}")
    if not spec.trainable:
        parts.append("trainable=False")
    return [*parts, *spec.arguments]


def _call(before: str, arguments: Sequence[str], indent: int, used: int = 0) -> str:
    """A call on one line, or with an argument a line.

    Args:
        before: What stands before the parenthesis.
        arguments: What stands in it.
        indent: Of the lines that follow.
        used: Columns before ``before``, besides the indent.
    """
    flat = f"{before}({', '.join(arguments)})"
    if len(flat) + used + (indent if used else 0) <= _WIDTH and "\n" not in flat:
        return flat
    inner = " " * (indent + 4)
    return "\n".join([f"{before}(", *(f"{inner}{one}," for one in arguments), " " * indent + ")"])


def _module_model(done: Ported, base: str, call: str, layer: str) -> str:
    lines = [
        layer,
        "",
        f"class Model({base}):",
        '    """The model: its layers under Keras\'s names."""',
        "",
        "    def __init__(self):",
    ]
    if base == "nn.Module":
        lines.append("        super().__init__()")
    for spec in done.layers:
        before = f"        self.{spec.attribute} = "
        if spec.function:
            lines.append(_call(f"{before}KerasLayer", _made(spec), 8))
        else:
            lines.append(f"{before}{_hole_class(spec)}()")
    if not done.layers and base != "nn.Module":
        lines.append("        pass")
    lines += [
        "",
        f"    def {call}(self, {', '.join(done.inputs)}, answers=None):",
        '        """The outputs; with a dictionary, every layer\'s answer goes into it."""',
        *_walked(done, "self.", 8),
        "        if answers is not None:",
        *_noted(done, "note(answers, {", 12),
        f"        return {_outputs(done)}",
        "",
    ]
    return "\n".join(lines)


def _walked(done: Ported, before: str, indent: int) -> list[str]:
    """The forward pass, a line a call."""
    space = " " * indent
    return [
        f"{space}{line.variable} = {line.text or _layer_call(line, before, indent)}"
        for line in done.lines
    ]


def _noted(done: Ported, before: str, indent: int) -> list[str]:
    """What keeps every answer under its layer's name."""
    space = " " * indent
    names = [
        f"{space}    {literal(recorded_name(*line.recorded))}: {line.variable},"
        for line in done.lines
        if line.recorded is not None
    ]
    masks = [
        f"{space}    {literal(f'masks/{number}')}: {mask},"
        for number, mask in enumerate(done.masks)
        if mask
    ]
    return [f"{space}{before}", *names, *masks, f"{space}}})"]


def _layer_call(line: Line, before: str, indent: int) -> str:
    arguments = [line.operand, *line.more]
    if before == "walk(":
        attribute, _, made = line.layer.partition(".")
        if made:  # the mask that it makes
            return f"MASKS[{literal(attribute)}]({line.operand}, {{}})"
        return _call("walk", [literal(line.layer), *arguments], indent, len(line.variable) + 3)
    return _call(f"{before}{line.layer}", arguments, indent, len(line.variable) + 3)


def _outputs(done: Ported) -> str:
    return done.outputs[0] if len(done.outputs) == 1 else f"[{', '.join(done.outputs)}]"


def _torch_model(done: Ported) -> str:
    return _module_model(done, "nn.Module", "forward", "\n" + frames.TORCH_LAYER)


def _flax_model(done: Ported) -> str:
    return _module_model(done, "nnx.Module", "__call__", "\n" + frames.FLAX_LAYER)


def _jax_model(done: Ported) -> str:
    def partial(function: str, spec: LayerSpec) -> str:
        before = f"    {literal(spec.attribute)}: functools.partial"
        return _call(before, [function, *spec.arguments], 4) + ","

    layers = [partial(spec.function or _hole_function(spec), spec) for spec in done.layers]
    frozen = {
        spec.attribute: [one.name for one in spec.variables if not one.trainable]
        for spec in done.layers
        if spec.trainable and any(not one.trainable for one in spec.variables)
    }
    takes = {spec.attribute: sorted(spec.takes) for spec in done.layers if spec.takes}
    still = sorted(spec.attribute for spec in done.layers if not spec.trainable)
    lines = [
        "",
        "",
        "LAYERS = {",
        *layers,
        "}",
        '"""The function of each layer, with Keras\'s config."""',
        "MASKS = {",
        *(partial(spec.mask, spec) for spec in done.layers if spec.mask),
        "}",
        '"""What makes the mask of a layer\'s answer."""',
        f"TAKES = {literal(takes)}",
        '"""Which functions are told whether this is training, and the count of the call."""',
        f"FROZEN = {literal(frozen)}",
        '"""Variables that training does not differentiate, by layer."""',
        f"NOT_TRAINABLE = {literal(still)}",
        "",
        frames.JAX_LAYER,
        "",
        f"def model(walk, {', '.join(done.inputs)}):",
        '    """The outputs of one walk through the layers."""',
        *_walked(done, "walk(", 4),
        *_noted(done, "walk.note({", 4),
        f"    return {_outputs(done)}",
        "",
    ]
    return "\n".join(lines)


_HOLES = {"torch": _torch_holes, "jax": _jax_holes, "flax": _flax_holes}
_MODELS = {"torch": _torch_model, "jax": _jax_model, "flax": _flax_model}
