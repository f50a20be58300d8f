"""What the suite itself costs a case and adapter, beyond the same framework calls in a bare loop.

Bar: 3 ms. Some plain cases of the documents go two ways:

- inside one process with the framework, by turns: the bare loop (``bare.py``) and the adapter's own
  code, then the frame that it reads and the one that it writes;
- through the whole suite (``Session``), many copies of each, with everything warm: CPU of the
  coordinating process, by room, and of the adapter's process.

All figures are medians or means of CPU time, so that a busy machine does little harm. What pytest
puts on top is the same for every adapter, so it is measured with the first one alone.

With ``--functions`` the cases are functions called on arrays, which take a tenth of a model's time.
Each copy of one is then a case by its own digest, as in a run, with an answer of its own in the
store: nothing that is found once for a case is found once for all copies. With ``--beside`` the
suite of another checkout takes turns with this one's: a machine that others use is never twice the
same.

    python benchmarks/overhead.py [--functions] [--copies N] [--beside CHECKOUT] [ADAPTER ...]
                                                                  (default: torch keras-torch)
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from conformance.adapters.host import host, registry
from conformance.adapters.host.environment import environment
from conformance.adapters.host.host import AdapterProcess
from conformance.adapters.shared import wire
from conformance.cases import default_root, load
from conformance.cases.model import to_json
from conformance.reference.answer.store import Store
from conformance.run.folder import RunFolder
from conformance.run.oracle import Oracle
from conformance.run.plan import Plan
from conformance.run.recorder import Recorder
from conformance.run.session import Session, Settings
from conformance.verdicts import cell as cells
from conformance.verdicts.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.cases.model import Case

CASES = (
    "convolution/ten-classes",
    "dense/last-axis",
    "flatten/any-batch",
    "flatten/then-dense",
    "functional/two-branches",
    "functional/two-inputs",
    "functional/two-outputs",
    "convolution/declared-by-the-layer",
    "sequential/four-four-one",
    "sequential/with-flatten",
    "summary/with-flatten",
    "training/sgd-on-the-documents-data",
)
"""Plain cases of the documents: no twin, no refusal, no variation, milliseconds each."""

FUNCTIONS = (
    "elementwise/binary[function=ops.add,inputs.a.shape=3x1]",
    "indexing/where[shape=3x1]",
    "logic/compare[function=ops.greater,dtype=int32]",
    "promotion/add[inputs.x1.dtype=int32,inputs.x2.dtype=bfloat16]",
    "reductions/axes[function=ops.sum,axis=0x2,keepdims=true]",
    "shapes/transpose[axes=1x2x0]",
)
"""Functions that conform: two floats, a choice, integers, a promotion, a reduction, a shape."""

ROUNDS = 15
"""How often the bare loop and the adapter take turns on each case."""


def chosen(functions: bool = False) -> list[Case]:  # noqa: FBT001, FBT002 - an option's value
    """The benchmark's cases.

    Raises:
        SystemExit: The catalogue lacks one of them.
    """
    wanted = {f"documents/{name}" for name in CASES}
    if functions:
        wanted = {f"ops/numpy/{name}" for name in FUNCTIONS}
    found = [case for case in load().checked() if case.id in wanted]
    if missing := wanted - {case.id for case in found}:
        raise SystemExit(f"the catalogue has no {', '.join(sorted(missing))}")
    return found


def copies_of(cases: list[Case], copies: int, *, functions: bool) -> list[Case]:
    """Every case many times over, each copy with a name of its own."""
    return [_copy(case, number, functions) for number in range(copies) for case in cases]


# One process: the bare loop and the adapter by turns


def inside(name: str, *, functions: bool) -> None:
    """Print, as JSON, milliseconds of CPU a case: bare, adapter, frames (this is the child)."""
    from bare import loop

    spec = registry.select([name])[0]
    adapter = importlib.import_module(spec.command[-2]).create(name)
    adapter.hello()
    bare = loop(name)
    taken: dict[str, list[float]] = {"bare": [], "adapter": [], "frames": []}
    store = Store()
    for case in chosen(functions):
        answer = store.get(case)
        if answer is None:
            raise SystemExit(f"no stored answer to {case.id}")
        program = to_json(case.program)
        feeds = {key: np.array(array) for key, array in answer.feeds.items()}
        request = b"".join(wire.encode({"program": program}, feeds))
        told = adapter.run(program, feeds)
        parts: dict[str, Callable[[], object]] = {
            "bare": lambda p=program, f=feeds: bare(p, f),
            "adapter": lambda p=program, f=feeds: adapter.run(p, f),
            "frames": lambda r=request, t=told: (wire.decode(r), wire.frame(wire.encode(*t))),
        }
        rounds = {part: [_clocked(work) for _ in range(2)] for part, work in parts.items()}
        for _ in range(ROUNDS):
            for part, work in parts.items():
                rounds[part].append(_clocked(work))
        for part, figures in rounds.items():
            taken[part].append(statistics.median(figures[2:]))
    print(json.dumps({part: statistics.mean(figures) for part, figures in taken.items()}))


def _clocked(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return (time.process_time() - begin) * 1e3


# The whole suite


class Clock:
    """Adds up the CPU that functions take, on whatever thread."""

    def __init__(self) -> None:
        """Start at nothing."""
        self.seconds: Counter[str] = Counter()

    def wrap(self, part: str, owner: Any, name: str) -> None:
        """Count a function of a class or module towards a part, for the rest of the process."""
        function = getattr(owner, name)

        def timed(*args: Any, **kwargs: Any) -> Any:
            begin = time.thread_time()
            try:
                return function(*args, **kwargs)
            finally:
                self.seconds[part] += time.thread_time() - begin

        setattr(owner, name, timed)


def suite(name: str, copies: int, *, functions: bool = False) -> dict[str, float]:
    """Milliseconds of CPU a cell, by part, in steady state; and of the adapter's process."""
    cases = copies_of(chosen(functions), copies, functions=functions)
    _fill(cases)
    clock = Clock()
    clock.wrap("stored answer", Store, "get")
    clock.wrap("host and wire", AdapterProcess, "send")
    clock.wrap("host and wire", AdapterProcess, "receive")
    clock.wrap("verdict", cells, "judge_cell")
    clock.wrap("ledger", Ledger, "apply")
    clock.wrap("record", Recorder, "line")
    plan = Plan.of(cases, registry.select([name]))
    marks: list[tuple[float, float, float, Counter[str]]] = []
    pids: list[int] = []
    start = AdapterProcess.launch

    def launch(process: AdapterProcess) -> None:
        start(process)
        if process.pid is not None and process.pid not in pids:
            pids.append(process.pid)

    AdapterProcess.launch = launch  # type: ignore[method-assign] # only to learn the process's id

    def mark(_: object) -> None:
        marks.append(
            (time.perf_counter(), time.process_time(), _cpu(pids[-1]), clock.seconds.copy())
        )

    with tempfile.TemporaryDirectory() as folder:
        record = RunFolder.new(Path(folder))
        with Session(plan, Settings(jobs=1), folder=record, on_cell=mark) as session:
            session.engine.results.wait()
            session.finish()
    first, last = marks[len(marks) // 3], marks[-1]
    each = 1e3 / (len(marks) - 1 - len(marks) // 3)
    parts = {part: (last[3][part] - first[3][part]) * each for part in last[3]}
    coordinator = (last[1] - first[1]) * each
    rest = coordinator - sum(parts.values())
    return {
        **parts,
        "engine and the rest": rest,
        "coordinator": coordinator,
        "adapter process": (last[2] - first[2]) * each,
        "wall": (last[0] - first[0]) * each,
    }


def _copy(case: Case, number: int, functions: bool) -> Case:  # noqa: FBT001
    name = f"{case.id}-{number}"
    program = msgspec.structs.replace(case.program, case=name)
    digest = case.digest
    if functions:
        digest = hashlib.sha256(f"{digest}-{number}".encode()).hexdigest()[: len(digest)]
    return msgspec.structs.replace(case, id=name, program=program, digest=digest)


def _fill(cases: list[Case]) -> None:
    """Have the answers to all of them in the store."""
    oracle = Oracle(Store())
    oracle.expect(cases)
    for case in cases:
        oracle.answer(case)
    oracle.close()


def _cpu(pid: int) -> float:
    """Seconds that a process's threads have run."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


# pytest on top


def in_pytest(name: str, copies: int) -> float:
    """Milliseconds of the pytest process's CPU a cell: the slope between N and 3 N copies."""
    few, many = (_pytest_seconds(name, number) for number in (copies, 3 * copies))
    return (many - few) / (2 * copies * len(CASES)) * 1e3


def _pytest_seconds(name: str, copies: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        items = []
        for number in range(copies):
            suite_copy = root / "cases" / f"copy-{number}"
            suite_copy.mkdir(parents=True)
            for case in chosen():
                file = suite_copy / Path(case.place.file).name
                shutil.copy(default_root() / case.place.file, file)
                items.append(f"{file.relative_to(root)}::{case.id.rsplit('/', 1)[1]}[{name}]")
        (root / "cpu_clock.py").write_text(
            "import atexit, pathlib, time\n"
            "note = lambda: pathlib.Path('cpu').write_text(str(time.process_time()))\n"
            "atexit.register(note)\n"
        )
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "cpu_clock",
            "-p",
            "no:cacheprovider",
        ]
        command += ["--adapter", name, "--rootdir", folder, "-c", os.devnull, *items]
        package = str(Path(host.__file__).parents[2])
        path = os.pathsep.join(filter(None, [folder, package, os.environ.get("PYTHONPATH", "")]))
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"pytest did not pass:\n{done.stdout}{done.stderr}")
        return float((root / "cpu").read_text())


# The table


def report(name: str, copies: int, *, functions: bool, through_pytest: bool) -> None:
    """Print one adapter's table."""
    cases = chosen(functions)
    _fill(cases)
    within = _within(name, functions=functions)
    parts = suite(name, copies, functions=functions)
    loop = parts["adapter process"] - within["adapter"] - within["frames"]
    rows = {
        "adapter's code": within["adapter"] - within["bare"],
        "wire, adapter's side": within["frames"] + max(0.0, loop),
        "wire and host, coordinator's side": parts["host and wire"],
        "stored answer": parts["stored answer"],
        "verdict and ledger": parts["verdict"] + parts["ledger"],
        "record": parts["record"],
        "engine": parts["engine and the rest"],
    }
    bar = "0.8" if functions else "3"
    print(f"\n{name}: milliseconds of CPU a case, mean of {len(cases)} cases\n")
    print("| | ms |\n| --- | ---: |")
    print(f"| the framework, in a bare loop | {within['bare']:.2f} |")
    for part, figure in rows.items():
        print(f"| {part} | {figure:.2f} |")
    print(f"| **the suite's own cost** (bar: {bar}) | **{sum(rows.values()):.2f}** |")
    if through_pytest:
        on_top = in_pytest(name, copies) - parts["coordinator"]
        print(f"| pytest's item, output and report, on top | {on_top:.2f} |")
    added = parts["wall"] - within["bare"]
    print(
        f"\nwall time a cell: {parts['wall']:.2f} ms, {added:.2f} more than the bare loop's CPU\n"
        f"(the two processes work side by side; one adapter at a time)",
        flush=True,
    )


def _within(name: str, *, functions: bool) -> dict[str, float]:
    """What a process with the framework takes for the bare loop, the adapter and the frames."""
    command = [sys.executable, __file__, "--inside", name]
    if functions:
        command.append("--functions")
    child = subprocess.run(
        command,
        env=environment(registry.select([name])[0].env),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if child.returncode:
        raise SystemExit(child.returncode)
    within: dict[str, float] = json.loads(child.stdout.splitlines()[-1])
    return within


# Two states of the code, by turns


def compare(name: str, copies: int, other: Path, turns: int, *, functions: bool) -> None:
    """Print what both processes of another checkout take, and of this one, the bare loop included.

    The least of some turns of each, as whatever else runs on the machine only adds to it.
    """
    own = Path(__file__).resolve().parents[1]
    found: dict[Path, list[dict[str, float]]] = {other.resolve(): [], own: []}
    for _ in range(turns):
        for checkout, figures in found.items():
            # This very script, so that both are measured in one way.
            command = [sys.executable, __file__, name, "--copies", str(copies), "--suite"]
            done = subprocess.run(
                [*command, "--functions"] if functions else command,
                env={**os.environ, "PYTHONPATH": str(checkout)},
                stdout=subprocess.PIPE,
                text=True,
                check=False,
            )
            if done.returncode:
                raise SystemExit(done.returncode)
            figures.append(json.loads(done.stdout.splitlines()[-1]))
    print(f"\n{name}: milliseconds of CPU a case, least of {turns} turns\n")
    print("| | before | now |\n| --- | ---: | ---: |")
    for part in next(iter(found.values()))[0]:
        before, now = (min(one[part] for one in figures) for figures in found.values())
        print(f"| {part} | {before:.2f} | {now:.2f} |")
    before, now = (
        min(one["coordinator"] + one["adapter process"] for one in figures)
        for figures in found.values()
    )
    print(
        f"| **both processes, the framework's work included** | **{before:.2f}** | **{now:.2f}** |"
    )


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("adapters", nargs="*", default=["torch", "keras-torch"])
    parser.add_argument("--copies", type=int, default=10, help="copies of each case (default: 10)")
    parser.add_argument("--functions", action="store_true", help="functions in place of models")
    parser.add_argument("--beside", type=Path, metavar="CHECKOUT", help="another state of the code")
    parser.add_argument("--turns", type=int, default=5, help="of each, with --beside (default: 5)")
    parser.add_argument("--inside", metavar="ADAPTER", help=argparse.SUPPRESS)
    parser.add_argument("--suite", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--without-pytest", action="store_true", help="leave out pytest's part")
    options = parser.parse_args()
    functions = options.functions
    if options.inside:
        inside(options.inside, functions=functions)
        return
    if options.suite:
        print(json.dumps(suite(options.adapters[0], options.copies, functions=functions)))
        return
    if options.beside:
        for name in options.adapters:
            compare(name, options.copies, options.beside, options.turns, functions=functions)
        return
    pytest_too = not options.without_pytest and not functions
    if len(options.adapters) == 1:
        report(options.adapters[0], options.copies, functions=functions, through_pytest=pytest_too)
        return
    for index, name in enumerate(options.adapters):
        # A fresh process each: the clocks are put around functions for good.
        command = [sys.executable, __file__, "--copies", str(options.copies), name]
        if functions:
            command.append("--functions")
        if index or options.without_pytest:
            command.append("--without-pytest")
        if status := subprocess.run(command, check=False).returncode:
            raise SystemExit(status)


if __name__ == "__main__":
    main()
