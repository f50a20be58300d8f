"""Both models side by side: which of the other's answers is which layer's, and does it agree."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.errors import NoAnswer
from conformance.reference.faults.fault import HONEST
from conformance.twomodels.closeness import Nearness, arranged, nearness
from conformance.twomodels.graph import estimated
from conformance.twomodels.kinds import fits, plausible
from conformance.twomodels.replay import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conformance.reference.engine.array import Array, Values
    from conformance.reference.faults.fault import Fault
    from conformance.twomodels.graph import Graph

_ALIKE = 0.02
"""Arrays whose mean sizes differ by more than this share of the larger one are not compared: within
rounding of each other they can't be, in whatever order of axes."""


@dataclass(frozen=True)
class Record:
    """One answer from inside the other model."""

    name: str
    place: int
    values: Values
    kind: str = ""
    """The class of the module, as far as it is one of PyTorch's."""

    @property
    def size(self) -> float:
        """Mean size of its numbers, whatever their order."""
        return _size(self.values)


@dataclass(frozen=True)
class Pair:
    """An answer of the other model, and the layer's answer that it stands for."""

    layer: int
    record: Record
    stage: Stage
    how: str
    """``answer``, ``name``, ``order`` or ``output``."""
    near: Nearness | None
    """None where the shapes are other ones."""

    @property
    def agrees(self) -> bool:
        """Whether rounding explains the difference."""
        return self.near is not None and self.near.agrees


@dataclass
class Walk:
    """What came of one way through both models.

    Attributes:
        known: What each tensor is in the other model, as far as it is known: its own answer where
            it was seen, else what the layers before make of it.
        truths: What each layer had to answer to what it was fed.
        pairs: By layer.
        outputs: Of the models' outputs.
        guessed: Layers whose truth is Keras's own answer, each with the reason.
    """

    known: dict[int, Array] = field(default_factory=dict)
    truths: dict[int, list[Array]] = field(default_factory=dict)
    pairs: dict[int, Pair] = field(default_factory=dict)
    outputs: list[Pair] = field(default_factory=list)
    guessed: dict[int, str] = field(default_factory=dict)
    faults: dict[int, Fault] = field(default_factory=dict)
    """Mistakes with which the other model is known to do some layers."""
    unjudged: set[int] = field(default_factory=set)
    """Layers of which nothing can be said: the reference has no answer, and what they were fed is
    not what Keras's were."""

    @property
    def agrees(self) -> bool:
        """Whether every output does."""
        return all(pair.agrees for pair in self.outputs)


@dataclass(frozen=True)
class Mended:
    """A layer of which it is known how the other model does it: with a fault, or by its answer."""

    fault: Fault | None = None
    answer: Array | None = None


class Walker:
    """Goes through the Keras model's layers with the other model's answers."""

    def __init__(self, graph: Graph, records: Sequence[Record], outputs: Sequence[Values]) -> None:
        """Hold both.

        Args:
            graph: The Keras model's answer.
            records: What was seen inside the other model, in order.
            outputs: The other model's outputs.
        """
        self.graph, self.records = graph, list(records)
        self.theirs = list(outputs)
        self.starts = graph.starts()
        self._names = _names([layer.name for layer in graph.layers], self.records)
        self._memory: dict[tuple[object, ...], tuple[list[Array], str, object]] = {}
        self._sizes = {id(record): record.size for record in self.records}
        self._digests = {
            record.place: hash((record.values.shape, record.values.tobytes()))
            for record in self.records
        }

    def walk(self, mended: Mapping[int, Mended] | None = None) -> Walk:
        """One way through, layer by layer.

        Args:
            mended: What is known of how the other model does some layers.
        """
        walk = Walk(known=dict(self.starts))
        used: set[int] = set()
        other: set[int] = set()  # tensors that are not what they are in the Keras model
        unsure: set[int] = set()  # tensors that nobody knows in the other model
        for place, layer in enumerate(self.graph.layers):
            made = (mended or {}).get(place, Mended())
            answers, why = self.answer(place, walk.known, made.fault or HONEST)
            if why:
                walk.guessed[place] = why
            if made.answer is not None:
                answers = [made.answer, *answers[1:]]
            walk.truths[place] = answers
            if place in (mended or {}) or not other.isdisjoint(layer.taken):
                other |= {*layer.outputs}
                if place not in (mended or {}) and (why or not unsure.isdisjoint(layer.taken)):
                    walk.unjudged.add(place)
                    unsure |= {*layer.outputs}
            if made.fault is not None:
                walk.faults[place] = made.fault
            pair = self._agreeing(place, walk, used)
            walk.known |= dict(zip(layer.outputs, answers, strict=False))
            if pair is None:
                continue
            used.add(pair.record.place)
            walk.pairs[place] = pair
            if pair.stage.is_output and pair.near is not None:
                walk.known[layer.outputs[pair.stage.place]] = self._theirs(pair, answers)
                unsure.discard(layer.outputs[pair.stage.place])
        walk.outputs = self._judged_outputs(walk)
        self._differing(walk, used)
        return walk

    def answer(
        self, place: int, known: Mapping[int, Array], fault: Fault = HONEST
    ) -> tuple[list[Array], str]:
        """What a layer makes of what it is fed; and, where the reference can't say, why."""
        layer = self.graph.layers[place]
        taken = [known[number] for number in layer.taken]
        key = (place, fault.name, *map(id, taken))
        if key not in self._memory:
            found: list[Array] = []
            why = layer.unknown
            if not why:
                try:
                    found = layer.run(known, fault)
                except NoAnswer as error:
                    why = str(error)
            if why or len(found) != len(layer.outputs):
                why = why or "it answers another number of arrays in the reference"
                if fault is not HONEST:
                    raise NoAnswer(why)
                found = [estimated(self.graph.values[one], taken) for one in layer.outputs]
            # What it was fed is held: its place in memory is part of the key.
            self._memory[key] = (found, why, taken)
        found, why, _ = self._memory[key]
        return found, why

    def stages(
        self, place: int, known: Mapping[int, Array], answers: Sequence[Array], fault: Fault
    ) -> Iterator[tuple[Stage, Array]]:
        """Every answer that the layer has on its way, its outputs first."""
        layer = self.graph.layers[place]
        made: dict[int, list[Array]] = {}
        for stage, nodes in layer.stages:
            if stage.is_output:
                if stage.place < len(answers):
                    yield stage, answers[stage.place]
                continue
            if id(nodes) not in made:
                try:
                    made[id(nodes)] = layer.run(known, fault, nodes=nodes)
                except NoAnswer:
                    made[id(nodes)] = []
            if stage.place < len(made[id(nodes)]):
                yield stage, made[id(nodes)][stage.place]

    def _theirs(self, pair: Pair, answers: Sequence[Array]) -> Array:
        """The other model's own numbers, in Keras's order of axes: what its next layer is fed."""
        truth = answers[pair.stage.place]
        if pair.near is None or truth.integers is not None:
            return truth
        numbers = arranged(pair.record.values, pair.near.axes, truth.shape)
        return truth.arithmetic.leaf(numbers)

    def _agreeing(self, place: int, walk: Walk, used: set[int]) -> Pair | None:
        """The answer that agrees with one of the layer's, of its own name if there is one."""
        answers = walk.truths[place]
        if not any(self._could(record, used) for record in self.records):
            return None
        named = self._names.get(place)
        order = sorted(self.records, key=lambda one: (one.place != named, one.place))
        last = max((pair.record.place for pair in walk.pairs.values()), default=-1)
        order.sort(key=lambda one: (one.place != named, one.place < last))
        for stage, truth in self.stages(place, walk.known, answers, walk.faults.get(place, HONEST)):
            size = _size(truth.value)
            for record in order:
                if not self._could(record, used) or not self._near_in_size(record, truth, size):
                    continue
                near = nearness(record.values, truth)
                if near is not None and near.agrees:
                    return Pair(place, record, stage, "answer", near)
            if stage.is_output and (pair := self._where_it_counts(place, truth, order, used)):
                return pair
        return None

    def _where_it_counts(
        self, place: int, truth: Array, order: Sequence[Record], used: set[int]
    ) -> Pair | None:
        """An answer that agrees at the steps that no mask leaves out."""
        counts = self.graph.counts(self.graph.layers[place].outputs[0])
        if counts is None:
            return None
        for record in order:
            if self._could(record, used) and record.values.size == truth.value.size:
                near = nearness(record.values, truth, counts=counts)
                if near is not None and near.agrees:
                    stage = Stage(where="at the steps that count")
                    return Pair(place, record, stage, "answer", near)
        return None

    def _could(self, record: Record, used: set[int]) -> bool:
        return record.place not in used

    def _near_in_size(self, record: Record, truth: Array, size: float) -> bool:
        if record.values.size != truth.value.size:
            return False
        other = self._sizes[id(record)]
        return abs(other - size) <= _ALIKE * max(other, size) or not np.isfinite(size)

    def _differing(self, walk: Walk, used: set[int]) -> None:
        """Pair what agrees with nothing by its name, or by order and shape."""
        for place, layer in enumerate(self.graph.layers):
            if place in walk.pairs:
                continue
            record, how = self._named(place, used), "name"
            if record is None:
                record, how = self._in_order(place, walk, used), "order"
            if record is None:
                continue
            stage, near = self._nearest(place, walk, record)
            if how == "order" and (near is None or self._settled(place, walk)):
                continue
            used.add(record.place)
            walk.pairs[place] = Pair(place, record, stage, how, near)
            del layer

    def _settled(self, place: int, walk: Walk) -> bool:
        """Whether all that reads a layer is right, and so the layer, whatever its answer is."""
        layer = self.graph.layers[place]
        ends = [
            pair.agrees
            for number, pair in zip(self.graph.outputs, walk.outputs, strict=False)
            if number in layer.outputs
        ]
        readers = {one for number in layer.outputs for one in self.graph.reads.get(number, [])}
        fed = [one in walk.pairs and walk.pairs[one].agrees for one in readers]
        return bool(ends or fed) and all(ends) and all(fed)

    def _nearest(self, place: int, walk: Walk, record: Record) -> tuple[Stage, Nearness | None]:
        found: list[tuple[Stage, Nearness | None]] = []
        fault = walk.faults.get(place, HONEST)
        for stage, truth in self.stages(place, walk.known, walk.truths[place], fault):
            found.append((stage, nearness(record.values, truth)))
        shaped = [(stage, near) for stage, near in found if near is not None]
        if not shaped:
            return found[0]
        layer = self.graph.layers[place]

        def rank(one: tuple[Stage, Nearness]) -> tuple[bool, bool, float, bool]:
            stage, near = one
            likely = plausible(stage, layer, record.kind, record.values)
            return not likely, stage.what.startswith("state"), near.error, not stage.is_output

        return min(shaped, key=rank)

    def _named(self, place: int, used: set[int]) -> Record | None:
        wanted = self._names.get(place)
        if wanted is None or wanted in used:
            return None
        return next(record for record in self.records if record.place == wanted)

    def _in_order(self, place: int, walk: Walk, used: set[int]) -> Record | None:
        """The first unused answer of the layer's shape between those of its neighbours."""
        layer = self.graph.layers[place]
        if not layer.weights:
            return None  # too many look alike: a relu, a pool, a drop-out
        before = max((p.record.place for i, p in walk.pairs.items() if i < place), default=-1)
        after = min(
            (p.record.place for i, p in walk.pairs.items() if i > place and p.agrees),
            default=len(self.records),
        )
        shapes = {_sizes(one.shape) for one in walk.truths[place]}
        taken = {self._digests[one] for one in used}  # a container answers what its last part does
        found = [
            (fits(record.kind, layer), record)
            for record in self.records
            if before < record.place < after
            and record.place not in used
            and self._digests[record.place] not in taken
            and _sizes(record.values.shape) in shapes
        ]
        likely = [record for fit, record in found if fit]
        return next(iter(likely or [record for fit, record in found if fit is None]), None)

    def _judged_outputs(self, walk: Walk) -> list[Pair]:
        found = []
        for place, number in enumerate(self.graph.outputs):
            layer = self.graph.producers.get(number, -1)
            if place >= len(self.theirs):
                break
            record = Record(f"output {place}", place, self.theirs[place])
            # What the layers before were really fed is in ``known``; the output's own numbers may
            # be in it too, and are then held against what the last layer had to make.
            truth = self.truth_of(walk, number)
            near = nearness(record.values, truth)
            found.append(Pair(layer, record, Stage(), "output", near))
        return found

    def truth_of(self, walk: Walk, number: int) -> Array:
        """What a tensor had to be, as far as the layers before it were known."""
        place = self.graph.producers.get(number)
        if place is None:
            return walk.known[number]
        outputs = self.graph.layers[place].outputs
        return walk.truths[place][outputs.index(number)]


def _sizes(shape: Sequence[int]) -> tuple[int, ...]:
    """A shape in whatever order of axes, without those of one."""
    return tuple(sorted(size for size in shape if size != 1))


def _size(values: Values) -> float:
    if values.dtype.kind not in "fiub" or not values.size:
        return 0.0
    with np.errstate(all="ignore"):
        return float(np.abs(values, dtype=np.float64).mean()) if values.dtype.kind != "b" else (
            float(values.mean())
        )  # fmt: skip


def _names(layers: Sequence[str], records: Sequence[Record]) -> dict[int, int]:
    """By layer, the answer that bears its name: all of it, or its last part where that is one's."""
    whole: dict[str, int] = {}
    last: dict[str, list[int]] = {}
    for record in records:
        whole.setdefault(_plain(record.name), record.place)
        if "[" not in record.name and "#" not in record.name:
            last.setdefault(_plain(record.name.rpartition(".")[2]), []).append(record.place)
    found: dict[int, int] = {}
    calls: dict[str, int] = {}
    for place, name in enumerate(layers):
        calls[name] = calls.get(name, 0) + 1
        called = name if calls[name] == 1 else f"{name}#{calls[name]}"
        plain = _plain(called)
        if plain in whole:
            found[place] = whole[plain]
        elif len(last.get(plain, [])) == 1:
            found[place] = last[plain][0]
    return found


def _plain(name: str) -> str:
    return re.sub(r"[./\\]+", "_", name).lower()
