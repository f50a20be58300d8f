"""How long it takes to load a catalogue, read anew, and to say ``--help``.

Bars: 2,000 expanded cases loaded and validated in 1 s; ``keras-conformance --help`` in 0.3 s.

    python benchmarks/loading.py [--cases N]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.cases import default_root, load

if TYPE_CHECKING:
    from collections.abc import Callable

VARIED = """
- id: conv2d-{number}
  title: A convolution with every argument away from its default
  source: {{keras: keras.layers.Conv2D}}
  input: {{shape: [7, 9, 4], batch: 2}}
  layer: Conv2D
  config: {{filters: 6, kernel_size: [3, 2]}}
  vary:
    strides: [1, 2, [2, 1]]
    padding: [valid, same]
    dilation_rate: [1, 2, [1, 3]]
    groups: [1, 2]
    use_bias: [true, false]
    activation: [null, relu]
  unless:
    - {{strides: [2, [2, 1]], dilation_rate: [2, [1, 3]]}}
"""
"""Eighty variants of one layer: what most of a large catalogue looks like."""

VARIANTS = 80


def main() -> None:
    """Measure, and print one line a figure."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--cases", type=int, default=2000, help="cases to load (default: 2000)")
    options = parser.parse_args()

    os.environ["KERAS_CONFORMANCE_CASE_CACHE"] = "off"
    own = load([default_root()]).checked()
    wall, cpu = _median(lambda: load([default_root()]).checked())
    print(f"the catalogue, {len(own)} cases: {wall:.2f} s wall, {cpu:.2f} s CPU")

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "cases" / "layers" / "conv2d.yaml"
        file.parent.mkdir(parents=True)
        written = -(-options.cases // VARIANTS)
        file.write_text("".join(VARIED.format(number=number) for number in range(written)))
        count = len(load([file]).checked())
        wall, cpu = _median(lambda: load([file]).checked())
        print(f"{written} written cases, {count} expanded: {wall:.2f} s wall, {cpu:.2f} s CPU")

    command = [sys.executable, "-m", "conformance.cli", "--help"]
    wall, cpu = _median(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL))
    print(f"keras-conformance --help: {wall:.2f} s wall, {cpu:.2f} s CPU")


def _median(work: Callable[[], object], times: int = 5) -> tuple[float, float]:
    """Median seconds of wall time and of CPU, this process's and its children's."""
    walls, cpus = [], []
    for _ in range(times):
        before, begin = os.times(), time.perf_counter()
        work()
        walls.append(time.perf_counter() - begin)
        cpus.append(sum(os.times()[:4]) - sum(before[:4]))
    return statistics.median(walls), statistics.median(cpus)


if __name__ == "__main__":
    main()
