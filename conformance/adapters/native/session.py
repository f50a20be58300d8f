"""One program's way to its answer, which is the same for every native framework.

A :class:`Session` is the frame: which facets are asked, what becomes of an exception, how arrays
are named, how long each facet took. :class:`CallSession` answers for what is called on arrays.

What each framework does in its own way is in two classes with one method a question:
:class:`Framework` (arrays, random numbers, what can't be answered) and :class:`Subject` (calls,
gradients, graph mode, training of one model with the arrays of its case). A further kind of subject
is added here, once for all frameworks: as what :meth:`Framework.bound` makes, if it is called on
arrays as a :class:`~conformance.adapters.native.model.Model` is, else as a further subclass of
:class:`Session`.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from conformance.adapters.native.feeds import Feeds, split
from conformance.adapters.native.model import Answer, Model
from conformance.adapters.worker.failure import Unsupported, failure
from conformance.adapters.worker.outputs import Arrays

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conformance.adapters.native.binding import Table
    from conformance.adapters.native.dtypes import Cast
    from conformance.adapters.native.running import Library

Array = Any
"""An array of the framework."""

Numbers = Any
"""An array of NumPy, or a :class:`~conformance.adapters.shared.wire.BF16`."""

UNHANDLED = frozenset({"batch_size", "evaluate", "freeze", "freeze_late"})
"""Keys of a ``Train`` (``conformance/cases/model.py``) that are Keras's own business."""

Gradients = dict[str, dict[str, Array]]
"""Gradients under ``inputs`` and under ``weights``, by name."""


class Examined(NamedTuple):
    """The answers of one subject to all of its calls."""

    calls: list[Answer | Exception]
    """One a call, or what it raised."""
    gradients: Gradients | None
    """None where none are asked, or where taking them raised."""
    after: Mapping[str, Array] | None
    """The variables after the ordinary calls; None where one of these raised."""


class Subject(ABC):
    """What a program asks about, with the arrays that it is called on."""

    def __init__(
        self, spec: Mapping[str, Any], model: Model, feeds: Feeds, ordinary: frozenset[int]
    ) -> None:
        """Hold them.

        Args:
            spec: What is asked about: a ``Model`` of ``conformance/cases/model.py`` as a plain
                dict.
            model: The same, bound to functions of the framework.
            feeds: Its arrays, in the framework's own type.
            ordinary: The calls whose changes of variables hold for those that follow.
        """
        self.spec = spec
        self.model = model
        self.feeds = feeds
        self.ordinary = ordinary

    @abstractmethod
    def call(self, index: int, weights: Mapping[str, Array]) -> Answer:
        """One call, with these variables. Whatever the framework raises is the answer."""

    @abstractmethod
    def gradients(self) -> Gradients:
        """Gradients of ``sum(cotangent * output)`` over the float outputs of call 0."""

    @abstractmethod
    def native(self) -> list[dict[str, Any]]:
        """How each node is done, as ``Native`` (``conformance/adapters/host/observation.py``).

        Asked after the calls.
        """

    def symbolic(self) -> dict[str, Any]:
        """Shapes before any data, as ``Symbolic`` (the same module); asked after no call."""
        raise Unsupported("the framework states no shape before it has seen data")

    def params(self) -> dict[str, Any]:
        """Numbers of parameters, as ``Params`` (the same module); asked after the calls."""
        raise Unsupported("the framework counts no parameters")

    def compiled(
        self,
        outputs: list[Array],  # noqa: ARG002 - as every framework's own
    ) -> tuple[list[Array], list[Array]]:
        """Call 0 in graph mode.

        Args:
            outputs: What call 0 has answered.

        Returns:
            The outputs of call 0 without graph mode, and those with it.
        """
        raise Unsupported("the framework has no graph mode")

    @abstractmethod
    def train(self, train: Mapping[str, Any]) -> tuple[Array, Mapping[str, Array]]:
        """Train on call 0.

        Args:
            train: A ``Train`` of ``conformance/cases/model.py`` as a plain dict.

        Returns:
            The loss of each step, in one array, and the variables after the last.

        Raises:
            Unsupported: The optimizer, the loss, or an argument has no native counterpart.
        """


class Framework(ABC):
    """A native framework, or one of several ways to use it."""

    subject: type[Subject]

    def __init__(
        self,
        table: Table,
        unanswered: Mapping[str, str],
        *,
        cast: Cast | None = None,
        library: Library | None = None,
    ) -> None:
        """Describe it.

        Args:
            table: What the adapter can do.
            unanswered: Facets that the framework has no notion of, with the reasons.
            cast: Casts an array to a float dtype; None where every layer computes in float32 alone.
            library: What does functions among layers; None where they can't be there.
        """
        self.table = table
        self.library = library
        self.unanswered = unanswered
        self.cast = cast

    @abstractmethod
    def array(self, numbers: Any) -> Array:
        """An array of NumPy as one of the framework's."""

    @abstractmethod
    def numbers(self, array: Array) -> Numbers:
        """The numbers of an array in its own dtype."""

    @abstractmethod
    def draws(self, program: Mapping[str, Any], inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Answers of a layer that draws random numbers in training.

        Args:
            program: A ``Program`` of ``conformance/cases/model.py`` as a plain dict; its one layer
                has a seed.
            inputs: The arrays ``random/<input>`` by the input's name.

        Returns:
            ``first`` and ``second``: two calls with one seed; ``again``: the first of them once
            more; ``other``: the first with another seed.
        """

    def together(
        self,
        subjects: Sequence[Subject],  # noqa: ARG002 - as every framework's own
    ) -> list[Examined] | None:
        """Every call of every subject in one go, where that is cheaper.

        Returns:
            What each subject answers. None where that isn't cheaper, or where something raised:
            which call it was is then found out one by one.
        """
        return None

    def bound(self, spec: Mapping[str, Any]) -> Model:
        """Bind what a program asks about to the framework's functions.

        Args:
            spec: A ``Model`` of ``conformance/cases/model.py`` as a plain dict.

        Raises:
            Unsupported: A layer or one of its arguments has no native counterpart.
        """
        return Model(self.table, spec, self.cast, self.library)


class Session(ABC):
    """One program on its way to its answer. An error in one facet leaves the others alone."""

    def __init__(
        self, framework: Framework, program: Mapping[str, Any], tensors: Mapping[str, Any]
    ) -> None:
        """Hold what is asked.

        Args:
            framework: What is to answer.
            program: A ``Program`` of ``conformance/cases/model.py`` as a plain dict.
            tensors: Its arrays, in NumPy.

        Raises:
            Unsupported: No facet can be answered.
        """
        facets, unanswered = program["facets"], framework.unanswered
        if set(facets) <= set(unanswered):
            raise Unsupported("; ".join(unanswered[facet] for facet in facets))
        self.framework = framework
        self.program = program
        self.tensors = tensors
        self.asked = frozenset(facets) - frozenset(unanswered)
        self.arrays = Arrays()
        self.observation: dict[str, Any] = {
            "unsupported": {facet: unanswered[facet] for facet in facets if facet in unanswered},
            "errors": {},
            "seconds": {},
        }

    def answer(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The observation and its arrays."""
        self.examine()
        return self.observation, self.arrays.tensors

    @abstractmethod
    def examine(self) -> None:
        """Put the answer to every facet that is asked into the observation."""

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Note how long it takes, in seconds."""
        start = time.perf_counter()
        try:
            yield
        finally:
            seconds = self.observation["seconds"]
            seconds[what] = seconds.get(what, 0.0) + time.perf_counter() - start

    @contextmanager
    def facet(self, facet: str) -> Iterator[None]:
        """Turn what is raised inside into this facet's answer, and note how long it took."""
        with self.timed(facet):
            try:
                yield
            except Unsupported as reason:
                self.observation["unsupported"][facet] = str(reason)
            except Exception as error:  # noqa: BLE001 - whatever a framework raises is the answer
                self.observation["errors"][facet] = failure(error, facet)

    def put(self, name: str, array: Array) -> str:
        """Send one of the framework's arrays along, and return its name."""
        return self.arrays.put(name, self.framework.numbers(array))

    def put_all(self, prefix: str, arrays: Mapping[str, Array]) -> dict[str, str]:
        """Send arrays along as ``<prefix>/<name>``: the names to find them by, by their own."""
        return {name: self.put(f"{prefix}/{name}", array) for name, array in arrays.items()}

    def output(self, name: str, array: Array) -> dict[str, Any]:
        """Send an array along as an ``Output`` (``conformance/adapters/host/observation.py``)."""
        return self.arrays.output(name, self.framework.numbers(array))

    def outputs(self, prefix: str, arrays: Sequence[Array]) -> list[dict[str, Any]]:
        """Several of them, numbered."""
        return [self.output(f"{prefix}/output/{j}", array) for j, array in enumerate(arrays)]

    def given(self, prefix: str) -> dict[str, Array]:
        """The arrays of the case whose names begin so, by the rest of their names."""
        return {
            name[len(prefix) :]: self.framework.array(array)
            for name, array in self.tensors.items()
            if name.startswith(prefix)
        }


class CallSession(Session):
    """Answers for a model, and for its twin where there is one."""

    def __init__(
        self, framework: Framework, program: Mapping[str, Any], tensors: Mapping[str, Any]
    ) -> None:
        """Bind them.

        Args:
            framework: What is to answer.
            program: A ``Program`` of ``conformance/cases/model.py`` as a plain dict.
            tensors: Its arrays, in NumPy.

        Raises:
            Unsupported: No facet can be answered, or a layer, or an argument.
        """
        super().__init__(framework, program, tensors)
        if any("training" in call or "predict" in call for call in program["calls"]):
            raise Unsupported("a flag of the whole model is not handed on to its layers here")
        self.ordinary = frozenset(
            index
            for index, call in enumerate(program["calls"])
            if call.get("facet", "values") == "values"
        )
        self.main = self._subject(program["model"], "")
        self.subjects = {"": self.main}
        if program.get("twin") and "equals" in self.asked:
            self.subjects["twin/"] = self._subject(program["twin"]["model"], "twin/")

    def _subject(self, spec: Mapping[str, Any], prefix: str) -> Subject:
        feeds = split(self.tensors, self.framework.array, prefix=prefix)
        if "gradients" not in self.asked:
            feeds = feeds._replace(cotangents=[])
        model = self.framework.bound(spec)
        return self.framework.subject(spec, model, model.declared(feeds), self.ordinary)

    def examine(self) -> None:
        """Put the answer to every facet that is asked into the observation."""
        observation, main = self.observation, self.main
        if "symbolic_shape" in self.asked:
            with self.facet("symbolic_shape"):
                observation["symbolic"] = main.symbolic()
        found = self._examined()
        if "compiled" in self.asked:
            with self.facet("compiled"):
                found[""] = self._compiled(found[""])
        for prefix, examined in found.items():
            built = self._built(self.subjects[prefix], examined, prefix)
            if prefix:
                observation["twin"] = built
            else:
                observation.update(built)
        observation["native"] = main.native()
        if "state" in self.asked:
            with self.facet("state"):
                observation["state"] = self._state(found[""].after)
        if "random" in self.asked:
            with self.facet("random"):
                draws = self.framework.draws(self.program, self.given("random/"))
                observation["random"] = {
                    name: self.output(f"random/{name}", array) for name, array in draws.items()
                }

    def _examined(self) -> dict[str, Examined]:
        """What the subjects answer, by the prefix of their arrays."""
        with self.timed("calls"):
            together = self.framework.together(list(self.subjects.values()))
        if together is not None:
            return dict(zip(self.subjects, together))
        return {prefix: self._one_by_one(subject) for prefix, subject in self.subjects.items()}

    def _one_by_one(self, subject: Subject) -> Examined:
        """Each call by itself, so that an error belongs to the call that raised it."""
        with self.timed("calls"):
            calls, after = self._calls(subject)
        gradients = None
        if subject.feeds.cotangents:
            with self.facet("gradients"):
                gradients = subject.gradients()
        return Examined(calls, gradients, after)

    def _calls(
        self, subject: Subject
    ) -> tuple[list[Answer | Exception], Mapping[str, Array] | None]:
        """Every call, and the variables after the ordinary ones."""
        calls: list[Answer | Exception] = []
        weights, complete = subject.feeds.weights, True
        for index in range(len(subject.feeds.calls)):
            try:
                answer = subject.call(index, weights)
            except Unsupported:  # a function for dtypes that it is only seen with here
                raise
            except Exception as error:  # noqa: BLE001 - whatever a framework raises is the answer
                calls.append(error)
                complete = complete and index not in self.ordinary
                continue
            calls.append(answer)
            if index in self.ordinary:
                weights = {**weights, **answer.updates}
        return calls, weights if complete else None

    def _compiled(self, examined: Examined) -> Examined:
        """Note what graph mode answers, and what call 0 is without it."""
        first, *others = examined.calls
        if isinstance(first, Exception):
            raise first
        eager, graph = self.main.compiled(first.outputs)
        self.observation["compiled"] = self.outputs("compiled", graph)
        return examined._replace(calls=[first._replace(outputs=eager), *others])

    def _built(self, subject: Subject, examined: Examined, prefix: str) -> dict[str, Any]:
        """The ``Built`` (``conformance/adapters/host/observation.py``) of one subject."""
        built: dict[str, Any] = {
            "calls": [
                self._call(f"{prefix}call/{index}", answer)
                for index, answer in enumerate(examined.calls)
            ]
        }
        if "params" in self.asked:
            with self.facet("params"):
                built["params"] = subject.params()
        if examined.gradients is not None:
            built["gradients"] = {
                kind: self.put_all(f"{prefix}gradient/{kind}", group)
                for kind, group in examined.gradients.items()
            }
        return built

    def _call(self, name: str, answer: Answer | Exception) -> dict[str, Any]:
        """A ``CallResult`` (the same module)."""
        if isinstance(answer, Exception):
            return {"error": failure(answer, "call")}
        return {
            "outputs": self.outputs(name, answer.outputs),
            "nodes": answer.nodes,
            "probes": answer.probes,
        }

    def _state(self, after: Mapping[str, Array] | None) -> dict[str, Any]:
        if not self.program.get("train"):
            if after is None:
                raise Unsupported("not every call could be made, so there is nothing after them")
            return {"weights": self.put_all("state/weights", after)}
        if self.main.model.frozen:
            raise Unsupported("moving statistics in training are not handled here")
        if unhandled := sorted(UNHANDLED.intersection(self.program["train"])):
            raise Unsupported(f"{', '.join(unhandled)} of a training is not handled here")
        if changing := self.main.model.in_training:
            raise Unsupported(f"{', '.join(changing)} in training is not handled here")
        losses, weights = self.main.train(self.program["train"])
        return {
            "losses": self.put("state/losses", losses),
            "weights": self.put_all("state/weights", weights),
        }
