"""A porting guide as a page to read: what bites first, then a table for each family of layers."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from conformance.porting.model import Argument, Condition, Guide, Row, Way

TITLES = {"torch": "PyTorch", "jax": "JAX", "flax": "Flax NNX"}

_PREFIXES = ("torch.nn.functional.", "torch.nn.", "torch.", "flax.nnx.", "jax.")
_SHORT = {
    "torch.nn.functional.": "F.",
    "torch.nn.": "nn.",
    "torch.": "torch.",
    "flax.nnx.": "nnx.",
    "jax.": "jax.",
}
_SAME_LAYOUT = re.compile(r"as it is|(\w+(?:[./]\w+)*) = (\w+(?:/\w+)*)|multiplied .*|added .*")
_FAMILY_ORDER = (
    "core",
    "activation functions",
    "activation",
    "convolutional",
    "pooling",
    "recurrent",
    "normalization",
    "attention",
    "multi_head_attention",
    "merging",
    "reshaping",
    "regularization",
    "preprocessing",
)


def pages(guides: Sequence[Guide]) -> dict[str, str]:
    """The pages by file name: one for each guide, and ``README.md`` that leads to them.

    The same guides give the same text, to the byte.
    """
    found = {f"{guide.adapter}.md": _page(guide) for guide in guides}
    return {"README.md": _index(guides), **found}


def _index(guides: Sequence[Guide]) -> str:
    lines = [
        "# Porting Keras layers",
        "",
        "How each layer of Keras is done in other frameworks: which module, which arguments, how",
        "its weights are laid out, and where two defaults differ. Nothing of it is an opinion:",
        "each row was run, with the same weights and inputs, and gave what Keras documents.",
        "",
        "| from Keras to | versions | layers and activations | cases |",
        "| --- | --- | ---: | ---: |",
    ]
    for guide in guides:
        layers = sum(1 for row in guide.rows if row.ways)
        lines.append(
            f"| [{TITLES[guide.adapter]}]({guide.adapter}.md) | {_versions(guide)} "
            f"| {layers} | {guide.cases:,} |"
        )
    lines += [
        "",
        "The pages are written by `keras-conformance porting` out of the records of a run. What",
        "connects a native argument with Keras's is found there, in the calls that were made: a",
        "rule that fails in a single one of them is not shown. `guides.json` is what the pages are",
        "rendered from, row by row.",
        "",
        "    keras-conformance porting reports/<run> --output docs/porting",
    ]
    return "\n".join(lines) + "\n"


def _page(guide: Guide) -> str:
    title = TITLES[guide.adapter]
    rows = [row for row in guide.rows if row.ways]
    sections = [
        f"# From Keras to {title}",
        "",
        f"{_versions(guide)}. Each line was run: the same weights and inputs, and numbers and",
        (
            "gradients within rounding of what Keras documents. How to read it: "
            "[Porting Keras layers](README.md)."
        ),
        *_names(guide.adapter),
        "",
        "**First** [what bites](#what-bites), then a table for each family: "
        + " · ".join(f"[{_title(f)}](#{_slug(_title(f))})" for f in _families(rows))
        + ", and at the end [what has no counterpart](#what-has-no-counterpart).",
        "",
        "## What bites",
        *_defaults(rows, title),
        *_converted(rows, title),
        *_fixed(rows, title),
        *_layouts(rows, title),
        *_around(rows),
    ]
    for family in _families(rows):
        sections += _family(family, [row for row in rows if row.family == family], title)
    sections += _refusals(guide.rows, title)
    return "\n".join(sections) + "\n"


def _names(adapter: str) -> list[str]:
    if adapter == "torch":
        return ["`nn` is `torch.nn`, `F` is `torch.nn.functional`."]
    return ["`nnx` is `flax.nnx`."] if adapter == "flax" else []


def _defaults(rows: Sequence[Row], title: str) -> list[str]:
    """Arguments whose defaults are two different numbers, equal ones of several layers joined."""
    found: dict[tuple[str, ...], list[tuple[Row, Argument]]] = defaultdict(list)
    for row, argument in _arguments(rows):
        if argument.differs and argument.kind in {"same", "converted"} and not _is_size(argument):
            key = (
                f"`{argument.keras}={_literal(argument.keras_default)}`",
                f"`{argument.native}={_literal(argument.native_default)}`",
                f"`{argument.native}={_literal(argument.equivalent)}`",
                _short(argument.call),
            )
            found[key].append((row, argument))
    return [
        "",
        "### Defaults that differ",
        "",
        f"Left out on both sides, these give two different layers. Pass what {title} calls it.",
        "",
        f"| layer | Keras's default | {title}'s default | pass | to | proof |",
        "| --- | --- | --- | --- | --- | --- |",
        *(
            f"| {_layers(some)} | {key[0]} | {key[1]} | {key[2]} | `{key[3]}` | {_proof(some)} |"
            for key, some in found.items()
        ),
    ]


def _converted(rows: Sequence[Row], title: str) -> list[str]:
    found: dict[tuple[str, ...], list[tuple[Row, Argument]]] = defaultdict(list)
    for row, argument in _arguments(rows):
        if argument.kind == "converted":
            key = f"`{argument.native} = {argument.rule}`", _short(argument.call)
            found[key].append((row, argument))
    if not found:
        return []
    return [
        "",
        "### Arguments that mean something else",
        "",
        f"| layer | {title}'s argument, in Keras's words | of | proof |",
        "| --- | --- | --- | --- |",
        *(
            f"| {_layers(some)} | {key[0]} | `{key[1]}` | {_proof(some)} |"
            for key, some in found.items()
        ),
    ]


def _fixed(rows: Sequence[Row], title: str) -> list[str]:
    found: dict[tuple[str, ...], list[tuple[Row, Argument]]] = defaultdict(list)
    for row, argument in _arguments(rows):
        if argument.kind == "fixed" and argument.known:
            key = (
                f"`{argument.native}={argument.rule}`",
                f"`{_literal(argument.native_default)}`",
                _short(argument.call),
            )
            found[key].append((row, argument))
    if not found:
        return []
    return [
        "",
        "### Arguments that Keras has no word for",
        "",
        f"{title}'s default does not do what Keras does: in all cases it took this value.",
        "",
        "| layer | pass | default | to | proof |",
        "| --- | --- | --- | --- | --- |",
        *(
            f"| {_layers(some)} | {key[0]} | {key[1]} | `{key[2]}` | {_proof(some)} |"
            for key, some in found.items()
        ),
    ]


def _layouts(rows: Sequence[Row], title: str) -> list[str]:
    found: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        way = row.ways[0]
        changed = [
            f"`{variable}`: `{layout}`"
            for variable, layout in way.weights.items()
            if _is_changed(variable, layout)
        ]
        if changed:
            found["<br>".join(changed)].append(row.layer)
    if not found:
        return []
    return [
        "",
        "### Weights that are laid out otherwise",
        "",
        f"What {title} calls a variable, made of what Keras calls it.",
        "",
        "| layer | weights |",
        "| --- | --- |",
        *(f"| {', '.join(layers)} | {text} |" for text, layers in found.items()),
    ]


def _is_changed(variable: str, layout: str) -> bool:
    match = _SAME_LAYOUT.fullmatch(layout)
    return match is None or match.group(2) not in {None, variable}


def _around(rows: Sequence[Row]) -> list[str]:
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in rows:
        for symbol, conditions in row.ways[0].around.items():
            found[_short(symbol), _when(conditions)].append(row.layer)
    if not found:
        return []
    return [
        "",
        "### What stands around a module",
        "",
        "Channels are moved, sequences turned round and borders padded by hand where the module",
        "can't be told to.",
        "",
        "| function | when | layers |",
        "| --- | --- | --- |",
        *(f"| `{symbol}` | {when} | {', '.join(some)} |" for (symbol, when), some in found.items()),
    ]


def _family(family: str, rows: Sequence[Row], title: str) -> list[str]:
    lines = [
        "",
        f"## {_title(family)}",
        "",
        f"| Keras | {title} | arguments | weights | proof |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        for number, way in enumerate(row.ways):
            name = f"**{row.layer.removeprefix('activation: ')}**" if number == 0 else ""
            lines.append(
                f"| {name} | {_native(way)} | {_told(way.arguments)} | {_weights(way.weights)} "
                f"| {_cases(row, way.proofs[:1])} of {way.cases} |"
            )
    return lines


def _native(way: Way) -> str:
    names = re.sub(r"[a-z]\w*(?:\.\w+)+", lambda found: f"`{_short(found[0])}`", way.symbol)
    text = f"put together: {names}" if way.composed else names
    if way.conditions:
        text += f"<br>*with* {_when(way.conditions, sometimes='')}"
    if way.note:
        text += f"<br>{_sentence(way.note)}"
    return text


def _sentence(note: str) -> str:
    return _cell(re.sub(r"``([^`]+)``", r"`\1`", note))


def _told(arguments: Sequence[Argument]) -> str:
    several = len({argument.call for argument in arguments}) > 1
    lines = []
    for argument in arguments:
        if argument.kind == "computed":
            text = f"`{argument.native}`: computed"
        elif argument.kind == "input":
            text = f"`{argument.native}`: {argument.rule}"
        else:
            text = f"`{argument.native} = {argument.rule}`"
        if argument.differs and argument.kind != "fixed":
            text += (
                f" (**{_literal(argument.equivalent)}**, not {_literal(argument.native_default)})"
            )
        if several:
            text = f"`{_short(argument.call)}` {text}"
        lines.append(_cell(text))
    return "<br>".join(lines)


def _weights(weights: Mapping[str, str]) -> str:
    return "<br>".join(
        f"`{_cell(layout)}`" if " = " in layout else f"`{variable}` {_cell(layout)}"
        for variable, layout in weights.items()
    )


def _refusals(rows: Sequence[Row], title: str) -> list[str]:
    lines = [
        "",
        "## What has no counterpart",
        "",
        f"What of a layer this suite can't do in {title}, and why. A facet that is said of Keras",
        "alone, such as its refusals and its files, is not in this list.",
        "",
        "| layer | reason | cases | one of them |",
        "| --- | --- | ---: | --- |",
    ]
    for row in rows:
        for refusal in row.refusals:
            reason = _cell(refusal.reason)
            proof = _cases(row, refusal.proofs)
            lines.append(f"| {row.layer} | {reason} | {refusal.cases} | {proof} |")
    return lines


def _arguments(rows: Sequence[Row]) -> Iterable[tuple[Row, Argument]]:
    """Every argument of the first way of each layer; activations within a layer are rows alone."""
    for row in rows:
        named = set(re.findall(r"[a-z]\w*(?:\.\w+)+", row.ways[0].symbol))
        for argument in row.ways[0].arguments:
            if argument.call.partition(" ")[0] in named:
                yield row, argument


def _is_size(argument: Argument) -> bool:
    """Whether the default is None, which stands for a value that is made of others."""
    return argument.native_default is None


def _layers(some: Sequence[tuple[Row, Argument]]) -> str:
    return ", ".join(dict.fromkeys(row.layer.removeprefix("activation: ") for row, _ in some))


def _proof(some: Sequence[tuple[Row, Argument]]) -> str:
    row, argument = some[0]
    return _cases(row, argument.proofs[:1])


def _cases(row: Row, cases: Sequence[str]) -> str:
    return ", ".join(f"[{_cell(case)}](../../cases/{row.files[case]})" for case in cases)


def _when(conditions: Sequence[Condition], sometimes: str = "at times with ") -> str:
    if not conditions:
        return "always"
    texts = []
    for condition in conditions:
        values = " or ".join(f"`{condition.keras}={_literal(value)}`" for value in condition.values)
        texts.append(values if condition.always else f"{sometimes}{values}")
    return ", ".join(texts)


def _literal(value: Any) -> str:
    if value == "array":
        return "…"
    if isinstance(value, float):
        return f"{value:.6g}"
    return repr(value)


def _short(symbol: str) -> str:
    prefix = next((p for p in _PREFIXES if symbol.startswith(p)), "")
    return _SHORT.get(prefix, prefix) + symbol[len(prefix) :]


def _versions(guide: Guide) -> str:
    return ", ".join(f"{name} {version}" for name, version in guide.versions.items())


def _families(rows: Sequence[Row]) -> list[str]:
    found = {row.family for row in rows}
    known = [family for family in _FAMILY_ORDER if family in found]
    return [*known, *sorted(found - set(known))]


def _title(family: str) -> str:
    if family == "activation":
        return "Activation layers"
    return family.replace("_", " ").capitalize() or "Others"


def _slug(title: str) -> str:
    return title.lower().replace(" ", "-")


def _cell(text: str) -> str:
    """Text that stays within a cell of a table."""
    return text.replace("|", "\\|").replace("\n", " ")
