"""The life of an adapter's process: started, greeted, ended, and started anew or given up."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from conformance.adapters.host.answer import Unusable, read_hello
from conformance.adapters.host.deaths import Deaths
from conformance.adapters.host.observation import Hello
from conformance.adapters.host.pipe import Connection, Ended, Late
from conformance.adapters.host.text import harmless
from conformance.adapters.shared import wire

if TYPE_CHECKING:
    from conformance.adapters.host.limits import Limits
    from conformance.adapters.host.registry import AdapterSpec

PROTOCOL = 2
"""Version of the messages in the frames."""


class Life:
    """One process of an adapter at a time, and what is remembered of those before it."""

    def __init__(self, spec: AdapterSpec, limits: Limits) -> None:
        """Describe the adapter; nothing is started yet."""
        self.spec = spec
        self.limits = limits
        self.hello: Hello | None = None
        """What the adapter last said of itself; None before it was started."""
        self.problems: list[str] = []
        """What went wrong without being any case's fault, such as a death between two cases."""
        self.starts = 0
        """How many processes have been started."""
        self.launched = 0.0
        """When the process was started, by ``time.monotonic``; 0 if none was."""
        self.greeted = False
        """The running process has said hello, and can be asked."""
        self.connection: Connection | None = None
        """To the running process, if there is one."""
        self.deaths = Deaths(limits.deaths)
        self.stopped = False
        """No process is to be started any more; set from any thread."""
        self._failed_starts = 0

    def launch(self) -> None:
        """Start the process without waiting for it; see :meth:`.AdapterProcess.launch`."""
        if self.connection is not None or self._cannot_start() is not None:
            return
        self.launched = time.monotonic()
        self.greeted = False
        try:
            self.connection = Connection(self.spec, self.limits.stderr)
        except (OSError, ValueError) as error:  # ValueError: a null byte in the command
            self._refuse(f"cannot start {self.spec.command[:1]}: {error}")
            return
        self.starts += 1
        if self.stopped:  # meanwhile, by a thread that found no process to kill
            self.connection.kill()
        greeting = {"type": "hello", "protocol": PROTOCOL}
        self.connection.write(wire.frame(wire.encode(greeting, {})))

    def start(self) -> Hello:
        """Start the process, unless it runs, and wait for its hello."""
        if (refused := self._cannot_start()) is not None:
            self.hello = self.hello or refused
            return refused
        self.launch()
        if self.connection is not None and not self.greeted:
            self._greet(self.connection)
        if self.hello is None:
            raise AssertionError("launch and greet leave a hello")
        return self.hello

    def end(self) -> Connection | None:
        """Dispose of the process, if there is one; what it has printed can still be read."""
        connection, self.connection = self.connection, None
        self.greeted = False
        if connection is not None:
            connection.dispose()
        return connection

    def look_for_idle_faults(self) -> None:
        """Before a case is sent to an idle process: has it died, or spoken out of turn?"""
        if self.connection is None or not self.greeted or self.connection.is_quiet():
            return
        self.end()
        self.note("it died, or wrote something, while no case was asked of it")

    def note(self, problem: str) -> None:
        """Note what went wrong without being any case's fault."""
        if len(self.problems) < 20:  # noqa: PLR2004 - enough to understand, too few to drown in
            self.problems.append(f"{self.spec.name}: {problem}")

    def _cannot_start(self) -> Hello | None:
        """A hello that says why no process is to be started, or None."""
        name = self.spec.name
        if self.connection is not None:
            return None
        if wrong := "it was stopped" if self.stopped else self.spec.problem:
            return Hello(name=name, status="error", reason=harmless(wrong))
        if missing := self.spec.missing():
            verb = "is" if len(missing) == 1 else "are"
            hint = self.spec.hint or f"pip install {' '.join(missing)}"
            reason = f"{' and '.join(missing)} {verb} not installed; try: {hint}"
            return Hello(name=name, status="not-installed", reason=reason)
        if reason := self.deaths.why_given_up():
            return Hello(name=name, status="error", reason=reason)
        known = self.hello
        if known is not None and (
            known.status == "not-installed" or self._failed_starts >= self.limits.starts
        ):
            return known
        return None

    def _greet(self, connection: Connection) -> None:
        """Read the hello."""
        try:
            blob = connection.read(self.launched + self.limits.start, self.limits.frame)
            hello = read_hello(blob)
        except Late as late:
            note = f" ({late})" if late.got else ""
            self._refuse(f"no hello within {self.limits.start:g} s{note}")
        except Ended:
            status = connection.last_words()
            how = "it closed its stdout" if status is None else f"its process ended ({status})"
            self._refuse(f"{how} before its hello")
        except (wire.WireError, Unusable) as error:
            self._refuse(f"its hello is malformed: {error}")
        else:
            if hello.protocol != PROTOCOL:
                self._refuse(
                    f"it speaks protocol {hello.protocol}, and this version of keras-conformance "
                    f"speaks {PROTOCOL}: docs/adapters.md says under “Protocol {PROTOCOL}” what "
                    "changed"
                )
                return
            self.hello = hello
            if hello.status != "ready":
                self.end()
                self._failed_starts += 1
                return
            self.greeted = True
            self._failed_starts = 0

    def _refuse(self, reason: str) -> None:
        """Note a failed start."""
        if (connection := self.end()) is not None and (printed := connection.stderr().strip()):
            reason = f"{reason}. It printed: {printed[-2000:]}"
        self._failed_starts += 1
        self.hello = Hello(name=self.spec.name, status="error", reason=reason)
