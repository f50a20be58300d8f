"""Any Keras backend, through Keras's public API alone, and what only its owner can know of it.

The class that an owner writes is :class:`KerasBackend` (docs/backends.md). Without one, it is used
as it is: every backend that Keras can import under ``KERAS_BACKEND`` answers.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import inspect
import os
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from conformance.adapters.keras.backends.base import (
    Backend,
    Evaluator,
    Gradients,
    Value,
    import_keras_3,
    origin,
    packed,
)
from conformance.adapters.keras.backends.hidden import hide_tensorflow
from conformance.adapters.keras.nesting import flat
from conformance.adapters.keras.recording import (
    recorded_function_gradients,
    recorded_gradients,
    total,
)
from conformance.adapters.shared.naming import BACKEND_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


_PLUGINS = "keras.backends"
"""Entry point group under which a package announces a backend that Keras itself doesn't know."""

_NO_GRAPH_MODE = (
    "the suite knows no graph mode of this backend; a KerasBackend class can say how it is asked "
    "(docs/backends.md)"
)


@dataclass(frozen=True)
class Differentiation:
    """One question for gradients, as an owner's own way to them sees it."""

    model: Any
    """The Keras model."""
    inputs: Sequence[Any]
    """Its inputs as tensors of the backend, in the model's order."""
    moving: Sequence[int]
    """Positions of the inputs whose gradients are wanted: those of floats."""
    variables: Sequence[Any]
    """The Keras variables whose gradients are wanted; all of them are trainable."""
    _keras: Any
    _cotangents: Sequence[Any]

    @property
    def floats(self) -> list[Any]:
        """The inputs whose gradients are wanted."""
        return [self.inputs[at] for at in self.moving]

    def packed(self, floats: Sequence[Any]) -> Any:
        """All inputs as the model takes them, with these in the place of :attr:`floats`."""
        merged = list(self.inputs)
        for at, tensor in zip(self.moving, floats):
            merged[at] = tensor
        return packed(merged)

    def total(self, outputs: Any) -> Any:
        """The scalar whose gradients are wanted, of the model's outputs."""
        return total(self._keras, list(flat(outputs)), self._cotangents)


class KerasBackend(Backend):
    """A Keras 3 backend, and what only its owner can know.

    Everything has a default: without a class of its own, a backend is asked through Keras's public
    API alone. What raises in a class like this is taken for the backend's doing.
    """

    unsupported: Mapping[str, str] = {}  # type: ignore[misc]
    """Facets that this backend has no notion of, each with the reason."""
    distributions: Sequence[str] = ()  # type: ignore[misc]
    """Packages whose versions matter. By default ``keras-NAME`` and what it requires."""
    hides_tensorflow: ClassVar[bool] = True
    """Whether Keras must not find TensorFlow: importing it takes seconds, for nothing that a
    backend of another library needs."""

    def __init__(self, name: str) -> None:
        """Import Keras with this backend.

        Args:
            name: The backend's, as ``KERAS_BACKEND`` has it.
        """
        self.name = name
        self._hides = self.hides_tensorflow and name != "tensorflow"
        self.evaluator_class = GenericEvaluator  # type: ignore[misc]
        self.distributions = tuple(self.distributions) or _requirements(f"keras-{name}")
        self.unsupported = {**_lacking(type(self)), **self.unsupported}
        super().__init__()

    # --- what an owner may say ------------------------------------------------------------------

    def before_keras(self) -> None:
        """Import what must be imported before Keras, and pin switches."""

    def gradients(self, asked: Differentiation) -> Sequence[Any]:
        """Gradients of ``asked.total(outputs)``, in a faster way than a step of training.

        Args:
            asked: The model, its inputs, and what to differentiate by.

        Returns:
            The gradients of ``asked.floats``, then those of ``asked.variables``; None for zeros.
        """
        raise NotImplementedError

    def compiled(self, model: Any, inputs: Any) -> Any:
        """The model's outputs in graph mode.

        Args:
            model: The Keras model.
            inputs: Tensors as ``model(inputs)`` takes them.
        """
        raise NotImplementedError

    def by_predict(self, model: Any, inputs: Any) -> Any:
        """A ready way for :meth:`compiled`: what ``predict_on_batch`` compiles by default."""
        return model.predict_on_batch(inputs)

    # --- how it is used -------------------------------------------------------------------------

    def load(self) -> Any:
        """Import what comes before Keras, then Keras, and see that it has this backend."""
        os.environ["KERAS_BACKEND"] = self.name
        if self._hides:
            hide_tensorflow()
        self.before_keras()
        _import_announced(self.name)
        try:
            keras = import_keras_3()
        except (ImportError, ValueError) as error:
            if _is_unknown(self.name, error):
                message = (
                    f"Keras {_keras_version()} knows no backend named {self.name!r}, and no "
                    f"package keras_{self.name} is installed beside it in {sys.prefix}"
                )
                raise ModuleNotFoundError(message, name=f"keras_{self.name}") from error
            raise
        found = keras.backend.backend()
        if found != self.name:
            raise ImportError(f"Keras took the backend {found!r} although {self.name!r} was asked")
        return keras

    def settings(self) -> dict[str, str]:
        """How values and gradients are computed."""
        own = type(self).gradients is not KerasBackend.gradients
        told = {"values": "eager", "backend": origin(self.keras, self.name)}
        if "gradients" not in self.unsupported:
            told["gradients"] = (
                "by the backend's own class" if own else "recorded by an optimizer, in one step"
            )
        if self._hides:
            told["tensorflow"] = "hidden from Keras"
        return told

    def function_gradients(
        self,
        function: Any,
        tensors: Sequence[Any],
        moving: Sequence[int],
        cotangents: Mapping[int, Any],
    ) -> list[Any]:
        """Recorded by an optimizer, in one step of training."""
        if "gradients" in self.unsupported:
            return super().function_gradients(function, tensors, moving, cotangents)
        return recorded_function_gradients(self, function, tensors, moving, cotangents)

    def tensor(self, array: Any, dtype: str) -> Any:
        """NumPy's array as a tensor."""
        return self.keras.ops.convert_to_tensor(array, dtype)


class GenericEvaluator(Evaluator):
    """Eager calls; gradients and graph mode as the backend's class has it."""

    backend: KerasBackend

    def gradients(self) -> Gradients:
        """Gradients of call 0: in the owner's way, else recorded."""
        backend = self.backend
        if "gradients" in backend.unsupported:
            return super().gradients()
        if type(backend).gradients is KerasBackend.gradients:
            return recorded_gradients(backend, self.model, self.plan)
        feeds, inputs = self.plan.calls[0], self.tensors(0)
        asked = Differentiation(
            model=self.model,
            inputs=inputs,
            moving=[at for at, feed in enumerate(feeds) if feed.differentiable],
            variables=list(self.plan.trainable),
            _keras=backend.keras,
            _cotangents=list(self.plan.cotangents or ()),
        )
        sources = [*asked.floats, *asked.variables]
        found = list(backend.gradients(asked))
        if len(found) != len(sources):
            raise ValueError(
                f"{type(backend).__name__}.gradients gave {len(found)} gradients for "
                f"{len(asked.floats)} inputs and {len(asked.variables)} variables"
            )
        zeros = backend.keras.ops.zeros_like
        arrays = [
            backend.value(zeros(source) if gradient is None else gradient).array
            for source, gradient in zip(sources, found)
        ]
        names = [feeds[at].name for at in asked.moving]
        return Gradients(dict(zip(names, arrays)), arrays[len(names) :])

    def compiled(self) -> list[Value]:
        """Outputs of call 0 as the owner's class computes them."""
        if "compiled" in self.backend.unsupported:
            return super().compiled()
        outputs = self.backend.compiled(self.model, packed(self.tensors(0)))
        return [self.backend.value(output) for output in flat(outputs)]


def load_backend(name: str) -> KerasBackend:
    """The backend of a name, by the owner's class where one is named.

    Raises:
        ModuleNotFoundError: Keras, or the backend, is not installed.
        ImportError: It is, and can't be imported; or the file holds no such class.
    """
    place = os.environ.get(BACKEND_VARIABLE, "")
    return (_class_in(place) if place else KerasBackend)(name)


def _class_in(place: str) -> type[KerasBackend]:
    """The one subclass of :class:`KerasBackend` that a file or module defines."""
    if place.endswith(".py"):
        spec = importlib.util.spec_from_file_location("keras_conformance_backend", place)
        if spec is None or spec.loader is None:
            raise ImportError(f"{place} cannot be imported")
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    else:
        module = importlib.import_module(place)
    found = [
        one
        for one in vars(module).values()
        if inspect.isclass(one)
        and issubclass(one, KerasBackend)
        and one.__module__ == module.__name__
    ]
    if len(found) != 1:
        said = ", ".join(one.__name__ for one in found) or "none"
        raise ImportError(f"{place} must define one subclass of KerasBackend; it defines {said}")
    return found[0]


def _lacking(kind: type[KerasBackend]) -> dict[str, str]:
    return {} if kind.compiled is not KerasBackend.compiled else {"compiled": _NO_GRAPH_MODE}


def _import_announced(name: str) -> None:
    """Import the package that announces the backend by an entry point.

    Keras doesn't read the group; such a package brings Keras to know the backend when it is
    imported first.
    """
    for point in _entry_points():
        if point.name == name:
            importlib.import_module(point.value.partition(":")[0].partition(".")[0])


def _entry_points() -> list[Any]:
    found: Any = importlib.metadata.entry_points()
    if hasattr(found, "select"):
        return list(found.select(group=_PLUGINS))
    return list(found.get(_PLUGINS, ()))  # Python 3.9


def _requirements(distribution: str) -> tuple[str, ...]:
    """A distribution and those that it requires and are installed, without Keras and NumPy."""
    try:
        required = importlib.metadata.requires(distribution) or []
    except importlib.metadata.PackageNotFoundError:
        return ()
    names = [re.split(r"[^A-Za-z0-9._-]", text, maxsplit=1)[0] for text in required]
    seen = [name for name in dict.fromkeys(names) if name not in {"keras", "numpy"}]
    return (distribution, *filter(_is_installed, seen))


def _is_installed(distribution: str) -> bool:
    try:
        importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _is_unknown(name: str, error: Exception) -> bool:
    """Whether an import failed because there is no such backend, rather than a broken one."""
    known = importlib.util.find_spec(f"keras_{name}") is not None
    return not known and "backend" in str(error)


def _keras_version() -> str:
    for distribution in ("keras", "keras-nightly"):
        if _is_installed(distribution):
            return importlib.metadata.version(distribution)
    return ""
