"""What an adapter answers, as the host sees it after checking it.

The worker side writes plain dicts (it has no msgspec); this module is the schema that they are
checked against, so a wrong or hostile answer is an error with a path in it, never a surprise.
Arrays are named here and travel beside the message.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

Shape = list[int | None]


class Failure(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An exception of the framework, or of the adapter itself (``internal``)."""

    stage: str
    """``build`` · ``weights`` · ``call`` · or the facet that was being answered."""
    type: str
    kind: str = ""
    """``ValueError`` or ``TypeError`` where the type is derived from one."""
    message: str
    traceback: str = ""
    internal: bool = False
    """True when the exception was raised by the adapter's own code: never counts as a refusal."""


class Output(Struct, frozen=True, kw_only=True):
    """One output array: what the framework said of it, and the name of its numbers."""

    shape: list[int]
    dtype: str
    """Keras's name of the dtype that the framework returned: ``float32``, ``bfloat16`` ..."""
    tensor: str


class CallResult(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer to one call: its outputs, or the error that it raised."""

    outputs: list[Output] = field(default_factory=list)
    nodes: dict[str, list[int]] = field(default_factory=dict)
    """Actual output shape by node, where the adapter can see inside."""
    probes: dict[str, list[int]] = field(default_factory=dict)
    """Shape, batch axis included, that each probing Lambda saw."""
    masks: list[Output | None] = field(default_factory=list)
    """The mask that travels on with each output; None where there is none."""
    error: Failure | None = None


class Symbolic(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Shapes that the framework states before it has seen any data."""

    inputs: list[Shape] = field(default_factory=list)
    outputs: list[Shape] = field(default_factory=list)
    nodes: dict[str, Shape] = field(default_factory=dict)
    dtypes: list[str] = field(default_factory=list)
    """Of the outputs, where a function states them."""


class Spec(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a layer states of its outputs without being called."""

    shapes: list[Shape] = field(default_factory=list)
    dtypes: list[str] = field(default_factory=list)
    """Where it was asked for them."""


class Weight(Struct, frozen=True, kw_only=True):
    """One variable, named ``<node>/<variable>`` as in ``dense/kernel``."""

    name: str
    shape: list[int]
    dtype: str
    trainable: bool


class Counts(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Parameter counts of the model, and by node where known."""

    total: int
    trainable: int
    non_trainable: int
    nodes: dict[str, int] = field(default_factory=dict)


class Gradients(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Names of the arrays that hold the gradient of sum(cotangent * output) of call 0."""

    inputs: dict[str, str] = field(default_factory=dict)
    weights: dict[str, str] = field(default_factory=dict)


class State(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """After training, or after calls that change it: losses, one a step, and every weight."""

    losses: str = ""
    """Empty where nothing was trained."""
    metrics: dict[str, str] = field(default_factory=dict)
    """By a metric's name, its value after each training step."""
    optimizer: dict[str, str] = field(default_factory=dict)
    """The optimizer's own variables after training."""
    checkpoint: dict[str, str] = field(default_factory=dict)
    """What is in the files that ``ModelCheckpoint`` wrote: ``<number>/<node>/<variable>``."""
    weights: dict[str, str] = field(default_factory=dict)
    lacking: dict[str, str] = field(default_factory=dict)
    """Variables of an object, without the step in front, that the framework has no counterpart of,
    each with the reason: they are not judged."""


class Draws(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a layer that draws answered to ``random/<input>`` in training.

    ``first`` and ``second`` are two calls of one model, built with the layer's seed; ``again`` is
    the first call of a model built anew with that seed, ``other`` that of one with another seed.
    Each call is given the numbers anew.
    """

    first: Output
    second: Output
    again: Output
    other: Output
    rebuilt: Output | None = None
    """The second call of what was made from the configuration of the first; None where there is
    none: a function with a number as its seed, a layer."""
    input_kept: bool = True
    """False where the first call changed the very array that it was given."""


class Configs(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What ``get_config()`` tells, by node; a tuple is a list, and other objects are serialized."""

    made: dict[str, dict[str, Any]]
    """Of the model's own layers."""
    rebuilt: dict[str, dict[str, Any]] | None = None
    """Of the model made from its config, where ``config_round_trip`` is asked."""
    loaded: dict[str, dict[str, Any]] | None = None
    """Of the model from its file, where ``save_round_trip`` is asked."""


class Loaded(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of loading one file that another adapter wrote. Exactly one of these is there."""

    outputs: list[Output] = field(default_factory=list)
    """Of call 0."""
    state: State | None = None
    """Losses and weights, where the reader goes on with the training."""
    error: Failure | None = None
    died: str = ""
    """How the process ended over the file, or that it took too long."""
    lost: str = ""
    """Why nothing is known: no process could be had, or its answer was malformed."""
    unsupported: str = ""
    """Why the adapter reads no such file."""
    release: str = ""
    """What wrote the file, ``keras 3.14.1``, where whoever reads it is another release of that."""


class Exchanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an adapter made of the files that others wrote, as the host filled it in."""

    loaded: dict[str, Loaded] = field(default_factory=dict)
    """By the adapter that wrote the file."""
    absent: dict[str, str] = field(default_factory=dict)
    """By adapter that was planned and wrote none, the reason."""
    refused: str = ""
    """Why the file that the adapter itself wrote is none."""


class SummaryRow(Struct, frozen=True, kw_only=True):
    """One row of ``model.summary()`` as the framework printed it."""

    name: str
    layer: str
    output_shape: Shape
    params: int


class Summary(Struct, frozen=True, kw_only=True):
    """The parsed summary."""

    rows: list[SummaryRow]
    total: int
    trainable: int
    non_trainable: int


class NativeCall(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A call of one of the framework's functions, or a module of it that was made, as it ran."""

    symbol: str
    """``torch.nn.Conv2d``, ``jax.nn.standardize``."""
    arguments: dict[str, Any] = field(default_factory=dict)
    """What it was given besides arrays, as far as that differs from its own defaults."""
    defaults: dict[str, Any] = field(default_factory=dict)
    """Its own defaults of these arguments, where it has any, read from its signature."""
    around: bool = False
    """True for what only brings arrays into the module's shape and back: a pad, a transposition."""


class Native(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a node was done: the framework's own module, its arguments, the weights' layout."""

    node: str
    symbol: str
    arguments: dict[str, Any] = field(default_factory=dict)
    weights: dict[str, str] = field(default_factory=dict)
    composed: bool = False
    """True where the framework has no such module and the adapter put one together."""
    calls: list[NativeCall] = field(default_factory=list)
    """What of the symbol really ran; empty where the adapter can't see it."""
    keras: dict[str, Any] = field(default_factory=dict)
    """Keras's arguments as they were in effect, those that the case leaves out included; an array
    that the layer was called with is the word ``array``."""
    note: str = ""
    """What whoever wrote the native counterpart says of it in a sentence."""


class Built(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one model showed of itself. A part that is absent was not asked or not possible."""

    symbolic: Symbolic | None = None
    weights: list[Weight] | None = None
    params: Counts | None = None
    calls: list[CallResult] = field(default_factory=list)
    gradients: Gradients | None = None


class Started(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the start of a recorded process entered, below one folder."""

    entered: dict[str, list[int]] = field(default_factory=dict)
    """First lines of functions, by path relative to the folder."""
    modules: list[str] = field(default_factory=list)
    """Paths of the modules that were imported."""
    inherited: list[str] = field(default_factory=list)
    """Names of the attributes that the folder's classes inherit from other packages' classes."""


class Entered(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a recorded case entered, below one folder."""

    entered: dict[str, list[int]] = field(default_factory=dict)
    """First lines of functions, by path relative to the folder."""
    on_import: dict[str, list[int]] = field(default_factory=dict)
    """Those of them that were entered while a module was being imported."""
    modules: list[str] = field(default_factory=list)
    """Paths of the modules that were imported."""
    hidden: str = ""
    """Why something may have run unseen; empty where nothing has."""
    start: Started | None = None
    """In the first answer of a process."""


class Observation(Built, frozen=True, kw_only=True, omit_defaults=True):
    """The whole answer to one ``run`` message."""

    type: Literal["result"] = "result"
    id: int = 0
    case: str = ""
    status: Literal["ok", "unsupported", "error"] = "ok"
    reason: str = ""
    """Why the case is unsupported."""
    absent: bool = False
    """The case is unsupported because the installed release lacks what it is about: a layer, an
    argument, a function."""
    error: Failure | None = None
    """Set when nothing of the case could be done: the model could not be built."""
    twin: Built | None = None
    compiled: list[Output] | None = None
    config: Configs | None = None
    config_round_trip: list[Output] | None = None
    save_round_trip: list[Output] | None = None
    clone: list[Output] | None = None
    from_numpy: list[Output] | None = None
    changed: list[str] = field(default_factory=list)
    """Inputs whose arrays were other ones after that call."""
    from_lists: list[Output] | None = None
    """Of a function the outputs of call 0, of an object the results of its steps, in order."""
    files: dict[str, str] | None = None
    """By kind of file, its bytes as an array of uint8. Empty: none is written, and some are read.
    """
    exchanged: Exchanged | None = None
    state: State | None = None
    random: Draws | None = None
    initial: dict[str, str] | None = None
    """Names of the arrays that the variables were made with, by the variable."""
    summary: Summary | None = None
    open_sizes: Symbolic | None = None
    open_batch: Symbolic | None = None
    specs: dict[str, dict[str, Spec]] | None = None
    """By node and by question: ``shape``, ``spec`` ..., as docs/architecture.md names them."""
    unsupported: dict[str, str] = field(default_factory=dict)
    """Facets that this adapter cannot answer, each with the reason."""
    errors: dict[str, Failure] = field(default_factory=dict)
    """Facets whose answer raised."""
    native: list[Native] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    rss: int = 0
    """Resident memory of the process after the case, in bytes; 0 if unknown."""
    entered: Entered | None = None
    """The whole answer where the case is recorded (``worker/recording.py``)."""


class Hello(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The first message of an adapter."""

    type: Literal["hello"] = "hello"
    protocol: int = 1
    """That of a hello which names none."""
    name: str = ""
    status: Literal["ready", "not-installed", "error"] = "ready"
    reason: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    """Distribution name to version, the framework's own first."""
    python: str = ""
    platform: str = ""
    precision: str = "float32"
    """Declared effective precision of float32 work: float32 · tensorfloat32 · bfloat16."""
    probe: dict[str, float] = field(default_factory=dict)
    """Precision probe at start: ``matmul`` and ``conv``, worst error over its bound (16 passes)."""
    settings: dict[str, str] = field(default_factory=dict)
    """Switches that were pinned, for the record."""
