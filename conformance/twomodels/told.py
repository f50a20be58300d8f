"""What the process of a model answers, as the coordinator sees it after checking it.

The process runs the user's own code, so nothing of it is taken on trust: an answer of another form
is an error, and every text in it is made harmless before it is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from conformance.adapters.host.observation import Failure

if TYPE_CHECKING:
    from conformance.adapters.shared.wire import Array

Shape = list[int | None]


class Input(Struct, frozen=True, kw_only=True):
    """One input, as a Keras model states it."""

    name: str
    shape: Shape
    dtype: str
    high: int | None = None
    """Of whole numbers that an ``Embedding`` looks up: how many rows it has."""
    padded: bool = False
    """Whether 0 stands for a step that is masked."""


class Opened(Struct, frozen=True, kw_only=True):
    """A model that could be opened."""

    framework: str
    """With its version."""
    inputs: list[Input] = field(default_factory=list)
    trains: bool = False
    notes: list[str] = field(default_factory=list)
    """What can't be seen of it, and why."""


class Variable(Struct, frozen=True, kw_only=True):
    """One variable of a layer."""

    name: str
    shape: list[int]
    trainable: bool


class Call(Struct, frozen=True, kw_only=True):
    """One call of a layer or a function of a Keras model. Tensors are told by number."""

    name: str
    layer: str
    """The name of its class."""
    is_layer: bool
    config: dict[str, Any]
    owner: str
    """By which its variables go: ``weight/<owner>/<place>``; empty for a function."""
    weights: list[Variable]
    inputs: list[int]
    tensors: dict[str, int | list[int]]
    """Those that it is given by keyword."""
    arguments: dict[str, Any]
    """Literals of the call."""
    outputs: list[int]


class Seen(Struct, frozen=True, kw_only=True):
    """One answer from inside a model that is none of Keras."""

    name: str
    tensor: str
    kind: str = ""
    """The class of the module that answers, as far as it is one of PyTorch's own."""


class Answer(Struct, frozen=True, kw_only=True):
    """The answer to one request."""

    type: str
    id: int
    status: str = "ok"
    reason: str = ""
    error: Failure | None = None
    opened: Opened | None = None
    calls: list[Call] = field(default_factory=list)
    outputs: list[int | str] = field(default_factory=list)
    """Of a Keras model the numbers of its tensors, of another the names of its arrays."""
    seen: list[Seen] = field(default_factory=list)
    left_out: int = 0
    """Answers from inside for which there was no room."""
    losses: list[float | None] = field(default_factory=list)
    """One a step; None where it is no number."""
    variables: list[str] = field(default_factory=list)


class Told(Struct, frozen=True, kw_only=True):
    """An answer with its arrays."""

    answer: Answer
    arrays: dict[str, Any]

    def array(self, name: str) -> Array:
        """One of its arrays.

        Raises:
            KeyError: It was not sent.
        """
        found: Array = self.arrays[name]
        return found

    def outputs(self) -> list[Array]:
        """The model's outputs."""
        names = [one if isinstance(one, str) else f"value/{one}" for one in self.answer.outputs]
        return [self.array(name) for name in names]

    def seen(self) -> list[tuple[str, Array, str]]:
        """What was seen inside in order: its name, its numbers, its module's class."""
        found = [(one.name, self.array(one.tensor), one.kind) for one in self.answer.seen]
        called: dict[str, int] = {}
        for call in self.answer.calls:
            count = called[call.name] = called.get(call.name, 0) + 1
            name = call.name if count == 1 else f"{call.name}#{count}"
            for place, number in enumerate(call.outputs):
                array = self.array(f"value/{number}")
                found.append((f"{name}[{place}]" if place else name, array, ""))
        return found
