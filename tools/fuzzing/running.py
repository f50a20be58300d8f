"""Whole runs against an adapter that misbehaves as its seed says: no cell is lost or swapped."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.adapters.host import environment
from conformance.adapters.host.registry import AdapterSpec
from conformance.records import read
from conformance.run.folder import RunFolder
from conformance.run.plan import Plan
from conformance.run.session import Session, Settings
from fuzzing.answers import known
from fuzzing.fuzzer import true

if TYPE_CHECKING:
    import random

ADAPTER = Path(__file__).with_name("adapter.py")
CASES = 10
"""Of each run."""
_NAMED = re.compile(r"this is about <(.*?)>")


class Runs:
    """Seeds of an adapter, each a run of ten cases."""

    kind = "runs"

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "runs"
        self._cases = [one.case for one in known()][:CASES]
        self.attempt(b"warm")  # the reference answers once

    def make(self, rng: random.Random) -> bytes:
        return str(rng.getrandbits(64)).encode()

    def attempt(self, data: bytes) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        command = (sys.executable, "-I", "-S", str(ADAPTER), data.decode("ascii", "replace"))
        plan = Plan.of(self._cases, [AdapterSpec("fuzzed", command, environment.pins())])
        folder = RunFolder(self._folder / "run")
        settings = Settings(jobs=1, case_seconds=1.0, catalogues=())
        with Session(plan, settings, folder=folder) as session:
            session.engine.results.wait()
            problems = session.finish()
        run = read(folder.records)
        true(not [one for one in problems if "lost" in one], str(problems))
        true(not run.missing() and len(run.cells) == CASES, f"missing: {run.missing()}")
        footer = run.footer
        true(footer is not None and footer.planned == footer.reported == CASES, str(footer))
        for (case, _), cell in run.cells.items():
            true(cell.verdict.case == case, f"{cell.verdict.case} in the place of {case}")
            if cell.verdict.outcome == "unsupported":
                named = _NAMED.search(cell.verdict.message)
                true(named is None or named[1] == case, f"{case} has the answer to {named}")
