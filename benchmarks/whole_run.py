"""A whole run as a user starts it: wall time, CPU and peak memory, process by process.

Bars: 90 s of wall time from a warm start on two cores, 300 MB for the pytest process. The first
run of a fresh cache computes the reference's answers and JAX's programs, so run it twice.

    python benchmarks/whole_run.py [--json] [pytest's arguments; default: cases/documents]

Linux only: the figures are read from /proc while the run goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

PAUSE = 0.05
"""Seconds between looks at the processes."""

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Process:
    """What was last seen of one process."""

    name: str
    user: float = 0.0
    system: float = 0.0
    peak: int = 0
    """Largest resident memory, in bytes."""
    first: float = 0.0
    last: float = 0.0

    @property
    def cpu(self) -> float:
        """Seconds of CPU."""
        return self.user + self.system


def watch(
    command: list[str], out: IO[str] | None = None
) -> tuple[dict[int, Process], float, float, int]:
    """Run a command and watch it and its children.

    Args:
        command: What to run.
        out: Where its output goes; None for here.

    Returns:
        The processes by id, in the order in which they were seen; wall time and CPU of all of
        them together, in seconds; the command's exit status.
    """
    before = os.times()
    started = time.monotonic()
    seen: dict[int, Process] = {}
    with subprocess.Popen(command, stdout=out, stderr=out) as process:
        while process.poll() is None:
            for pid in (process.pid, *_children(process.pid)):
                _look(pid, seen, time.monotonic() - started)
            time.sleep(PAUSE)
    wall = time.monotonic() - started
    after = os.times()
    cpu = sum(after[2:4]) - sum(before[2:4])
    return seen, wall, cpu, process.returncode


def _children(pid: int) -> list[int]:
    found: list[int] = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    except OSError:
        return found
    return found + [grandchild for child in found for grandchild in _children(child)]


def _look(pid: int, seen: dict[int, Process], now: float) -> None:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return
    peak = status.partition("VmHWM:")[2].split(maxsplit=1)[:1]
    if not peak:  # a zombie has no memory any more
        return
    process = seen.setdefault(pid, Process(_name(words), first=now))
    process.name = _name(words)  # between fork and exec it has its parent's
    process.user, process.system = (int(ticks) / TICKS for ticks in fields[11:13])
    process.peak = max(process.peak, int(peak[0]) * 1024)
    process.last = now


def _name(words: list[str]) -> str:
    words = [word for word in words if word]
    if any(word.endswith("bootstrap.py") for word in words):
        return words[-1]
    if "conformance.reference" in words:
        return "reference"
    return "pytest" if "pytest" in words else " ".join(words[:2])


def main() -> int:
    """Run pytest as it is asked to, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options, arguments = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        command += ["--reports", folder, *(arguments or ["cases/documents"])]
        seen, wall, cpu, status = watch(command)
    if options.json:
        rows = [vars(process) for process in seen.values()]
        print(json.dumps({"wall": wall, "cpu": cpu, "exit": status, "processes": rows}))
        return status
    print(f"\nwall {wall:.1f} s, CPU {cpu:.1f} s, cores {os.cpu_count()}, exit status {status}\n")
    print("| process | from s | to s | user s | system s | peak MB |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for one in seen.values():
        print(
            f"| {one.name} | {one.first:.1f} | {one.last:.1f} | {one.user:.1f} | "
            f"{one.system:.1f} | {one.peak / 1e6:.0f} |"
        )
    return status


if __name__ == "__main__":
    raise SystemExit(main())
