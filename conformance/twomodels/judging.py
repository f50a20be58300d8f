"""From what was found to the plain result."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from conformance.acceptance import VALUES
from conformance.twomodels import result
from conformance.twomodels.guide import anchor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.twomodels.answered import Keras
    from conformance.twomodels.causes import Found
    from conformance.twomodels.closeness import Nearness
    from conformance.twomodels.graph import Graph
    from conformance.twomodels.replay import Layer
    from conformance.twomodels.sides import Side
    from conformance.twomodels.told import Opened, Told
    from conformance.twomodels.training import Compared, Reason, Settings
    from conformance.twomodels.walking import Pair, Walk

_REASON = 200
"""Characters of a reason that are kept: some list all that there is."""
_HARMLESS = "by itself it would change no output: mend the other first"
_OF_INPUTS = frozenset({"input-left-out", "relu-added-before"})
"""Mistakes that are about one input: its place follows the name."""
_KINKED = (
    "a number is within rounding of where a gradient jumps (relu at 0, a tie in a pool, a gradient "
    "of 0 under Adam): honest trainings may part there; try other arrays (--seed)"
)


def judged(  # noqa: PLR0913, PLR0917 (what a result is told by)
    keras: tuple[Side, Opened],
    other: tuple[Side, Opened],
    made: Keras,
    walks: tuple[Walk, Walk, Sequence[Found]],
    trained: result.Training | None,
    notes: Sequence[str],
) -> result.Result:
    """The whole result.

    Args:
        keras: The Keras model and what it said of itself.
        other: The other model, likewise.
        made: The Keras model's answers.
        walks: The first way through both, the last, and the mistakes in between.
        trained: What came of training; None where it was not asked.
        notes: What could not be looked at.
    """
    first, last, found = walks
    framework = other[1].framework
    # What the others make matter is told last: by itself it does no harm.
    found = sorted(found, key=lambda one: (one.harmless, one.layer))
    wrong = {one.layer: one for one in reversed(found) if _is_told(one)}
    layers = [
        _layer(place, made, last, wrong.get(place)) for place in range(len(made.graph.layers))
    ]
    outputs = [_output(place, pair) for place, pair in enumerate(first.outputs)]
    enough = len(first.outputs) == len(made.graph.outputs)
    inferred = first.agrees and enough
    return result.Result(
        a=_model(*keras),
        b=_model(*other),
        fed=made.said,
        equal=inferred and (trained is None or trained.agrees is True),
        undecided=inferred and trained is not None and trained.agrees is None,
        layers=layers,
        outputs=outputs,
        mistakes=[_mistake(one, made, framework) for one in found],
        training=trained,
        notes=list(notes),
    )


def _model(side: Side, opened: Opened) -> result.Model:
    return result.Model(given=side.given, framework=opened.framework, notes=opened.notes)


def _layer(place: int, made: Keras, walk: Walk, wrong: Found | None) -> result.Layer:
    layer = made.graph.layers[place]
    pair = walk.pairs.get(place)
    guessed = walk.guessed.get(place, "")[:_REASON]
    status: result.Status = "not seen"
    if wrong is not None:
        status = "wrong"
    elif pair is not None:
        status = "agrees" if pair.agrees else "differs"
    if pair is None:
        return result.Layer(name=layer.name, kind=layer.kind, status=status, guessed=guessed)
    near = pair.near
    if wrong is not None:  # what is seen before the mistake is taken for granted
        seen_here = wrong.shows.layer == place and wrong.shows.how != "output"
        near = wrong.shows.near if seen_here else None
    axes = [] if near is None or near.axes == tuple(sorted(near.axes)) else list(near.axes)
    return result.Layer(
        name=layer.name,
        kind=layer.kind,
        status=status,
        answer=pair.record.name,
        stage=pair.stage.what or pair.stage.where,
        paired_by=pair.how,
        axes=axes,
        margin=_finite(near and near.margin),
        error=_finite(near and near.error),
        guessed=guessed,
    )


def _is_told(found: Found) -> bool:
    """Whether a mistake can be laid at one layer's door."""
    return len(found.suspects) < 2 or found.shows.how != "output"  # noqa: PLR2004 - one alone


def _mistake(found: Found, made: Keras, framework: str) -> result.Mistake:
    names = [layer.name for layer in made.graph.layers]
    layer = made.graph.layers[found.layer] if found.layer >= 0 else None
    near = found.shows.near
    several = len(found.suspects) > 1
    if not _is_told(found):
        layer = None  # the last one is no more likely than the others
    return result.Mistake(
        layer=layer.name if layer else "",
        kind=layer.kind if layer else "",
        behaves_as_if=_says(found, made),
        name=found.fault.name if found.fault else "",
        also=found.also,
        shown_by=found.shows.record.name,
        margin=_finite(near and near.margin),
        error=_finite(near and near.error),
        suspects=[names[place] for place in reversed(found.suspects)] if several else [],
        hint=_HARMLESS if found.harmless else found.hint,
        guide=_guide(framework, layer),
    )


def hidden(graph: Graph, walk: Walk) -> list[str]:
    """What differs inside where the outputs agree: a layer, and one that is fed by it.

    A difference in one alone may be an answer that is another one in the port, as of a convolution
    before a crop. That it goes on tells more.
    """
    if not walk.agrees:
        return []
    off = {place for place, pair in walk.pairs.items() if not pair.agrees}
    going_on = [
        place
        for place in sorted(off)
        for number in graph.layers[place].outputs
        if not off.isdisjoint(graph.reads.get(number, []))
    ]
    if not going_on:
        return []
    first = graph.layers[going_on[0]].name
    told = (
        f"the outputs agree, and {len(off)} answers inside do not, from {first} on: what differs "
        "there does not reach the outputs of these inputs (others: --inputs, --seed)"
    )
    return [told]


def _says(found: Found, made: Keras) -> str:
    """What a mistake is; of one input among several, also which layer makes it."""
    if found.fault is None:
        return ""
    name, _, place = found.fault.name.partition(":")
    layer = made.graph.layers[found.layer] if found.layer >= 0 else None
    if layer is None or name not in _OF_INPUTS or len(layer.taken) < 2:  # noqa: PLR2004 - one alone
        return found.fault.says
    producer = made.graph.producers.get(layer.taken[int(place)])
    source = "what no layer makes" if producer is None else made.graph.layers[producer].name
    return f"{found.fault.says}: {source}"


def _guide(framework: str, layer: Layer | None) -> str:
    if layer is None:
        return ""
    function = bool(layer.nodes) and layer.nodes[0].is_function
    own = anchor(framework, layer.nodes[0].layer) if function else ""
    return own or anchor(framework, layer.kind)


def _output(place: int, pair: Pair) -> result.Output:
    near = pair.near
    message = ""
    if near is None:
        message = (
            f"its shape is {list(pair.record.values.shape)}, which no order of axes makes right"
        )
    return result.Output(
        place=place,
        agrees=pair.agrees,
        margin=_finite(near and near.margin),
        error=_finite(near and near.error),
        message=message,
    )


def trained_result(  # noqa: PLR0913, PLR0917 (what a training is told by)
    settings: Settings,
    message: str,
    compared: Compared | None = None,
    reason: Reason | None = None,
    made: Keras | None = None,
    told: tuple[Told, Told] | None = None,
    framework: str = "",
    *,
    cut_short: bool = False,
) -> result.Training:
    """What came of training both."""
    optimizer = f"{settings.optimizer}, learning rate {settings.learning_rate:g}"
    if settings.optimizer == "sgd" and settings.momentum:
        optimizer += f", momentum {settings.momentum:g}"
    if compared is None or made is None or told is None:
        return result.Training(steps=settings.steps, optimizer=optimizer, message=message)
    notes = []
    if not compared.keras:
        notes.append("Keras's own training is not the reference's: this says nothing of the port")
    if compared.clearance < VALUES.peak and not compared.agrees:
        notes.append(_KINKED)
    if cut_short:
        notes.append("time ran out before every known mistake had been tried (--seconds)")
    variables = [
        result.Variable(
            layer=made.graph.layers[one.layer].name,
            name=one.name,
            agrees=near is not None and near.agrees,
            margin=_finite(near and near.margin),
            error=_finite(near and near.error),
        )
        for one, near in compared.variables
    ]
    # Next to a kink an honest training may go another way; a mistake that gives just these numbers
    # is proof all the same.
    clear = compared.keras and compared.clearance >= VALUES.peak
    proven = clear or (compared.keras and reason is not None)
    agrees = True if compared.agrees else (False if proven else None)
    mistake = _training_mistake(compared, reason, made, framework) if agrees is False else None
    return result.Training(
        steps=settings.steps,
        optimizer=optimizer,
        agrees=agrees,
        losses=[list(one.answer.losses) for one in told],
        losses_margin=_finite(compared.losses and compared.losses.margin),
        outputs=[
            result.Output(
                place=place,
                agrees=near is not None and near.agrees,
                margin=_finite(near and near.margin),
                error=_finite(near and near.error),
            )
            for place, near in enumerate(compared.outputs)
        ],
        variables=variables,
        mistake=mistake,
        notes=notes,
    )


def _training_mistake(
    compared: Compared, reason: Reason | None, made: Keras, framework: str
) -> result.Mistake:
    off = [(one, near) for one, near in compared.variables if near is None or not near.agrees]
    places = sorted({one.layer for one, _ in off})
    alone = places[0] if len(places) == 1 else -1
    place = reason.layer if reason is not None else alone
    layer = made.graph.layers[place] if place >= 0 else None
    near: Nearness | None = compared.losses
    shown = "the losses"
    if near is not None and near.agrees:
        shown = "the outputs after training"
        near = next((one for one in compared.outputs if one is None or not one.agrees), None)
    return result.Mistake(
        layer=layer.name if layer else "",
        kind=layer.kind if layer else "",
        behaves_as_if=reason.says if reason else "",
        name=reason.name if reason else "",
        shown_by=shown,
        margin=_finite(near and near.margin),
        error=_finite(near and near.error),
        suspects=[made.graph.layers[one].name for one in places]
        if place < 0 and not reason
        else [],
        guide=_guide(framework, layer),
    )


def _finite(number: float | None) -> float | None:
    return None if number is None or not math.isfinite(number) else number
