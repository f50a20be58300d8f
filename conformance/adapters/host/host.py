"""The coordinator's side of an adapter: starts its process, asks, watches, starts it anew.

What can go wrong in the process is an answer here, never an exception, and an answer to the case
that it went wrong on:

- A process that crashes, hangs, or loses the thread of the frames is killed with all that it
  started. Ids are never reused, so what it may still have said is never taken for another answer.
- A case that was sent ahead to a process that died is sent again to the next one. So is one that
  a process died over which had it in hand together with the case before: whose doing was it?
- What is no answer to the case that is due may have been written behind the answer to the one
  before: noise, half a frame, a second answer. A fresh process is asked, and only what it says
  counts.
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
    read_observation,
)
from conformance.adapters.host.life import Life
from conformance.adapters.host.limits import Limits
from conformance.adapters.host.pipe import Connection, Ended, Late
from conformance.adapters.host.speed import slowness
from conformance.adapters.shared import wire
from conformance.cases.model import Graph, Steps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.adapters.host.observation import Hello
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
    """A process died over it, or sent what is no answer to it, which may have been the doing of the
    case before it. It has cost it one attempt."""
    fatal: bool = False
    """The process is known to die over it, which is then not held against it."""
    calls: int = 0
    """How many calls its program asks for."""


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
        self._life = Life(spec, self.limits)
        self._jobs: deque[_Job] = deque()
        self._last_id = 0
        self._served = 0
        """The start that has answered a case: what comes next may be that answer's end."""

    @property
    def hello(self) -> Hello | None:
        """What the adapter last said of itself; None before it was started."""
        return self._life.hello

    @property
    def problems(self) -> list[str]:
        """What went wrong without being any case's fault, such as a death between two cases."""
        return self._life.problems

    @property
    def starts(self) -> int:
        """How many processes have been started."""
        return self._life.starts

    @property
    def pending(self) -> int:
        """How many cases have been sent whose answers were not received."""
        return len(self._jobs)

    @property
    def pid(self) -> int | None:
        """Id of the running process, if there is one."""
        connection = self._life.connection
        return connection.pid if connection else None

    @property
    def launched(self) -> float:
        """When its process was started, by ``time.monotonic``; 0 if none was."""
        return self._life.launched

    def launch(self) -> None:
        """Start the process without waiting for it, so that several can start at the same time.

        Does nothing when it runs. A start that fails is told by :meth:`start`.
        """
        self._life.launch()

    def start(self) -> Hello:
        """Start the process, unless it runs, and wait for what it says of itself.

        Returns:
            Its hello. Its ``status`` tells whether it can be asked: ``ready``, ``not-installed`` or
            ``error``, the latter two with a reason.
        """
        before = self._life.greeted
        hello = self._life.start()
        if self._life.greeted and not before:
            for job in self._jobs:
                if not self._life.deaths.skips(job.case):
                    self._hand_over(job)
        return hello

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
            self._life.look_for_idle_faults()
        self._last_id += 1
        message = {"type": kind, "id": self._last_id, "program": program}
        text = msgspec.json.encode(message).decode()
        job = _Job(
            id=self._last_id,
            case=program.case if isinstance(program, Graph | Steps) else program["case"],
            frame=wire.frame(wire.encode(text, tensors)),
            limit=self.limits.case if timeout is None else timeout,
            fatal=fatal,
            calls=calls_of(program),
        )
        self._jobs.append(job)
        if self._life.deaths.skips(job.case):
            return job.id
        if self._life.connection is None:
            self.launch()
        elif self._life.greeted:
            self._hand_over(job)
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
            if self._life.deaths.skips(job.case):
                return self._skip(job)
            hello = self.start()
            connection = self._life.connection
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
        return Skipped(id=job.id, case=job.case, reason=self._life.deaths.why_skipped(job.case))

    def _begin_next(self) -> None:
        """Count the time of the next case from now on, if the process has it."""
        connection = self._life.connection
        if not self._jobs or connection is None or not self._life.greeted:
            return
        if not self._life.deaths.skips(self._jobs[0].case):
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
        connection = self._life.connection
        if connection is not None and not self._jobs and self._life.greeted:
            connection.goodbye()
        self._life.end()
        self._jobs.clear()

    def kill(self) -> None:
        """End the process at once, from any thread, for good: no other is started.

        Who waits for an answer gets a crash, or is told that the case was not run.
        """
        self._life.stopped = True
        connection = self._life.connection
        if connection is not None:
            connection.kill()

    # One case

    def _await(self, connection: Connection, job: _Job) -> Answer | None:
        """The answer to the case that is computed; None if it is to be asked again."""
        try:
            blob = connection.read(
                job.since + job.limit, self.limits.frame, lambda: self._prolonged(job)
            )
            observation, tensors = read_observation(blob, job.id, job.case, job.calls)
        except (Late, Ended, wire.WireError, Unusable) as error:
            return self._fault(connection, job, error)
        early = job.early or not connection.waited
        self._answered()
        if observation.rss > self.limits.rss:
            self._replace()
        if job.suspicion:
            self._life.note(job.suspicion)
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
        if self._may_be_anothers(job, error):
            self._bury(job, counts=False)
            job.suspicion = (
                f"what it wrote behind the answer to an earlier case is none to {job.case}, which "
                f"a fresh process answered: {error}"
            )
            return None
        if isinstance(error, Late):
            note = f" ({error})" if error.got else ""
            connection.ask_where()
            return TimedOut(**about, **self._bury(job), limit=job.allowed, note=note)
        if isinstance(error, Unusable) and error.in_step:
            self._answered()
            told: dict[str, Any] = {
                "seconds": time.monotonic() - job.since,
                "stderr": connection.stderr(),
            }
            return Malformed(**about, **told, reason=str(error))
        return Malformed(**about, **self._bury(job), reason=str(error))

    def _may_be_anothers(self, job: _Job, error: Late | wire.WireError | Unusable) -> bool:
        """Whether what is wrong may have been written over an earlier case of the same process."""
        if job.suspicion or self._served != self._life.starts:
            return False
        if isinstance(error, Late):
            return error.begun
        return not (isinstance(error, Unusable) and error.in_step)

    def _answered(self) -> None:
        """Note that the process has answered a case, well or badly."""
        self._life.deaths.answered()
        self._served = self._life.starts

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

    def _hand_over(self, job: _Job) -> None:
        connection = self._life.connection
        if connection is None:
            raise AssertionError("a case is handed over to a process that runs")
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

    def _bury(self, job: _Job, *, counts: bool = True) -> dict[str, Any]:
        """Kill the process over a case, and say what is known of its end."""
        seconds = time.monotonic() - job.since
        if counts and not job.fatal:
            self._life.deaths.died(job.case)
        connection = self._life.end()
        if connection is None:
            return {"seconds": seconds}
        return {"seconds": seconds, "stderr": connection.stderr()}

    def _replace(self) -> None:
        """Start a fresh process; a case sent ahead is given to that one."""
        self._life.end()
        if len(self._jobs) > 1:
            self.launch()


def calls_of(program: Graph | Steps | Mapping[str, Any]) -> int:
    """How many calls an answer may tell of."""
    if isinstance(program, Steps):
        return len(program.steps)
    if isinstance(program, Graph):
        return len(program.calls) + len(program.extra)
    return max(1, sum(len(program.get(part, ())) for part in ("calls", "extra", "steps")))
