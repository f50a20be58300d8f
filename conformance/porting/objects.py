"""Pages of losses, optimizers, schedules and initializers as code, a block for each."""

from __future__ import annotations

import ast
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from conformance.adapters.native.functions import Kind, Own
from conformance.porting.printing import block, identified, printed, where
from conformance.repro.text import literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.adapters.native.functions import Row
    from conformance.porting.printing import Block
    from conformance.porting.sources import Source

PAGES = ("losses", "optimizers", "schedules", "initializers")
"""In the order of the index."""

_OFTEN = frozenset({"reduction", "dtype", "seed"})
"""Arguments of which a row covers all that means something; a word on them says nothing."""


class _Intro(NamedTuple):
    title: str
    text: str
    usage: Mapping[str, str]
    """By framework, as lines of code."""


_WITH_OPTAX = """\
optimizer = adam(learning_rate=0.001, clipnorm=1.0)
state = optimizer.init(weights)

moves, state = optimizer.update(gradients, state, weights)
weights = optax.apply_updates(weights, moves)"""

_INTROS = {
    "losses": _Intro(
        "losses",
        "Each class of Keras's is a function of `y_true`, `y_pred` and, where they count unlike, "
        "`sample_weight`, with Keras's arguments by keyword: what it answers is reduced. The "
        "function of lower case in the same block answers a number for each sample.",
        dict.fromkeys(("torch", "jax", "flax"), "Huber(y_true, y_pred, delta=0.5)"),
    ),
    "optimizers": _Intro(
        "optimizers",
        "Each takes Keras's arguments, by keyword and with Keras's defaults, those that all of "
        "Keras's optimizers have too, and steps as Keras's does.",
        {
            "torch": "optimizer = Adam(model.parameters(), learning_rate=0.001, clipnorm=1.0)\n\n"
            "loss.backward()\noptimizer.step()\noptimizer.zero_grad()",
            "jax": _WITH_OPTAX,
            "flax": "optimizer = nnx.Optimizer(model, adam(learning_rate=0.001), wrt=nnx.Param)\n\n"
            "optimizer.update(model, gradients)",
        },
    ),
    "schedules": _Intro(
        "schedules of the learning rate",
        "Each takes Keras's arguments by keyword.",
        {
            "torch": "optimizer = Adam(model.parameters())\n"
            "scheduler = exponential_decay(optimizer, initial_learning_rate=0.1, decay_steps=100, "
            "decay_rate=0.5)\n\noptimizer.step()\nscheduler.step()",
            "jax": "schedule = exponential_decay(initial_learning_rate=0.1, decay_steps=100, "
            "decay_rate=0.5)\noptimizer = adam(learning_rate=schedule)",
            "flax": "schedule = exponential_decay(initial_learning_rate=0.1, decay_steps=100, "
            "decay_rate=0.5)\noptimizer = adam(learning_rate=schedule)",
        },
    ),
    "initializers": _Intro(
        "initializers",
        "Each draws an array of a shape in Keras's layout, (in, out) of a kernel, by Keras's law. "
        "The numbers of a seed are the framework's own.",
        dict.fromkeys(("torch", "jax", "flax"), "kernel = he_uniform(shape=(3, 4), seed=1)"),
    ),
}


def page_of(symbol: str) -> str:
    """The page of a symbol: ``optimizers.schedules.CosineDecay`` is on ``schedules``."""
    return symbol.rpartition(".")[0].rpartition(".")[2]


def object_pages(source: Source) -> dict[str, str]:
    """The pages by name, ``losses``; those that have nothing are left out."""
    return {name: _page(source, name, symbols) for name, symbols in listed(source).items()}


def listed(source: Source) -> dict[str, dict[str, list[str]]]:
    """By page, and there by anchor: Keras's symbols that a heading is about."""
    found: dict[str, dict[str, list[str]]] = {name: defaultdict(list) for name in PAGES}
    for symbol in source.objects:
        short = symbol.lower().replace("_", "")
        found[page_of(symbol)][short].append(symbol)
    return {name: dict(sorted(symbols.items())) for name, symbols in found.items() if symbols}


def _page(source: Source, name: str, headings: Mapping[str, Sequence[str]]) -> str:
    intro = _INTROS[name]
    shared = _shared(
        [row for some in headings.values() for one in some for row in _rows(source, one)]
    )
    lines = [
        f"# Keras's {intro.title} in {source.title}",
        "",
        (
            f"{intro.text} Which argument is called what, and the defaults that differ: "
            f"[From Keras to {source.title}](../../{source.name}.md)."
        ),
        "",
        *(f"    {line}".rstrip() for line in intro.usage[source.name].splitlines()),
    ]
    if shared:
        told = ", ".join(f"`{key}` ({why})" for key, why in shared.items())
        lines += ["", f"None takes {told}."]
    for symbols in headings.values():
        anchors = dict.fromkeys(identified(symbol) for symbol in symbols)
        lines += ["", *(f'<a id="{one}"></a>' for one in anchors)]
        lines += ["", f"## {', '.join(symbols)}"]
        lines += _blocks(source, symbols, shared)
    return "\n".join(lines) + "\n"


def _rows(source: Source, symbol: str) -> list[Own]:
    return [row for row in source.objects[symbol] if isinstance(row, Own)]


def _shared(rows: Sequence[Own]) -> dict[str, str]:
    """What no row of a page covers, with the reason."""
    if not rows:
        return {}
    return {
        key: why
        for key, why in rows[0].why.items()
        if len(rows) > 1 and all(row.why.get(key) == why for row in rows)
    }


def _blocks(source: Source, symbols: Sequence[str], shared: Mapping[str, str]) -> list[str]:
    """The blocks of some symbols; one that another holds is not printed again."""
    found: list[tuple[str, Block]] = []
    for symbol in symbols:
        rows = _rows(source, symbol)
        for row in rows:
            place = where(source.package, row.module), row.function
            at = next((at for at, (_, one) in enumerate(found) if place in one.holds), None)
            if at is not None:
                said, one = found[at]
                if place not in one.names:
                    found[at] = said, one.also(*place)
                continue
            made = block(source, row.module, [row.function])
            found.append((_said(row, rows, made, shared), made))
    return [line for said, one in found for line in [*(["", said] if said else []), *printed(one)]]


def _said(row: Own, rows: Sequence[Row], made: Block, shared: Mapping[str, str]) -> str:
    """When a block is the one to take, and what it does not cover."""
    when = []
    if row.needs and any(not one.needs for one in rows):
        when.append(f"with {row.needs}")
    elif any(one.needs for one in rows) and not row.needs:
        when.append("written out")
    keys = {key for one in rows for key in one.only}
    differing = {key for key in keys for one in rows if one.only.get(key) != row.only.get(key)}
    when += [f"where {_values(key, row)}" for key in row.only if key in differing]
    told = ", ".join(when)
    parts = [f"{told[:1].upper()}{told[1:]}:"] if told else []
    taken = {node.arg for node in ast.walk(ast.parse(made.own)) if isinstance(node, ast.arg)}
    for key in row.only:
        if key in differing or key in _OFTEN or key in shared:
            continue
        why = row.why.get(key, "")
        if key in taken and row.only[key] != (None,):
            parts.append(f"It does what Keras does where {_values(key, row)}{_because(why)}.")
        elif key not in taken and why:
            parts.append(f"It does not take `{key}`{_because(why)}.")
    return " ".join(sorted(parts, key=lambda one: one.endswith(":")))


def _values(key: str, row: Own) -> str:
    values = [
        one.value if isinstance(one, Kind) else f"`{literal(one)}`" for one in row.only.get(key, ())
    ]
    return f"`{key}` is {' or '.join(values)}"


def _because(why: str) -> str:
    return f": {why}" if why else ""
