"""An adapter that runs another one, and answers each case with the functions that it entered.

The framework is imported once. Each case is then run in a process that is forked from that state:
what a case leaves behind (a compiled program, a remembered answer, a table that was filled at its
first use) would keep the next one from entering the functions that it depends on. For the same
reason the adapter is not asked for its hello, which multiplies and convolves.

Where a framework doesn't survive a fork, a process answers one case (``fork`` is false), and the
host starts another one for the next.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
import traceback
from typing import TYPE_CHECKING, Any

from conformance.adapters.worker.entered import Noter
from conformance.adapters.worker.loop import load

if TYPE_CHECKING:
    from conformance.adapters.worker.loop import Adapter

RECORD = "KERAS_CONFORMANCE_RECORD"
"""Environment variable that says what to record, as JSON: the adapter's ``module``, the ``folder``
whose functions are noted, and whether to ``fork``."""


def create(name: str) -> Recording:
    """Import the framework, noting what its import enters."""
    told = json.loads(os.environ.pop(RECORD))
    noter = Noter(told["folder"])
    means = noter.begin()
    adapter: Adapter = load(told["module"]).create(name)
    started = noter.told()
    noter.forget()
    start = {
        "entered": started["entered"],
        "modules": started["modules"],
        "inherited": _inherited(os.path.basename(told["folder"])),  # noqa: PTH119 - a path as text
    }
    return Recording(adapter, noter, means, start, fork=told["fork"])


class Recording:
    """One adapter whose cases are recorded."""

    def __init__(
        self, adapter: Adapter, noter: Noter, means: str, start: dict[str, Any], *, fork: bool
    ) -> None:
        """Hold the adapter, just imported, and what its import entered."""
        self.kinds = getattr(adapter, "kinds", ("model",))
        self._adapter = adapter
        self._noter = noter
        self._means = means
        self._start: dict[str, Any] | None = start
        self._fork = fork

    def hello(self) -> dict[str, Any]:
        """By what means functions are noted, and nothing else."""
        return {"settings": {"recorded by": self._means}}

    def run(
        self, program: dict[str, Any], tensors: dict[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """The functions that the case enters; with the first case, those that the start entered.

        Raises:
            ChildProcessError: The case ended its process.
        """
        if not self._fork:
            return {"entered": self._run(program, tensors)}, {}
        told = self._forked(program, tensors)
        self._start = None
        return {"entered": told}, {}

    def _run(self, program: dict[str, Any], tensors: dict[str, Any]) -> dict[str, Any]:
        try:
            self._adapter.run(program, tensors)
        except MemoryError:
            raise  # it would have gone on elsewhere
        except Exception:  # noqa: BLE001, S110 - a refusal is as good as an answer here
            pass
        told = self._noter.told()
        return {**told, "start": self._start} if self._start else told

    def _forked(self, program: dict[str, Any], tensors: dict[str, Any]) -> Any:
        source, sink = os.pipe()
        sys.stderr.flush()
        child = os.fork()
        if not child:
            os.close(source)
            _in_child(lambda: self._run(program, tensors), sink)
        os.close(sink)
        with os.fdopen(source, "rb") as pipe:
            text = pipe.read()
        status = os.waitpid(child, 0)[1]
        if status:
            raise ChildProcessError(f"the case ended its process (status {status})")
        return json.loads(text)


def _inherited(package: str) -> list[str]:
    """Names of attributes that a package's classes inherit from classes of other packages."""
    names: set[str] = set()
    seen: set[type] = set()
    left: list[type] = [object]
    while left:
        found = left.pop()
        if found in seen:
            continue
        seen.add(found)
        left += type.__subclasses__(found)
        if _package_of(found) == package:
            for base in found.__mro__[:-1]:
                if _package_of(base) != package:
                    names.update(vars(base))
    return sorted(names)


def _package_of(found: type) -> str:
    return str(found.__module__).split(".", 1)[0]  # a slot of that name makes it anything


def _in_child(answer: Any, sink: int) -> Any:
    """Write the answer, and end; never returns."""
    status = 1
    try:
        threading.Thread(target=_follow, args=(os.getppid(),), daemon=True).start()
        text = json.dumps(answer()).encode()
        with os.fdopen(sink, "wb") as pipe:
            pipe.write(text)
        status = 0
    except BaseException:  # noqa: BLE001 - of a fork, nothing may go on in its parent's place
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError):
            sys.stderr.flush()
        os._exit(status)


def _follow(parent: int) -> None:
    """End this process soon after its parent is gone."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(3)
