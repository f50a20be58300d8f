"""The adapters of what comes out of Keras: ``onnx-torch`` and its like.

Each is Keras on one backend, which builds the case's model, exports it and has the file run by the
format's own runtime. The file is judged, not the Keras that wrote it.
"""

from __future__ import annotations

import importlib
import logging
from typing import TYPE_CHECKING, Any

from conformance.adapters.exported.converting import PACKAGE, converter
from conformance.adapters.exported.remembering import remember_composites
from conformance.adapters.exported.runtimes.tfjs import node
from conformance.adapters.exported.session import ExportedSession
from conformance.adapters.keras.adapter import (
    KerasAdapter,
    backend_of,
    collect_less,
    version_of,
)
from conformance.adapters.keras.backends.hidden import show
from conformance.adapters.shared.exporters import ROUTES, TFJS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.adapters.keras.backends.base import Backend
    from conformance.adapters.shared.exporters import Route

_HIDDEN = ("tensorflow", "jax")
"""What adapters of Keras keep out of their processes, and an exporter may need."""


def create(name: str) -> ExportedAdapter:
    """Import Keras on the route's backend, and what writes and runs its files.

    Raises:
        ModuleNotFoundError: Something of it is not installed.
    """
    route = ROUTES[name]
    backend = backend_of(route.writer)
    for package in _HIDDEN:
        if package in route.modules:
            show(package)
    for needed in route.modules:
        if needed == PACKAGE:
            converter()
        else:
            importlib.import_module(needed)
    if route.format == TFJS:
        node()
    if route.backend == "torch":
        remember_composites()
    logging.disable(logging.WARNING)  # exporters tell of each node
    collect_less()
    return ExportedAdapter(backend, route)


class ExportedAdapter(KerasAdapter):
    """One way out of Keras."""

    kinds = ("model",)

    def __init__(self, backend: Backend, route: Route) -> None:
        """Hold the backend, imported and pinned, and the way out."""
        super().__init__(backend)
        self._route = route

    def hello(self) -> dict[str, Any]:
        """Versions of all that takes part, and the precision of Keras, which writes the file."""
        said = super().hello()
        for name in self._route.modules:
            distribution = name.replace("_", "-")
            said["versions"].setdefault(distribution, version_of(distribution))
        export = f"Model.export(format={self._route.format!r})"
        if self._route.format == TFJS:
            said["versions"].update(node().versions)
            export = "tensorflowjs.converters.save_keras_model"
        said["settings"] = {
            **said["settings"],
            "export": export,
            "values": f"from the file, by {self._route.runtime}, one thread",
        }
        return said

    def _session(self, program: Mapping[str, Any], tensors: Mapping[str, Any]) -> ExportedSession:
        """The way through a case, by its exported model."""
        return ExportedSession(self._backend, program, tensors, self._route)
