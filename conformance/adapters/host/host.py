"""The coordinator's side of an adapter: starts its process, asks, watches, starts it anew.

What can go wrong in the process is an answer here, never an exception, and an answer to the case
that it went wrong on:

- A process that crashes, hangs, or loses the thread of the frames is killed with all that it
  started. Ids are never reused, so what it may still have said is never taken for another answer.
- A case that was sent ahead to a process that died is sent again to the next one. So is one that
  a process died over which had it in hand together with the case before: whose doing was it?
- After ``Limits.deaths`` deaths in a row over cases of one group, with no case answered in between,
  the rest of that group is :class:`Skipped`: one slow group must not cost the others their verdict.
- After deaths in a row over that many groups the adapter is given up and its remaining cases are
  :class:`NotRun`; so it is when it could not be started twice in a row.
- A case's time counts in seconds of a machine of usual speed: where this one is slower at the
  moment, it has longer (:mod:`.speed`).
- A process that has grown past ``Limits.rss`` is replaced after its answer; that is no death.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from conformance.adapters.host.answer import (
    Answer,
    Answered,
    Crashed,
    Malformed,
    NotInstalled,
    NotRun,
    Skipped,
    TimedOut,
    Unusable,
    read_hello,
    read_observation,
)
from conformance.adapters.host.deaths import Deaths
from conformance.adapters.host.observation import Hello
from conformance.adapters.host.pipe import Connection, Ended, Late
from conformance.adapters.host.speed import slowness
from conformance.adapters.host.text import harmless
from conformance.adapters.shared import wire
from conformance.cases.model import Graph, Steps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.adapters.host.registry import AdapterSpec

__all__ = [
    "AdapterProcess",
    "Answer",
    "Answered",
    "Crashed",
    "Limits",
    "Malformed",
    "NotInstalled",
    "NotRun",
    "Skipped",
    "TimedOut",
]

PROTOCOL = 2
"""Version of the messages in the frames."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much an adapter process may take."""

    start: float = 180.0
    """Seconds from its start to its hello; importing a framework on a busy machine takes long."""
    case: float = 60.0
    """Seconds for a case that names no limit of its own, on a machine of usual speed."""
    frame: int = wire.FRAME_LIMIT
    """Bytes of one answer."""
    rss: int = 1536 * 2**20
    """Bytes of resident memory, as the adapter reports it, above which it is replaced.

    Frameworks keep what they compile. No process is to take 2 GB, and the case after the last look
    may take some more.
    """
    deaths: int = 5
    """Deaths in a row after which a group of cases is given up; groups in a row whose cases cost a
    process, after which the adapter is."""
    starts: int = 2
    """Failed starts in a row after which it is given up."""
    stderr: int = 16 * 2**10
    """Bytes kept of what it prints during a case."""


@dataclass(kw_only=True)
class _Job:
    """A case that was sent, or is to be, and awaits its answer."""

    id: int
    case: str
    frame: list[wire.Buffer]
    limit: float
    """Seconds on a machine of usual speed."""
    allowed: float = 0.0
    """Seconds on this one, as it was when it was last looked at."""
    since: float = 0.0
    """When it became the one that the process computes; 0 while it waits."""
    printed: int = 0
    """Bytes that the process had printed when it was handed over."""
    early: bool = False
    """The process may have begun with it before the answer in front of it was read."""
    ahead: bool = False
    """It was handed over while the process had the case before it in hand."""
    suspicion: str = ""
    """A process died over it, which may have been the doing of the case before it."""
    fatal: bool = False
    """The process is known to die over it, which is then not held against it."""
    resent: bool = False
    """A process's echo of an older case has cost it one attempt already."""


class AdapterProcess:
    """One adapter, over the lives of its processes.

    Use it from one thread at a time; :meth:`kill` may be called from any.

        process = AdapterProcess(spec)
        hello = process.start()
        answer = process.run(program, tensors, timeout=10)
        process.close()

    To keep it busy while its answers are judged, :meth:`send` one case ahead:

        process.send(first, arrays)
        process.send(second, arrays)
        answer = process.receive()      # to the first, while the second is computed
    """

    def __init__(self, spec: AdapterSpec, limits: Limits | None = None) -> None:
        """Describe the adapter; nothing is started yet."""
        self.spec = spec
        self.limits = limits or Limits()
        self.hello: Hello | None = None
        """What the adapter last said of itself; None before it was started."""
        self.problems: list[str] = []
        """What went wrong without being any case's fault, such as a death between two cases."""
        self.starts = 0
        """How many processes have been started."""
        self._connection: Connection | None = None
        self._launched = 0.0
        self._greeted = False
        self._jobs: deque[_Job] = deque()
        self._last_id = 0
        self._deaths = Deaths(self.limits.deaths)
        self._failed_starts = 0

    @property
    def pending(self) -> int:
        """How many cases have been sent whose answers were not received."""
        return len(self._jobs)

    @property
    def pid(self) -> int | None:
        """Id of the running process, if there is one."""
        return self._connection.pid if self._connection else None

    @property
    def launched(self) -> float:
        """When its process was started, by ``time.monotonic``; 0 if none was."""
        return self._launched

    def launch(self) -> None:
        """Start the process without waiting for it, so that several can start at the same time.

        Does nothing when it runs. A start that fails is told by :meth:`start`.
        """
        if self._connection is not None or self._cannot_start() is not None:
            return
        self._launched = time.monotonic()
        self._greeted = False
        try:
            self._connection = Connection(self.spec, self.limits.stderr)
        except (OSError, ValueError) as error:  # ValueError: a null byte in the command
            self._refuse(f"cannot start {self.spec.command[:1]}: {error}")
            return
        self.starts += 1
        greeting = {"type": "hello", "protocol": PROTOCOL}
        self._connection.write(wire.frame(wire.encode(greeting, {})))

    def start(self) -> Hello:
        """Start the process, unless it runs, and wait for what it says of itself.

        Returns:
            Its hello. Its ``status`` tells whether it can be asked: ``ready``, ``not-installed`` or
            ``error``, the latter two with a reason.
        """
        if (refused := self._cannot_start()) is not None:
            self.hello = self.hello or refused
            return refused
        self.launch()
        if self._connection is not None and not self._greeted:
            self._greet(self._connection)
        if self.hello is None:
            raise AssertionError("launch and greet leave a hello")
        return self.hello

    def send(
        self,
        program: Graph | Steps | Mapping[str, Any],
        tensors: Mapping[str, wire.Array],
        timeout: float | None = None,
        *,
        fatal: bool = False,
        kind: Literal["run", "load"] = "run",
    ) -> int:
        """Hand over a case without waiting; its answer is got by :meth:`receive`, in order.

        The arrays are not copied, so they must stay as they are until the answer was received: the
        case is sent again if a process dies of the case before it.

        Args:
            program: What to build and feed.
            tensors: Its arrays, by the names of docs/architecture.md.
            timeout: Seconds that the case may take, counted from when the process is through with
                the one before it.
            fatal: It is known to end the process, so that this is no sign of a broken one.
            kind: ``load``: the array ``file`` holds the bytes of a file that another adapter wrote
                of this program's model, and call 0's outputs from it are asked for.

        Returns:
            The id that the answer will have.

        Raises:
            WireError: The arrays cannot be carried.
        """
        if not self._jobs:
            self._look_for_idle_faults()
        self._last_id += 1
        message = {"type": kind, "id": self._last_id, "program": program}
        text = msgspec.json.encode(message).decode()
        job = _Job(
            id=self._last_id,
            case=program.case if isinstance(program, Graph | Steps) else program["case"],
            frame=wire.frame(wire.encode(text, tensors)),
            limit=self.limits.case if timeout is None else timeout,
            fatal=fatal,
        )
        self._jobs.append(job)
        if self._deaths.skips(job.case):
            return job.id
        if self._connection is None:
            self.launch()
        elif self._greeted:
            self._hand_over(self._connection, job)
        return job.id

    def receive(self) -> Answer:
        """Wait for the answer to the oldest case that was sent.

        Returns:
            One of the kinds of answer; whatever went wrong is one of them.

        Raises:
            IndexError: No case was sent.
        """
        while True:
            job = self._jobs[0]
            if self._deaths.skips(job.case):
                return self._skip(job)
            hello = self.start()
            connection = self._connection
            if connection is None or hello.status != "ready":
                self._jobs.popleft()
                if hello.status == "not-installed":
                    return NotInstalled(id=job.id, case=job.case, reason=hello.reason)
                return NotRun(id=job.id, case=job.case, reason=hello.reason)
            answer = self._await(connection, job)
            if answer is None:
                continue
            self._jobs.popleft()
            self._begin_next()
            return answer

    def _skip(self, job: _Job) -> Skipped:
        """Answer for a case that is not tried; nothing of it was handed over."""
        self._jobs.popleft()
        self._begin_next()
        return Skipped(id=job.id, case=job.case, reason=self._deaths.why_skipped(job.case))

    def _begin_next(self) -> None:
        """Count the time of the next case from now on, if the process has it."""
        connection = self._connection
        if not self._jobs or connection is None or not self._greeted:
            return
        if not self._deaths.skips(self._jobs[0].case):
            self._begin(connection, self._jobs[0])

    def run(
        self,
        program: Graph | Steps | Mapping[str, Any],
        tensors: Mapping[str, wire.Array],
        timeout: float | None = None,
    ) -> Answer:
        """Hand over one case and wait for its answer; see :meth:`send`.

        Raises:
            RuntimeError: Another case was sent whose answer was not received.
        """
        if self._jobs:
            raise RuntimeError("run() while answers are due; use send() and receive()")
        self.send(program, tensors, timeout)
        return self.receive()

    def close(self) -> None:
        """Let the process go. Cases whose answers were not received are forgotten."""
        connection, self._connection = self._connection, None
        if connection is not None:
            if not self._jobs and self._greeted:
                connection.goodbye()
            connection.dispose()
        self._jobs.clear()

    def kill(self) -> None:
        """End the process at once, from any thread; who waits for an answer gets a crash."""
        connection = self._connection
        if connection is not None:
            connection.kill()

    # One case

    def _await(self, connection: Connection, job: _Job) -> Answer | None:
        """The answer to the case that is computed; None if it is to be asked again."""
        try:
            blob = connection.read(
                job.since + job.limit, self.limits.frame, lambda: self._prolonged(job)
            )
            observation, tensors = read_observation(blob, job.id, job.case)
        except (Late, Ended, wire.WireError, Unusable) as error:
            return self._fault(connection, job, error)
        early = job.early or not connection.waited
        self._deaths.answered()
        if observation.rss > self.limits.rss:
            self._replace(connection)
        if job.suspicion:
            self._note(job.suspicion)
        return Answered(
            id=job.id,
            case=job.case,
            seconds=time.monotonic() - job.since,
            # Rather what others have printed as well than not what this one has.
            stderr=connection.stderr(job.printed if early else None),
            observation=observation,
            tensors=tensors,
        )

    def _prolonged(self, job: _Job) -> float:
        """The deadline of a case, by how fast the machine is now."""
        job.allowed = max(job.allowed, job.limit * slowness())
        return job.since + job.allowed

    def _fault(
        self, connection: Connection, job: _Job, error: Late | Ended | wire.WireError | Unusable
    ) -> Answer | None:
        about: dict[str, Any] = {"id": job.id, "case": job.case}
        if isinstance(error, Ended):
            return self._ended(connection, job, error)
        if isinstance(error, Late):
            note = f" ({error})" if error.got else ""
            connection.ask_where()
            return TimedOut(**about, **self._bury(job), limit=job.allowed, note=note)
        if isinstance(error, Unusable) and error.in_step:
            self._deaths.answered()
            told: dict[str, Any] = {
                "seconds": time.monotonic() - job.since,
                "stderr": connection.stderr(),
            }
            return Malformed(**about, **told, reason=str(error))
        told = self._bury(job)
        if isinstance(error, Unusable) and error.stale and not job.resent:
            # The process had answered an earlier case twice: that is not this case's fault.
            job.resent = True
            self._note(f"it answered a case twice; {error}")
            return None
        return Malformed(**about, **told, reason=str(error))

    def _ended(self, connection: Connection, job: _Job, ended: Ended) -> Answer | None:
        about: dict[str, Any] = {"id": job.id, "case": job.case}
        status = connection.last_words()
        again = status is not None and job.ahead and not job.suspicion
        told = self._bury(job, counts=not again)
        if status is None:
            return Malformed(**about, **told, reason="it closed its stdout but kept running")
        if again:
            # It was sent while the process had another case in hand, so its death may be that
            # one's doing. A fresh process shows whose it is; it counts if that one dies too.
            job.suspicion = f"its process ended ({status}) over {job.case}, but a fresh one did not"
            return None
        if status < 0:
            return Crashed(**about, **told, signal=-status)
        if ended.got and status == 0:
            return Malformed(**about, **told, reason=str(ended))
        return Crashed(**about, **told, exit_code=status)

    def _hand_over(self, connection: Connection, job: _Job) -> None:
        job.ahead = job is not self._jobs[0]
        job.printed = connection.printed()
        if not job.ahead:
            # Before it is written: a process may fall over it before this thread goes on.
            self._begin(connection, job)
        connection.write(job.frame)

    def _begin(self, connection: Connection, job: _Job) -> None:
        job.since = time.monotonic()
        job.early = not connection.waited
        connection.mark()

    # The process's life

    def _cannot_start(self) -> Hello | None:
        """A hello that says why no process is to be started, or None."""
        name = self.spec.name
        if self._connection is not None:
            return None
        if self.spec.problem:
            return Hello(name=name, status="error", reason=harmless(self.spec.problem))
        if missing := self.spec.missing():
            verb = "is" if len(missing) == 1 else "are"
            hint = f"pip install {' '.join(missing)}"
            reason = f"{' and '.join(missing)} {verb} not installed; try: {hint}"
            return Hello(name=name, status="not-installed", reason=reason)
        if reason := self._deaths.why_given_up():
            return Hello(name=name, status="error", reason=reason)
        known = self.hello
        if known is not None and (
            known.status == "not-installed" or self._failed_starts >= self.limits.starts
        ):
            return known
        return None

    def _greet(self, connection: Connection) -> None:
        """Read the hello, then hand over what waits."""
        try:
            blob = connection.read(self._launched + self.limits.start, self.limits.frame)
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
            if hello.status != "ready":
                connection.dispose()
                self._connection = None
                self._failed_starts += 1
                self.hello = hello
                return
            self._greeted = True
            self._failed_starts = 0
            self.hello = hello
            for job in self._jobs:
                if not self._deaths.skips(job.case):
                    self._hand_over(connection, job)

    def _refuse(self, reason: str) -> None:
        """Note a failed start."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.dispose()
            if printed := connection.stderr().strip():
                reason = f"{reason}. It printed: {printed[-2000:]}"
        self._failed_starts += 1
        self.hello = Hello(name=self.spec.name, status="error", reason=reason)

    def _bury(self, job: _Job, *, counts: bool = True) -> dict[str, Any]:
        """Kill the process over a case, and say what is known of its end."""
        seconds = time.monotonic() - job.since
        connection, self._connection = self._connection, None
        if counts and not job.fatal:
            self._deaths.died(job.case)
        if connection is None:
            return {"seconds": seconds}
        connection.dispose()
        return {"seconds": seconds, "stderr": connection.stderr()}

    def _replace(self, connection: Connection) -> None:
        """Start a fresh process; a case sent ahead is given to that one."""
        connection.dispose()
        self._connection = None
        if len(self._jobs) > 1:
            self.launch()

    def _look_for_idle_faults(self) -> None:
        """Before a case is sent to an idle process: has it died, or spoken out of turn?"""
        connection = self._connection
        if connection is None or not self._greeted or connection.is_quiet():
            return
        self._connection = None
        connection.dispose()
        self._note("it died, or wrote something, while no case was asked of it")

    def _note(self, problem: str) -> None:
        if len(self.problems) < 20:  # noqa: PLR2004 - enough to understand, too few to drown in
            self.problems.append(f"{self.spec.name}: {problem}")
