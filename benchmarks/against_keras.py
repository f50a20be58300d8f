"""Checked facets a second against Keras's own tests a second, of the same functions, in one run.

    python benchmarks/against_keras.py --backend torch
    python benchmarks/against_keras.py --backend jax --of objects --rounds 2

Keras's wheel holds its unit tests; they run as its developers run them, in one process of pytest,
on the backend told. The suite runs its cases of the same functions on that backend's adapter with
``keras-conformance run``, warm: a first run fills its caches and isn't counted. A facet (values,
gradients, dtype, symbolic shape … of a case) counts when it was judged, a test of Keras's when it
passed or failed. Bars: 20 times as many on torch and TensorFlow, 10 times on JAX.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from whole_run import watch

PARTS = {
    "ops": (
        ["ops/*"],
        ["ops", "activations"],
    ),
    "objects": (
        [
            "losses/*",
            "metrics/*",
            "optimizers/*",
            "initializers/*",
            "regularizers/*",
            "constraints/*",
        ],
        ["losses", "metrics", "optimizers", "initializers", "regularizers", "constraints"],
    ),
}
"""The suite's cases, and the folders of Keras's source whose tests are about the same."""
LEFT_OUT = ("ops/function_test.py", "ops/node_test.py", "ops/operation_test.py")
"""Tests of what functions are made with, and not of functions."""


class Figures(NamedTuple):
    """What one side did."""

    checked: int
    wall: float
    cpu: float
    peak: int
    """The largest process, in bytes."""

    def __str__(self) -> str:
        """As a row of the table, without its first column."""
        return (
            f"{self.checked:,} | {self.wall:.1f} | {self.cpu:.1f} | "
            f"{self.checked / self.wall:,.0f} | {self.peak / 1e6:,.0f}"
        )


def of_suite(backend: str, patterns: list[str], folder: Path) -> Figures:
    """The suite's side, by what its record says."""
    command = [sys.executable, "-m", "conformance.cli", "run", *patterns]
    command += ["--adapter", f"keras-{backend}", "--reports", str(folder)]
    with (folder / "suite.txt").open("w") as out:
        seen, wall, cpu, status = watch(command, out)
    if status not in {0, 1}:
        raise SystemExit((folder / "suite.txt").read_text())
    from conformance.records.reader import read

    cells = read(max(folder.glob("*/records.jsonl"))).cells.values()
    judged = sum(
        facet.outcome not in {"unsupported", "skipped"}
        for cell in cells
        for facet in cell.verdict.facets
    )
    return Figures(judged, wall, cpu, max(one.peak for one in seen.values()))


def of_keras(backend: str, folders: list[str], folder: Path) -> Figures:
    """Keras's side, by the last line that pytest prints."""
    found = importlib.util.find_spec("keras")
    if found is None or found.origin is None:
        raise SystemExit("Keras is not installed here")
    source = Path(found.origin).parent / "src"
    files = [
        str(path)
        for name in folders
        for path in sorted((source / name).rglob("*_test.py"))
        if not str(path).endswith(LEFT_OUT)
    ]
    if not files:
        raise SystemExit(f"{source} holds no tests")
    plain = ["-q", "-p", "no:cacheprovider", "-p", "no:keras-conformance", "-W", "ignore"]
    # Some want a conftest.py that the wheel does not hold: they are errors, and count for nothing.
    plain += ["--continue-on-collection-errors"]
    command = [
        sys.executable,
        "-m",
        "pytest",
        *plain,
        "--tb",
        "no",
        "--rootdir",
        str(source),
        *files,
    ]
    os.environ["KERAS_BACKEND"] = backend
    try:
        with (folder / "keras.txt").open("w") as out:
            seen, wall, cpu, _ = watch(command, out)
    finally:
        del os.environ["KERAS_BACKEND"]
    said = (folder / "keras.txt").read_text().splitlines()[-1]
    counts = [int(number) for number in re.findall(r"(\d+) (?:passed|failed)", said)]
    if not counts:
        raise SystemExit(said)
    print(f"Keras's own: {said.strip('= ')}", flush=True)
    return Figures(sum(counts), wall, cpu, max(one.peak for one in seen.values()))


def main() -> int:
    """Run both sides by turns, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument(
        "--backend", default="torch", help="torch, tensorflow, jax, numpy or openvino"
    )
    parser.add_argument("--of", default="ops", choices=sorted(PARTS))
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    patterns, folders = PARTS[options.of]
    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        print("a first run, which fills the caches …", flush=True)
        of_suite(options.backend, patterns, folder)
        for turn in range(options.rounds):
            ours = of_suite(options.backend, patterns, folder)
            print(f"round {turn + 1}: the suite is done in {ours.wall:.0f} s", flush=True)
            theirs = of_keras(options.backend, folders, folder)
            rows.append((ours, theirs))
    today = time.strftime("%Y-%m-%d")
    print(f"\n{options.of} on {options.backend}, {os.cpu_count()} cores, {today}\n")
    print("| | checked | wall s | CPU s | a second | peak MB |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for ours, theirs in rows:
        ratio = (ours.checked / ours.wall) / (theirs.checked / theirs.wall)
        by_cpu = (ours.checked / ours.cpu) / (theirs.checked / theirs.cpu)
        print(f"| the suite, facets | {ours} |\n| Keras's own, tests | {theirs} |")
        print(f"\n{ratio:.1f} times as many a second, {by_cpu:.1f} times as many a second of CPU\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
