"""What every backend does the same way, and the questions that each answers in its own."""

from __future__ import annotations

import random
import sys
import zlib
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from conformance.adapters.keras.nesting import flat
from conformance.adapters.keras.private import mask_of, remember_unsaved
from conformance.adapters.keras.remembering import remember_signatures
from conformance.adapters.keras.watch import Noted
from conformance.adapters.worker.failure import Unsupported

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from conformance.adapters.keras.watch import Watch


@dataclass(frozen=True)
class Feed:
    """The array for one input: NumPy's numbers, and the dtype that the model declares for it."""

    name: str
    array: Any
    dtype: str

    @property
    def differentiable(self) -> bool:
        """Whether a gradient with respect to this input makes sense."""
        return is_float(self.dtype)


@dataclass(frozen=True)
class Value:
    """One output on its way back: numbers for the wire, and the framework's word for the dtype."""

    array: Any
    dtype: str


@dataclass(frozen=True)
class Plan:
    """All that will be asked of one model, told ahead for backends that gather work."""

    calls: Sequence[Sequence[Feed]]
    trainable: Sequence[Any] = ()
    """Variables whose gradients are wanted."""
    cotangents: Sequence[Any] | None = None
    """One array for each output of call 0, or None where no gradients are asked."""
    compiled: bool = False
    probes: bool = False
    """Whether the concrete shapes inside the model are asked for."""
    masks: bool = False
    """Whether the masks of call 0's outputs are asked for."""
    ordinary: Sequence[int] = ()
    """The calls after which variables are asked for, where calls change them; in order."""
    flags: Mapping[int, bool] = field(default_factory=dict)
    """The flag that the model itself is given, of the calls that give one."""
    predicted: Sequence[int] = ()
    """The calls that ``predict_on_batch`` makes; they come after all others of the case's own."""
    batches: Mapping[int, int] = field(default_factory=dict)
    """Of those that ``predict`` itself makes: in batches of how many rows."""

    def keywords(self, index: int) -> dict[str, bool]:
        """What a call of the model says beside its inputs."""
        return {"training": self.flags[index]} if index in self.flags else {}


@dataclass(frozen=True)
class Gradients:
    """The gradient of ``sum(cotangent · output)`` of call 0."""

    inputs: dict[str, Any] = field(default_factory=dict)
    weights: list[Any] = field(default_factory=list)
    """In the order of ``Plan.trainable``."""


class Evaluator:
    """Answers a plan's questions on one model, one by one; each may raise on its own."""

    def __init__(self, backend: Backend, model: Any, plan: Plan) -> None:
        """Hold the model and the plan; compute nothing yet."""
        self.backend = backend
        self.model = model
        self.plan = plan
        self.masks: list[Value | None] = []
        """The masks of call 0's outputs, where they are asked for, once the call has been made."""
        self.watch: Watch | None = None
        """Notes shapes while calls are made, where that is asked."""

    def noted(self, index: int) -> Noted:
        """What the watch saw during the call, once it has been made; of batches nothing."""
        seen = self.watch.take() if self.watch else Noted()
        return Noted() if index in self.plan.batches else seen

    def call(self, index: int) -> list[Value]:
        """Outputs of the plan's call, flattened into a list."""
        outputs = self.outputs(index)
        if index == 0 and self.plan.masks:
            self.keep_masks(self.backend.mask(output) for output in outputs)
        return [self.backend.value(output) for output in outputs]

    def outputs(self, index: int) -> list[Any]:
        """Make the plan's call; its outputs as the framework's own tensors."""
        if index in self.plan.predicted:
            return [self._tensor(array) for array in self.predicted(index)]
        return list(flat(self.model(packed(self.tensors(index)), **self.plan.keywords(index))))

    def predicted(self, index: int) -> list[Any]:
        """Make the plan's call by ``predict_on_batch``; its outputs as NumPy's arrays."""
        fed = [feed.array for feed in self.plan.calls[index]]
        if index in self.plan.batches:
            rows = self.plan.batches[index]
            return list(flat(self.model.predict(packed(fed), batch_size=rows, verbose=0)))
        return list(flat(self.model.predict_on_batch(packed(fed))))

    def _tensor(self, array: Any) -> Any:
        return self.backend.tensor(np.asarray(array), str(np.asarray(array).dtype))

    def keep_masks(self, masks: Iterable[Any]) -> None:
        """Note the masks of call 0's outputs."""
        self.masks = [None if mask is None else self.backend.value(mask) for mask in masks]

    def make_calls(self) -> None:
        """Make the plan's ordinary calls in order, so that the model's variables change."""
        for index in self.plan.ordinary:
            self.outputs(index)

    def gradients(self) -> Gradients:
        """Gradients of call 0."""
        raise Unsupported(self.backend.unsupported["gradients"])

    def compiled(self) -> list[Value]:
        """Outputs of call 0 in graph mode."""
        raise Unsupported(self.backend.unsupported["compiled"])

    def tensors(self, index: int) -> list[Any]:
        """The call's inputs as the framework's own tensors, in the model's order."""
        return [self.backend.tensor(feed.array, feed.dtype) for feed in self.plan.calls[index]]


class Backend:
    """A Keras and the array library below it, with every switch that moves numbers pinned."""

    evaluator_class: ClassVar[type[Evaluator]] = Evaluator
    unsupported: ClassVar[Mapping[str, str]] = {}
    """Facets that this backend has no notion of, each with the reason. ``state`` speaks of
    training, ``steps_per_execution`` of that argument, ``changes`` of variables that a call
    changes."""
    undrawn: Mapping[str, str] = MappingProxyType({})
    """Layers that this backend is not asked to draw with, each with the reason."""
    distributions: ClassVar[Sequence[str]] = ()
    """Packages below Keras whose versions matter, the most telling first."""

    def __init__(self) -> None:
        """Import the framework and pin its switches. ``ModuleNotFoundError``: not installed."""
        self.keras: Any = self.load()

    def load(self) -> Any:
        """Import and configure the library, then its Keras, and return the latter."""
        raise NotImplementedError

    def settings(self) -> dict[str, str]:
        """Switches that were pinned, for the record."""
        return {}

    def evaluator(self, model: Any, plan: Plan) -> Evaluator:
        """Make ready to answer a plan."""
        return self.evaluator_class(self, model, plan)

    def function_gradients(
        self,
        function: Any,
        tensors: Sequence[Any],
        moving: Sequence[int],
        cotangents: Mapping[int, Any],
    ) -> list[Any]:
        """Gradients of ``sum(cotangent · output)`` of a function, as numbers for the wire.

        Args:
            function: Takes the list of tensors, answers a list of them.
            tensors: Its inputs.
            moving: Places of the inputs whose gradients are wanted.
            cotangents: By the place of their output.
        """
        del function, tensors, moving, cotangents
        raise Unsupported(self.unsupported["gradients"])

    def compiled_function(self, function: Any, tensors: Sequence[Any]) -> list[Any]:
        """A function's outputs in graph mode."""
        del function, tensors
        raise Unsupported(self.unsupported["compiled"])

    def tensor(self, array: Any, dtype: str) -> Any:
        """NumPy's array as an input tensor of this dtype."""
        raise NotImplementedError

    def operand(self, array: Any, dtype: str) -> Any:
        """NumPy's array as the tensor of this dtype that a function is called with."""
        return self.tensor(array, dtype)

    def value(self, tensor: Any) -> Value:
        """An output tensor as numbers for the wire, its dtype noted before any conversion."""
        array = self.keras.ops.convert_to_numpy(tensor)
        return Value(array, self.dtype(tensor))

    def dtype(self, tensor: Any) -> str:
        """Keras's name of a tensor's dtype: ``float32``, ``bfloat16``, ``bool``.

        Array libraries have names of their own for the same dtypes; Keras knows them all.
        """
        return str(self.keras.backend.standardize_dtype(tensor.dtype))

    def mask(self, tensor: Any) -> Any:
        """The mask that travels with an output, or None."""
        return mask_of(tensor)

    def numbers(self, variable: Any) -> Any:
        """A Keras variable's numbers."""
        return self.value(variable.value).array

    def rewind(self) -> None:
        """Let seeded layers begin anew, where a seed alone doesn't make them."""

    def begin(self, case: str) -> None:
        """Begin a case, given its id: forget what is left of the one before.

        What no seed is given to takes one out of Python's generator or NumPy's. They begin with the
        case, so that a verdict on such draws is the same in each run and in any order of cases.
        """
        random.seed(case)
        np.random.seed(zlib.crc32(case.encode()))  # noqa: NPY002 - the one that others draw from
        self.clear()

    def clear(self) -> None:
        """Forget what Keras keeps between models."""
        self.keras.utils.clear_session(free_memory=False)
        # A new session has its settings at their defaults, and the innermost frame of a traceback
        # tells whose refusal it is.
        self.keras.config.disable_traceback_filtering()

    def end(self) -> None:
        """After each case, whatever became of it."""

    def shed(self) -> None:
        """Let go of what the framework keeps of earlier cases, before a collection."""


def import_keras_3() -> Any:
    """Import Keras 3 and pin its own switches, whatever the user's ``keras.json`` says."""
    import keras

    if not hasattr(keras, "version") or int(keras.version().split(".")[0]) < 3:  # noqa: PLR2004
        raise ModuleNotFoundError("Keras 3 is not installed; an older keras is", name="keras")
    pin(keras)
    keras.config.disable_traceback_filtering()
    remember_signatures()
    remember_unsaved()
    return keras


def origin(keras: Any, backend: str) -> str:
    """Where a backend's code comes from: a package of its own, or Keras itself."""
    package = f"keras_{backend}"
    outside = any(name == package or name.startswith(f"{package}.") for name in sys.modules)
    return package if outside else f"keras {keras.__version__}'s own"


def pin(keras: Any) -> None:
    """Give a Keras its documented defaults."""
    keras.backend.set_floatx("float32")
    keras.backend.set_epsilon(1e-7)
    keras.backend.set_image_data_format("channels_last")


def packed(tensors: Sequence[Any]) -> Any:
    """Inputs as ``model(…)`` takes them: the only one bare, several as a list."""
    return tensors[0] if len(tensors) == 1 else list(tensors)


def is_float(dtype: str) -> bool:
    """Whether a dtype's name is a floating-point one."""
    return "float" in dtype
