"""Fake adapters, started as real ones are."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapters.host import environment
from conformance.adapters.host.host import AdapterProcess, Answer, Limits
from conformance.adapters.host.registry import AdapterSpec, worker_command

ROOT = Path(__file__).parents[1]
FAKES = Path(__file__).parent / "fakes"
X = np.arange(6, dtype=np.float32).reshape(2, 3)
QUICK = Limits(start=10, case=10)


def misbehaving(how: str = "") -> AdapterSpec:
    """``fakes/misbehaving.py``; ``how`` it misbehaves at its hello."""
    command = (sys.executable, "-I", "-S", str(FAKES / "misbehaving.py"), how)
    return AdapterSpec("fake", command, environment.pins())


def plain(name: str = "plain") -> AdapterSpec:
    """``fakes/plain.py`` in the worker's loop."""
    return AdapterSpec(name, worker_command(str(FAKES / "plain.py"), name), environment.pins())


def case(name: str) -> dict[str, Any]:
    """A program whose id asks a fake to misbehave."""
    return {"case": f"fakes/{name}", "model": {}, "calls": [], "facets": []}


def ask(process: AdapterProcess, name: str, timeout: float = 10) -> Answer:
    """Ask a fake that misbehaves, feeding it ``X``."""
    return process.run(case(name), {"x": X}, timeout)


def runs(pid: int) -> bool:
    """Whether a process lives; a zombie does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"


def dies_soon(pid: int, seconds: float = 5) -> bool:
    """Wait for a process to be gone."""
    deadline = time.monotonic() + seconds
    while runs(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
