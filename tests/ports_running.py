"""The Keras models of tests/ports, made once, and the two processes in which models are run."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.twomodels.asking import Process
from conformance.twomodels.sides import side

if TYPE_CHECKING:
    from collections.abc import Iterator

PORTS = Path(__file__).parent / "ports"


def make(folder: Path, *names: str) -> Path:
    """Write Keras models and their weights; without names, those of the first three."""
    script = [sys.executable, str(PORTS / "make_models.py"), str(folder), *names]
    environment = {**os.environ, "KERAS_BACKEND": "torch", "OMP_NUM_THREADS": "1"}
    subprocess.run(script, check=True, capture_output=True, env=environment)
    return folder


@contextmanager
def running(folder: Path, name: str) -> Iterator[tuple[Process, Process]]:
    """One process for the Keras models, one for the ports."""
    options = {"backend": "torch", "python": sys.executable, "seconds": 120.0}
    with (
        Process(side(str(folder / f"{name}.keras")), **options) as ours,
        Process(side(str(PORTS / f"{name}.py")), **options) as theirs,
    ):
        yield ours, theirs
