"""The numpy adapter: functions of Keras as NumPy's own, with nothing of Keras in between.

It is a witness of what NumPy itself does. Where NumPy has no such function, the answer is
*unsupported*: models, objects with a memory, losses, gradients and graph mode are not its business.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.adapters.native.subjects import session
from conformance.adapters.numpy.functions import NumpyLibrary
from conformance.adapters.worker.loop import kind_of
from conformance.adapters.worker.precision import declared
from conformance.adapters.worker.probe import probe

if TYPE_CHECKING:
    from collections.abc import Mapping

UNANSWERED = {
    "gradients": "NumPy computes no gradients",
    "compiled": "NumPy has no graph mode",
    "symbolic_shape": "NumPy states no shape before it has seen data",
    "open_sizes": "NumPy states no shape before it has seen data",
    "open_batch": "NumPy states no shape before it has seen data",
    "from_numpy": "what arrays of NumPy are to Keras's functions is asked of Keras",
    "from_lists": "what lists are to Keras's functions is asked of Keras",
    "config": "a function of NumPy has no configuration",
    "config_round_trip": "a function of NumPy has no configuration to be rebuilt from",
    "random": "NumPy's generators draw other numbers, and are not made of a seed alone",
    "raises": "what Keras must refuse is said of Keras, not of NumPy",
}
"""Facets that NumPy has no notion of."""


class Adapter:
    """Runs functions in NumPy."""

    kinds = ("function",)

    def __init__(self) -> None:
        """Make it. What NumPy warns of, such as a quotient by zero, is for the verdict to tell."""
        self._library = NumpyLibrary(UNANSWERED)
        warnings.simplefilter("ignore", RuntimeWarning)

    def hello(self) -> dict[str, Any]:
        """Say what this is."""
        return {
            "versions": {"numpy": np.__version__},
            "precision": declared(),
            "probe": probe(np.matmul, None),
            "settings": {},
        }

    def run(
        self, program: Mapping[str, Any], tensors: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Answer one program.

        Args:
            program: A ``Program`` of ``conformance/cases/model.py`` as a plain dict.
            tensors: Its arrays.

        Returns:
            The observation and its arrays.

        Raises:
            Unsupported: No facet can be answered, or NumPy has no such function or argument.
        """
        return session(self._library, kind_of(program), program, tensors).answer()


def create(name: str) -> Adapter:  # noqa: ARG001 - the contract is in docs/adapters.md
    """Make the adapter; the contract is in docs/adapters.md."""
    return Adapter()
