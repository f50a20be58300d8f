"""Each layer of Keras as a block of code that runs with a framework alone, on a page a family.

The code is that of the native adapters, which the suite's cases hold against the reference; a test
runs the cases on the blocks as they are printed. So are functions, losses, optimizers, schedules
and initializers.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from conformance.adapters.native.functions import Own
from conformance.porting.objects import listed, object_pages, page_of
from conformance.porting.printing import block, identified, printed
from conformance.porting.sources import SOURCES
from conformance.repro.native import parameters
from conformance.repro.text import literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.adapters.native.binding import Entry
    from conformance.porting.model import Guide, Row
    from conformance.porting.printing import Block
    from conformance.porting.sources import Source

INDEX = "README.md"
_FAMILIES = {"Activation": "activation", "StackedRNNCells": "recurrent"}
"""Families of layers that have no row in the guides: their cases are about what is in them."""
_NO_BLOCK = frozenset({"Lambda"})
"""Layers that are whatever the user makes of them."""
_FEW = 6
"""Values of a condition that are listed."""


_INTRODUCTION = """\
# Keras's layers as code of other frameworks

A block for each layer, activation, function, loss, optimizer, schedule and initializer, which runs
with the framework alone. That of a layer is a function of

- `x`, the input, or a list of inputs;
- `weights`, the layer's variables by Keras's names and in Keras's layout: a dictionary. What the
  layer changes in training (moving statistics) is put into it;
- Keras's own arguments, by keyword, with Keras's defaults. An `activation` is a function: those of
  Keras have blocks, too.

`same` padding, crops, masks (`mask=`) and what training does (`training=True`) are in the block.
Where a layer has two blocks, the first is the framework's own layer, and the second whatever the
first has no word for. How to call the others is said on their pages. The code is what answers the
suite's cases; a test runs them again on the blocks as they are printed here. `keras-conformance
port` writes a whole model as one file.
"""


def code_pages(guides: Sequence[Guide]) -> dict[str, str]:
    """The pages by their paths below the folder of the code: ``torch/core.md``, ``README.md``.

    Args:
        guides: A layer without a row in one has no block.
    """
    found: dict[str, str] = {}
    lists: dict[str, dict[str, list[str]]] = {}
    for guide in guides:
        source = SOURCES[guide.adapter]
        families = {row.layer: row.family for row in guide.rows}
        grouped: dict[str, list[str]] = defaultdict(list)
        for layer in source.layers.layers:
            family = _FAMILIES.get(layer, families.get(layer, ""))
            if family in families.values() and layer not in _NO_BLOCK:
                grouped[family].append(layer)
        made = {family: _page(source, family, layers) for family, layers in grouped.items()}
        if source.layers.activations:
            made["activations"] = _activations(source)
        made["functions"] = _functions(source)
        made.update(object_pages(source))
        found.update({f"{source.name}/{name}.md": text for name, text in made.items()})
        lists[source.name] = {family: sorted(layers) for family, layers in sorted(grouped.items())}
    if lists:
        found[INDEX] = _index(lists)
    return found


def anchor(adapter: str, row: Row) -> str:
    """Where the code of a row stands, from the guides' folder; empty where it has none.

    Args:
        adapter: The guide's.
        row: Of a layer, an activation, a function or an object.
    """
    return place(adapter, row.layer, row.family)


def place(adapter: str, layer: str, family: str) -> str:
    """The same of a layer by its name, for whoever has no row.

    Args:
        adapter: The guide's.
        layer: As a row names it: ``LSTM``, ``activation: gelu``, ``ops.add``.
        family: The layer's, as its row has it.
    """
    source = SOURCES.get(adapter)
    if source is None:
        return ""
    if layer in source.layers.layers and layer not in _NO_BLOCK:
        return f"code/{adapter}/{_FAMILIES.get(layer, family)}.md#{layer.lower()}"
    kind, _, name = layer.replace("activation: ", "activations.").rpartition(".")
    if kind == "activations" and name in source.layers.activations:
        return f"code/{adapter}/activations.md#{name}"
    if layer in source.objects:
        return f"code/{adapter}/{page_of(layer)}.md#{identified(layer)}"
    if any(isinstance(one, Own) for one in source.functions.get(layer, ())):
        return f"code/{adapter}/functions.md#{identified(layer)}"
    return ""


def _index(lists: Mapping[str, Mapping[str, Sequence[str]]]) -> str:
    lines = [_INTRODUCTION.rstrip()]
    for name, families in lists.items():
        source = SOURCES[name]
        lines += ["", f"## {source.title}", ""]
        for family, layers in families.items():
            linked = [f"[{layer}]({name}/{family}.md#{layer.lower()})" for layer in layers]
            lines.append(f"- {family}: {' · '.join(linked)}")
        for page, headings in listed(source).items():
            linked = [
                f"[{symbols[0].rpartition('.')[2]}]({name}/{page}.md#{identified(symbols[0])})"
                for symbols in headings.values()
            ]
            lines.append(f"- {page}: {' · '.join(linked)}")
        activations = [f"[activations]({name}/activations.md) · "] if families else [""]
        lines.append(
            f"- {activations[0]}[functions]({name}/functions.md) of keras.ops that are more than "
            "one call"
        )
    return "\n".join(lines) + "\n"


def _page(source: Source, family: str, layers: Sequence[str]) -> str:
    lines = [
        f"# Keras's {family} layers in {source.title}",
        "",
        (
            "How to read and call a block: [Keras's layers as code](../README.md). Which argument "
            f"is called what, and the defaults that differ: [From Keras to {source.title}]"
            f"(../../{source.name}.md)."
        ),
    ]
    alike: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for layer in layers:
        entries = source.layers.layers[layer]
        alike[tuple(_conditions(one) + _place(source, one) for one in entries)].append(layer)
    for several in alike.values():
        lines += ["", *(f'<a id="{layer.lower()}"></a>' for layer in several)]
        lines += ["", f"## {', '.join(several)}"]
        entries = source.layers.layers[several[0]]
        for number, entry in enumerate(entries):
            lines += _said(entry, number, len(entries))
            lines += printed(_of_entry(source, entry))
            lines += ["", f"Call: `{_example(source, entry)}`"]
    return "\n".join(lines) + "\n"


def _activations(source: Source) -> str:
    lines = [
        f"# Keras's activations in {source.title}",
        "",
        "What a layer's `activation` is given: [Keras's layers as code](../README.md).",
    ]
    alike: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, function in source.layers.activations.items():
        alike[function.package, function.name].append(name)
    for (package, own), names in alike.items():
        lines += ["", *(f'<a id="{name}"></a>' for name in names), "", f"## {', '.join(names)}"]
        lines += printed(block(source, "activation", [own], package or source.layers.package))
    return "\n".join(lines) + "\n"


def _functions(source: Source) -> str:
    lines = [
        f"# Functions of keras.ops in {source.title}",
        "",
        (
            "Those that are more than one call of the framework's own; what is one call, and under "
            f"which name, tells [From Keras to {source.title}](../../{source.name}.md). A "
            "block is a function of arrays and of Keras's arguments, by Keras's names."
        ),
    ]
    for symbol, rows in source.functions.items():
        own = {(row.module, row.function): row for row in rows if isinstance(row, Own)}
        if not own:
            continue
        lines += ["", f'<a id="{identified(symbol)}"></a>', "", f"## {symbol}"]
        for module, function in own:
            lines += printed(block(source, module, [function]))
    return "\n".join(lines) + "\n"


def _place(source: Source, entry: Entry) -> str:
    return f"{entry.package or source.layers.package}.{entry.module}.{entry.function}"


def _of_entry(source: Source, entry: Entry) -> Block:
    names = [entry.function, *([entry.mask] if entry.mask else [])]
    return block(source, entry.module, names, entry.package or source.layers.package)


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


def _example(source: Source, entry: Entry) -> str:
    """The call with what is required."""
    _, required = parameters(source.layers.package, entry)
    return f"{entry.function}({', '.join(['x', 'weights', *(f'{one}=…' for one in required)])})"
