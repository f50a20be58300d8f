"""What it takes until 10,000 cases are ready to run: read anew, and found in the cache.

Bars: 0.5 s and 150 MB from a warm cache; four times faster than reading anew.

    python benchmarks/catalogue.py [--cases N] [--rounds N] [--beside CHECKOUT]
    python benchmarks/catalogue.py --write FOLDER

*Ready* is a plan of every case on every adapter, in a process that has just been started: the
interpreter's start, all imports and the plan count. Beside it, what users wait for:
``keras-conformance list`` and pytest's collection. The two ways take turns, and the best of several
rounds counts, as a machine is never quiet. Peak memory is the process's largest resident set.
"""

from __future__ import annotations

import argparse
import itertools
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

CHECKOUT = Path(__file__).resolve().parents[1]

READY = """
import sys
from conformance.adapters.host import registry
from conformance.cases import load
from conformance.run.plan import Plan

plan = Plan.of(load([sys.argv[1]]).checked(), registry.select([], []))
print(len(plan.cases), len(plan), file=sys.stderr)
sys.stderr.flush()
import os
os._exit(0)  # ready: that it is taken apart again is no part of it
"""

LIST = """
import sys
from conformance.cases.commands import list_cases

sys.exit(list_cases(paths=[sys.argv[1]]))
"""

WAYS = {
    "ready to run": ["-c", READY, "{cases}"],
    "keras-conformance list": ["-c", LIST, "{cases}"],
    "pytest --collect-only": [
        *("-m", "pytest", "-q", "--collect-only"),
        *("-p", "no:cacheprovider", "-c", os.devnull, "-o", "conformance_cases={cases}"),
        *("--adapter", "torch", "{cases}"),
    ],
}


_COSTLY = frozenset({"PYTHONDONTWRITEBYTECODE"})
"""Python compiles the suite at each start where this is set."""


class Figure(NamedTuple):
    """What one process took."""

    wall: float
    cpu: float
    peak: float
    """Megabytes."""


def main() -> None:
    """Write the catalogue, measure, and print a line for each way and process."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--cases", type=int, default=10_000, help="at least (default: 10,000)")
    parser.add_argument("--rounds", type=int, default=5, help="of each (default: 5)")
    parser.add_argument("--beside", type=Path, help="read anew by the code of this checkout")
    parser.add_argument("--write", type=Path, help="only write the catalogue, into this folder")
    options = parser.parse_args()
    if options.write:
        print(f"{write(options.write, options.cases)} cases in {options.write}")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # By a process of its own: this one stays small, as children begin with its peak.
        command = [sys.executable, __file__, "--cases", str(options.cases), "--write", "cases"]
        subprocess.run(command, check=True, cwd=folder, env=_environment(CHECKOUT, folder))
        for what, arguments in WAYS.items():
            _compare(what, arguments, folder, options)


def write(folder: Path, least: int) -> int:
    """Write a catalogue that is like the suite's own: its files, over and over.

    Each copy is a suite of its own (``layers-2``) and differs in its text, so that nothing is
    found in the cache for another's sake.

    Args:
        folder: Where; must not hold a catalogue already.
        least: Cases that there must be.

    Returns:
        Cases that there are.
    """
    from conformance.cases import default_root, load

    root = default_root()
    counts: dict[str, int] = {}
    for case in load([root]).checked():
        counts[case.place.file] = counts.get(case.place.file, 0) + 1
    files, total = list(counts), 0
    for number in itertools.count():
        copy, position = divmod(number, len(files))
        if total >= least:
            break
        file = files[position]
        suite, _, rest = file.partition("/")
        target = folder / f"{suite}-{copy + 1}" / rest
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(f"# Copy {copy + 1}.\n{(root / file).read_text('utf-8')}", "utf-8")
        total += counts[file]
    return total


def _compare(what: str, arguments: list[str], folder: Path, options: argparse.Namespace) -> None:
    anew = _environment(options.beside or CHECKOUT, folder, cache="off")
    cached = _environment(CHECKOUT, folder)
    _took(arguments, folder, cached)  # fills the cache, and Python's own
    _took(arguments, folder, anew)
    before, after = [], []
    for _ in range(options.rounds):
        before.append(_took(arguments, folder, anew))
        after.append(_took(arguments, folder, cached))
    best = [Figure(*map(min, zip(*figures, strict=True))) for figures in (before, after)]
    for way, figure in zip(("read anew", "from the cache"), best, strict=True):
        print(
            f"{what:<24}{way:<16}{figure.wall:6.2f} s wall {figure.cpu:6.2f} s CPU"
            f" {figure.peak:5.0f} MB"
        )
    ratio = [one / other for one, other in zip(*best, strict=True)]
    print(f"{what:<24}{'times faster':<16}{ratio[0]:6.1f}   wall {ratio[1]:6.1f}   CPU", flush=True)


def _took(arguments: list[str], folder: Path, environment: dict[str, str]) -> Figure:
    """Seconds and megabytes of one process, from its start to its end."""
    command = [sys.executable, *(part.format(cases=folder / "cases") for part in arguments)]
    began = time.perf_counter()
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        said = process.stderr.read() if process.stderr else b""
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command} failed:\n{said.decode(errors='replace')}")
    return Figure(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1e3)


def _environment(checkout: Path, folder: Path, cache: str = "on") -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _COSTLY}
    return {
        **kept,
        "PYTHONPATH": str(checkout),
        "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
        "KERAS_CONFORMANCE_CACHE": str(folder / "cache"),
        "KERAS_CONFORMANCE_CASE_CACHE": cache,
    }


if __name__ == "__main__":
    main()
