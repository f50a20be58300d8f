"""A porting guide as a page to read: what bites first, then a table for each family."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from conformance.adapters.shared.functions import is_function
from conformance.porting.bites import bites, is_size, own
from conformance.porting.blocks import anchor
from conformance.porting.rules import AT_STEP
from conformance.porting.sources import stated
from conformance.porting.text import cell, heading, linked, literal, occasion, sentence, short, slug

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.porting.bites import Bite
    from conformance.porting.model import Argument, Guide, Refusal, Row, Way

TITLES = {"torch": "PyTorch", "jax": "JAX", "flax": "Flax NNX", "numpy": "NumPy"}

_SAME_LAYOUT = re.compile(r"as it is|(\w+(?:[./]\w+)*) = (\w+(?:/\w+)*)|multiplied .*|added .*")

_ARGUMENT = re.compile(r"\w+=(?P<value>\S.*?)(?: is not handled here)?$")

_FAMILY_ORDER = (
    "core",
    "activation functions",
    "activation",
    "convolutional",
    "pooling",
    "recurrent",
    "normalization",
    "attention",
    "merging",
    "reshaping",
    "regularization",
    "preprocessing",
    "ops.core",
    "ops.numpy",
    "ops.nn",
    "ops.linalg",
    "ops.math",
    "ops.image",
    "ops",
    "losses",
    "optimizers",
    "initializers",
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
        "How each layer of Keras is done in other frameworks, and each function that has cases:",
        "which module or function, which arguments, how weights are laid out, and where two",
        "defaults differ. Nothing of it is an opinion: each row was run, with the same weights and",
        "inputs, and gave what Keras documents.",
        "",
        "| from Keras to | versions | layers and activations | functions | cases |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    for guide in guides:
        done = [row for row in guide.rows if row.ways]
        functions = sum(1 for row in done if is_function(row.layer))
        lines.append(
            f"| [{TITLES[guide.adapter]}]({guide.adapter}.md) | {_versions(guide)} "
            f"| {len(done) - functions} | {functions} | {_count(guide)} |"
        )
    lines += [
        "",
        "The pages are written by `keras-conformance porting` out of the records of runs. What",
        "connects a native argument with Keras's is found there, in the calls that were made: a",
        "rule that fails in a single one of them is not shown. `guides.json` is what the pages are",
        "rendered from, row by row.",
        "",
        "    keras-conformance porting reports/<run> --output docs/porting",
        "",
        "Where a number of cases has a later one behind it, rows of that many cases of a later run",
        "stand in the place of the first run's.",
        "",
        "Each layer, activation, loss, optimizer, schedule and initializer, and each function that",
        "is more than one call stands as code that runs with its framework alone:",
        "[code](code/README.md). The names lead there.",
        "",
        "What spans layers stands in chapters, with formulas that run and are held against cases:",
        "[`same` padding](chapters/same-padding.md) and what else slides,",
        "[masks](chapters/masks.md) through a model,",
        "[training](chapters/training.md): statistics, losses, optimizers, initial values,",
        "[layouts](chapters/layouts.md) of arrays, gates and weights.",
        "",
        "What the words in the tables mean: [how to read a guide](chapters/reading.md).",
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
            "[what the words mean](chapters/reading.md)."
        ),
        *_names(guide.adapter),
        *_unfinished(guide),
        "",
        "**First** [what bites](#what-bites), then a table for each family: "
        + " · ".join(f"[{heading(f)}](#{slug(heading(f))})" for f in _families(rows))
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


def _count(guide: Guide) -> str:
    whole = guide.cases == guide.planned
    told = f"{guide.cases:,}" if whole else f"{guide.cases:,} of {guide.planned:,}"
    return f"{told}, later {guide.later:,}" if guide.later else told


def _unfinished(guide: Guide) -> list[str]:
    if guide.cases == guide.planned:
        return []
    told = f"**Made of a run that was cut short, {_count(guide)} cases:** what is not here"
    return ["", f"{told} has not been run yet."]


def _names(adapter: str) -> list[str]:
    if adapter == "torch":
        return ["`nn` is `torch.nn`, `F` is `torch.nn.functional`."]
    if adapter == "numpy":
        return [
            "",
            "`np` is `numpy`, which has functions alone: no layers, and no gradients. It promotes",
            "otherwise than Keras: an int32 and a float32 meet in float64, float functions make",
            "float64 of integers, and sums, places and counts of integers are int64. A port casts",
            "arguments or answers to Keras's dtype where `np.astype` is [below](#what-bites).",
        ]
    return ["`nnx` is `flax.nnx`."] if adapter == "flax" else []


def _defaults(rows: Sequence[Row], title: str) -> list[str]:
    """Arguments whose defaults are two different numbers, equal ones of several layers joined."""
    return [
        "",
        "### Defaults that differ",
        "",
        f"Left out on both sides, these give two different answers. Pass what {title} calls it.",
        "",
        f"| layer or function | Keras's default | {title}'s default | pass | to | proof |",
        "| --- | --- | --- | --- | --- | --- |",
        *(
            f"| {', '.join(bite.layers)} | `{bite.keras}` | `{bite.native}` | `{bite.wanted}` "
            f"| `{bite.call}` | {_proof(rows, bite)} |"
            for bite in bites(rows)
            if bite.kind == "default"
        ),
    ]


def _converted(rows: Sequence[Row], title: str) -> list[str]:
    found = [bite for bite in bites(rows) if bite.kind == "meaning"]
    if not found:
        return []
    return [
        "",
        "### Arguments that mean something else",
        "",
        f"| layer or function | {title}'s argument, in Keras's words | of | proof |",
        "| --- | --- | --- | --- |",
        *(
            f"| {', '.join(bite.layers)} | `{bite.wanted}` | `{bite.call}` | {_proof(rows, bite)} |"
            for bite in found
        ),
    ]


def _fixed(rows: Sequence[Row], title: str) -> list[str]:
    found = [bite for bite in bites(rows) if bite.kind == "wordless"]
    if not found:
        return []
    return [
        "",
        "### Arguments that Keras has no word for",
        "",
        f"{title}'s default does not do what Keras does: in all cases it took this value.",
        "",
        "| layer or function | pass | default | to | proof |",
        "| --- | --- | --- | --- | --- |",
        *(
            f"| {', '.join(bite.layers)} | `{bite.wanted}` | `{bite.native}` | `{bite.call}` "
            f"| {_proof(rows, bite)} |"
            for bite in found
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
        for around in row.ways[0].around:
            when = "always" if around.always else occasion(around.conditions)
            found[short(around.symbol), when].append(row.layer)
    if not found:
        return []
    return [
        "",
        "### What stands around a module",
        "",
        "Channels are moved, sequences turned round, borders padded and arrays cast by hand where",
        "the module can't be told to.",
        "",
        "| function | when | layers and functions |",
        "| --- | --- | --- |",
        *(f"| `{symbol}` | {when} | {', '.join(some)} |" for (symbol, when), some in found.items()),
    ]


def _family(family: str, rows: Sequence[Row], title: str) -> list[str]:
    weighted = any(way.weights for row in rows for way in row.ways)
    columns = ["Keras", title, "arguments", *(["weights"] if weighted else []), "proof"]
    lines = ["", f"## {heading(family)}", "", _line(columns), _line(["---"] * len(columns))]
    for row in rows:
        for number, way in enumerate(row.ways):
            name = _name(row) if number == 0 else ""
            proof = f"{linked(row, way.proofs[:1])} of {way.cases}"
            weights = [_weights(way.weights)] if weighted else []
            code = anchor(row.adapter, row)
            told = _told(row, own(way), code)
            lines.append(_line([name, _native(way, code), told, *weights, proof]))
    return lines


def _name(row: Row) -> str:
    """A row's name, which leads to its code."""
    name = row.layer.removeprefix("activation: ")
    code = anchor(row.adapter, row)
    return f"**[{name}]({code})**" if code else f"**{name}**"


def _line(cells: Sequence[str]) -> str:
    """A line of a table."""
    return f"| {' | '.join(cells)} |"


def _native(way: Way, code: str) -> str:
    names = re.sub(r"[a-z]\w*(?:\.\w+)+", lambda found: f"`{short(found[0])}`", way.symbol)
    text = names
    if way.composed:
        text = f"[code]({code}) of {names}" if code else names
    if way.conditions:
        text += f"<br>*with* {occasion(way.conditions, sometimes='')}"
    if way.note:
        text += f"<br>{sentence(way.note)}"
    return text


def _told(row: Row, arguments: Sequence[Argument], code: str) -> str:
    several = len({argument.call for argument in arguments}) > 1
    lines = []
    for argument in arguments:
        if argument.kind == "computed":
            by = f"by the [code]({code})" if code else "by no one rule"
            text = f"`{argument.native}`: {argument.rule or by}"
            if not argument.rule:
                text = stated(row.adapter, row.layer, argument.native) or text
        elif argument.kind == "input":
            text = f"`{argument.native}`: {argument.rule}"
        else:
            text = f"`{argument.native} = {argument.rule}`"
        told = argument.differs and argument.kind != "fixed" and not is_size(argument)
        if told and AT_STEP not in argument.rule:
            text += f" (**{literal(argument.equivalent)}**, not {literal(argument.native_default)})"
        if several:
            text = f"`{short(argument.call)}` {text}"
        lines.append(cell(text))
    return "<br>".join(lines)


def _weights(weights: Mapping[str, str]) -> str:
    return "<br>".join(
        f"`{cell(layout)}`" if " = " in layout else f"`{variable}` {cell(layout)}"
        for variable, layout in weights.items()
    )


def _refusals(rows: Sequence[Row], title: str) -> list[str]:
    """Layers that are missing as a whole, then arguments and their values, by reason."""
    whole: list[str] = []
    parts: dict[tuple[str, str], list[tuple[Row, Refusal, str]]] = defaultdict(list)
    for row in rows:
        for refusal in row.refusals:
            if refusal.reason.endswith((f"for the layer {row.layer}", f"for {row.layer}")):
                whole.append(row.layer)
                continue
            found = _ARGUMENT.search(refusal.reason)
            value = found["value"] if found else ""
            reason = refusal.reason.replace(value, "…", 1) if found else refusal.reason
            parts[row.layer, reason].append((row, refusal, value))
    lines = [
        "",
        "## What has no counterpart",
        "",
        f"What this suite does not do in {title}. A facet that is said of Keras alone, such as its",
        "refusals and its files, is not in this list.",
    ]
    if whole:
        lines += ["", "As a whole: " + ", ".join(whole) + "."]
    if parts:
        lines += [
            "",
            "| layer or function | reason | values | cases | one |",
            "| --- | --- | --- | ---: | --- |",
        ]
    for (layers, reason), some in _joined(parts).items():
        values = ", ".join(f"`{cell(value)}`" for *_, value in some if value)
        cases = sum(refusal.cases for _, refusal, _ in some)
        proof = linked(some[0][0], some[0][1].proofs)
        lines.append(f"| {layers} | {cell(reason)} | {values} | {cases} | {proof} |")
    return lines


def _joined(
    parts: Mapping[tuple[str, str], list[tuple[Row, Refusal, str]]],
) -> dict[tuple[str, str], list[tuple[Row, Refusal, str]]]:
    """Refusals of several layers that speak of no value and say the same, in one."""
    alike: dict[str, list[str]] = defaultdict(list)
    for (layer, reason), some in parts.items():
        if not any(value for *_, value in some):
            alike[reason].append(layer)
    found: dict[tuple[str, str], list[tuple[Row, Refusal, str]]] = defaultdict(list)
    for (layer, reason), some in parts.items():
        layers = alike[reason] if layer in alike[reason] else [layer]
        found[", ".join(layers), reason] += some
    return found


def _proof(rows: Sequence[Row], bite: Bite) -> str:
    row = next((row for row in rows if bite.proof in row.files), None)
    return linked(row, [bite.proof]) if row else ""


def _versions(guide: Guide) -> str:
    return ", ".join(f"{name} {version}" for name, version in guide.versions.items())


def _families(rows: Sequence[Row]) -> list[str]:
    found = {row.family for row in rows}
    known = [family for family in _FAMILY_ORDER if family in found]
    return [*known, *sorted(found - set(known))]
