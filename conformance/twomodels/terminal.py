"""A result in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group as Lines
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from conformance.twomodels import words
from conformance.wording.text import one_line, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from conformance.twomodels.result import Mistake, Model, Result, Training

_LOOKS = {"agrees": "green", "wrong": "bold red", "differs": "yellow", "not seen": "dim"}
VARIABLES_SHOWN = 12
"""Variables of a training that are listed; all are in the JSON."""


def summary(result: Result) -> RenderableType:
    """Return a result as a rich renderable."""
    parts: list[RenderableType] = [
        _model("A", result.a),
        _model("B", result.b),
        Text(one_line(f"both fed {result.fed}"), style="dim"),
        Text(""),
        _layers(result),
    ]
    for mistake, others in words.grouped(result.mistakes):
        parts += [Text(""), *_mistake(mistake, others)]
    if result.training is not None:
        parts += [Text(""), *_training(result.training)]
    if result.notes:
        parts += [Text(""), Text("To be known", style="bold yellow")]
        parts += [_indented(one_line(note)) for note in result.notes]
    style = "bold green" if result.equal else "bold yellow" if result.undecided else "bold red"
    parts += [Text(""), Text(f"{one_line(words.headline(result))}.", style=style)]
    return Lines(*parts)


def _model(letter: str, model: Model) -> Text:
    notes = "".join(f"; {note}" for note in model.notes)
    return Text(one_line(f"{letter}  {model.given}  {model.framework}{notes}"))


def _layers(result: Result) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for head in ("layer", "", "B's answer", "", "rounding used"):
        table.add_column(head, justify="right" if head == "rounding used" else "left")
    for layer in result.layers:
        table.add_row(
            Text(visible(layer.name), style="cyan"),
            Text(visible(layer.kind), style="dim"),
            Text(visible(words.answer(layer))),
            Text(
                layer.status + (" (guessed)" if layer.guessed else ""), style=_LOOKS[layer.status]
            ),
            Text(words.used(layer.margin)),
        )
    for output in result.outputs:
        status = "agrees" if output.agrees else "differs"
        table.add_row(
            Text(f"output {output.place}", style="bold"),
            Text(""),
            Text(visible(output.message)),
            Text(status, style=_LOOKS["agrees" if output.agrees else "wrong"]),
            Text(words.used(output.margin)),
        )
    return table


def _mistake(mistake: Mistake, others: Sequence[str] = ()) -> list[RenderableType]:
    title = f"{mistake.layer} ({mistake.kind})" if mistake.layer else "The outputs"
    lines = [one_line(line) for line in words.reason(mistake, others)]
    return [Text(visible(title), style="bold red"), *map(_indented, lines)]


def _training(training: Training) -> list[RenderableType]:
    style = {True: "green", False: "bold red", None: "yellow"}[training.agrees]
    parts: list[RenderableType] = [Text(one_line(words.trained(training)), style=style)]
    if training.losses:
        ours, theirs = (
            " ".join("none" if one is None else f"{one:.7g}" for one in losses)
            for losses in training.losses
        )
        parts += [_indented(f"losses of A: {ours}"), _indented(f"losses of B: {theirs}")]
    off = [one for one in training.variables if not one.agrees]
    for one in off[:VARIABLES_SHOWN]:
        sized = ", ".join(filter(None, (words.times(one.margin), words.relative(one.error))))
        parts.append(_indented(visible(f"{one.layer}/{one.name}: {sized}")))
    if len(off) > VARIABLES_SHOWN:
        parts.append(_indented(f"… and {len(off) - VARIABLES_SHOWN} more variables, see --json"))
    if training.mistake is not None:
        parts += _mistake(training.mistake)
    parts += [_indented(one_line(note)) for note in training.notes]
    return parts


def _indented(text: str) -> Padding:
    return Padding(Text(text), (0, 0, 0, 2), expand=False)
