"""What came of comparing two models, as plain data: what the terminal, JSON and the page show."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

Status = Literal["agrees", "wrong", "differs", "not seen"]
"""Of a layer. ``agrees``: on what it was fed. ``wrong``: here is a mistake. ``differs``: behind a
mistake that could not be told, or in an answer that may be another one's. ``not seen``: the other
model tells no answer for it."""


class Model(Struct, frozen=True, kw_only=True):
    """One of the two."""

    given: str
    framework: str
    notes: list[str] = field(default_factory=list)


class Layer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One layer of the Keras model."""

    name: str
    kind: str
    status: Status
    answer: str = ""
    """The other model's name of its answer."""
    stage: str = ""
    """Which of the layer's answers that is, where it is not its output."""
    paired_by: str = ""
    axes: list[int] = field(default_factory=list)
    """In what order of its axes the answer is Keras's; empty where in the same."""
    margin: float | None = None
    """How far it is off, as a multiple of what rounding may do; None where that has no size."""
    error: float | None = None
    """The largest difference over the largest number."""
    guessed: str = ""
    """Why the truth is Keras's own answer, and its bound a guess."""


class Mistake(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One layer that the other model does otherwise."""

    layer: str
    kind: str
    behaves_as_if: str = ""
    """It …; empty where no known mistake gives its answer."""
    name: str = ""
    """Of that mistake, stable."""
    also: list[str] = field(default_factory=list)
    """Other mistakes that give the same answer on these inputs."""
    shown_by: str = ""
    """The answer by which it is seen: this layer's, or one behind it."""
    margin: float | None = None
    error: float | None = None
    suspects: list[str] = field(default_factory=list)
    """Without a known mistake: the layers that could be it, where several could."""
    hint: str = ""
    """What else is seen of it, a line each."""
    guide: str = ""
    """Where the guide speaks of the layer."""


class Output(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One output of both."""

    place: int
    agrees: bool
    margin: float | None = None
    error: float | None = None
    message: str = ""


class Variable(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One variable after training."""

    layer: str
    name: str
    agrees: bool
    margin: float | None = None
    error: float | None = None


class Training(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Both after the same steps."""

    steps: int
    optimizer: str
    agrees: bool | None = None
    """None: they could not be held against each other, for the reason in ``message``."""
    message: str = ""
    losses: list[list[float | None]] = field(default_factory=list)
    """Keras's and the other's, one a step."""
    losses_margin: float | None = None
    outputs: list[Output] = field(default_factory=list)
    variables: list[Variable] = field(default_factory=list)
    mistake: Mistake | None = None
    notes: list[str] = field(default_factory=list)


class Result(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All of it."""

    a: Model
    b: Model
    fed: str
    equal: bool
    """In all that was asked."""
    layers: list[Layer]
    outputs: list[Output]
    mistakes: list[Mistake] = field(default_factory=list)
    training: Training | None = None
    undecided: bool = False
    """Equal in inference, and of the training that was asked for nothing can be said."""
    notes: list[str] = field(default_factory=list)
    """What could not be looked at, and what to do."""
