"""Reads the text of ``model.summary()`` back into rows."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_WIDTH = 240
"""Columns of the table: wide enough that no cell of ours is broken over two lines."""

_TOTAL = re.compile(r"^\s*(Total|Trainable|Non-trainable) params: ([\d,]+)", re.MULTILINE)
_FIRST_CELL = re.compile(r"^(?P<name>.*?)\s*\((?P<layer>\w+)\)$")
_SHAPE = re.compile(r"\(([^()]*)\)")
_COUNT = re.compile(r"^[\d,]+")


def summary(model: Any) -> dict[str, Any]:
    """Print the model's summary and read it.

    Returns:
        A ``Summary`` as plain data, the rows of inputs left out.

    Raises:
        ValueError: The text has no table, or a cell that is not what Keras prints.
    """
    lines: list[str] = []
    before = os.environ.get("COLUMNS")
    # Keras 3 hands its table to rich, which cuts it off at the terminal's width whatever
    # line_length says; without a terminal that is 80 columns.
    os.environ["COLUMNS"] = str(_WIDTH)
    try:
        model.summary(print_fn=lambda text, **_: lines.append(text), line_length=_WIDTH)
    finally:
        if before is None:
            del os.environ["COLUMNS"]
        else:
            os.environ["COLUMNS"] = before
    return parse("\n".join(lines))


def parse(text: str) -> dict[str, Any]:
    """Read a summary's text: Keras 3's table of box characters, or Keras 2's plain columns.

    Raises:
        ValueError: See :func:`summary`.
    """
    totals = {kind: _number(count) for kind, count in _TOTAL.findall(text)}
    lacking = {"Total", "Trainable", "Non-trainable"} - totals.keys()
    if lacking:
        raise ValueError(f"the summary does not say its {', '.join(sorted(lacking))} params")
    table = _boxed(text) if "│" in text else _plain(text)
    rows = [_row(cells) for cells in table]
    return {
        "rows": [row for row in rows if row["layer"] != "InputLayer"],
        "total": totals["Total"],
        "trainable": totals["Trainable"],
        "non_trainable": totals["Non-trainable"],
    }


def _boxed(text: str) -> Iterator[list[str]]:
    """Rows of Keras 3's table, each cell's lines joined; rules divide the rows."""
    gathered: list[list[str]] = []
    for line in text.splitlines():
        if line.startswith("│"):
            gathered.append([cell.strip() for cell in line.strip().strip("│").split("│")])
        elif gathered:
            yield _joined(gathered)
            gathered = []
    if gathered:
        yield _joined(gathered)


def _plain(text: str) -> Iterator[list[str]]:
    """Rows of Keras 2's table, cut where its headings begin; blank lines divide the rows."""
    lines = text.splitlines()
    try:
        at = next(i for i, line in enumerate(lines) if "Layer (type)" in line)
        heading = lines[at]
        starts = [
            heading.index(title)
            for title in ("Layer (type)", "Output Shape", "Param #", "Connected to")
            if title in heading
        ]
    except StopIteration:
        raise ValueError("the summary has no table") from None
    gathered: list[list[str]] = []
    for line in lines[at + 2 :]:
        if line.startswith("=") or not line.strip():
            if gathered:
                yield _joined(gathered)
                gathered = []
            if line.startswith("="):
                return
            continue
        ends = [*starts[1:], len(line)]
        gathered.append([line[start:end].strip() for start, end in zip(starts, ends)])


def _joined(lines: list[list[str]]) -> list[str]:
    return [" ".join(part for part in cell if part) for cell in zip(*lines)]


def _row(cells: list[str]) -> dict[str, Any]:
    if len(cells) < 3:  # noqa: PLR2004 - name, shape and count
        raise ValueError(f"a row of the summary has only the cells {cells}")
    first, shape, count = _FIRST_CELL.match(cells[0]), _SHAPE.search(cells[1]), cells[2]
    if first is None or shape is None or not _COUNT.match(count):
        raise ValueError(f"a row of the summary cannot be read: {cells[:3]}")
    return {
        "name": first["name"],
        "layer": first["layer"],
        "output_shape": [_size(part) for part in shape[1].split(",") if part.strip()],
        "params": _number(count),
    }


def _size(text: str) -> int | None:
    text = text.strip()
    return None if text in {"None", "?"} else int(text)


def _number(text: str) -> int:
    found = _COUNT.match(text)
    if found is None:
        raise ValueError(f"not a count: {text!r}")
    return int(found[0].replace(",", ""))
