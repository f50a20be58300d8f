"""All layer cases, or every Nth, adapter by adapter: time, where it goes, and peak memory.

Bars: keras-jax 180 s of wall time with a warm compilation cache, keras-torch and keras-tensorflow
120 s, torch 60 s, on two cores; no adapter process above 2 GB. The first run of a fresh cache
computes the reference's answers and JAX's programs, so run it twice. CPU is that of the adapter's
processes (framework, the adapter's code, their start), of the reference process, and of the
coordinating process (wire, verdicts, record, summary and report).

    python benchmarks/layers.py [--every N] [--level LEVEL] [--jobs N] [--stages] [ADAPTER ...]

Without adapters: those that have a bar. Linux only, as ``whole_run.py``.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from whole_run import watch

from conformance import arguments
from conformance.adapters.shared.naming import base_of
from conformance.cases import load
from conformance.cases.levels import LAST, at_level
from conformance.records import read
from conformance.run.machine import usable_cores
from conformance.verdicts.model import FAILING

if TYPE_CHECKING:
    from collections.abc import Sequence

BARS = {"torch": 60, "keras-torch": 120, "keras-tensorflow": 120, "keras-jax": 180}
"""Seconds of wall time for all layer cases."""

LAYERS = "layers/"
"""Cases of the documents are no layer cases; ``whole_run.py`` measures those."""

FORKED = 0.3
"""Seconds of CPU below which a process is no adapter, only something that one has started."""


@dataclass
class Measured:
    """What one adapter took."""

    adapter: str
    cells: int
    wall: float
    framework: float
    reference: float
    suite: float
    processes: int
    peak: int
    stages: Counter[str]
    failing: int

    def row(self) -> str:
        """Its row of the first table."""
        bar = BARS.get(self.adapter)
        figures = (
            f"{self.cells}",
            f"{self.wall:.1f}",
            f"{bar}" if bar else "",
            f"{self.framework:.1f}",
            f"{self.reference:.1f}",
            f"{self.suite:.1f}",
            f"{self.framework / self.cells * 1e3:.1f}",
            f"{self.suite / self.cells * 1e3:.1f}",
            f"{self.processes}",
            f"{self.peak / 1e6:.0f}",
            f"{self.failing}",
        )
        return f"| {self.adapter} | {' | '.join(figures)} |"


def measure(adapter: str, cases: Sequence[str], jobs: int) -> Measured:
    """Run the cases on one adapter, in a run of their own.

    Raises:
        SystemExit: The run could not begin.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "conformance.cli", "run", *cases]
        command += ["--adapter", adapter, "--jobs", str(jobs), "--reports", folder]
        with Path(folder, "out").open("w", encoding="utf-8") as out:
            seen, wall, cpu, status = watch(command, out)
        if status not in {0, 1}:  # 1: something does not conform, which is no matter of speed
            raise SystemExit(f"the run ended with {status}: {Path(folder, 'out').read_text()}")
        (path,) = Path(folder).glob("*/records.jsonl")
        run = read(path)
        stages: Counter[str] = Counter()
        for key in run.cells:
            stages.update(run.cells[key].seconds)
        failing = sum(run.cells.outcome(*key) in FAILING for key in run.cells)
    # Between fork and exec, a command that a framework starts goes by its parent's name.
    name = base_of(adapter)
    own = [one for one in seen.values() if one.name == name and one.cpu > FORKED]
    framework = sum(one.cpu for one in own)
    reference = sum(one.cpu for one in seen.values() if one.name == "reference")
    return Measured(
        adapter=adapter,
        cells=len(run.cells),
        wall=wall,
        framework=framework,
        reference=reference,
        suite=cpu - framework - reference,
        processes=len(own),
        peak=max(one.peak for one in own),
        stages=stages,
        failing=failing,
    )


def stages(one: Measured) -> str:
    """Where an adapter's time went, by its own account: wall time, all processes together."""
    known = {name: seconds for name, seconds in one.stages.items() if name not in {"answer", "run"}}
    known["the rest of the adapter"] = one.stages["run"] - sum(known.values())
    known["frames, and waiting for a core"] = one.stages["answer"] - one.stages["run"]
    rows = [f"\n{one.adapter}\n", "| stage | s | ms a case |", "| --- | ---: | ---: |"]
    for name, seconds in sorted(known.items(), key=lambda item: -item[1]):
        rows.append(f"| {name} | {seconds:.1f} | {seconds / one.cells * 1e3:.2f} |")
    return "\n".join(rows)


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("adapters", nargs="*", default=list(BARS), metavar="ADAPTER")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="every Nth case")
    parser.add_argument("--level", type=arguments.level, default=LAST, help="as `run` takes it")
    parser.add_argument("--jobs", type=int, default=usable_cores(), metavar="N")
    parser.add_argument("--stages", action="store_true", help="also where the time goes")
    options = parser.parse_args()
    asked = at_level(load().checked(), options.level)
    found = [case.id for case in asked if case.id.startswith(LAYERS)]
    cases = found[:: options.every]
    print(f"{len(cases)} of {len(found)} layer cases, {options.jobs} processes at a time\n")
    head = ["adapter", "cells", "wall s", "bar s", "framework CPU s", "reference CPU s"]
    head += ["suite CPU s", "framework ms a cell", "suite ms a cell", "processes", "peak MB"]
    head += ["not conforming"]
    print(f"| {' | '.join(head)} |\n| --- |{' ---: |' * (len(head) - 1)}", flush=True)
    measured = []
    for adapter in options.adapters:
        measured.append(measure(adapter, cases, options.jobs))
        print(measured[-1].row(), flush=True)
    if options.stages:
        print(*map(stages, measured), sep="\n")


if __name__ == "__main__":
    main()
