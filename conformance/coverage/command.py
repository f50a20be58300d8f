"""``keras-conformance coverage``."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import msgspec
from rich.table import Table
from rich.text import Text

from conformance.cases import CasesError
from conformance.cases.choosing import every_case
from conformance.coverage.exemptions import read_exemptions
from conformance.coverage.inventory import InventoryError, kept, take
from conformance.coverage.measure import Coverage, measure
from conformance.coverage.missing import missing
from conformance.coverage.page import page
from conformance.printing import make_console
from conformance.records.output import write_whole

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console, JustifyMethod

NAMED = 8
"""Names of a namespace that are listed, unless all are asked for."""
COMPLETE, INCOMPLETE, USAGE = 0, 1, 2


def coverage(
    *,
    python: str = sys.executable,
    as_json: bool = False,
    everything: bool = False,
    folders: Sequence[Path] = (),
) -> int:
    """Print which layers, functions and arguments of the installed Keras no case exercises.

    Args:
        python: The interpreter whose Keras is asked.
        as_json: Print all of it as JSON instead of a table.
        everything: List complete layers and those out of scope as well.
        folders: Catalogues whose cases count beside the packaged ones.

    Returns:
        0 if nothing of the layers is missing, 1 if something is, 2 if it could not be told.
    """
    found = _measured(python, folders)
    if found is None:
        return USAGE
    if as_json:
        shown = {**msgspec.to_builtins(found), "complete": found.complete}
        print(json.dumps(shown, indent=2))  # noqa: T201 - the answer itself
    else:
        _show(found, everything=everything)
    return COMPLETE if found.complete else INCOMPLETE


def show_missing(
    *,
    python: str | None = None,
    as_json: bool = False,
    into: Path | None = None,
    folders: Sequence[Path] = (),
) -> int:
    """Print all that no case asks of Keras, each with its reason, or write it into a page.

    Args:
        python: The interpreter whose Keras is asked; none: the Keras that the catalogue is written
            for, which needs none.
        as_json: Print a JSON list instead of Markdown.
        into: The page, which becomes this text and nothing else.
        folders: Catalogues whose cases count beside the packaged ones.

    Returns:
        0, or 2 if it could not be told.
    """
    found = _measured(python, folders)
    if found is None:
        return USAGE
    spaces = missing(found)
    if as_json:
        gaps = [gap for space in spaces for gap in space.gaps]
        text = json.dumps(msgspec.to_builtins(gaps), indent=2) + "\n"
    else:
        text = page(found.keras, spaces)
    try:
        if into is not None:
            write_whole(into, text.encode())
        else:
            print(text, end="")  # noqa: T201 - the answer itself
    except OSError as error:
        print(f"cannot write {into}: {error.strerror}", file=sys.stderr)  # noqa: T201
        return USAGE
    return COMPLETE


def _measured(python: str | None, folders: Sequence[Path]) -> Coverage | None:
    """What is exercised; nothing, and a message, where it can't be told."""
    exemptions, problems = read_exemptions()
    try:
        cases = every_case(folders)
        inventory = kept() if python is None else take(python)
    except (CasesError, InventoryError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a message for whoever called
        return None
    if problems:
        print("\n".join(map(str, problems)), file=sys.stderr)  # noqa: T201
        return None
    return measure(inventory, cases, exemptions)


def _show(found: Coverage, *, everything: bool) -> None:
    console = make_console()
    table = Table(box=None, pad_edge=False)
    for heading in ("layer", "cases", "arguments", "no case exercises"):
        right: JustifyMethod = "right" if heading == "cases" else "left"
        table.add_column(heading, justify=right, overflow="fold")
    for layer in found.layers:
        if layer.complete and not everything:
            continue
        of = len(layer.exercised) + len(layer.uncovered)
        missing = "out of scope" if layer.out_of_scope else ", ".join(layer.uncovered)
        if not layer.cases and not layer.out_of_scope:
            missing = f"the layer itself; {missing}" if missing else "the layer itself"
        told = (layer.layer, str(layer.cases), f"{len(layer.exercised)}/{of}", missing)
        table.add_row(*map(Text, told))
    if table.row_count:
        console.print(table)
    for line in found.stale:
        console.print(line, soft_wrap=True)
    console.print(summary(found), soft_wrap=True)
    if found.namespaces:
        console.print()
        _show_namespaces(console, found, everything=everything)


def _show_namespaces(console: Console, found: Coverage, *, everything: bool) -> None:
    """A line for each namespace; with everything, every name that is missing."""
    table = Table(box=None, pad_edge=False)
    for heading in ("beside layers", "cases", "touched", "arguments", "no case touches"):
        justify: JustifyMethod = "right" if heading in {"cases", "touched"} else "left"
        table.add_column(heading, justify=justify, overflow="fold")
    for one in found.namespaces:
        touched = f"{len(one.touched)}/{len(one.symbols)}"
        done = sum(len(symbol.exercised) for symbol in one.touched)
        of = done + sum(len(symbol.uncovered) for symbol in one.touched)
        told = (
            (f"{done}/{of}", _listed(one.untouched)) if one.cases else ("", "it has no cases yet")
        )
        table.add_row(*map(Text, (one.namespace, str(one.cases), touched, *told)))
    console.print(table)
    for one in found.namespaces if everything else ():
        lines = [f"{symbol.symbol}: {', '.join(symbol.uncovered)}" for symbol in one.touched]
        if one.untouched:
            lines.insert(0, f"{one.namespace}, no case touches: {', '.join(one.untouched)}")
        lines += [f"{name}: left out: {reason}" for name, reason in one.exempt.items()]
        for line in lines:
            if not line.endswith(": "):
                console.print(Text(line))
    console.print(
        "Nothing that is missing here is a failure; --all tells every name, and the arguments that "
        "are missing",
        soft_wrap=True,
    )


def _listed(names: list[str]) -> str:
    """The first names, and how many more there are."""
    shown = names[:NAMED]
    more = [f"… {len(names) - len(shown):,} more"] if len(shown) < len(names) else []
    return ", ".join([*shown, *more])


def summary(found: Coverage) -> str:
    """One line: how many layers and arguments are exercised."""
    inside = [layer for layer in found.layers if layer.out_of_scope is None]
    done = sum(len(layer.exercised) for layer in inside)
    asked = done + sum(len(layer.uncovered) for layer in inside)
    return (
        f"Keras {found.keras}: {sum(layer.cases > 0 for layer in inside)} of {len(inside)} layers "
        f"and {done} of {asked} arguments are exercised; {len(found.layers) - len(inside)} layers "
        f"and {sum(len(layer.exempt) for layer in inside)} arguments are left out with a reason"
    )
