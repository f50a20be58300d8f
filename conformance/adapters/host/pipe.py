"""One operating-system process and its three pipes, watched so that none can block the host."""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import os
import select
import signal
import subprocess
import tempfile
import threading
import time
import weakref
from collections import deque
from typing import IO, TYPE_CHECKING

import numpy as np

from conformance.adapters.host.environment import environment
from conformance.adapters.host.guardian import remove
from conformance.adapters.host.guarding import (
    guard_folder,
    guard_process,
    release_folder,
    release_process,
)
from conformance.adapters.host.speed import slowness
from conformance.adapters.host.text import harmless
from conformance.adapters.shared import wire

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.adapters.host.registry import AdapterSpec

_PIPE_SIZE = 1 << 20
_SMALL = 1 << 16  # bytes up to which copying is cheaper than a further call of the system
_LAST_WORDS = 1.0  # seconds for a process that closed its stdout to end by itself
_LAST_LOOK = 0.1  # seconds for a process that hangs to say where
_LOOK_UP = 0.5  # seconds between looks at a silent process: does it live?


class Ended(Exception):  # noqa: N818 - an outcome, handled where it is raised
    """The stream ended, ``got`` bytes into the ``wanted`` ones of a frame."""

    def __init__(self, got: int, wanted: int) -> None:
        """Note how far it came."""
        super().__init__(f"the stream ended after {got} of {wanted} bytes of a frame")
        self.got = got


class Late(Exception):  # noqa: N818 - likewise
    """The deadline passed, ``got`` bytes into a frame."""

    def __init__(self, got: int, wanted: int) -> None:
        """Note how far it came."""
        super().__init__(f"only {got} of {wanted} bytes of a frame came in time")
        self.got = got
        self.begun = got > 0 or wanted != wire.PREFIX
        """Part of a frame was there, be it only its length."""


class Connection:
    """A running adapter process.

    One thread uses it; only :meth:`kill` may be called from any.
    """

    def __init__(self, spec: AdapterSpec, stderr_limit: int) -> None:
        """Start the process in a process group of its own.

        Raises:
            OSError: The program cannot be started.
        """
        # Killed in the middle of a save, a framework cannot tidy up: so it is done for it.
        self._temporary = tempfile.mkdtemp(prefix="keras-conformance-")
        guard_folder(self._temporary)
        try:
            self._process = self._spawn(spec)
        except BaseException:
            self._remove_folder()
            raise
        guard_process(self._process.pid)
        _running.add(self)
        self._outbox = _Outbox(_widened(self._process.stdin))
        self._stdout = _widened(self._process.stdout)
        self._poller = select.poll()
        self._poller.register(self._stdout, select.POLLIN)
        self._spill = bytearray(_SMALL)
        self._left = memoryview(b"")
        """What was read beyond what was wanted, in ``_spill``."""
        self.waited = True
        """Whether the last frame was still to come when it was asked for."""
        self._tail = _Tail(_widened(self._process.stderr), stderr_limit)
        self._disposed = False

    def _spawn(self, spec: AdapterSpec) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            spec.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env=environment({**spec.env, "TMPDIR": self._temporary}),
            start_new_session=True,  # Ctrl-C is the coordinator's alone; the group dies together
        )

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def write(self, buffers: Sequence[wire.Buffer]) -> None:
        """Send a frame, without ever waiting for the process to read it."""
        self._outbox.put(buffers)

    def read(
        self, deadline: float, limit: int, prolong: Callable[[], float] | None = None
    ) -> memoryview:
        """Wait for one frame.

        What has already arrived is read even when the deadline is past.

        Args:
            deadline: By :func:`time.monotonic`.
            limit: Largest frame, in bytes; checked before memory is taken for it.
            prolong: Asked for a later deadline, once the deadline has passed.

        Raises:
            Ended: The stream ended.
            Late: The deadline passed.
            WireError: The frame's length is absurd.
        """
        self.waited = not (self._left or self._poller.poll(0))
        prefix = self._exactly(wire.PREFIX, deadline, prolong)
        return self._exactly(wire.announced(prefix, limit), deadline, prolong)

    def is_quiet(self) -> bool:
        """Whether it lives and nothing can be read, as befits a process that was asked nothing."""
        return self._process.poll() is None and not self._left and not self._poller.poll(0)

    def mark(self) -> None:
        """Let :meth:`stderr` begin here."""
        self._tail.mark()

    def printed(self) -> int:
        """How many bytes it has printed so far."""
        return self._tail.seen

    def stderr(self, since: int | None = None) -> str:
        """The end of what was printed since :meth:`mark`, made harmless.

        Args:
            since: Number of bytes after which to begin instead.
        """
        return harmless(self._tail.text(since))

    def last_words(self) -> int | None:
        """Exit status as subprocess gives it (negative: a signal), None while it still runs.

        Waits a moment for a process whose stdout has ended, and longer on a busy machine, which may
        not have let it come to its end.
        """
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(_LAST_WORDS)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(_LAST_WORDS * (slowness() - 1.0))
        return None

    def ask_where(self) -> None:
        """Have a process that is to be killed print where it is; the worker does so in C."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            self._process.send_signal(signal.SIGUSR1)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_LAST_LOOK)

    def goodbye(self, patience: float = 1.0) -> None:
        """Ask an idle process to leave, end its input, and see to it that it is gone."""
        self.write(wire.frame(wire.encode({"type": "bye"}, {})))
        self._outbox.stop()
        if self._process.stdin is not None:
            self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(patience)
        self.kill()

    def kill(self) -> None:
        """End the process and all that it started; harmless when it is gone. Any thread may."""
        # Its children may live on after it, in its group. That the group's number was given
        # away in the instant since the process was reaped can be ruled out for practical purposes.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        _running.discard(self)

    def dispose(self) -> None:
        """Kill the process and close the pipes. Call it last, from the thread that reads."""
        if self._disposed:
            return
        self._disposed = True
        self.kill()
        self._outbox.stop()
        self._tail.stop()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()
        release_process(self._process.pid)
        self._remove_folder()

    def _remove_folder(self) -> None:
        remove(self._temporary)
        release_folder(self._temporary)

    def _exactly(
        self, count: int, deadline: float, prolong: Callable[[], float] | None
    ) -> memoryview:
        # np.empty takes address space, and memory only as the bytes really come.
        buffer = np.empty(count, np.uint8).data
        got = min(count, len(self._left))
        buffer[:got] = self._left[:got]
        self._left = self._left[got:]
        while got < count:
            patience = max(0.0, deadline - time.monotonic())
            if not self._poller.poll(min(patience, _LOOK_UP) * 1000):
                # A child of a dead process may still hold its stdout open.
                if self._process.poll() is not None and not self._poller.poll(0):
                    raise Ended(got, count)
                if patience > _LOOK_UP:
                    continue
                later = prolong() if prolong else deadline
                if later <= time.monotonic():
                    raise Late(got, count)
                deadline = later
                continue
            # A length and a small frame, or several, take one look and one read.
            more = os.readv(self._stdout, [buffer[got:], self._spill])
            if not more:
                raise Ended(got, count)
            got += more
            if got > count:
                self._left = memoryview(self._spill)[: got - count]
        return buffer


class _Outbox:
    """Writes to a pipe at once what fits, and the rest from a thread that lives while there is any.

    Were the host to block on a large frame while the worker blocks on its answer's, neither would
    ever go on.
    """

    def __init__(self, fd: int) -> None:
        os.set_blocking(fd, False)
        self._fd = fd
        self._lock = threading.Lock()
        self._rest: deque[memoryview] = deque()
        self._thread: threading.Thread | None = None
        self._stopped = False

    def put(self, buffers: Sequence[wire.Buffer]) -> None:
        with self._lock:
            if self._stopped:
                return
            self._rest.extend(memoryview(buffer) for buffer in _joined(buffers))
            if self._thread is None:
                self._write()
                if self._rest:
                    self._thread = threading.Thread(target=self._drain, daemon=True)
                    self._thread.start()

    def stop(self) -> None:
        """Give up what is unwritten. On return no thread uses the descriptor any more."""
        with self._lock:
            self._stopped = True
            thread = self._thread
        if thread is not None:
            thread.join()

    def _drain(self) -> None:
        poller = select.poll()
        poller.register(self._fd, select.POLLOUT)
        while True:
            poller.poll(200)  # wakes now and then to see whether it was stopped
            with self._lock:
                self._write()
                if not self._rest:
                    self._thread = None
                    return

    def _write(self) -> None:
        """Write until the pipe is full. A broken pipe is noticed by whoever reads the answer."""
        try:
            while self._rest and not self._stopped:
                written = os.write(self._fd, self._rest[0])
                if written == len(self._rest[0]):
                    self._rest.popleft()
                else:
                    self._rest[0] = self._rest[0][written:]
        except BlockingIOError:
            return
        except OSError:
            self._stopped = True
        if self._stopped:
            self._rest.clear()


class _Tail:
    """Reads a pipe to its end from a thread, and keeps the last bytes."""

    def __init__(self, fd: int, limit: int) -> None:
        self._limit = limit
        self._kept = bytearray()
        self.seen = 0
        self._mark = 0
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._read, args=(os.dup(fd),), daemon=True)
        self._thread.start()

    def mark(self) -> None:
        with self._lock:
            self._mark = self.seen

    def text(self, since: int | None) -> str:
        with self._lock:
            fresh = self.seen - (self._mark if since is None else since)
            kept = bytes(self._kept[-min(fresh, self._limit) :]) if fresh else b""
        text = kept.decode("utf-8", "replace")
        dropped = fresh - len(kept)
        return f"({dropped} more bytes) …\n{text}" if dropped else text

    def stop(self) -> None:
        # A grandchild that left the group may hold the pipe open for ever: don't wait for that.
        self._thread.join(0.5)

    def _read(self, fd: int) -> None:
        with contextlib.suppress(OSError):
            while chunk := os.read(fd, 1 << 16):
                with self._lock:
                    self.seen += len(chunk)
                    self._kept += chunk
                    if len(self._kept) > 4 * self._limit:
                        del self._kept[: -self._limit]
        os.close(fd)


def _widened(pipe: IO[bytes] | None) -> int:
    """A pipe's descriptor, after giving it room for a whole frame where the system can."""
    if pipe is None:
        raise AssertionError("Popen was told to make this pipe")
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with contextlib.suppress(OSError):  # a smaller pipe is slower, nothing more
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_SIZE)
    return pipe.fileno()


def _joined(buffers: Sequence[wire.Buffer]) -> list[wire.Buffer]:
    """One buffer where that costs little copying."""
    if len(buffers) > 1 and sum(map(len, buffers)) <= _SMALL:
        return [b"".join(buffers)]
    return list(buffers)


_running: weakref.WeakSet[Connection] = weakref.WeakSet()


@atexit.register
def _kill_all() -> None:
    """No adapter outlives the coordinator, whatever ends it."""
    for connection in list(_running):
        connection.kill()
