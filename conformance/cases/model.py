"""What a case is, once its YAML has been read, checked and expanded.

A :class:`Case` has two halves that never meet before the verdict: its :class:`Program` says what
to build and feed and is all that an adapter ever sees; its :class:`Expect` says what the source
states and is seen by the reference alone.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec
from msgspec import Struct, field

from conformance.adapters.shared.functions import is_function

Shape = list[int | None]
"""Sizes by axis; ``None`` where any size will do, as in ``(None, 3)``."""

Json = Any
"""A value that JSON can carry: null, bool, int, float, str, list or object."""


Dictionary = dict[str, str | dict[str, str]]
"""Inputs by the keys of a dictionary that is one argument; ``bounding_boxes`` is one itself."""

_LONGEST_EXPONENT = 5
"""Characters: no double needs more."""

STRING = "string"
"""The dtype of strings, which are given literally; only what is made of them is judged."""


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where an input's numbers come from: a named generator or literal values.

    ``normal``: bell-shaped, about unit variance; ``integers``: -4..4, so that every order of
    summation is exact; ``arange``: 0, 1, 2 ... in C order over the whole batch; ``uniform``: evenly
    spread over [low, high), 0..1 by default; ``indices``: whole numbers from low (0) up to, not
    including, ``high``; ``boolean``: true and false, both present; ``values``: the literal array,
    batch axis included.
    """

    kind: Literal["normal", "integers", "arange", "uniform", "indices", "boolean", "values"] = (
        "normal"
    )
    low: float | None = None
    high: float | None = None
    values: Json = None
    """Nested lists, of strings where the input's dtype is ``string``. NaN and infinities, which
    JSON lacks, are the strings ``nan``, ``inf`` and ``-inf``, here and in ``Expect.values``, where
    ``0.50`` is one as well: ``numpy.asarray(values, dtype)`` reads them."""


class InputSpec(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One symbolic input, in the words of ``keras.Input``, and what is fed to it."""

    name: str
    shape: list[int]
    """Sizes of what is fed: without the batch axis to a model, all of them to a function."""
    declared: Shape | None = None
    """Sizes as declared to the framework, ``None`` where it is told any size; by default ``shape``.
    """
    batch_size: int | None = None
    dtype: str = "float32"
    data: Data = Data()
    declared_by: str | None = None
    """The node whose own arguments (``input_shape``, ``input_dim`` ...) declare this input.

    ``None``: the adapter declares it itself, with ``Input``.
    """


class Node(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One layer of a model, or one function called on arrays.

    Nested layers stay inside ``config`` as ``{Dense: {units: 4}}``.
    """

    name: str
    layer: str
    """Keras's name of the layer, ``Dense``; of anything else its public name without ``keras.``,
    ``ops.where``, ``losses.Huber``."""
    config: dict[str, Json]
    """Arguments of the constructor; empty where there is none, as of ``ops.where``."""
    inputs: list[str]
    """Names of nodes or inputs, in call order; ``lstm.1`` is the second output of ``lstm``. Of a
    function, in a model as well, only what no parameter is known for by name; ``tensors`` holds the
    others."""
    arguments: dict[str, Json] = field(default_factory=dict)
    """Literal keyword arguments of the call: ``training: true``."""
    adapt: Json = None
    """What the layer's ``adapt`` is called with before anything else: nested lists of numbers or of
    strings; ``None``: it is not called."""
    adapted_before: list[Json] = field(default_factory=list)
    """What ``adapt`` is called with before that, one call after the other; nothing of it stays."""
    forms: dict[str, str] = field(default_factory=dict)
    """In which form an argument is passed, by its path in ``config``: ``object``, ``tensor``; of
    all others as usual (docs/cases.md)."""
    tensors: dict[str, str | list[str] | Dictionary] = field(default_factory=dict)
    """Keyword arguments of the call that are inputs or nodes: ``mask: m``. Of a function in the
    order of its signature; a dictionary of inputs is one argument of an image layer."""
    shares: str | None = None
    """The earlier node whose layer is called once more: one layer, with one set of variables.
    ``layer`` and ``config`` are that node's."""

    @property
    def owner(self) -> str:
        """The node under whose name the layer's variables go."""
        return self.shares or self.name

    @property
    def is_function(self) -> bool:
        """Whether it is a function, ``ops.add``, and no layer."""
        return is_function(self.layer)


class Settings(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How Keras is set for the whole process while a model is made and asked; None: as usual."""

    image_data_format: Literal["channels_first", "channels_last"] | None = None
    floatx: str | None = None
    dtype_policy: str | None = None
    epsilon: float | None = None


QuantizationMode = Literal["int8", "int4", "float8"]


class Quantize(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What ``model.quantize`` is called with, as soon as the model has the case's weights."""

    mode: QuantizationMode | None = None
    config: dict[str, Json] | None = None
    """A config by its class, ``{Int4QuantizationConfig: {block_size: 2}}``."""
    filters: list[str] | None = None
    """Words in the names of the layers that are meant; ``None``: all that can be quantized."""


class Model(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A list of layers (``sequential``), a graph (``functional``), or functions called on arrays.

    All hold named nodes; those of a graph may be functions among layers. In the form
    ``function`` the inputs are arrays with their whole shape: there is no batch axis, and no
    variable. ``object`` is the form of what has a memory
    (:class:`Steps`): its one node is the object. ``application`` is a model that Keras itself
    puts together: its one node is ``applications.ResNet50`` with the arguments of that function;
    its input is there where the case hands one over, or feeds it.
    """

    form: Literal["sequential", "functional", "function", "object", "application"]
    inputs: list[InputSpec]
    nodes: list[Node]
    """In topological order."""
    outputs: list[str]
    """Names of nodes. A node that returns several tensors stands for all of them, in the order in
    which Keras flattens them."""
    settings: Settings | None = None
    quantize: Quantize | None = None
    """Its variables are then those of the quantized model; fed are those from before."""

    @property
    def layers(self) -> list[Node]:
        """The nodes that have a layer of their own: one for each layer of the model."""
        return [node for node in self.nodes if node.shares is None and not node.is_function]

    @property
    def functions(self) -> list[Node]:
        """The nodes that are functions."""
        return [node for node in self.nodes if node.is_function]

    @property
    def shared(self) -> set[str]:
        """The nodes whose layer is called more than once, each of its calls among them."""
        several = {node.shares for node in self.nodes if node.shares is not None}
        return {node.name for node in self.nodes if node.owner in several}


class Call(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One forward call that the case itself makes of the one model or function.

    Its arrays travel as ``call/<index>/<input name>``.
    """

    batch: int
    """Rows; 1 where there is no batch axis."""
    sizes: dict[str, list[int]] | None = None
    """What is fed by input, without the batch axis, where that is not ``InputSpec.shape``."""
    training: bool | None = None
    """The flag that the model itself is given; ``None``: none is."""
    predict: bool = False
    """Whether ``predict_on_batch`` makes the call."""
    predict_rows: int | None = None
    """With ``predict``: ``predict`` itself makes it, in batches of so many rows."""

    @property
    def facet(self) -> Literal["values"]:
        """What the answer is judged as."""
        return "values"

    def shape(self, spec: InputSpec) -> list[int]:
        """Sizes of what this call feeds to an input, without the batch axis."""
        return spec.shape if self.sizes is None else self.sizes.get(spec.name, spec.shape)


class Extra(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A further call that a facet needs, made after the case's own.

    Its arrays travel as a call's do; its index goes on where those of the case's calls end.
    """

    batch: int
    facet: Literal["batch", "influence"]
    """What the answer is judged as. ``batch``: call 0's first row alone. ``influence``: call 0
    with one entry changed."""
    at: list[int] | None = None
    """``influence`` only: index prefix, without the batch axis, of the entries that change."""

    def shape(self, spec: InputSpec) -> list[int]:
        """Sizes of what this call feeds to an input, without the batch axis."""
        return spec.shape


class Named(Struct, frozen=True, kw_only=True):
    """An optimizer, a loss or a metric by its Keras name: ``SGD``, ``mean_squared_error``."""

    name: str
    config: dict[str, Json] = field(default_factory=dict)


class Target(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one output is trained towards."""

    dtype: str = "float32"
    data: Data = Data()
    shape: list[int] | None = None
    """Sizes without the batch axis; ``None``: those of the output, of whole numbers without its
    last axis, along which are the classes that they name."""


TELL_THE_RATE = frozenset({"LearningRateScheduler", "ReduceLROnPlateau"})
"""Callbacks that add the epoch's learning rate to what ``fit`` tells of it."""


class Fit(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What ``fit`` is given besides rows, by the names of its own arguments.

    Validation data are the last rows of what is fed, ``validation_rows`` of them or the fraction
    ``validation_split``; the model isn't trained on them.
    """

    validation_rows: int | None = None
    """Handed over as ``validation_data``, with their weights where there are ``sample_weight``."""
    validation_split: float | None = None
    validation_freq: int | None = None
    validation_batch_size: int | None = None
    validation_steps: int | None = None
    initial_epoch: int = 0
    steps_per_epoch: int | None = None
    steps_per_execution: int | None = None
    """An argument of ``compile``: so many updates are made at a time."""
    jit_compile: bool | None = None
    """Likewise: whether the step of training is compiled by XLA."""
    data: Literal["generator", "PyDataset"] | None = None
    """In which form rows are handed over, where not as arrays: a generator begins again with the
    first batch behind the last, for ever."""


class Train(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``steps`` calls of ``train_on_batch`` on call 0's inputs and the arrays ``target/<j>``.

    With ``batch_size`` they are the epochs of one ``fit``.
    """

    optimizer: Named
    loss: Named
    steps: int
    targets: list[Target] = field(default_factory=list)
    """One an output; empty: numbers of each output's shape, drawn as the weights are."""
    class_weight: list[float] | None = None
    """What a sample's loss is multiplied with, by its class: the target is an index into it."""
    sample_weight: list[float] | None = None
    """The same by row of the batch."""
    loss_weights: list[float] | None = None
    """What the loss of each output is multiplied with before all are added up."""
    metrics: list[Named] = field(default_factory=list)
    """Metrics that take no notice of weights, each told after every step, of that step alone."""
    weighted_metrics: list[Named] = field(default_factory=list)
    """Metrics that weigh samples as the loss does."""
    optimizer_variables: bool = False
    """Whether the optimizer's own variables are asked for as well."""
    batch_size: int | None = None
    """Rows that ``fit`` takes for one update, in their order; the last ones may be fewer."""
    evaluate: bool = False
    """Whether the loss outside of training, with the weights that it left, ends the losses."""
    eager: bool = False
    """Whether the model is compiled to run step by step (``run_eagerly``)."""
    freeze: list[str] = field(default_factory=list)
    """Nodes whose layer is made not trainable once the model is built, before it is compiled."""
    freeze_late: list[str] = field(default_factory=list)
    """The same after it is compiled, which by Keras's documentation changes nothing any more."""
    fit: Fit | None = None
    """What ``fit`` is given besides; only with ``batch_size``."""
    callbacks: list[Named] = field(default_factory=list)
    """In the order in which ``fit`` calls them; only with ``batch_size``."""

    @property
    def checkpoint(self) -> bool:
        """Whether a callback writes files that are read back."""
        return any(one.name == "ModelCheckpoint" for one in self.callbacks)

    @property
    def told(self) -> bool:
        """Whether more than losses is told of it: metrics, validation, learning rates."""
        validated = self.fit is not None and (
            self.fit.validation_rows is not None or self.fit.validation_split is not None
        )
        rated = any(one.name in TELL_THE_RATE for one in self.callbacks)
        return bool(self.every_metric) or validated or rated

    @property
    def every_metric(self) -> list[Named]:
        """All metrics, in the order in which their answers are told."""
        return [*self.metrics, *self.weighted_metrics]


class Twin(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A second model that must give the same answer from the same weights, taken in order.

    ``input_axes`` and ``output_axes`` permute the axes behind the batch axis (0 is the first of
    them): the twin is fed ``transpose(x, input_axes)`` and its answer equals
    ``transpose(y, output_axes)``. Its arrays have the prefix ``twin/``.
    """

    model: Model
    input_axes: list[int] | None = None
    output_axes: list[int] | None = None


class Random(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the model's one layer draws in training, or a function, looked at on many numbers.

    The arrays ``random/<input>`` have ``rows`` rows. The layer's own ``seed`` is the one seed,
    ``other`` the other.
    """

    rows: int = 0
    """0 for a function, whose arguments say how many numbers it draws."""
    other: int


class Clone(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What ``keras.models.clone_model`` is called with beside the model."""

    input_tensors: bool = False
    """Whether the clone is given inputs of its own, made like the model's."""
    clone_function: Literal["from_config"] | None = None
    """What makes a clone of each layer: ``from_config`` a layer from the layer's config."""
    recursive: bool = False
    """Whether models inside the model are cloned layer by layer."""


FileKind = Literal["keras", "weights.h5"]
"""A whole model as ``model.save`` writes it, or its weights as ``save_weights`` does."""


class Exchange(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one adapter writes and others read: the model, with the case's weights."""

    file: FileKind
    steps: int | None = None
    """The file is written after the case's training, and whoever reads it trains on, so many
    steps."""


class Graph(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="graph"):
    """Nodes called on arrays, what is fed, which facets are asked for; nothing of what is expected.

    A model is one, and so is a layer, a function, a loss, a schedule, an initializer.
    """

    case: str
    model: Model
    calls: list[Call]
    extra: list[Extra] = field(default_factory=list)
    """What facets need beside the case's own calls."""
    facets: list[str]
    """Asked facets, in the order of :data:`conformance.facets.FACETS`."""
    weights: Literal["normal", "integers"] = "normal"
    given: dict[str, Json] = field(default_factory=dict)
    """Numbers of variables that are written out, nested lists by ``<node>/<variable>``; the word
    ``initial`` stands for what the variable's initializer gives. The others are drawn."""
    initial: bool = False
    """Whether all that isn't given holds what its initializer gives, in a drawing's place."""
    train: Train | None = None
    twin: Twin | None = None
    random: Random | None = None
    exchange: Exchange | None = None
    clone: Clone | None = None

    @property
    def every_call(self) -> list[Call | Extra]:
        """The case's own calls, and behind them those that facets need."""
        return [*self.calls, *self.extra]

    @property
    def batched(self) -> bool:
        """Whether what is fed has a batch axis in front."""
        return self.model.form != "function"


EXCLUDING: Final = "exclude_from_weight_decay"
"""A step that stands before every other: optimizers are told before they are built."""


class Step(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One call of a method of the object, on arrays and literals."""

    call: str
    """A method out of the table of its kind (docs/cases.md): ``update_state``, ``apply``."""
    inputs: list[str] = field(default_factory=list)
    """Inputs that it takes by position."""
    tensors: dict[str, str] = field(default_factory=dict)
    """Inputs that it takes by keyword; of ``apply``, the gradient of each variable."""
    arguments: dict[str, Json] = field(default_factory=dict)
    """Literals that it takes by keyword."""

    @property
    def names(self) -> list[str]:
        """Every input that the step takes, in order."""
        return [*self.inputs, *self.tensors.values()]


class Steps(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="steps"):
    """One object with a memory, and a flat list of calls on it.

    There are no loops, no conditions, no names for results. Judged are every result and every
    variable after every step. The arrays of step ``i`` travel as ``step/<i>/<input>``, drawn anew
    for each step; the variables as ``variable/<name>``.
    """

    case: str
    object: Node
    """``metrics.MeanIoU`` with its constructor's arguments; it takes nothing when it is made."""
    variables: list[InputSpec] = field(default_factory=list)
    """What an optimizer trains."""
    inputs: list[InputSpec] = field(default_factory=list)
    steps: list[Step]
    facets: list[str]
    """Asked facets, in the order of :data:`FACETS`."""

    @property
    def model(self) -> Model:
        """The object as a model's one node, for whoever asks which symbols a case is about."""
        return Model(form="object", inputs=self.inputs, nodes=[self.object], outputs=[])

    @property
    def batched(self) -> bool:
        """Inputs have their whole shape."""
        return False

    @property
    def calls(self) -> list[Call]:
        """There are none; the object's are ``steps``."""
        return []

    @property
    def extra(self) -> list[Extra]:
        """There are none."""
        return []

    @property
    def every_call(self) -> list[Call | Extra]:
        """There are none."""
        return []

    @property
    def train(self) -> None:
        """Nothing is fitted."""

    @property
    def twin(self) -> None:
        """There is none."""

    @property
    def random(self) -> None:
        """Nothing is drawn."""

    @property
    def exchange(self) -> None:
        """Nothing is saved."""


Program = Graph | Steps
"""What is built and fed, and which facets are asked for."""


def kind_of(program: Program) -> Literal["model", "function", "steps", "application"]:
    """What a program is: a model, functions, an object with steps, or one of Keras's own models."""
    if isinstance(program, Steps):
        return "steps"
    form = program.model.form
    return form if form in {"function", "application"} else "model"


def symbols_of(program: Program) -> list[str]:
    """The layers, functions or the object that it is about, each once and in order: ``ops.sum``."""
    return list(dict.fromkeys(node.layer for node in program.model.nodes))


class Source(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who says so: a document's claims, a Keras symbol's docstring, or an upstream issue."""

    document: str | None = None
    claim: list[str] = field(default_factory=list)
    keras: str | None = None
    issue: str | None = None


class Params(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Parameter counts."""

    total: int | None = None
    trainable: int | None = None
    non_trainable: int | None = None


class LayerExpect(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the source states of one layer, in the order of the model's nodes."""

    output_shape: Shape | None = None
    params: int | None = None


class SummaryRow(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One row of ``model.summary()``: the layer's class, output shape and parameter count."""

    layer: str
    output_shape: Shape
    params: int


class Influence(Struct, frozen=True, kw_only=True):
    """Changing the input at ``change`` changes exactly the output at ``changes``.

    Both are index prefixes without the batch axis; ``all`` means every number of that sample.
    """

    change: list[int]
    changes: list[int] | Literal["all"]


class Expect(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the source itself states, literally. Everything else is stated by the reference."""

    input_shape: Shape | None = None
    output_shape: list[int | Shape | None] | None = None
    """A shape, or a list of shapes for several outputs. (msgspec decodes no union of two lists.)"""
    layers: list[LayerExpect] | None = None
    params: Params | None = None
    weights: dict[str, list[int]] | None = None
    values: Json = None
    dtype: str | None = None
    signed_zero: bool = False
    """Whether a zero's sign is judged in ``values``."""
    probes: dict[str, list[int]] | None = None
    summary: list[SummaryRow] | None = None
    influence: list[Influence] | None = None


def decimals(number: float | str) -> int:
    """How many digits behind the point a number of ``Expect.values`` is written with.

    A number travels as such, or as its text where the text says more: ``0.50``.

    Args:
        number: Or its text; infinity and NaN, by their names, have none.
    """
    mantissa, _, exponent = str(number).lower().partition("e")
    if not mantissa.strip("+-.").replace(".", "").isdecimal():
        return 0
    power = int(exponent) if 0 < len(exponent) <= _LONGEST_EXPONENT else 0
    return max(0, len(mantissa.partition(".")[2]) - power)


class Raises(Struct, frozen=True, kw_only=True):
    """The framework must refuse: while the model is built, or when it is called."""

    at: Literal["build", "call"]


class Place(Struct, frozen=True, kw_only=True):
    """Where the case is written: a file, relative to its catalogue, and 1-based line, column."""

    file: str
    line: int
    column: int


class Case(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One concrete case, after ``vary`` has been expanded."""

    id: str
    """``documents/dense/last-axis`` or ``layers/convolutional/conv2d[strides=2,padding=same]``."""
    digest: str
    """SHA-256 of what can change the answer: program, expect, raises. Hex, 64 characters."""
    title: str
    source: Source
    place: Place
    yaml: str
    """The case as written, comments included."""
    program: Program
    expect: Expect
    why: str | None = None
    raises: Raises | None = None
    unspecified: str = ""
    """What the documentation does not say, where the case asks what nobody documents: its answers
    are recorded and shown side by side, and none is right or wrong. Empty for any other case."""
    without: dict[str, str] = field(default_factory=dict)
    """Facets that this case does not ask for, each with the reason."""
    variation: dict[str, Json] = field(default_factory=dict)

    @property
    def graph(self) -> Graph:
        """The program of a case that is no object's.

        Raises:
            TypeError: It is one's.
        """
        if isinstance(self.program, Steps):
            message = f"{self.id} is about an object and its steps"
            raise TypeError(message)
        return self.program

    @property
    def suite(self) -> str:
        """First part of the id: ``documents``."""
        return self.id.split("/", 1)[0]

    @property
    def family(self) -> str:
        """The id without its last part: ``documents/dense``."""
        return self.id.split("[", 1)[0].rsplit("/", 1)[0]


def to_json(value: object) -> Json:
    """The plain JSON form of a struct, for a frame or a record."""
    return msgspec.to_builtins(value)
