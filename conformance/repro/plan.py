"""What one script is to show, and of what parts it consists."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.acceptance import TRAINING, VALUES, Limits
from conformance.adapters.worker.failure import Unsupported
from conformance.cases.model import Graph, Steps
from conformance.facets import FACETS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.cases.model import Program
    from conformance.reference.answer.store import StoredAnswer
    from conformance.reference.model.network import Network
    from conformance.verdicts.model import FacetVerdict

KERAS_3 = "keras-"
KERAS_2 = "tf-keras"
STEP = re.compile(r"(?:after |rebuilt: )?call (\d+)[ :]")
"""How verdicts begin that are about one step of an object."""


@dataclass(frozen=True)
class Plan:
    """What a script is to show."""

    adapter: str
    """Without its column."""
    facet: str
    program: Program
    seed: int
    call: int
    """Which call it makes, or makes last."""
    network: Network | None
    """None for refusals: there may be no such model."""
    raises: str = ""
    """``build`` or ``call``, where the framework must refuse."""
    verdicts: Mapping[str, FacetVerdict] = field(default_factory=dict)
    """What was judged, by facet."""
    answer: StoredAnswer | None = None
    """The reference's answer, where it is at hand."""
    """That the adapter declares."""

    @property
    def of_model(self) -> bool:
        """Whether it is about a model of layers, not about functions or an object's steps."""
        return is_model(self.program)

    @property
    def graph(self) -> Graph:
        """The program of a model or of functions.

        Raises:
            Unsupported: It is an object's.
        """
        if not isinstance(self.program, Graph):
            raise self.no()
        return self.program

    @property
    def keras(self) -> bool:
        """Whether the adapter is a Keras, of any backend."""
        return self.adapter == KERAS_2 or self.adapter.startswith(KERAS_3)

    @property
    def old(self) -> bool:
        """Whether it is Keras 2."""
        return self.adapter == KERAS_2

    @property
    def backend(self) -> str:
        """The name that Keras 3 knows its backend by."""
        return self.adapter.removeprefix(KERAS_3)

    @property
    def called(self) -> str:
        """How the model is called, as in the run; OpenVINO's kernels are those of ``predict``."""
        return "model.predict_on_batch" if self.backend == "openvino" else "model"

    def said(self, index: int) -> str:
        """The flag that the model is called with, behind a comma; or nothing.

        Args:
            index: Of the call; those that facets need are made as call 0 is.
        """
        calls = self.program.calls
        flag = calls[index if index < len(calls) else 0].training if calls else None
        return "" if flag is None else f", training={flag}"

    def predicts(self, index: int) -> bool:
        """Whether ``predict_on_batch`` makes the call."""
        return index < len(self.program.calls) and self.program.calls[index].predict

    @property
    def structural(self) -> bool:
        """Whether it takes no numbers to show the facet."""
        return not FACETS[self.facet].needs_numbers

    @property
    def judged(self) -> FacetVerdict | None:
        """The verdict on the facet that is shown."""
        return self.verdicts.get(self.facet)

    @property
    def goes_on(self) -> int | None:
        """Of a facet that trains on from a file, so many steps; None of every other."""
        if self.facet != "exchange" or self.graph.exchange is None:
            return None
        return self.graph.exchange.steps

    @property
    def limits(self) -> Limits:
        """How many τ are admissible."""
        trains = FACETS[self.facet].trains or self.goes_on is not None or self.of_variables
        return TRAINING if trains else VALUES

    @property
    def remembers(self) -> bool:
        """Whether what an ordinary call changes of the model holds for the calls after it."""
        if not self.of_model:
            return False
        if self.program.train is None and "state" in self.program.facets:
            return True
        if any(call.training for call in self.program.calls):
            return True
        nodes = self.program.model.nodes
        return any(
            node.arguments.get("training") is True or _is_stateful(node.config) for node in nodes
        )

    @property
    def before(self) -> list[int]:
        """The calls that have to be made before the one that is shown."""
        if self.facet == "batch" and self.backend == "openvino":
            return [0]  # whose memory the second answer may be given
        if not self.remembers or self.facet not in {"values", "shape", "dtype", "state"}:
            return []
        return [index for index in self.ordinary if index < self.call]

    @property
    def of_variables(self) -> bool:
        """Whether variables are looked at: of what is rebuilt, where no result is off."""
        if self.facet != "config_round_trip" or self.of_model:
            return self.facet == "state"
        wrong = [one.what for one in self.judged.comparisons if one.message] if self.judged else []
        found = [what for what in wrong if what.startswith("rebuilt: ")]
        return bool(found) and not any(map(STEP.match, found))

    @property
    def before_variables(self) -> str:
        """How verdicts begin that are about a variable of an object, before its name."""
        rebuilt = self.facet == "config_round_trip"
        return "rebuilt: " if rebuilt else f"after call {self.call}: "

    @property
    def ordinal(self) -> int:
        """Which of the ordinary calls is shown: verdicts on shapes and dtypes go by it."""
        return self.ordinary.index(self.call)

    @property
    def ordinary(self) -> list[int]:
        """The calls that are judged as themselves; of an object, its steps."""
        if isinstance(self.program, Steps):
            return [*range(len(self.program.steps))]
        return [i for i, call in enumerate(self.program.every_call) if call.facet == "values"]

    def stated(self, facet: str) -> Any:
        """What a facet's verdict says that must come out; None where it doesn't."""
        judged = self.verdicts.get(facet)
        return judged.expected if judged and judged.outcome in {"pass", "fail"} else None

    def no(self) -> Unsupported:
        """The reason why there is no script of this facet."""
        return Unsupported(f"the facet {self.facet} is not shown by a script on {self.adapter}")


def is_model(program: Program) -> bool:
    """Whether a program is a model of layers, be it one that Keras puts together."""
    return program.model.form in {"sequential", "functional", "application"}


def _is_stateful(config: Any) -> bool:
    """Whether a layer, or one inside it, keeps its states from call to call."""
    if isinstance(config, list):
        return any(map(_is_stateful, config))
    if not isinstance(config, dict):
        return False
    return config.get("stateful") is True or any(map(_is_stateful, config.values()))


@dataclass
class Body:
    """The parts of a script around its numbers."""

    imports: list[str] = field(default_factory=list)
    """Of the standard library."""
    prelude: list[str] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    filled: bool = False
    """Whether the steps fill ``observed``, arrays by name."""
