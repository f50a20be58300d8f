"""What a layer is in the reference, and the table of those that exist."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from conformance.reference.engine.array import Array, broadcast
from conformance.reference.engine.laws import Choice
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec import table
from conformance.reference.spec.config import Config
from conformance.reference.spec.initial import Part, parts_of
from conformance.reference.spec.rules import Penalty, Rule, Rules, rules_of

if TYPE_CHECKING:
    from conformance.cases.model import Shape
    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.laws import Drawn
    from conformance.reference.spec.quantization import Scheme

Weights = Mapping[str, Array]
"""A layer's variables by Keras's names."""

Mask = NDArray[np.bool_] | None
"""What travels beside an array and tells which of its entries count."""

PASSES_MASK: Final = frozenset(
    {
        "Activation",
        "ActivityRegularization",
        "AlphaDropout",
        "BatchNormalization",
        "Dense",
        "Dropout",
        "ELU",
        "GaussianDropout",
        "GaussianNoise",
        "GroupNormalization",
        "GroupQueryAttention",
        "Identity",
        "LayerNormalization",
        "LeakyReLU",
        "MultiHeadAttention",
        "Normalization",
        "PReLU",
        "ReLU",
        "Rescaling",
        "Softmax",
        "SpatialDropout1D",
        "SpatialDropout2D",
        "SpatialDropout3D",
        "TimeDistributed",
        "UnitNormalization",
    }
)
"""Layers that hand on the mask that came with their input; those that make another say so
themselves (``Layer.output_mask``), and all the others end it."""

ANY: Final = 0
"""The arity of a layer that takes any number of inputs."""


@dataclass(frozen=True)
class Variable:
    """One variable of a layer, in the order in which Keras lists them.

    Attributes:
        name: Keras's name: ``kernel``.
        shape: Its sizes.
        kind: ``kernel``, ``bias`` or ``variance``, whose numbers are positive; decides how its
            numbers are scaled (``data``).
        fan_in: How many numbers one output adds up through it.
        gain: Variance to aim at, times fan_in: 2 where half of the signal is cut off by a relu. Of
            a ``variance`` the power of two that its numbers are multiplied by.
        trainable: Whether training changes it.
        dtype: In which the framework keeps it.
        rule: Its regularizer and constraint, where it has one.
        summed: The axes of a kernel that its layer's equation sums over.
        levels: The whole numbers that it is drawn from, ends included, where it holds such.
        initial: What makes its first numbers, part by part along its last axis; empty: nothing
            that is documented by itself (:meth:`Layer.variables`).
    """

    name: str
    shape: tuple[int, ...]
    kind: Literal["kernel", "bias", "variance"] = "kernel"
    fan_in: int = 1
    gain: float = 1.0
    trainable: bool = True
    dtype: str = "float32"
    rule: Rule | None = None
    summed: tuple[int, ...] = ()
    levels: tuple[int, int] | None = None
    initial: tuple[Part, ...] = field(default=(), compare=False)


@dataclass
class Context:
    """What a layer may ask of the run that it is part of.

    Attributes:
        arithmetic: In which the run computes.
        node: Name of the node that runs.
        arguments: The literal keyword arguments of its call.
        tensors: The keyword arguments of its call that are arrays.
        masks: The mask that came with each of its inputs.
        updates: New values of variables, by ``<node>/<variable>``.
        memory: What nodes keep from one call to the next beside their variables.
        penalties: What the layers add to the loss, batch by batch.
        probes: Shapes seen by ``Lambda: {function: probe}``, by node.
        flag: The flag that the model is called with; true within ``fit``, false within ``predict``
            and ``evaluate``.
        default: What the layer takes its own flag to be where nobody says anything.
        frozen: Whether the node's layer was made not trainable after it was built.
        frozen_nodes: All of those.
        first_rows: A ``batch`` call is answered by the first row of call 0, which is what it must
            equal, instead of being run.
    """

    arithmetic: Arithmetic
    node: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    tensors: Mapping[str, Array | list[Array]] = field(default_factory=dict)
    masks: Sequence[Mask] = ()
    updates: dict[str, Array] = field(default_factory=dict)
    penalties: list[Array] = field(default_factory=list)
    memory: dict[str, list[Array]] = field(default_factory=dict)
    probes: dict[str, list[int]] = field(default_factory=dict)
    first_rows: bool = False
    flag: bool | None = None
    default: bool = False
    frozen: bool = False
    frozen_nodes: frozenset[str] = frozenset()
    optimizer_kept: ClassVar[bool] = True
    """Whether a training that goes on does so with the optimizer as it was left."""

    @property
    def training(self) -> bool:
        """Whether the layer is called in training.

        In Keras's order of priority: what its own call says, what the call of the model says or
        implies, the default of the layer's ``call``.
        """
        return self.default if self.said is None else self.said

    @property
    def said(self) -> bool | None:
        """What the layer's own call or else that of the model says; None where neither does."""
        own = self.arguments.get("training")
        return self.flag if own is None else bool(own)

    @property
    def mask(self) -> Mask:
        """The ``mask=`` of the call; without one, the mask that came with the first input."""
        given = self.tensors.get("mask")
        if isinstance(given, Array):
            return given.value.real.astype(bool)
        return self.masks[0] if self.masks else None

    def assign(self, variable: str, array: Array) -> None:
        """Give one of the node's variables a new value, from the next call on."""
        self.updates[f"{self.node}/{variable}"] = array.detached()

    def remember(self, what: str, arrays: Sequence[Array]) -> None:
        """Keep arrays of the node for its next call; they are no variables."""
        self.memory[f"{self.node}/{what}"] = [array.detached() for array in arrays]

    def recalled(self, what: str) -> list[Array]:
        """What the node kept in the call before; empty in the first."""
        return self.memory.get(f"{self.node}/{what}", [])

    def halves(self, total: int) -> tuple[int, int]:
        """Padding before and after an axis; the odd one goes after."""
        return total // 2, total - total // 2

    @property
    def shared_axis(self) -> int:
        """Along which axis of its scores (targets, sources) an attention's shares are 1."""
        return -1

    @staticmethod
    def centre(pixel: Array, size: int, factor: int) -> Array:  # noqa: ARG004 - a defect's
        """Where a pixel of an enlarged axis lies between the ``size`` pixels of the given one."""
        return (pixel + 0.5) / float(factor) - 0.5


class Layer(ABC):
    """One layer: its arguments, its variables, its shapes, its function.

    A subclass reads all its arguments in ``__init__``, from Keras's documentation, defaults
    included, and refuses there what the documentation refuses. It does not know its inputs yet.
    """

    arity: ClassVar[int | None] = 1
    """Number of inputs; ``None``: two or more, ``ANY``: the layer looks at them itself."""
    supports_masking: ClassVar[bool] = False
    """Whether a mask that comes with the first input goes on with the first output."""
    keywords: ClassVar[frozenset[str]] = frozenset()
    """Keyword arguments of the call that are understood, beside ``training`` and ``mask``."""
    reads_strings: ClassVar[bool] = False
    """Whether it takes strings: arrays of one axis more (``adapters/shared/texts.py``)."""
    states_its_shape: ClassVar[bool] = True
    """Whether it has a ``compute_output_shape`` of its own, which can be asked before it is built;
    else Keras finds the shape out by tracing its call."""
    strings: Sequence[bool] = ()
    """Which of its inputs are strings."""
    trains_by_default: ClassVar[bool] = False
    """What ``training`` is in the layer's ``call`` by default."""
    activity: Penalty | None = None
    """What each of its outputs adds to the loss, to be divided by the rows of the batch."""
    answers_strings: bool = False
    called: Mapping[str, Any] = MappingProxyType({})
    """The literal keyword arguments of the call, there before any shape is asked for."""
    learned: Mapping[str, Any] = MappingProxyType({})
    """What variables hold once the layer has been adapted, by name; the case draws all others."""
    origin: tuple[str, Mapping[str, Any]] = ("", MappingProxyType({}))
    """Keras's name of the layer and its arguments, as the case has them."""

    @abstractmethod
    def __init__(self, config: Config) -> None:
        """Read the arguments."""

    def weights(self, shapes: Sequence[Shape]) -> list[Variable]:  # noqa: ARG002 (most layers have none)
        """Variables, in Keras's order, for inputs of these symbolic shapes."""
        return []

    def variables(self, shapes: Sequence[Shape]) -> list[Variable]:
        """The same, with what makes their first numbers; a layer inside has said so of its own."""
        name, arguments = self.origin

        def begun(one: Variable) -> Variable:
            if one.initial or not name:
                return one
            return replace(one, initial=parts_of(name, arguments, one.name, one.shape, one.summed))

        return [begun(one) for one in self.weights(shapes)]

    @abstractmethod
    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """Symbolic shape of the (first) output; ``None`` stands for an unknown size."""

    @abstractmethod
    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:
        """The (first) output, batch axis included."""

    def output_shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        """Symbolic shapes of all outputs, in the order in which Keras flattens them."""
        return [self.output_shape(shapes)]

    def forward_all(
        self, context: Context, inputs: Sequence[Array], weights: Weights
    ) -> list[Array]:
        """All outputs. A layer that may have several overrides this and ``output_shapes``."""
        return [self.forward(context, inputs, weights)]

    def output_mask(self, context: Context, inputs: Sequence[Array]) -> Mask | list[Mask]:  # noqa: ARG002 (others look)
        """The mask of the first output, or a list of one for each: Keras's ``compute_mask``."""
        return context.mask if self.supports_masking else None


class Elementwise(Layer):
    """A layer that keeps its input's shape and has no weights."""

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """The input's."""
        return shapes[0]


class Quantized(Layer):
    """A layer that keeps its weights quantized."""

    held: Mapping[str, Any] = MappingProxyType({})
    """What variables hold that no case need draw, by name: which group a row belongs to."""

    def __init__(self, inner: Layer, scheme: Scheme, *, afterwards: bool) -> None:
        """Take the place of a layer.

        Args:
            inner: The layer as it was made.
            scheme: How it is quantized.
            afterwards: Whether it was made with floats, which are then quantized.
        """
        self.inner, self.scheme, self.afterwards = inner, scheme, afterwards
        self.activity, self.origin = inner.activity, inner.origin
        # Of the instance: its class stands for layers of several kinds.
        self.arity = inner.arity  # type: ignore[misc]
        self.keywords = inner.keywords  # type: ignore[misc]
        self.states_its_shape = inner.states_its_shape  # type: ignore[misc]

    def __setattr__(self, name: str, value: Any) -> None:
        """What the call says is the inner layer's as well."""
        super().__setattr__(name, value)
        if name in {"called", "strings"}:
            setattr(self.inner, name, value)

    @abstractmethod
    def weights(self, shapes: Sequence[Shape]) -> list[Variable]:
        """The quantized variables, those that training changes first."""

    @abstractmethod
    def begun(self, given: Weights) -> dict[str, Array]:
        """The quantized variables' numbers, made of the floats'."""

    def variables(self, shapes: Sequence[Shape]) -> list[Variable]:
        """The same; what their first numbers are is documented nowhere."""
        return self.weights(shapes)

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """The layer's."""
        return self.inner.output_shape(shapes)

    def output_mask(self, context: Context, inputs: Sequence[Array]) -> Mask | list[Mask]:
        """The layer's."""
        return self.inner.output_mask(context, inputs)


class Drawing(Elementwise):
    """A layer that draws in training and answers with its input otherwise."""

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """The input; in training, where nothing is left to chance, the one possible answer.

        Raises:
            Unsupported: The layer draws in training: only the facet ``random`` can judge it.
        """
        if not context.training:
            return inputs[0]
        drawn = self.drawn(context, inputs[0])
        if isinstance(drawn.law, Choice) and len(drawn.law.options) == 1:
            return broadcast(drawn.law.options[0], drawn.shape)
        message = f"{type(self).__name__} draws in training: say `random:` instead"
        raise Unsupported(message)

    @abstractmethod
    def drawn(self, context: Context, x: Array) -> Drawn:
        """The law of the answer to ``x`` in training."""


L = TypeVar("L", bound=type[Layer])


def register(*names: str) -> Callable[[L], L]:
    """Enter a class into the table of definitions under Keras's name(s) of the layer."""

    def enter(layer: L) -> L:
        for name in names:
            table.defines(f"layers.{name}")(layer)
            if "supports_masking" not in vars(layer):
                layer.supports_masking = name in PASSES_MASK
        return layer

    return enter


def make(name: str, values: Mapping[str, Any]) -> Layer:
    """Make a layer from its Keras name and arguments.

    Raises:
        Unsupported: The reference has no such layer or argument.
        Refused: Keras documents that it refuses these arguments.
    """
    rules, rest = rules_of(name, values)
    config = Config(name, rest)
    layer: Layer = table.find(f"layers.{name}")(config)
    config.finish()
    layer.activity = rules.activity
    if rules.by_argument:
        # Of the instance: its class knows nothing of rules for its variables.
        layer.weights = _Ruled(rules, layer.weights)  # type: ignore[method-assign]
    layer.origin = (name, values)
    return layer


@dataclass(frozen=True)
class _Ruled:
    """A layer's variables with what its arguments say that is to become of their numbers."""

    rules: Rules
    own: Callable[[Sequence[Shape]], list[Variable]] = field(compare=False)

    def __call__(self, shapes: Sequence[Shape]) -> list[Variable]:
        """Variables in their order, by the shapes of the inputs."""
        variables = self.own(shapes)
        found = self.rules.by_variable([variable.name for variable in variables])
        return [replace(one, rule=found.get(one.name)) for one in variables]


def make_nested(config: Config, argument: str) -> tuple[Layer, str]:
    """Make the layer that an argument holds as ``{Dense: {units: 4}}``; also its Keras name."""
    value = config.required(argument)
    if isinstance(value, str):
        value = {value: {}}
    if not isinstance(value, Mapping) or len(value) != 1:
        message = f"{config.owner}: {argument} must be one layer, such as Dense: {{units: 4}}"
        raise Refused(message)
    ((name, arguments),) = value.items()
    if not (arguments or {}).get("trainable", True):
        message = f"{config.owner}: trainable=false on the inner {name} is not in the reference"
        raise Unsupported(message)
    made = make(name, arguments or {})
    if made.activity is not None:
        message = (
            f"{config.owner}: activity_regularizer of the inner {name} is not in the reference"
        )
        raise Unsupported(message)
    return made, name


def different_axes(owner: str, argument: str, axes: Sequence[int], rank: int) -> None:
    """An argument that names axes names some that are there, each once.

    Raises:
        Refused: It doesn't: an axis can't be taken twice, under two numbers as little as under one.
    """
    for axis in axes:
        if not -rank <= axis < rank:
            message = f"{owner}: {argument} {axis} is out of bounds for an input of {rank} axes"
            raise Refused(message)
    if len({axis % rank for axis in axes}) != len(axes):
        message = f"{owner}: {argument}={list(axes)} names an axis of an input of rank {rank} twice"
        raise Refused(message)


def known(size: int | None, what: str) -> int:
    """A size that must be known before weights can be made.

    Raises:
        Refused: It is ``None``.
    """
    if size is None:
        message = f"{what} must be known, not null"
        raise Refused(message)
    return size


def of_rank(shape: Shape, rank: int, owner: str) -> Shape:
    """The shape, if it has so many axes, batch axis included.

    Raises:
        Refused: It has more or fewer.
    """
    if len(shape) != rank:
        message = f"{owner} takes inputs of {rank} axes, batch axis included, not {shape}"
        raise Refused(message)
    return shape


def volume(sizes: Sequence[int | None]) -> int | None:
    """Product of sizes; ``None`` if one is unknown."""
    return None if any(n is None for n in sizes) else math.prod(n for n in sizes if n is not None)
