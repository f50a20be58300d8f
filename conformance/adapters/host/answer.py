"""What comes of asking an adapter: one type, and the reading of a frame into it."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from conformance.adapters.host import bounds
from conformance.adapters.host.observation import Built, Hello, Observation, Output
from conformance.adapters.host.text import harmless, harmless_json, is_suspect
from conformance.adapters.shared import wire
from conformance.facets import AGAIN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class _Answer:
    id: int
    case: str
    seconds: float = 0.0
    """From when the case was the process's next one until the answer was read."""
    stderr: str = ""
    """The end of what the process printed meanwhile, made harmless."""


@dataclass(frozen=True, kw_only=True)
class Answered(_Answer):
    """The adapter answered, well or badly; the observation fits its schema."""

    observation: Observation
    tensors: Mapping[str, wire.Array] = field(repr=False)
    """Views of the frame: they keep the whole of it in memory."""


@dataclass(frozen=True, kw_only=True)
class Crashed(_Answer):
    """The process ended while it computed the case."""

    signal: int | None = None
    exit_code: int | None = None

    @property
    def message(self) -> str:
        """``the process was killed by signal 11 (SIGSEGV)`` or ``… exited with code 0``."""
        return f"the process {_how_it_ended(self.signal, self.exit_code)}"


@dataclass(frozen=True, kw_only=True)
class TimedOut(_Answer):
    """The case took longer than its limit; the process was killed."""

    limit: float
    note: str = ""

    @property
    def message(self) -> str:
        """Says the limit, in seconds."""
        return f"no answer within {self.limit:g} s{self.note}; the process was killed"


@dataclass(frozen=True, kw_only=True)
class Malformed(_Answer):
    """The process wrote what is no answer to the case."""

    reason: str

    @property
    def message(self) -> str:
        """What is wrong with it."""
        return f"the answer is malformed: {self.reason}"


@dataclass(frozen=True, kw_only=True)
class NotInstalled(_Answer):
    """The framework is not there."""

    reason: str

    @property
    def message(self) -> str:
        """What is missing."""
        return self.reason


@dataclass(frozen=True, kw_only=True)
class NotRun(_Answer):
    """The case was never tried: the adapter cannot be started, or it died too often in a row."""

    reason: str

    @property
    def message(self) -> str:
        """Why."""
        return self.reason


@dataclass(frozen=True, kw_only=True)
class Skipped(_Answer):
    """The case was not tried: others of its group have ended one process after the other."""

    reason: str

    @property
    def message(self) -> str:
        """Why."""
        return self.reason


Answer = Answered | Crashed | TimedOut | Malformed | NotInstalled | NotRun | Skipped


class Unusable(Exception):  # noqa: N818 - an outcome, handled where it is raised
    """A frame that is no answer to what was asked.

    ``in_step``: it is at least *about* the case that was asked, so the stream can be trusted to go
    on with the next one.
    """

    def __init__(self, reason: str, *, in_step: bool = False) -> None:
        """Say why, and whether the stream is still in step."""
        super().__init__(reason)
        self.in_step = in_step


class _Envelope(msgspec.Struct):
    type: str
    id: int = 0
    case: str = ""


def read_hello(blob: memoryview) -> Hello:
    """Read an adapter's first frame.

    Raises:
        Unusable: It is none.
    """
    try:
        text, _ = wire.split(blob)
    except wire.WireError as error:
        raise Unusable(str(error)) from error
    envelope = _decode(text, _Envelope)
    if envelope.type != "hello":
        raise Unusable(f"its first message is of type {envelope.type!r}, not 'hello'")
    return _decode(text, Hello)


def read_observation(
    blob: memoryview, identity: int, case: str, calls: int
) -> tuple[Observation, dict[str, wire.Array]]:
    """Read the answer to one case, and check it against its schema and against itself.

    Args:
        blob: The frame, without its length.
        identity: The id that the case was sent with.
        case: The id of the case in the catalogue.
        calls: How many calls were asked for.

    Raises:
        Unusable: It is not that answer.
    """
    try:
        text, tensors = wire.split(blob)
    except wire.WireError as error:
        raise Unusable(str(error)) from error
    envelope = _decode(text, _Envelope, as_it_is=True)
    if envelope.type != "result":
        raise Unusable(f"a message of type {harmless(envelope.type)!r} where a 'result' is due")
    if envelope.id != identity:
        raise Unusable(
            f"it is about message {envelope.id} (case {harmless(envelope.case)!r}), "
            f"asked was message {identity} (case {case!r})"
        )
    if envelope.case != case:
        raise Unusable(f"it is about case {harmless(envelope.case)!r}, asked was {case!r}")
    try:
        observation = _decode(text, Observation)
        if wrong := bounds.contradiction(observation) or bounds.excess(observation, calls):
            raise Unusable(wrong)  # noqa: TRY301 - told with what the schema says
        _check_tensors(observation, tensors)
    except Unusable as error:
        raise Unusable(str(error), in_step=True) from error
    return observation, tensors


# Made here, once: msgspec 0.22 crashes where two threads need a type for the first time at once, as
# they do when two adapters begin together.
_DECODERS: dict[type, msgspec.json.Decoder[Any]] = {
    kind: msgspec.json.Decoder(kind) for kind in (_Envelope, Hello, Observation)
}

_MOST: dict[type, int] = {
    _Envelope: wire.HEADER_LIMIT,
    Hello: bounds.HELLO,
    Observation: bounds.MESSAGE,
}


def _decode(text: str, kind: type[_T], *, as_it_is: bool = False) -> _T:
    """Decode by schema, with every string harmless for a terminal.

    ``as_it_is``: not so: which case is meant is told by its very name, not by what is left of one.
    """
    if len(text) > (most := _MOST[kind]):
        raise Unusable(f"its message has {len(text):,} characters; {most:,} are allowed")
    try:
        if as_it_is or not is_suspect(text):
            decoded: _T = _DECODERS[kind].decode(text)
            return decoded
        return msgspec.convert(harmless_json(msgspec.json.decode(text)), type=kind)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Unusable(f"the message does not fit its schema: {error}") from error


def _check_tensors(observation: Observation, tensors: Mapping[str, wire.Array]) -> None:
    if observation.exchanged is not None:
        raise Unusable("it says what came of others' files, which the host alone knows")
    for where, name, shape in _named(observation):
        array = tensors.get(name)
        if array is None:
            raise Unusable(f"{where} names the array {name!r}, which is not in the frame")
        if shape is not None and list(array.shape) != shape:
            raise Unusable(
                f"{where} says shape {shape}, but its array {name!r} has {list(array.shape)}"
            )


def _named(observation: Observation) -> Iterator[tuple[str, str, list[int] | None]]:
    """Every array that an observation names: where, its name, its shape where that is said."""
    yield from _named_in(observation, "")
    if observation.twin is not None:
        yield from _named_in(observation.twin, "twin.")
    for facet in AGAIN:
        yield from _outputs(getattr(observation, facet) or [], facet)
    yield from _named_after(observation)
    for kind, name in (observation.files or {}).items():
        yield f"files[{kind!r}]", name, None
    for key, name in (observation.initial or {}).items():
        yield f"initial[{key!r}]", name, None
    if observation.random is not None:
        for call in ("first", "second", "again", "other"):
            output: Output = getattr(observation.random, call)
            yield f"random.{call}", output.tensor, output.shape


def _named_after(observation: Observation) -> Iterator[tuple[str, str, None]]:
    """What training, or calls, leave behind."""
    if observation.state is None:
        return
    if observation.state.losses:
        yield "state.losses", observation.state.losses, None
    for part in ("metrics", "optimizer", "checkpoint", "weights"):
        for key, name in getattr(observation.state, part).items():
            yield f"state.{part}[{key!r}]", name, None


def _named_in(built: Built, prefix: str) -> Iterator[tuple[str, str, list[int] | None]]:
    for index, call in enumerate(built.calls):
        yield from _outputs(call.outputs, f"{prefix}calls[{index}].outputs")
        masks = [mask for mask in call.masks if mask is not None]
        yield from _outputs(masks, f"{prefix}calls[{index}].masks")
    if built.gradients is not None:
        both: dict[str, dict[str, Any]] = {
            "inputs": built.gradients.inputs,
            "weights": built.gradients.weights,
        }
        for part, named in both.items():
            for key, name in named.items():
                yield f"{prefix}gradients.{part}[{key!r}]", name, None


def _outputs(outputs: list[Output], where: str) -> Iterator[tuple[str, str, list[int]]]:
    for index, output in enumerate(outputs):
        yield f"{where}[{index}]", output.tensor, output.shape


def _how_it_ended(number: int | None, code: int | None) -> str:
    if number is None:
        return f"exited with code {code}"
    try:
        name = f" ({signal.Signals(number).name})"
    except ValueError:
        name = ""
    return f"was killed by signal {number}{name}"
