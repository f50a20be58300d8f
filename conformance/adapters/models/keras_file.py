"""A Keras model, loaded from its file, with every layer's inputs, masks and answers noted."""

from __future__ import annotations

import inspect
import re
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.adapters.keras.private import mask_of
from conformance.adapters.models import dropping
from conformance.adapters.models.base import Sent, finite, flat, run_file
from conformance.adapters.shared.calling import SPREAD
from conformance.adapters.worker.failure import Unsupported

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_QUIET = frozenset({"training", "mask"})
"""Arguments of a call that are noted in another way: the flag is the model's own, and masks travel
with what they belong to."""


def open_model(program: Mapping[str, Any]) -> KerasModel:
    """Load ``path`` in Keras's safe mode: code inside of the file is not run.

    ``custom`` is a Python file that is run first; it registers the model's own layers.
    """
    if program.get("custom"):
        run_file(Path(program["custom"]))
    return KerasModel(program["path"], still=bool(program.get("still")))


class KerasModel:
    """A model of Keras 3."""

    def __init__(self, path: str, *, still: bool) -> None:
        """Load the file.

        Args:
            path: The file.
            still: Whether its drop-outs and noise are left out.
        """
        import keras

        keras.utils.set_random_seed(1)
        self._keras = keras
        self._path, self._still = path, still
        self.model = self._loaded()

    def _loaded(self) -> Any:
        if self._path.endswith(".keras") and not zipfile.is_zipfile(self._path):
            raise Unsupported("it is no archive as Keras saves it: cut off, or another format?")
        try:
            model = self._keras.saving.load_model(self._path, compile=False, safe_mode=True)
        except TypeError as error:
            lost = re.search(r"Could not locate (class|function) '[^']*'", str(error))
            if lost is None:
                raise
            raise Unsupported(
                f"{lost[0]}. Name the Python file that defines and registers it with --custom"
            ) from error
        return dropping.without(self._keras, model) if self._still else model

    def told(self) -> dict[str, Any]:
        """Its inputs, as far as it says them."""
        inputs = [self._input(one) for one in flat(getattr(self.model, "inputs", None))]
        backend = self._keras.backend.backend()
        return {
            "framework": f"Keras {self._keras.__version__} on {backend}",
            "inputs": inputs,
            "trains": True,
            "notes": [],
        }

    def _input(self, tensor: Any) -> dict[str, Any]:
        told: dict[str, Any] = {
            "name": str(tensor.name),
            "shape": [None if size is None else int(size) for size in tensor.shape],
            "dtype": str(tensor.dtype),
        }
        for layer in self.model.layers:
            reads = flat(_public(layer, "input"))
            if not any(one is tensor for one in reads):
                continue
            size = getattr(layer, "input_dim", None) or getattr(layer, "num_tokens", None)
            if isinstance(size, int):
                told["high"] = size
                told["padded"] = bool(getattr(layer, "mask_zero", False))
        return told

    def infer(self, inputs: Sequence[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Every layer's call, in order, on arrays that are told by number."""
        sent = Sent()
        notes = _Notes(self._keras, self.model)
        fed = [self._keras.ops.convert_to_tensor(array) for array in inputs]
        for tensor in fed:
            notes.value(tensor)
        with notes.noting():
            output = self.model(_packed(fed), training=False)
        outputs = [notes.value(tensor) for tensor in flat(output)]
        calls = [one for one in notes.calls if not one["symbolic"]]
        for number, tensor in enumerate(notes.tensors):
            sent.put(f"value/{number}", self._numbers(tensor))
        for number, mask in notes.masks.items():
            sent.put(f"mask/{number}", np.asarray(self._numbers(mask)).astype(bool))
        for owner, layer in notes.owners.items():
            for place, variable in enumerate(layer.weights):
                sent.put(f"weight/{owner}/{place}", self._numbers(variable))
        for call in calls:
            del call["symbolic"]
        return {"calls": calls, "outputs": outputs, "left_out": sent.left_out}, sent.arrays

    def train(
        self, inputs: Sequence[Any], targets: Sequence[Any], settings: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """``train_on_batch`` on the same rows again and again, with the mean squared error."""
        optimizers = self._keras.optimizers
        rate = settings["learning_rate"]
        optimizer = (
            optimizers.Adam(rate)
            if settings["optimizer"] == "adam"
            else optimizers.SGD(rate, momentum=settings["momentum"])
        )
        losses = ["mean_squared_error"] * len(targets)
        self.model.compile(optimizer=optimizer, loss=losses[0] if len(losses) == 1 else losses)
        told = []
        for _ in range(settings["steps"]):
            found = self.model.train_on_batch(_packed(inputs), _packed(targets))
            told.append(finite(float(np.asarray(flat(found)[0]))))
            self.model.reset_metrics()
        answer, arrays = self.infer(inputs)
        # The model is as it was for whoever asks next.
        self.model = self._loaded()
        return {**answer, "losses": told}, arrays

    def _numbers(self, tensor: Any) -> Any:
        return np.asarray(self._keras.ops.convert_to_numpy(tensor))


class _Notes:
    """What the layers of a model are called with and what they answer."""

    def __init__(self, keras: Any, root: Any) -> None:
        self._keras, self._root = keras, root
        self._busy = False
        self._numbers: dict[int, int] = {}
        self.tensors: list[Any] = []
        """Each by its number; held, so that no other gets its place in memory."""
        self.masks: dict[int, Any] = {}
        self.calls: list[dict[str, Any]] = []
        self.owners: dict[str, Any] = {}
        self._names: dict[int, str] = {}

    def value(self, tensor: Any) -> int:
        """The number of a tensor."""
        if id(tensor) not in self._numbers:
            self._numbers[id(tensor)] = len(self.tensors)
            self.tensors.append(tensor)
        return self._numbers[id(tensor)]

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Meanwhile every layer and function that the model itself calls is noted."""
        classes = [self._keras.Layer, self._keras.Operation]
        before = [one.__dict__["__call__"] for one in classes]
        for one, original in zip(classes, before):
            one.__call__ = self._wrapped(original)
        try:
            yield
        finally:
            for one, original in zip(classes, before):
                one.__call__ = original

    def _wrapped(self, original: Any) -> Any:
        def call(operation: Any, *args: Any, **kwargs: Any) -> Any:
            inner = self._busy or isinstance(operation, self._keras.Model)
            if inner:
                return original(operation, *args, **kwargs)
            self._busy = True
            before = {
                id(tensor): mask_of(tensor)
                for tensor in flat([args, kwargs])
                if hasattr(tensor, "shape")
            }
            try:
                output = original(operation, *args, **kwargs)
            finally:
                self._busy = False
            self._note(operation, (args, kwargs), output, before)
            return output

        return call

    def _note(
        self, operation: Any, given: tuple[Any, Any], output: Any, masks: Mapping[int, Any]
    ) -> None:
        is_layer = isinstance(operation, self._keras.Layer)
        kind = type(operation).__name__
        if kind == "InputLayer":
            return
        inputs, keywords, literals = self._bound(operation, kind, given, is_layer=is_layer)
        for tensor in flat([inputs, list(keywords.values())]):
            if masks.get(id(tensor)) is not None:
                self.masks[self.value(tensor)] = masks[id(tensor)]
        owner = self._owner(operation) if is_layer else ""
        config = operation.get_config() if is_layer else _made_with(operation)
        outputs = [one for one in flat(output) if hasattr(one, "shape")]
        self.calls.append(
            {
                "name": self._names.get(id(operation), str(operation.name)),
                "layer": kind,
                "is_layer": is_layer,
                "config": _jsonable(config),
                "owner": owner,
                "weights": [_variable(one) for one in operation.weights] if is_layer else [],
                "inputs": [self.value(one) for one in inputs],
                "tensors": {
                    key: [self.value(one) for one in value]
                    if isinstance(value, (list, tuple))
                    else self.value(value)
                    for key, value in keywords.items()
                },
                "arguments": _jsonable(literals),
                "outputs": [self.value(one) for one in outputs],
                "symbolic": any(isinstance(one, self._keras.KerasTensor) for one in outputs),
            }
        )

    def _owner(self, layer: Any) -> str:
        """A name of its own for the layer, by which its variables go."""
        if id(layer) not in self._names:
            name = str(layer.name)
            while name in self.owners:  # a layer of a nested model may be called alike
                name += "'"
            self._names[id(layer)] = name
            self.owners[name] = layer
        return self._names[id(layer)]

    @staticmethod
    def _bound(
        operation: Any, kind: str, given: tuple[Any, Any], *, is_layer: bool
    ) -> tuple[list[Any], dict[str, Any], dict[str, Any]]:
        """The tensors by place, those by keyword, and the literals."""
        args, kwargs = given
        try:
            bound = inspect.signature(operation.call).bind(*args, **kwargs).arguments
        except (TypeError, ValueError):
            bound = {str(place): one for place, one in enumerate(args)}
            bound.update(kwargs)
        if isinstance(bound.get("kwargs"), dict):
            bound = {**bound, **bound.pop("kwargs")}
        spread = {"query", "value", "key"} if kind in SPREAD else set()
        inputs: list[Any] = []
        keywords: dict[str, Any] = {}
        literals: dict[str, Any] = {}
        for place, (name, value) in enumerate(bound.items()):
            tensors = [one for one in flat(value) if hasattr(one, "shape")]
            by_place = is_layer and (name in spread or (not spread and place == 0))
            if name in _QUIET and not tensors:
                continue
            if by_place:
                inputs += tensors
            elif tensors:
                keywords[name] = tensors if isinstance(value, (list, tuple)) else tensors[0]
            elif value is not None:
                literals[name] = value
        return inputs, keywords, literals


def _public(layer: Any, attribute: str) -> Any:
    """An attribute that raises where a layer is called several times or never."""
    try:
        return getattr(layer, attribute)
    except (AttributeError, ValueError, RuntimeError):
        return None


def _made_with(operation: Any) -> dict[str, Any]:
    """What a function's constructor was given, where it keeps it under the same name."""
    names = inspect.signature(type(operation).__init__).parameters
    kept = vars(operation)
    return {name: kept[name] for name in names if name in kept and name != "name"}


def _variable(variable: Any) -> dict[str, Any]:
    return {
        "name": str(getattr(variable, "path", variable.name)),
        "shape": [int(size) for size in variable.shape],
        "trainable": bool(variable.trainable),
    }


def _jsonable(value: Any) -> Any:  # noqa: PLR0911 - one for each form
    """What JSON can carry of a config; anything else is told by its class in ``<…>``."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if np.isfinite(value) else str(value)
    if isinstance(value, dict):
        return {str(key): _jsonable(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_jsonable(one) for one in value]
    if isinstance(value, (np.generic, np.ndarray)):
        return _jsonable(value.tolist())
    if isinstance(value, slice):
        return {"slice": [_jsonable(one) for one in (value.start, value.stop, value.step)]}
    return "..." if value is Ellipsis else f"<{type(value).__name__}>"


def _packed(arrays: Sequence[Any]) -> Any:
    return arrays[0] if len(arrays) == 1 else list(arrays)
