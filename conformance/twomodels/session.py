"""Two models, asked and held against each other, from their processes to the result."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.reference.errors import NoAnswer
from conformance.twomodels import training
from conformance.twomodels.answered import Keras
from conformance.twomodels.asking import Failed
from conformance.twomodels.causes import Search
from conformance.twomodels.feeding import drawn, targets
from conformance.twomodels.graph import graph_of
from conformance.twomodels.held import hints
from conformance.twomodels.judging import hidden, judged, trained_result
from conformance.twomodels.own import distrust
from conformance.twomodels.sides import Usage
from conformance.twomodels.walking import Record, Walker

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conformance.reference.engine.array import Values
    from conformance.twomodels.asking import Process
    from conformance.twomodels.causes import Found
    from conformance.twomodels.graph import Graph
    from conformance.twomodels.result import Result, Training
    from conformance.twomodels.sides import Side
    from conformance.twomodels.told import Opened, Told
    from conformance.twomodels.training import Settings

_TRIES = 6
"""Seeds that are tried until no number is next to where a gradient jumps."""


@dataclass(frozen=True)
class Wanted:
    """What is to be compared, and how.

    Attributes:
        inputs: The user's own arrays; None: they are drawn.
        targets: Likewise, for training.
        rows: Of drawn batches.
        seed: Of what is drawn.
        settings: Of the training; None: inference alone.
        seconds: For the search of causes.
        custom: A Python file that registers the Keras model's own layers.
        still: Whether drop-outs and noise are left out of both.
    """

    inputs: Sequence[Values] | None = None
    targets: Sequence[Values] | None = None
    rows: int = 3
    seed: int = 1
    settings: Settings | None = None
    seconds: float = 60.0
    custom: Path | None = None
    still: bool = False


def keras(process: Process, side: Side, wanted: Wanted) -> Keras:
    """Open the Keras model and have it answer, and train, if that is asked.

    Raises:
        Failed: Its process has no answer.
        Usage: What it is to be fed is not known.
    """
    opened = _open(process, side, _custom(wanted))
    seeds = [wanted.seed] if wanted.inputs is not None else range(wanted.seed, wanted.seed + _TRIES)
    made: Keras | None = None
    began = time.monotonic()
    for seed in seeds if wanted.settings else [wanted.seed]:
        one = _answered(process, side, opened, wanted, seed)
        if wanted.settings is None:
            return one
        _train(one, wanted, seed)
        if made is None or _clearance(one) > _clearance(made):
            made = one
        if one.truth is None or _clearance(made) >= training.CLEAR:
            break
        if time.monotonic() - began > wanted.seconds / 4:
            break
    if made is None:
        message = "there is no seed to draw from"
        raise Usage(message)
    if made.truth is not None and wanted.settings is not None:
        feeds = {**_feeds(made.fed), **_feeds(made.targets, "target")}
        request = {"ask": "train", "settings": wanted.settings.told()}
        made.after = process.ask(request, feeds)
    return made


def _answered(process: Process, side: Side, opened: Opened, wanted: Wanted, seed: int) -> Keras:
    """What the Keras model answers to the user's arrays or to those of one seed."""
    if wanted.inputs is not None:
        _refuse_others(wanted.inputs, opened)
        fed, said = list(wanted.inputs), "arrays of yours"
    else:
        fed, said = drawn(opened.inputs, wanted.rows, seed), f"drawn arrays (seed {seed})"
    shapes = ", ".join(str(tuple(array.shape)) for array in fed)
    answer = process.ask({"ask": "infer"}, _feeds(fed))
    graph = _graph(answer, fed, side)
    made = Keras(side, opened, fed, f"{said} of {shapes}", answer, graph)
    made.notes = distrust(graph)
    return made


def _refuse_others(inputs: Sequence[Values], opened: Opened) -> None:
    """Refuse arrays that are not what the model says that it takes.

    Raises:
        Usage: They are more or fewer, or of other shapes.
    """
    if not opened.inputs:
        return
    fits = len(inputs) == len(opened.inputs) and all(
        len(array.shape) == len(one.shape)
        and all(size in {None, n} for n, size in zip(array.shape, one.shape, strict=True))
        for array, one in zip(inputs, opened.inputs, strict=True)
    )
    if not fits:
        takes = ", ".join(f"{one.name} {_sizes(one.shape)}" for one in opened.inputs)
        given = ", ".join(str(tuple(array.shape)) for array in inputs)
        message = f"--inputs holds arrays of {given}; the Keras model takes {takes}"
        raise Usage(message)


def _sizes(shape: Sequence[int | None]) -> str:
    return f"({', '.join('any' if size is None else str(size) for size in shape)})"


def _clearance(made: Keras) -> float:
    return made.truth.clearance if made.truth is not None else 0.0


def _train(made: Keras, wanted: Wanted, seed: int) -> None:
    """Have the reference train the model: without it there is no truth to hold anything against."""
    settings = wanted.settings
    if settings is None:
        return
    shapes = [array.shape for array in made.answer.outputs()]
    made.targets = list(wanted.targets or targets(shapes, seed))
    if [array.shape for array in made.targets] != shapes:
        message = f"--targets are of shapes {[t.shape for t in made.targets]}, the outputs {shapes}"
        raise Usage(message)
    try:
        made.model = training.whole(made.graph, made.targets, settings)
        made.truth = training.trained(made.model)
    except NoAnswer as error:
        told = str(error).replace(": say `random:` instead", ", and no two models draw alike")
        hint = "; --no-dropout leaves it out of both" if told != str(error) else ""
        made.untrained = f"the reference can't train this model: {told}{hint}"


def other(process: Process, side: Side, keras: Keras, wanted: Wanted) -> Result:
    """Have the other model answer, and hold it against the Keras model.

    Raises:
        Failed: Its process has no answer.
    """
    opened = _open(process, side, {
        "weights": str(keras.side.path.resolve()),
        "inputs": [{"name": one.name, "dtype": one.dtype} for one in keras.opened.inputs],
        **_custom(wanted),
    })  # fmt: skip
    answer = process.ask({"ask": "infer"}, _feeds(keras.fed))
    again = process.ask({"ask": "infer"}, _feeds(keras.fed)) if side.kind == "port" else answer
    outputs = [np.asarray(array) for array in answer.outputs()]
    records = [
        Record(name, place, array, kind) for place, (name, array, kind) in enumerate(answer.seen())
    ]
    walker = Walker(keras.graph, records, outputs)
    search = Search(walker, wanted.seconds)
    turned = search.outputs_turned(walker.walk()) if side.kind == "exported" else None
    if turned is not None:  # a file names its outputs, and lists them in an order of its own
        walker.theirs = [walker.theirs[place] for place in turned]
    first, last, found = search.run()
    stray = _stray(answer, again)
    if side.kind == "port":
        found = _hinted(found, process, keras.graph, stray)
    notes = keras.notes + _notes(stray, answer, search, keras, outputs) + hidden(keras.graph, first)
    if turned is not None:
        told = ", ".join(map(str, turned))
        notes.append(f"its outputs are listed in another order: those of A are its {told}")
    trained: Training | None = None
    if wanted.settings is not None:
        trained = _trained(process, side, opened, keras, wanted, agrees=first.agrees)
    return judged(
        (keras.side, keras.opened), (side, opened), keras, (first, last, found), trained, notes
    )


def _custom(wanted: Wanted) -> dict[str, Any]:
    custom = {} if wanted.custom is None else {"custom": str(wanted.custom.resolve())}
    return {**custom, "still": wanted.still}


def _open(process: Process, side: Side, more: dict[str, Any]) -> Opened:
    process.side = side
    request = {
        "ask": "open",
        "kind": side.kind,
        "path": str(side.path.resolve()),
        "entry": side.entry,
        **more,
    }
    opened = process.ask(request, {}).answer.opened
    if opened is None:
        message = f"{side.name}: it does not say what it is"
        raise Failed(message)
    return opened


def _graph(answer: Told, fed: Sequence[Values], side: Side) -> Graph:
    try:
        return graph_of(answer, fed)
    except KeyError as error:
        message = (
            f"{side.name}: its layers' weights and answers are more numbers than one message holds "
            f"({error} is missing): give smaller arrays with --inputs, or --rows 1"
        )
        raise Failed(message) from error


def _feeds(arrays: Sequence[Values], kind: str = "input") -> dict[str, Values]:
    return {f"{kind}/{place}": array for place, array in enumerate(arrays)}


def _stray(answer: Told, again: Told) -> str:
    """The first answer that is another one in a second call; empty where none is."""
    for (name, one, _), (_, two, _) in zip(answer.seen(), again.seen(), strict=False):
        if not _same(one, two):
            return name
    before, after = answer.outputs(), again.outputs()
    same = len(before) == len(after) and all(map(_same, before, after))
    return "" if same else "its output"


def _same(one: Any, two: Any) -> bool:
    return np.array_equal(np.asarray(one), np.asarray(two), equal_nan=one.dtype.kind == "f")


def _hinted(found: Sequence[Found], process: Process, graph: Graph, stray: str) -> list[Found]:
    """The same; what nothing explained with what the model's weights and a second call tell."""
    told: Told | None = None
    hinted = []
    for one in found:
        parts = [one.hint] if one.hint else []
        if one.fault is None and stray:
            parts.append("some of its answers are others in each call, see below")
        elif one.fault is None and not parts:
            told = told or process.ask({"ask": "weights"}, {})
            places = one.suspects or [one.layer]
            parts += hints(graph, told, [place for place in places if place >= 0])
        hinted.append(replace(one, hint="\n".join(parts)))
    return hinted


def _notes(
    stray: str, answer: Told, search: Search, keras: Keras, outputs: Sequence[Values]
) -> list[str]:
    found = []
    if stray:
        found.append(
            f"it answers otherwise when it is called again, first at {stray}: a drop-out is active "
            "(is the model in eval mode?), or it keeps a state"
        )
    if answer.answer.left_out:
        found.append(f"{answer.answer.left_out} answers from inside had no room and were not seen")
    if search.more:
        found.append("the models differ in more than this: mend it, and compare again")
    if search.cut_short:
        found.append(
            "time ran out before every known mistake had been tried (--seconds gives more)"
        )
    wanted = len(keras.graph.outputs)
    if len(outputs) != wanted:
        many = "1 output" if len(outputs) == 1 else f"{len(outputs)} outputs"
        found.append(f"it answers {many}, the Keras model {wanted}")
    return found


def _trained(  # noqa: PLR0913 (both models, and what is asked)
    process: Process, side: Side, opened: Opened, keras: Keras, wanted: Wanted, *, agrees: bool
) -> Training | None:
    settings = wanted.settings
    if settings is None:
        return None
    why = keras.untrained
    if not opened.trains:
        why = "the other model can't be trained here: " + (
            "an exported file holds a forward pass and no more"
            if side.kind == "exported"
            else "it is no module of PyTorch or Flax with parameters, and its file has no function "
            "train_step(model, inputs, targets, settings), nor forward_and_update, split and joined"
        )
    elif not agrees:
        why = "the models differ in inference: mend that first"
    if why or keras.truth is None or keras.model is None or keras.after is None:
        return trained_result(settings, why or keras.untrained)
    feeds = {**_feeds(keras.fed), **_feeds(keras.targets, "target")}
    theirs = process.ask({"ask": "train", "settings": settings.told()}, feeds)
    found = training.tracked(keras.graph, theirs)
    compared = training.compared(keras.truth, keras.after, theirs, found)
    reason, cut = None, False
    if not compared.agrees:
        reason, cut = training.reason(keras.model, keras.graph, theirs, found, wanted.seconds)
    return trained_result(
        settings,
        "",
        compared,
        reason,
        keras,
        (keras.after, theirs),
        opened.framework,
        cut_short=cut,
    )
