"""What is fed where no documentation says what comes out: there is no truth beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.cases.model import Params, Steps
from conformance.reference.answer.book import Answer
from conformance.reference.answer.claims import claimed
from conformance.reference.answer.expectation import Expectation, ExpectedSymbolic
from conformance.reference.engine.arithmetic import Variance
from conformance.reference.errors import NoAnswer, Unsupported
from conformance.reference.model.feeding import make_feeds
from conformance.reference.model.functions import floats, function_feeds, run_functions
from conformance.reference.model.network import Network
from conformance.reference.model.steps import steps_feeds

if TYPE_CHECKING:
    from conformance.cases.model import Case, Graph
    from conformance.reference.engine.array import Values

_OF_OUTPUTS = frozenset({"gradients", "state", "losses"})
"""Facets for which something is fed that has an output's shape: cotangents, targets."""


def evaluate_unspecified(case: Case) -> Answer:
    """Collect what is fed to a case that knows no right answer. Nothing is computed of it.

    The cotangents, by which outputs are multiplied before gradients are taken, are 1, 2, 3 … in
    the order of an output's numbers, so that a gradient can be read by eye.

    Raises:
        Unsupported: What is fed has the shape of an output, which the reference doesn't know.
    """
    program = case.program
    if isinstance(program, Steps):
        feeds = steps_feeds(program, 0)
    elif program.model.form == "function":
        feeds = _fed_to_functions(program)
    else:
        feeds = _fed_to_model(program)
    expectation = Expectation(
        case=case.id,
        digest=case.digest,
        symbolic=ExpectedSymbolic(inputs=[], outputs=[], nodes={}),
        weights=[],
        params=Params(),
        nodes={},
        calls=[],
        claims=claimed(case),
    )
    return Answer(expectation, feeds, {})


def _fed_to_functions(program: Graph) -> dict[str, Values]:
    feeds = function_feeds(program, 0)
    if "gradients" not in program.facets:
        return feeds
    try:
        outputs = run_functions(program, feeds, Variance()).outputs
    except NoAnswer as reason:
        message = f"gradients need the shape of an answer that the reference has not: {reason}"
        raise Unsupported(message) from reason
    return feeds | {f"cotangent/{j}": _counted(outputs[j].shape) for j in floats(outputs)}


def _fed_to_model(program: Graph) -> dict[str, Values]:
    try:
        network = Network.build(program.model)
    except NoAnswer:
        if _OF_OUTPUTS.intersection(program.facets):
            raise
        return make_feeds(program, None, None, 0)  # its own documentation may refuse it
    feeds = make_feeds(program, network, None, 0)
    return {
        name: _counted(array.shape) if name.startswith("cotangent/") else array
        for name, array in feeds.items()
    }


def _counted(shape: tuple[int, ...]) -> Values:
    """1, 2, 3 … in a shape."""
    return np.arange(1, np.prod(shape, dtype=np.int64) + 1, dtype=np.float32).reshape(shape)
