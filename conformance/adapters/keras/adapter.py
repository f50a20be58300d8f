"""The adapters of Keras 3 on each backend, ``keras-NAME``, and of Keras 2, ``tf-keras``."""

from __future__ import annotations

import gc
import importlib
import importlib.metadata
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.adapters.keras import exchange
from conformance.adapters.keras.backends.base import Feed, Plan
from conformance.adapters.keras.backends.generic import load_backend
from conformance.adapters.keras.backends.hidden import hide_telemetry
from conformance.adapters.keras.session import Session
from conformance.adapters.keras.settings import in_force
from conformance.adapters.keras.subjects.application import FORM
from conformance.adapters.keras.subjects.function import FunctionSession
from conformance.adapters.keras.subjects.object import ObjectSession
from conformance.adapters.shared.naming import BACKEND_VARIABLE, KERAS_3
from conformance.adapters.worker.precision import declared
from conformance.adapters.worker.probe import probe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.adapters.keras.backends.base import Backend

_BACKENDS = {
    "keras-tensorflow": ("tensorflow", "TensorFlowBackend"),
    "keras-torch": ("torch", "TorchBackend"),
    "keras-jax": ("jax", "JaxBackend"),
    "keras-numpy": ("numpy", "NumpyBackend"),
    "keras-openvino": ("openvino", "OpenVinoBackend"),
    "tf-keras": ("tensorflow", "Keras2Backend"),
}
"""Those that the suite has a way of its own for; others are asked through Keras's public API."""

_CASES_BETWEEN_COLLECTIONS = 16
"""A full collection takes 5 to 50 ms; models are cycles, so now and then it has to be made."""


def create(name: str) -> KerasAdapter:
    """Import the framework that the adapter's name stands for.

    A name that the suite doesn't know, ``keras-NAME``, stands for the Keras backend of that name.
    So does one that it knows where a class for it is given (:data:`.naming.BACKEND_VARIABLE`).

    Raises:
        ValueError: The name is not of this form.
        ModuleNotFoundError: The framework is not installed.
    """
    backend = backend_of(name)
    collect_less()
    return KerasAdapter(backend)


def collect_less() -> None:
    """What the imports made stays for good: collections need not look at it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 1000)  # a case allocates a lot and keeps it until its end


def backend_of(name: str) -> Backend:
    """Import the Keras that the adapter's name stands for; raises as :func:`create` does."""
    hide_telemetry()
    if name in _BACKENDS and not os.environ.get(BACKEND_VARIABLE):
        module, class_name = _BACKENDS[name]
        if name.startswith(KERAS_3):
            os.environ["KERAS_BACKEND"] = module
        found = importlib.import_module(f"conformance.adapters.keras.backends.{module}")
        made: Backend = getattr(found, class_name)()
        return made
    if not name.startswith(KERAS_3):
        raise ValueError(f"a Keras adapter is named keras-NAME, after its backend, not {name!r}")
    return load_backend(name[len(KERAS_3) :])


class KerasAdapter:
    """One Keras on one backend."""

    kinds: Sequence[str] = ("model", "function", "steps", "application")
    """What it can be asked about."""

    def __init__(self, backend: Backend) -> None:
        """Hold the backend, imported and pinned."""
        self._backend = backend
        self._cases = 0

    def hello(self) -> dict[str, Any]:
        """Versions, the declared precision and what was measured of it, and what was pinned."""
        measured = probe(self._matmul, self._conv)
        keras = self._backend.keras
        distribution = keras.__name__.replace("_", "-")
        versions = {distribution: keras.__version__}
        for name in (*self._backend.distributions, "numpy"):
            versions.setdefault(name, version_of(name))
        return {
            "versions": versions,
            "precision": declared(),
            "probe": measured,
            "settings": self._backend.settings(),
        }

    def run(
        self, program: Mapping[str, Any], tensors: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Answer one program (``docs/architecture.md`` says with what, facet by facet)."""
        self._begin(program["case"])
        try:
            with in_force(self._backend.keras, program.get("model", {}).get("settings")):
                return self._session(program, tensors).run()
        finally:
            self._backend.end()
            if program.get("model", {}).get("form") == FORM:
                gc.collect()  # of these, a few that nobody looks at any more fill the memory

    def _session(
        self, program: Mapping[str, Any], tensors: Mapping[str, Any]
    ) -> Session | FunctionSession | ObjectSession:
        """The way through a case of this kind."""
        if program["kind"] == "steps":
            return ObjectSession(self._backend, program, tensors)
        of_function = program["model"]["form"] == "function"
        return (FunctionSession if of_function else Session)(self._backend, program, tensors)

    def load(
        self, program: Mapping[str, Any], tensors: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Answer call 0 from a file that another adapter wrote."""
        self._begin(program["case"])
        try:
            with in_force(self._backend.keras, program["model"].get("settings")):
                return exchange.load(self._backend, program, tensors)
        finally:
            self._backend.end()

    def _begin(self, case: str) -> None:
        """Before each case."""
        self._backend.begin(case)
        self._cases += 1
        if self._cases % _CASES_BETWEEN_COLLECTIONS == 0:
            self._backend.shed()
            gc.collect()

    def _matmul(self, a: Any, b: Any) -> Any:
        layer = self._backend.keras.layers.Dense(b.shape[1], use_bias=False)
        return self._through(layer, a, b)

    def _conv(self, x: Any, kernel: Any) -> Any:
        conv = self._backend.keras.layers.Conv2D
        layer = conv(kernel.shape[3], kernel.shape[:2], use_bias=False)
        return self._through(layer, x, kernel)

    def _through(self, layer: Any, x: Any, kernel: Any) -> Any:
        """What a layer answers on the very path on which cases are computed."""
        keras = self._backend.keras
        model = keras.Sequential([keras.Input(x.shape[1:], name="x"), layer])
        model.set_weights([kernel])
        plan = Plan(calls=[[Feed("x", x, "float32")]])
        return np.asarray(self._backend.evaluator(model, plan).call(0)[0].array)


def version_of(distribution: str) -> str:
    """A distribution's version, or that of the module of its name."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        pass
    module = importlib.import_module(distribution)  # tensorflow-cpu and other builds' names
    return str(getattr(module, "__version__", "unknown"))
