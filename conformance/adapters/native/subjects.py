"""The answers of native frameworks about what is no model: functions, and objects step by step."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from conformance.adapters.native.functions import bound
from conformance.adapters.native.running import Functions, told
from conformance.adapters.native.spy import Spy, names
from conformance.adapters.worker.failure import Unsupported, failure
from conformance.adapters.worker.outputs import Arrays

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conformance.adapters.native.running import Array, Library

_OF_CALLS = frozenset({"shape", "dtype", "values"})


class Answering:
    """One program on its way to its answer. An error in one facet leaves the others alone."""

    def __init__(
        self, library: Library, program: Mapping[str, Any], tensors: Mapping[str, Any]
    ) -> None:
        """Hold what is asked.

        Args:
            library: What is to answer.
            program: A ``Program`` of ``conformance/cases/model.py`` as a plain dict.
            tensors: Its arrays, in NumPy.

        Raises:
            Unsupported: No facet can be answered.
        """
        facets, unanswered = program["facets"], library.unanswered
        if set(facets) <= set(unanswered):
            raise Unsupported("; ".join(unanswered[facet] for facet in facets))
        self.library = library
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
        """The observation and its arrays.

        Raises:
            Unsupported: The framework has no counterpart.
        """
        self.examine()
        return self.observation, self.arrays.tensors

    def examine(self) -> None:
        """Put the answer to every facet that is asked into the observation."""
        raise NotImplementedError

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
                if refusal := self.library.refusal(error):
                    self.observation["unsupported"][facet] = refusal
                else:
                    self.observation["errors"][facet] = failure(error, facet)

    def put(self, name: str, array: Array) -> str:
        """Send one of the framework's arrays along, and return its name."""
        return self.arrays.put(name, self.library.numbers(array))

    def outputs(self, prefix: str, arrays: Sequence[Array]) -> list[dict[str, Any]]:
        """Send arrays along, numbered, each as an ``Output`` (``adapters/host/observation.py``)."""
        return [
            self.arrays.output(f"{prefix}/{j}", self.library.numbers(array))
            for j, array in enumerate(arrays)
        ]


class FunctionSession(Answering):
    """Answers one program of functions."""

    def examine(self) -> None:
        """Put the answer to every facet that is asked into the observation."""
        model = self.program["model"]
        self.functions = Functions(self.library, model)
        self.specs = model["inputs"]
        if "symbolic_shape" in self.asked:
            with self.facet("symbolic_shape"):
                symbolic = self.library.symbolic(self.functions, self.specs)
                self.observation["symbolic"] = symbolic
        if self.asked & _OF_CALLS:
            self.observation["calls"] = [self._call()]
        if "gradients" in self.asked:
            with self.facet("gradients"):
                self.observation["gradients"] = self._gradients()
        if "compiled" in self.asked:
            with self.facet("compiled"):
                outputs = self.library.compiled(self.functions, self._fed())
                self.observation["compiled"] = self.outputs("compiled", outputs)
        if "random" in self.asked:
            with self.facet("random"):
                self.observation["random"] = self._draws()

    def _fed(self) -> list[Array]:
        return [
            self.library.array(self.tensors[f"call/0/{spec['name']}"], spec.get("dtype", "float32"))
            for spec in self.specs
        ]

    def _call(self) -> dict[str, Any]:
        with self.timed("calls"):
            try:
                outputs, self.observation["native"] = self.functions.told(self._fed())
            except Unsupported:
                raise
            except Exception as error:  # whatever a framework raises is the answer
                if refusal := self.library.refusal(error):
                    raise Unsupported(refusal) from error
                internal = self.library.internal(error)
                return {"error": failure(error, "call", internal=internal)}
            return {"outputs": self.outputs("call/0/output", outputs)}

    def _gradients(self) -> dict[str, Any]:
        dtypes = [spec.get("dtype", "float32") for spec in self.specs]
        moving = [at for at, dtype in enumerate(dtypes) if "float" in dtype]
        cotangents = {
            int(name.partition("/")[2]): array
            for name, array in self.tensors.items()
            if name.startswith("cotangent/")
        }
        found = self.library.gradients(self.functions, self._fed(), moving, cotangents)
        return {
            "inputs": {
                self.specs[at]["name"]: self.put(f"gradient/input/{self.specs[at]['name']}", array)
                for at, array in zip(moving, found)
            },
            "weights": {},
        }

    def _draws(self) -> dict[str, Any]:
        """Two calls, one of a function that is bound anew with its seed, one with the other."""
        model, other = self.program["model"], self.program["random"]["other"]
        fed = self._fed()
        answers = {
            "first": self.functions(fed),
            "second": self.functions(fed),
            "again": Functions(self.library, model)(fed),
            "other": Functions(self.library, model, seed=other)(fed),
        }
        return {name: self.outputs(f"random/{name}", one)[0] for name, one in answers.items()}


class StepsSession(Answering):
    """Answers one program of steps: an optimizer that moves variables."""

    def examine(self) -> None:
        """Take every step in order; the first that raises ends them."""
        node = self.program["object"]
        names_ = [spec["name"] for spec in self.program.get("variables", ())]
        operation = bound(self.library.table, {**node, "tensors": {"variables": names_}})
        if operation.function is None:
            raise TypeError(f"{operation.symbol} is made by a function of the adapter's")
        unused = {*operation.arrays, *operation.idle}
        literals = {k: v for k, v in operation.literals.items() if k not in unused}
        spy = Spy(names(operation.row.symbol))
        with spy.watching(), spy.node(operation.name):
            subject = operation.function(self._variables(), **literals)
            self._steps(subject)
        self.observation["native"] = [told(operation, {}, spy)]

    def _steps(self, subject: Any) -> None:
        specs = {spec["name"]: spec for spec in self.program.get("inputs", ())}
        calls: list[dict[str, Any]] = []
        weights: dict[str, str] = {}
        with self.timed("calls"):
            for index, step in enumerate(self.program["steps"]):
                try:
                    self._step(subject, index, step, specs)
                    state = subject.state()
                except Unsupported:
                    raise
                except Exception as error:  # whatever a framework raises is the answer
                    if refusal := self.library.refusal(error):
                        raise Unsupported(refusal) from error
                    calls.append({"error": failure(error, "call")})
                    self.observation["errors"]["state"] = failure(error, "state")
                    break
                calls.append({"outputs": []})
                for name, array in state.items():
                    key = f"{index}/{name}"
                    weights[key] = self.put(f"state/weight/{key}", array)
        if self.asked & _OF_CALLS:
            self.observation["calls"] = calls
        if "state" in self.asked and "state" not in self.observation["errors"]:
            self.observation["state"] = {"weights": weights, "lacking": dict(subject.lacking)}

    def _step(
        self, subject: Any, index: int, step: Mapping[str, Any], specs: Mapping[str, Any]
    ) -> None:
        if step["call"] == "apply":
            subject.apply(self._gradients(index, step["tensors"], specs))
        elif step["call"] == "set":
            subject.set(**step["arguments"])
        else:
            raise Unsupported(f"{self.program['object']['layer']} has no {step['call']} here")

    def _variables(self) -> dict[str, Array]:
        return {
            spec["name"]: self.library.array(
                self.tensors[f"variable/{spec['name']}"], spec.get("dtype", "float32")
            )
            for spec in self.program.get("variables", ())
        }

    def _gradients(
        self, index: int, given: Mapping[str, str], specs: Mapping[str, Any]
    ) -> dict[str, Array]:
        return {
            variable: self.library.array(
                self.tensors[f"step/{index}/{name}"], specs[name].get("dtype", "float32")
            )
            for variable, name in given.items()
        }


def session(
    library: Library, kind: str, program: Mapping[str, Any], tensors: Mapping[str, Any]
) -> Answering:
    """What answers one program that is no model.

    Args:
        library: The framework.
        kind: ``function`` or ``steps``.
        program: As an adapter is given it.
        tensors: Likewise.
    """
    return (StepsSession if kind == "steps" else FunctionSession)(library, program, tensors)
