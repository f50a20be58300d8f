"""Each layer of Keras as a block of code that runs with a framework alone, on a page a family.

The code is that of the native adapters, which the suite's cases hold against the reference; a test
runs the cases on the blocks as they are printed.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from conformance.adapters.native.functions import Own
from conformance.port.frameworks import FRAMEWORKS
from conformance.repro.native import Extract, parameters
from conformance.repro.text import literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.adapters.native.binding import Entry
    from conformance.port.frameworks import Framework
    from conformance.porting.model import Guide, Row

INDEX = "README.md"
MARK = "<!-- {module} {function} -->"
"""Stands before a block: the adapter's function that it is, for whoever runs it."""
_ADAPTERS = "conformance.adapters."
_FAMILIES = {"Activation": "activation", "StackedRNNCells": "recurrent"}
"""Families of layers that have no row in the guides: their cases are about what is in them."""
_NO_BLOCK = frozenset({"Lambda"})
"""Layers that are whatever the user makes of them."""
_FEW = 6
"""Values of a condition that are listed."""


_INTRODUCTION = """\
# Keras's layers as code of other frameworks

A block for each layer, which runs with the framework alone. Each is a function of

- `x`, the input, or a list of inputs;
- `weights`, the layer's variables by Keras's names and in Keras's layout: a dictionary. What the
  layer changes in training (moving statistics) is put into it;
- Keras's own arguments, by keyword, with Keras's defaults. An `activation` is a function: those of
  Keras have blocks, too.

`same` padding, crops, masks (`mask=`) and what training does (`training=True`) are in the block.
Where a layer has two blocks, the first is the framework's own layer, and the second whatever the
first has no word for. The code is what answers the suite's cases; a test runs them again on the
blocks as they are printed here. `keras-conformance port` writes a whole model as one file.
"""


class _Block(NamedTuple):
    module: str
    function: str
    text: str


def code_pages(guides: Sequence[Guide]) -> dict[str, str]:
    """The pages by their paths below the folder of the code: ``torch/core.md``, ``README.md``.

    Args:
        guides: Those of frameworks that have layers; a layer without a row in one has no block.
    """
    found: dict[str, str] = {}
    lists: dict[str, dict[str, list[str]]] = {}
    for guide in guides:
        if guide.adapter not in FRAMEWORKS:
            continue
        name, framework = guide.adapter, FRAMEWORKS[guide.adapter]
        families = {row.layer: row.family for row in guide.rows}
        grouped: dict[str, list[str]] = defaultdict(list)
        for layer in framework.layers.layers:
            family = _FAMILIES.get(layer, families.get(layer, ""))
            if family in families.values() and layer not in _NO_BLOCK:
                grouped[family].append(layer)
        for family, layers in grouped.items():
            found[f"{name}/{family}.md"] = _page(framework, family, layers)
        found[f"{name}/activations.md"] = _activations(framework)
        found[f"{name}/functions.md"] = _functions(framework)
        lists[name] = {family: sorted(layers) for family, layers in sorted(grouped.items())}
    if lists:
        found[INDEX] = _index(lists)
    return found


def anchor(adapter: str, row: Row) -> str:
    """Where the code of a row stands, from the guides' folder; empty where it has none.

    Args:
        adapter: The guide's.
        row: Of a layer, an activation or a function.
    """
    return place(adapter, row.layer, row.family)


def place(adapter: str, layer: str, family: str) -> str:
    """The same of a layer by its name, for whoever has no row.

    Args:
        adapter: The guide's.
        layer: As a row names it: ``LSTM``, ``activation: gelu``, ``ops.add``.
        family: The layer's, as its row has it.
    """
    framework = FRAMEWORKS.get(adapter)
    if framework is None:
        return ""
    if layer in framework.layers.layers and layer not in _NO_BLOCK:
        return f"code/{adapter}/{_FAMILIES.get(layer, family)}.md#{layer.lower()}"
    name = layer.removeprefix("activation: ")
    if name != layer and name in framework.layers.activations:
        return f"code/{adapter}/activations.md#{name}"
    if any(isinstance(one, Own) for one in framework.functions.get(layer, ())):
        return f"code/{adapter}/functions.md#{_id(layer)}"
    return ""


def _index(lists: Mapping[str, Mapping[str, Sequence[str]]]) -> str:
    lines = [_INTRODUCTION.rstrip()]
    for name, families in lists.items():
        lines += ["", f"## {FRAMEWORKS[name].title}", ""]
        for family, layers in families.items():
            linked = [f"[{layer}]({name}/{family}.md#{layer.lower()})" for layer in layers]
            lines.append(f"- {family}: {' · '.join(linked)}")
        lines.append(
            f"- [activations]({name}/activations.md) · [functions]({name}/functions.md) of "
            "keras.ops that are more than one call"
        )
    return "\n".join(lines) + "\n"


def _page(framework: Framework, family: str, layers: Sequence[str]) -> str:
    lines = [
        f"# Keras's {family} layers in {framework.title}",
        "",
        (
            "How to read and call a block: [Keras's layers as code](../README.md). Which argument "
            f"is called what, and the defaults that differ: [From Keras to {framework.title}]"
            f"(../../{framework.name}.md)."
        ),
    ]
    alike: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for layer in layers:
        entries = framework.layers.layers[layer]
        alike[tuple(_conditions(one) + _place(framework, one) for one in entries)].append(layer)
    for several in alike.values():
        lines += ["", *(f'<a id="{layer.lower()}"></a>' for layer in several)]
        lines += ["", f"## {', '.join(several)}"]
        entries = framework.layers.layers[several[0]]
        for number, entry in enumerate(entries):
            lines += _said(entry, number, len(entries))
            lines += _printed(_of_entry(framework, entry))
            lines += ["", f"Call: `{_example(framework, entry)}`"]
    return "\n".join(lines) + "\n"


def _activations(framework: Framework) -> str:
    lines = [
        f"# Keras's activations in {framework.title}",
        "",
        "What a layer's `activation` is given: [Keras's layers as code](../README.md).",
    ]
    alike: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, function in framework.layers.activations.items():
        alike[function.package, function.name].append(name)
    for (package, own), names in alike.items():
        lines += ["", *(f'<a id="{name}"></a>' for name in names), "", f"## {', '.join(names)}"]
        lines += _printed(_block(framework, "activation", [own], package))
    return "\n".join(lines) + "\n"


def _functions(framework: Framework) -> str:
    lines = [
        f"# Functions of keras.ops in {framework.title}",
        "",
        (
            "Those that are more than one call of the framework's own; what is one call, and under "
            f"which name, tells [From Keras to {framework.title}](../../{framework.name}.md). A "
            "block is a function of arrays and of Keras's arguments, by Keras's names."
        ),
    ]
    for symbol, rows in framework.functions.items():
        own = {(row.module, row.function): row for row in rows if isinstance(row, Own)}
        if not own:
            continue
        lines += ["", f'<a id="{_id(symbol)}"></a>', "", f"## {symbol}"]
        for module, function in own:
            lines += _printed(_block(framework, module, [function], framework.package))
    return "\n".join(lines) + "\n"


def _id(symbol: str) -> str:
    return symbol.lower().replace(".", "-")


def _printed(block: _Block) -> list[str]:
    mark = MARK.format(module=block.module, function=block.function)
    return ["", mark, "", "```python", block.text, "```"]


def _place(framework: Framework, entry: Entry) -> str:
    return f"{entry.package or framework.layers.package}.{entry.module}.{entry.function}"


def _of_entry(framework: Framework, entry: Entry) -> _Block:
    names = [entry.function, *([entry.mask] if entry.mask else [])]
    return _block(framework, entry.module, names, entry.package)


def _block(framework: Framework, module: str, names: Sequence[str], package: str) -> _Block:
    extract = Extract(framework.layers)
    for name in names:
        extract.add(module, name, package)
    imports = sorted(extract.imports, key=lambda one: (one.split()[1], one))
    standard = [one for one in imports if one.split()[1] in {"functools", "math"}]
    others = [one for one in imports if one not in standard]
    head = "\n".join([*standard, *([""] if standard and others else []), *others])
    text = "\n\n\n".join([*([head] if head else []), *extract.texts.values()])
    where = f"{package or framework.layers.package}.{module}"
    return _Block(where.removeprefix(_ADAPTERS), names[0], text)


def _said(entry: Entry, number: int, of: int) -> list[str]:
    """When a block is the one to take."""
    if of == 1:
        return []
    conditions = _conditions(entry)
    if number == of - 1 and not conditions:
        return ["", "Otherwise:"]
    return ["", f"Where {conditions}:" if conditions else "As the layer is by default:"]


def _conditions(entry: Entry) -> str:
    parts = []
    for key, some in {**entry.only, **entry.given}.items():
        values = [one for one in some if one is not None]
        if not values or len(values) > _FEW:
            continue
        parts.append(f"`{key}` is {' or '.join(f'`{literal(one)}`' for one in values)}")
    return ", ".join(parts)


def _example(framework: Framework, entry: Entry) -> str:
    """The call with what is required."""
    _, required = parameters(framework.layers.package, entry)
    return f"{entry.function}({', '.join(['x', 'weights', *(f'{one}=…' for one in required)])})"
