"""The client of the reference process: asks ahead, keeps answers in the store, survives a crash.

The reference runs in a process of its own so that the coordinating process stays small and free
to keep the adapters fed, and so that a specification that hangs or dies costs one case.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections import deque
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import msgspec

import conformance
from conformance.adapters.host.environment import environment, pins
from conformance.adapters.host.guardian import remove
from conformance.adapters.host.guarding import (
    guard_folder,
    guard_process,
    release_folder,
    release_process,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.cases.model import Case
    from conformance.reference.answer.store import Store, StoredAnswer

TIME_LIMIT = 300.0
"""Seconds that the reference may take over one case."""

DEATHS = 3
"""Deaths of its process in a row after which it is not started again."""


_UNWRITABLE = "unwritable"  # as ``conformance.reference.worker`` has it


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
        self._waiting: deque[tuple[Case, str, str]] = deque()
        """Cases, each with the name of a seeded fault, empty for the truth, and what is lowered."""
        self._known: dict[tuple[str, str, str], str | None] = {}
        """Digest, fault and what is lowered to None (in the store), or why there is no answer."""
        self._unread: set[tuple[str, str, str]] = set()
        """Those that are in the store only as it seems."""
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None
        self._closed = False
        self._requests = 0
        self._deaths = 0
        self._words = ""
        self._spare = ""
        """A folder of this run alone, where the store can't be written."""
        self.remark = ""
        """Why that one is used; empty where it isn't."""
        self._stderr: IO[bytes] | None = None

    def expect(self, cases: Iterable[Case]) -> None:
        """Queue the cases that the store has no answer to; returns at once."""
        with self._changed:
            self._waiting.extend((case, "", "") for case in cases)
            self._wake()

    def answer(self, case: Case, fault: str = "", lowered: str = "") -> StoredAnswer:
        """The reference's answer to a case.

        Args:
            case: Announced by ``expect``, so that it is there when it is needed.
            fault: What a framework with this fault would answer, instead of the truth.
            lowered: Operations that are declared to be coarser than float32, and how coarse
                (:func:`conformance.acceptance.lowered_name`).

        Raises:
            NoAnswer: There is none; the message says why.
        """
        for attempt in range(4):
            stored = self._store.get(case, fault, lowered)
            if stored is not None:
                return stored
            if attempt > 1:
                self._divert("what is written there vanishes, or is damaged at once")
            if (reason := self._awaited(case, fault, lowered)) is not None:
                raise NoAnswer(reason)
        stored = self._store.get(case, fault, lowered)
        if stored is not None:
            return stored
        raise NoAnswer(
            "its stored answer vanished or is damaged; is the cache folder being cleared?"
        )

    def _awaited(self, case: Case, fault: str, lowered: str) -> str | None:
        """Wait until an answer that can't be read is in the store.

        Returns:
            Why there is none; None where there is.
        """
        key = case.digest, fault, lowered
        with self._changed:
            if self._closed:
                return "the run was stopped"
            if self._known.get(key, "") is None:
                # It was there: it is damaged, or another process has made room since.
                self._unread.add(key)
                del self._known[key]
            if key not in self._known:
                # It is needed now: before everything that is merely expected.
                self._waiting.appendleft((case, fault, lowered))
            self._wake()
            self._changed.wait_for(lambda: self._closed or key in self._known)
            return self._known.get(key, "the run was stopped")

    def ready(self, case: Case, lowered: str = "") -> bool:
        """Whether ``answer`` would return at once."""
        with self._changed:
            known = self._closed or (case.digest, "", lowered) in self._known
            return known or self._store.has(case, lowered=lowered)

    def close(self) -> None:
        """Stop the process; whoever still waits is told so."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()
        process = self._process
        if process is not None and process.poll() is None:
            process.kill()
            process.wait()
            release_process(process.pid)
        if self._thread is not None:
            self._thread.join(timeout=5)
        with self._changed:
            if self._spare:
                remove(self._spare)
                release_folder(self._spare)

    def _divert(self, why: str) -> None:
        """Have further answers kept in a folder of this run alone.

        Raises:
            OSError: No folder can be made.
        """
        with self._changed:
            if self._spare:
                return
            self._spare = tempfile.mkdtemp(prefix="keras-conformance-")
            guard_folder(self._spare)
            self._store.divert(self._spare)
            self.remark = (
                f"the cache {self._store.folder} can't be used for further answers of the "
                f"reference ({why}): those of this run were kept for it alone"
            )

    def _wake(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="oracle", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._waiting)
                if self._closed:
                    return
                case, fault, lowered = self._waiting.popleft()
                if (case.digest, fault, lowered) in self._known:
                    continue
            key = case.digest, fault, lowered
            with self._changed:
                unread = key in self._unread
            there = not unread and self._store.has(case, fault, lowered)
            reason = None if there else self._computed(case, fault, lowered)
            with self._changed:
                self._unread.discard(key)
                self._known[key] = reason
                self._changed.notify_all()

    def _computed(self, case: Case, fault: str, lowered: str) -> str | None:
        """Have an answer computed; why there is none, or None."""
        reply = self._compute(case, fault, lowered)
        if isinstance(reply, dict) and reply.get("kind") == _UNWRITABLE:
            try:
                self._divert(reply["message"])
                reply = self._compute(case, fault, lowered)
            except OSError as error:
                reply = {"ok": False, "kind": _UNWRITABLE, "message": error.strerror}
        if isinstance(reply, str):
            return reply
        if reply.get("kind") == _UNWRITABLE:
            return f"its answer can be kept nowhere: {reply['message']}"
        return None if reply["ok"] else f"{reply['kind']}: {reply['message']}"

    def _compute(self, case: Case, fault: str, lowered: str) -> str | dict[str, Any]:
        """The process's reply, or how it ended instead."""
        if self._deaths >= DEATHS:
            return f"given up: the reference process died {DEATHS} times in a row. {self._words}"
        process = self._started()
        if process.stdin is None or process.stdout is None:
            raise AssertionError("pipes were asked for")
        self._requests += 1
        request = {
            "id": self._requests,
            "case": msgspec.to_builtins(case),
            "fault": fault or None,
            "lowered": lowered,
            "spare": self._spare,
        }
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
            release_process(process.pid)
            if timed_out:
                return f"the reference took longer than {self._time_limit:g} s"
            self._deaths += 1
            self._words = self._last_words()
            return f"the reference process died (exit status {code}). {self._words}"
        self._deaths = 0
        reply: dict[str, Any] = json.loads(line)
        return reply

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            # The very package that runs here, whatever lies in the working directory.
            home = str(Path(conformance.__file__).parents[1])
            path = os.pathsep.join(filter(None, [home, os.environ.get("PYTHONPATH")]))
            self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "conformance.reference"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._stderr,
                env={**environment(pins()), "PYTHONPATH": path},
                start_new_session=True,
            )
            guard_process(self._process.pid)
        return self._process

    def _last_words(self) -> str:
        """The last line of what a dead process has printed."""
        if self._stderr is None:
            return ""
        with self._stderr as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 2000))
            lines = file.read().decode(errors="replace").strip().splitlines()
        self._stderr = None
        return f"It printed last: {lines[-1]}" if lines else ""
