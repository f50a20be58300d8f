"""The process of one model: started, asked, ended."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Self

import msgspec

from conformance.adapters.host.answer import Unusable, read_hello
from conformance.adapters.host.environment import jax_pins, keras_pins, pins
from conformance.adapters.host.limits import Limits
from conformance.adapters.host.pipe import Connection, Ended, Late
from conformance.adapters.host.registry import AdapterSpec, worker_command
from conformance.adapters.host.text import harmless, harmless_json
from conformance.adapters.shared import wire
from conformance.twomodels.told import Answer, Told

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from conformance.adapters.host.observation import Failure
    from conformance.twomodels.sides import Side

_PROTOCOL = 2
_LIMITS = Limits()
_FRAMES = 3
_OWN = str(Path(__file__).parents[1] / "adapters")
_PRINTED = 1_500
"""Characters of what a process printed that a message ends with."""


class Failed(Exception):  # noqa: N818 - an outcome, told to the user as it is
    """A model that can't be opened or asked; the text says which, why, and what it printed."""


class Process:
    """The process of one model, for as long as it is entered."""

    def __init__(self, side: Side, *, backend: str, python: str, seconds: float) -> None:
        """Describe; nothing is started yet.

        Args:
            side: The model; another may be opened in its place.
            backend: On which Keras computes in this process.
            python: The interpreter.
            seconds: Limit of one request.
        """
        self.side, self._seconds = side, seconds
        command = worker_command("conformance.adapters.models.adapter", "models", python)
        env = {**pins(), **jax_pins(), **keras_pins("compare", backend)}
        self._spec = AdapterSpec("models", command, env)
        self._asked = 0

    def __enter__(self) -> Self:
        """Start the process and greet it.

        Raises:
            Failed: It does not come up.
        """
        try:
            self._connection = Connection(self._spec, _LIMITS.stderr)
        except (OSError, ValueError) as error:
            message = f"{self.side.name}: cannot start {self._spec.command[0]}: {error}"
            raise Failed(harmless(message)) from error
        try:
            greeting = {"type": "hello", "protocol": _PROTOCOL}
            self._connection.write(wire.frame(wire.encode(greeting, {})))
            hello = read_hello(self._read(_LIMITS.start))
            if hello.status != "ready":
                self._fail(hello.reason)
        except BaseException:
            self._connection.dispose()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Say goodbye and see to it that the process is gone."""
        if kind is None:
            self._connection.goodbye()
        self._connection.dispose()

    def ask(self, request: Mapping[str, Any], arrays: Mapping[str, Any]) -> Told:
        """Send one request and wait for its answer.

        Raises:
            Failed: There is none, or it is an error.
        """
        self.send(request, arrays)
        return self.receive()

    def send(self, request: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
        """Send one request, without waiting: both models may work at once."""
        self._asked += 1
        program = {"case": "models", **request}
        message = {"type": "run", "id": self._asked, "program": program}
        self._connection.mark()
        self._connection.write(wire.frame(wire.encode(message, arrays)))

    def receive(self) -> Told:
        """Wait for the answer to what was sent.

        Raises:
            Failed: There is none, or it is an error.
        """
        blob = self._read(self._seconds)
        try:
            text, arrays = wire.split(blob)
            answer = msgspec.convert(harmless_json(msgspec.json.decode(text)), Answer)
        except (wire.WireError, msgspec.MsgspecError, UnicodeError) as error:
            self._fail(f"its answer can't be read: {error}")
        if answer.id != self._asked:
            self._fail(f"it answered request {answer.id}, not {self._asked}")
        if answer.error is not None:
            self._fail(f"{answer.error.type}: {answer.error.message}{_raised_at(answer.error)}")
        if answer.status != "ok":
            self._fail(answer.reason or answer.status)
        return Told(answer=answer, arrays=arrays)

    def _read(self, seconds: float) -> memoryview:
        try:
            return self._connection.read(time.monotonic() + seconds, _LIMITS.frame)
        except Late:
            self._fail(f"no answer within {seconds:g} s (--seconds sets the limit)", printed=True)
        except Ended:
            status = self._connection.last_words()
            how = "" if status is None else f" ({status})"
            self._fail(f"its process ended{how} before it answered", printed=True)
        except (wire.WireError, Unusable) as error:
            self._fail(f"its answer can't be read: {error}")

    def _fail(self, reason: str, *, printed: bool = False) -> NoReturn:
        """Say what is wrong with which model.

        Args:
            reason: What.
            printed: Whether what the process has printed may say more.

        Raises:
            Failed: Always.
        """
        said = self._connection.stderr().strip() if printed else ""
        tail = f"\nIt printed: …{said[-_PRINTED:]}" if said else ""
        raise Failed(harmless(f"{self.side.name}: {reason}{tail}"))


def _raised_at(error: Failure) -> str:
    """The last lines of the user's code that an error came through."""
    places = re.findall(r'File "([^"]+)", line (\d+)', error.traceback)
    known = (_OWN, "site-packages", "<frozen", sys.base_prefix)
    outside = [f"{file}:{line}" for file, line in places if not any(one in file for one in known)]
    return (
        f"\nIt was raised at {', called at '.join(outside[: -_FRAMES - 1 : -1])}" if outside else ""
    )
