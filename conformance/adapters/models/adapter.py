"""One model of the user's own, opened once and asked: what it answers, and what training makes.

The host's side is ``conformance/twomodels``. A request travels as the ``program`` of a ``run``:

``{"case": "models", "ask": "open", "kind": …, "path": …, "entry": …, "weights": …}`` opens it,
with ``"still": true`` without its drop-outs;
``{"ask": "infer"}`` with the arrays ``input/<i>``; ``{"ask": "train", "settings": {…}}`` with
``input/<i>`` and ``target/<j>``; ``{"ask": "weights"}`` of a port. The answers are described in
``conformance/twomodels/told.py``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from conformance.adapters.models.base import Weighted
from conformance.adapters.worker.failure import Unsupported

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.adapters.models.base import Opened

KINDS = ("keras_file", "port", "exported")
"""What can be opened: a module of this folder each, with a function ``open_model``."""


def create(name: str) -> Models:
    """The adapter; the name is for messages alone."""
    del name
    return Models()


class Models:
    """Holds the one model of this process."""

    kinds = ("model",)

    def __init__(self) -> None:
        """Open nothing yet: what goes wrong then is the answer to ``open``."""
        self._model: Opened | None = None

    @staticmethod
    def hello() -> dict[str, Any]:
        """Nothing is known before a model is opened."""
        return {"versions": {}}

    def run(
        self, program: Mapping[str, Any], tensors: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Answer one request."""
        ask = program["ask"]
        if ask == "open":
            kind = program["kind"]
            if kind not in KINDS:
                raise Unsupported(f"there is no kind of model {kind!r}")
            module = importlib.import_module(f"conformance.adapters.models.{kind}")
            self._model = module.open_model(program)
            return {"opened": self._model.told()}, {}
        if self._model is None:
            raise Unsupported("no model has been opened")
        inputs = _numbered(tensors, "input")
        if ask == "infer":
            return self._model.infer(inputs)
        if ask == "train":
            return self._model.train(inputs, _numbered(tensors, "target"), program["settings"])
        if ask == "weights" and isinstance(self._model, Weighted):
            return self._model.weights()
        raise Unsupported(f"nothing is known of the request {ask!r}")


def _numbered(tensors: Mapping[str, Any], kind: str) -> list[Any]:
    """The arrays ``<kind>/0``, ``<kind>/1`` … in order."""
    found: list[Any] = []
    while f"{kind}/{len(found)}" in tensors:
        found.append(tensors[f"{kind}/{len(found)}"])
    return found
