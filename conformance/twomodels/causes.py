"""Which mistake in which layer gives the other model's answer: the reference tries them in turn."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from conformance.reference.errors import NoAnswer
from conformance.reference.faults.fault import HONEST, Fault
from conformance.reference.faults.port_wiring import HANDED_ON, LEFT_OUT
from conformance.twomodels.candidates import OF_OTHER, Candidates
from conformance.twomodels.closeness import arranged, nearness
from conformance.twomodels.hinting import hint
from conformance.twomodels.kinds import BEFORE
from conformance.twomodels.walking import Mended, Pair

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from conformance.reference.engine.array import Array, Values
    from conformance.twomodels.replay import Stage
    from conformance.twomodels.walking import Walk, Walker

MOST_MISTAKES = 12
"""Mistakes of one port that are looked for one after the other; the same one again in another layer
counts for none."""
_MOST_LAYERS = 200
"""Layers with a mistake that are told."""
_UNFIT = (ValueError, IndexError, KeyError, ZeroDivisionError, FloatingPointError)
"""What NumPy raises where a mistake does not fit a layer's shapes."""
_ALSO = 3
_TRIED_BESIDE = 30
"""Faults that are tried for those, once one has been found."""
"""Further faults with the same answer that are told."""


@dataclass(frozen=True)
class Found:
    """Where the models part, and why.

    Attributes:
        layer: The layer that is done otherwise; without a cause, the one where it shows; -1: none
            of the layers could be told.
        shows: The answer that differs.
        fault: The mistake that gives it; None: none that is known does.
        also: Other mistakes that give the same answer here.
        suspects: Without a cause: every layer that could be it.
        hint: Without a cause: what is seen of the difference.
    """

    layer: int
    shows: Pair
    fault: Fault | None = None
    also: list[str] = field(default_factory=list)
    suspects: list[int] = field(default_factory=list)
    hint: str = ""
    done_at: int = -1
    """Where the mistake is made, if that is not in the layer itself: in what makes its mask."""
    behind: bool = False
    """Whether it may be no more than what a difference before it has left."""
    harmless: bool = False
    """Whether, were it the only mistake, the outputs would be right."""


class Search:
    """Looks for mistakes until the models agree, nothing explains a difference, or time is up."""

    def __init__(self, walker: Walker, seconds: float) -> None:
        """Hold the walker and the time."""
        self._walker, self._graph = walker, walker.graph
        self._candidates = Candidates(walker.graph)
        self._masked = any(layer.masks for layer in self._graph.layers)
        self._deadline = time.monotonic() + seconds
        self.more = False
        """Whether the models may differ in more than is looked for."""
        self.cut_short = False
        """Whether time ran out before every known mistake had been tried."""

    def run(self) -> tuple[Walk, Walk, list[Found]]:
        """The first way through, the last, and the mistakes in the order of the layers."""
        mended: dict[int, Mended] = {}
        found: list[Found] = []
        first = walk = self._walker.walk()
        order = self.outputs_turned(walk)
        if order is not None:
            says = f"answered its outputs in another order: A's are its {_listed(order)}"
            shows = next(pair for pair in walk.outputs if not pair.agrees)
            return (
                first,
                walk,
                [Found(-1, shows, Fault(name="outputs-in-another-order", says=says))],
            )
        while not walk.agrees:
            if len(self._candidates.known) >= MOST_MISTAKES or len(found) >= _MOST_LAYERS:
                self.more = True
                break
            one = self._first(walk, mended)
            if one is None:
                break
            self._candidates.known.add(one.fault.name if one.fault else f"{one.layer}")
            found.append(_behind(one, found))
            repair = self._repaired(one)
            place = one.layer if one.done_at < 0 else one.done_at
            if repair is None or place in mended:
                break
            mended[place] = repair
            walk = self._walker.walk(mended)
        found = sorted((one for one in found if not one.behind), key=lambda one: one.layer)
        return first, walk, self._needed(found, mended) if len(found) > 1 else found

    def outputs_turned(self, walk: Walk) -> list[int] | None:
        """Where A's outputs stand among the other's, if all are right in another order."""
        count = len(walk.outputs)
        if walk.agrees or count < 2 or count != len(self._walker.theirs):  # noqa: PLR2004 - one has one order
            return None
        order: list[int] = []
        for pair in walk.outputs:
            truth = self._walker.truth_of(walk, self._graph.outputs[pair.record.place])
            fitting = [
                place
                for place, values in enumerate(self._walker.theirs)
                if place not in order and _agrees(values, truth)
            ]
            if not fitting:
                return None
            order.append(fitting[0])
        return order

    def _needed(self, found: Sequence[Found], mended: Mapping[int, Mended]) -> list[Found]:
        """The same without what makes no difference: answers at masked steps."""
        weighed = [self._weighed(one) for one in found]
        harmless = {one.layer for one in weighed if one.harmless}
        rest = {place: one for place, one in mended.items() if place not in harmless}
        if harmless and self._walker.walk(rest).agrees:
            return [one for one in weighed if not one.harmless]
        return weighed

    def _weighed(self, found: Found) -> Found:
        """The same; with whether, were it the only mistake, the outputs would be right."""
        if found.fault is None or not self._masked:
            return found
        honest = dict(self._walker.starts)
        known = dict(honest)
        for place, layer in enumerate(self._graph.layers):
            right, why = self._walker.answer(place, honest)
            if why and any(known[one] is not honest[one] for one in layer.taken):
                return found  # what it makes of other numbers is not known
            honest |= dict(zip(layer.outputs, right, strict=False))
            try:
                made = (
                    layer.run(known, found.fault)
                    if place == (found.layer if found.done_at < 0 else found.done_at)
                    else self._walker.answer(place, known)[0]
                )
            except (NoAnswer, *_UNFIT):
                return found
            known |= dict(zip(layer.outputs, made, strict=False))
        same = all(_agrees(known[number].value, honest[number]) for number in self._graph.outputs)
        return replace(found, harmless=same)

    def _repaired(self, found: Found) -> Mended | None:
        """How the layer is done from now on, so that those behind it can be judged."""
        if found.fault is not None:
            return Mended(fault=found.fault)
        pair = found.shows
        if found.layer < 0 or pair.how == "output" or pair.near is None:
            return None
        layer = self._graph.layers[found.layer]
        truth = self._graph.values[layer.outputs[0]]
        inside = pair.stage.what == BEFORE
        if truth.dtype.kind != "f" or pair.stage.place or not (pair.stage.is_output or inside):
            return None
        known = next(iter(self._walker.starts.values()))
        numbers = arranged(pair.record.values, pair.near.axes, truth.shape)
        answer = known.arithmetic.leaf(numbers)
        try:
            return Mended(answer=layer.activated(answer) if inside else answer)
        except NoAnswer:
            return None

    def _first(self, walk: Walk, mended: Mapping[int, Mended]) -> Found | None:
        """The first difference, explained if any known mistake does."""
        bad = next((pair for pair in walk.outputs if not pair.agrees), None)
        if bad is None or bad.layer in walk.unjudged:
            return None
        good = self._good(walk)
        region = [place for place in range(len(self._graph.layers)) if place not in good]
        shown = [
            walk.pairs[place]
            for place in region
            if place in walk.pairs
            and place not in walk.unjudged
            and mended.get(place, Mended()).answer is None
        ]
        shows = next((pair for pair in shown if not pair.agrees), bad)
        span = self._before(shows, region)
        found = self._explained(walk, mended, span, shows)
        if found is None and shows is not bad and not self._confirmed(mended, shows):
            # What bears the layer's name may be another of its answers: the outputs decide.
            found = self._explained(walk, mended, self._before(bad, region), bad)
        if found is None and not self.cut_short:
            passed = self._recurrent_before(span)
            found = self._explained(walk, mended, passed, shows, only=HANDED_ON)
        if found is None and not self.cut_short and shows is bad:
            found = self._everywhere(walk, mended, span, bad)
        if found is not None and found.fault is not None and found.fault.name.startswith(OF_OTHER):
            # A layer that is missing moves all weights behind it: then the outputs tell it.
            found = self._explained(walk, mended, span, bad, only=LEFT_OUT) or found
        if found is not None:
            return found
        culprit = shows.layer
        return Found(culprit, shows, suspects=span, hint=hint(shows, self._truth(walk, shows)))

    def _confirmed(self, mended: Mapping[int, Mended], shows: Pair) -> bool:
        """Whether an answer is the layer's for sure: what reads it makes the right thing of it."""
        repair = self._repaired(Found(shows.layer, shows))
        if repair is None:
            return False
        walk = self._walker.walk({**mended, shows.layer: repair})
        return any(
            reader in walk.pairs and walk.pairs[reader].agrees
            for number in self._graph.layers[shows.layer].outputs
            for reader in self._graph.reads.get(number, [])
        )

    def _good(self, walk: Walk) -> set[int]:
        """Layers that agree, or of which all that is made agrees."""
        outputs = {
            number: pair.agrees
            for number, pair in zip(self._graph.outputs, walk.outputs, strict=False)
        }
        good: set[int] = set()
        for place in range(len(self._graph.layers) - 1, -1, -1):
            layer = self._graph.layers[place]
            pair = walk.pairs.get(place)
            readers = {
                reader for number in layer.outputs for reader in self._graph.reads.get(number, [])
            }
            ends = [outputs[number] for number in layer.outputs if number in outputs]
            # A layer that makes the right answer of it, before its activation or behind it, has
            # been given the right one.
            settled = all(ends) and all(
                reader in good or (reader in walk.pairs and walk.pairs[reader].agrees)
                for reader in readers
            )
            # What is right before the activation may be wrong behind it.
            answered = pair is not None and pair.agrees and pair.stage.is_output
            if (answered and all(ends)) or settled:
                good.add(place)
        return good

    def _before(self, shows: Pair, region: Sequence[int]) -> list[int]:
        """The layers of a region that lead to a difference, the nearest first."""
        if shows.how != "output":
            wanted = {shows.layer}
        else:
            wanted = {self._graph.producers.get(self._graph.outputs[shows.record.place], -1)}
        for place in reversed(region):
            if place in wanted:
                for number in self._graph.layers[place].taken:
                    wanted.add(self._graph.producers.get(number, -1))
        return [place for place in reversed(region) if place in wanted]

    def _recurrent_before(self, span: Sequence[int]) -> list[int]:
        """Recurrent layers that are right, and of which another answer may be handed on."""
        found = []
        for place in span:
            for number in self._graph.layers[place].taken:
                before = self._graph.producers.get(number, -1)
                if before >= 0 and before not in span and before not in found:
                    found.append(before)
        return found

    def _explained(
        self,
        walk: Walk,
        mended: Mapping[int, Mended],
        span: Sequence[int],
        shows: Pair,
        only: str = "",
    ) -> Found | None:
        for place in span:
            if place in mended:
                continue
            matches: list[Fault] = []
            tried = 0
            for fault in self._candidates.of(place, walk.known):
                if not fault.name.startswith(only):
                    continue
                tried += bool(matches)
                if tried > _TRIED_BESIDE:
                    break
                if time.monotonic() > self._deadline:
                    self.cut_short = True
                    return None
                if self._gives(walk, mended, place, fault, shows):
                    matches.append(fault)
                    if len(matches) > _ALSO:
                        break
            if matches:
                also = dict.fromkeys(one.says for one in matches[1:])
                also.pop(matches[0].says, None)
                return Found(self._told(place), shows, matches[0], [*also], done_at=place)
        return None

    def _everywhere(
        self, walk: Walk, mended: Mapping[int, Mended], span: Sequence[int], bad: Pair
    ) -> Found | None:
        """One mistake in all layers of a kind, such as an epsilon: the outputs alone tell it."""
        kinds: dict[str, list[int]] = {}
        for place in sorted(place for place in span if place not in mended):
            kinds.setdefault(self._graph.layers[place].kind, []).append(place)
        number = self._graph.outputs[bad.record.place]
        for places in kinds.values():
            if len(places) == 1:
                continue
            faults = [
                {
                    fault.name: fault
                    for fault in self._candidates.of(place, walk.known, everywhere=True)
                }
                for place in places
            ]
            for name, first in faults[0].items():
                if time.monotonic() > self._deadline:
                    self.cut_short = True
                    return None
                if not all(name in one for one in faults):
                    continue
                made = {at: one[name] for at, one in zip(places, faults, strict=True)}
                answer = self._made(made, mended, number)
                if answer is not None and _agrees(bad.record.values, answer):
                    return Found(places[0], bad, first, done_at=places[0])
        return None

    def _made(
        self, faults: Mapping[int, Fault], mended: Mapping[int, Mended], number: int
    ) -> Array | None:
        """A tensor as the model makes it with some mistakes; None: they do not fit."""
        known = dict(self._walker.starts)
        for place, layer in enumerate(self._graph.layers):
            fault = faults.get(place) or mended.get(place, Mended()).fault or HONEST
            try:
                made, why = self._walker.answer(place, known, fault)
            except (NoAnswer, *_UNFIT):
                return None
            if why and any(known[one] is not self._walker.starts.get(one) for one in layer.taken):
                return None  # what it makes of other numbers is not known
            known |= dict(zip(layer.outputs, made, strict=False))
        return known.get(number)

    def _told(self, place: int) -> int:
        """The layer that a mistake is told of: of what makes a mask, the first that reads it."""
        if not self._candidates.makes_masks(place):
            return place
        return min(
            reader
            for number in self._graph.layers[place].outputs
            for reader in self._graph.reads[number]
        )

    def _gives(
        self,
        walk: Walk,
        mended: Mapping[int, Mended],
        place: int,
        fault: Fault,
        shows: Pair,
    ) -> bool:
        """Whether a layer with this mistake leads to the answer that was seen."""
        layer = self._graph.layers[place]
        inside = shows.how != "output"
        try:
            answers = layer.run(walk.known, fault)
            if len(answers) != len(layer.outputs):
                return False
            if inside and place == shows.layer:
                stages = self._walker.stages(place, walk.known, answers, fault)
                return self._shown(shows, stages)
            known = {**walk.known, **dict(zip(layer.outputs, answers, strict=True))}
            return self._leads(known, mended, place, shows)
        except (NoAnswer, *_UNFIT):
            return False  # what is wrong on purpose may not fit at all

    def _leads(
        self, known: dict[int, Array], mended: Mapping[int, Mended], place: int, shows: Pair
    ) -> bool:
        """Whether the layers behind one make of its answers what was seen."""
        inside = shows.how != "output"
        changed = {*self._graph.layers[place].outputs}
        for later in range(place + 1, len(self._graph.layers)):
            behind = self._graph.layers[later]
            if changed.isdisjoint(behind.taken):
                continue
            fault = mended.get(later, Mended()).fault or HONEST
            made, _ = self._walker.answer(later, known, fault)
            if inside and later == shows.layer:
                stages = self._walker.stages(later, known, made, fault)
                return self._shown(shows, stages)
            known |= dict(zip(behind.outputs, made, strict=True))
            changed |= {*behind.outputs}
        if inside:
            return False
        number = self._graph.outputs[shows.record.place]
        return number in changed and _agrees(shows.record.values, known[number])

    def _shown(self, shows: Pair, stages: Iterable[tuple[Stage, Array]]) -> bool:
        """Whether one of a layer's answers is what was seen, masked steps aside."""
        counts = self._graph.counts(self._graph.layers[shows.layer].outputs[0])
        return any(
            _agrees(shows.record.values, truth, counts if stage.is_output else None)
            for stage, truth in stages
        )

    def _truth(self, walk: Walk, shows: Pair) -> Array | None:
        if shows.layer < 0:
            return None
        for stage, truth in self._walker.stages(
            shows.layer, walk.known, walk.truths[shows.layer], HONEST
        ):
            if stage == shows.stage:
                return truth
        return None


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))


def _behind(found: Found, before: Sequence[Found]) -> Found:
    """The same; with whether a difference that nothing explained, before it, may go on in it."""
    if found.fault is not None:
        return found
    open_ones = [one for one in before if one.fault is None]
    shared = {place for one in open_ones for place in one.suspects}
    guessed = bool(open_ones) and found.shows.how == "order"
    return replace(found, behind=guessed or not shared.isdisjoint(found.suspects))


def _agrees(observed: Values, truth: Array, counts: Values | None = None) -> bool:
    if observed.size != truth.value.size:
        return False
    near = nearness(observed, truth, counts=counts)
    return near is not None and near.agrees
