"""The client of the reference process: asks ahead, keeps answers in the store, survives a crash.

The reference runs in a process of its own so that the coordinating process stays small and free
to keep the adapters fed, and so that a specification that hangs or dies costs one case.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections import deque
from typing import TYPE_CHECKING

import msgspec

from conformance.adapters.environment import environment, pins

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.cases.model import Case
    from conformance.reference.store import Store, StoredAnswer

TIME_LIMIT = 300.0
"""Seconds that the reference may take over one case."""


class NoAnswer(Exception):  # noqa: N818 - no error of the framework
    """The reference has no answer to a case: the case or the reference is at fault."""


class Oracle:
    """Hands out the reference's answers; computes those that the store lacks, once, ahead of need.

    Thread-safe. ``expect`` says which cases will be asked for, in order; ``answer`` waits for one.
    """

    def __init__(self, store: Store, *, time_limit: float = TIME_LIMIT) -> None:
        """Prepare; nothing is started before it is needed.

        Args:
            store: Where answers are kept between runs.
            time_limit: Seconds for one case, after which the process is killed.
        """
        self._store = store
        self._time_limit = time_limit
        self._changed = threading.Condition()
        self._waiting: deque[Case] = deque()
        self._known: dict[str, str | None] = {}
        """Digest to None (in the store) or to the reason why there is no answer."""
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    def expect(self, cases: Iterable[Case]) -> None:
        """Queue the cases that the store has no answer to; returns at once."""
        with self._changed:
            self._waiting.extend(cases)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="oracle", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def answer(self, case: Case) -> StoredAnswer:
        """The reference's answer to a case that was announced by ``expect``.

        Raises:
            NoAnswer: There is none; the message says why.
        """
        stored = self._store.get(case)
        if stored is not None:
            return stored
        with self._changed:
            if case.digest not in self._known:
                # It is needed now: before everything that is merely expected.
                self._waiting.appendleft(case)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._closed or case.digest in self._known)
            reason = self._known.get(case.digest, "the run was stopped")
        if reason is None:
            stored = self._store.get(case)
            if stored is not None:
                return stored
            reason = "its stored answer vanished or is damaged; is the cache folder being cleared?"
        raise NoAnswer(reason)

    def ready(self, case: Case) -> bool:
        """Whether ``answer`` would return at once."""
        with self._changed:
            return self._closed or case.digest in self._known or self._store.has(case)

    def close(self) -> None:
        """Stop the process; whoever still waits is told so."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()
        process = self._process
        if process is not None and process.poll() is None:
            process.kill()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._waiting)
                if self._closed:
                    return
                case = self._waiting.popleft()
                if case.digest in self._known:
                    continue
            reason = None if self._store.has(case) else self._compute(case)
            with self._changed:
                self._known[case.digest] = reason
                self._changed.notify_all()

    def _compute(self, case: Case) -> str | None:
        process = self._started()
        assert process.stdin is not None  # noqa: S101 - for the type checker: PIPE was asked for
        assert process.stdout is not None  # noqa: S101
        request = {"case": msgspec.to_builtins(case)}
        watchdog = threading.Timer(self._time_limit, process.kill)
        watchdog.start()
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except OSError:
            line = b""
        finally:
            timed_out = not watchdog.is_alive()
            watchdog.cancel()
        if not line.endswith(b"\n"):
            self._process = None
            process.kill()
            code = process.wait()
            if timed_out:
                return f"the reference took longer than {self._time_limit:g} s"
            return f"the reference process died (exit status {code})"
        reply = json.loads(line)
        return None if reply["ok"] else f"{reply['kind']}: {reply['message']}"

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "conformance.reference.worker", str(self._store.folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment(pins()),
                start_new_session=True,
            )
        return self._process
