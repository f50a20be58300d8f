"""Twenty faults in Keras's torch backend: what the chosen cases see of them, and in what time.

Bar: the cases that ``--touched-by`` chooses see every fault that all layer cases see, in at most a
tenth of their time (the median of twenty). Times are those of the whole command, as one waits for
it: start of the framework, summary and report included.

The functions are every tenth of the 200 in ``keras/src/backend/torch`` that the layer cases run
with Keras 3.15.1, in the order of files and lines, from the sixth on; so they are as narrow and as
wide as they come. A fault is a small edit of one of them, made in a copy of the installed Keras.

    python benchmarks/touched.py [--folder FOLDER] [--only FUNCTION] [--every N]

Takes an hour on two cores, most of it for the whole runs. With ``--folder`` the copy, the recording
and what was measured are kept there, and an interrupted benchmark goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.cases import load
from conformance.records import read
from conformance.touched.units import take_apart
from conformance.verdicts.model import FAILING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ADAPTER = "keras-torch"
BACKEND = Path("keras/src/backend/torch")
GIT = shutil.which("git") or "git"


@dataclass(frozen=True)
class Fault:
    """An edit of one function: the text that is replaced stands in it once."""

    path: str
    function: str
    old: str
    new: str


FAULTS = (
    Fault("core.py", "Variable._direct_assign", "copy_(value)", "copy_(value).clamp_(max=1)"),
    Fault("core.py", "compute_output_spec", "shape[i] = None", "shape[i] = e"),
    Fault("image.py", "affine_transform", "transform[:, 2].clone()", "transform[:, 2].clone() + 1"),
    Fault("image.py", "elastic_transform", "int(6 * sigma)", "int(2 * sigma)"),
    Fault("math.py", "stft", "torch.hann_window(", "torch.blackman_window("),
    Fault("nn.py", "soft_shrink", "lambd=threshold", "lambd=threshold / 2"),
    Fault("nn.py", "gelu", "return tnn.gelu(x)\n", 'return tnn.gelu(x, approximate="tanh")\n'),
    Fault("nn.py", "_transpose_spatial_inputs", "(0, 3, 1, 2)", "(0, 3, 2, 1)"),
    Fault("nn.py", "depthwise_conv", "data_format, dilation_rate)", "data_format)"),
    Fault("numpy.py", "add", "torch.add(x1, x2)", "torch.add(x1, x2, alpha=1.001)"),
    Fault("numpy.py", "absolute", "torch.abs(x)", "torch.relu(x)"),
    Fault("numpy.py", "bitwise_left_shift", "torch.bitwise_left_", "torch.bitwise_right_"),
    Fault("numpy.py", "digitize", "right=True", "right=False"),
    Fault("numpy.py", "linspace", "end=stop", "end=stop * 1.001"),
    Fault("numpy.py", "ndim", "return x.ndim", "return min(x.ndim, 3)"),
    Fault("numpy.py", "split", "return list(out)", "return list(out)[::-1]"),
    Fault("numpy.py", "divide", "torch.divide(x1, x2)", "torch.divide(x1, x2 + 1e-3)"),
    Fault(
        "optimizers/torch_parallel_optimizer.py",
        "TorchParallelOptimizer._backend_update_step",
        "            learning_rate,\n        )",
        "            learning_rate * 1.01,\n        )",
    ),
    Fault(
        "random.py",
        "beta",
        "concentration1=alpha, concentration0=beta",
        "concentration1=beta, concentration0=alpha",
    ),
    Fault("trainer.py", "TorchTrainer.__init__", "self.train_function = None", "pass"),
)


@dataclass(frozen=True)
class Measured:
    """What one fault showed."""

    fault: str
    cases: int
    """How many were chosen."""
    whole: float
    """Seconds of wall time, of all cases."""
    chosen: float
    whole_cpu: float
    """Seconds of CPU time, of all processes together."""
    chosen_cpu: float
    seen: int
    """Cells that fail with the fault and did not without it, among all cases."""
    seen_chosen: int
    missed: list[str]
    """Cases whose outcome the fault changed and that the chosen ones don't show so."""

    @property
    def share(self) -> float:
        """What the chosen cases took of the time of all."""
        return self.chosen / self.whole

    def row(self) -> str:
        """Its row of the table."""
        figures = (
            f"{self.cases}",
            f"{self.whole:.1f}",
            f"{self.chosen:.1f}",
            f"{self.share:.1%}",
            f"{self.chosen_cpu / self.whole_cpu:.1%}",
            f"{self.seen}",
            f"{self.seen_chosen}",
            f"{len(self.missed)}",
        )
        return f"| `{self.fault}` | {' | '.join(figures)} |"


class Checkout:
    """A copy of the installed Keras in a repository of its own."""

    def __init__(self, folder: Path) -> None:
        """Make it, unless it is there; an edit that was left in it is taken back."""
        self.root = folder / "checkout"
        self._edits = 0
        if not (self.root / ".git").is_dir():
            import importlib.util

            found = importlib.util.find_spec("keras")
            if found is None or found.origin is None:
                raise SystemExit("Keras is not installed")
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(Path(found.origin).parent, self.root / "keras", ignore=ignored)
            (self.root / ".gitignore").write_text("__pycache__/\n")
            self._git("init", "-q", "-b", "main")
            self._git("add", "-A")
            identity = ("-c", "user.name=benchmark", "-c", "user.email=benchmark@example.org")
            self._git(*identity, "commit", "-q", "-m", "as installed")
        self.restore()

    @property
    def adapter(self) -> str:
        """The adapter, with this Keras."""
        return f"{ADAPTER}@keras={self.root}"

    def plant(self, fault: Fault) -> None:
        """Make the edit."""
        path = self.root / BACKEND / fault.path
        source = path.read_text(encoding="utf-8")
        (found,) = take_apart(source.encode()).functions[fault.function]
        lines = source.splitlines(keepends=True)
        before, text, after = (
            "".join(part)
            for part in (
                lines[: found.first - 1],
                lines[found.first - 1 : found.last],
                lines[found.last :],
            )
        )
        if fault.old not in text:
            raise SystemExit(f"{fault.function} has no {fault.old!r}: this is another Keras")
        self.write(path, before + text.replace(fault.old, fault.new) + after)

    def write(self, path: Path, text: str) -> None:
        """Give one of its files another content."""
        path.write_text(text, encoding="utf-8")
        self._touch(path)

    def restore(self) -> None:
        """Take the edit back."""
        changed = self._git("diff", "--name-only").splitlines()
        self._git("checkout", "-q", "--", ".")
        for name in changed:
            self._touch(self.root / name)

    def _touch(self, path: Path) -> None:
        """Python takes a file of the same size and second for the one that it has compiled."""
        self._edits += 1
        later = time.time() + self._edits
        os.utime(path, (later, later))

    def _git(self, *arguments: str) -> str:
        told = subprocess.run(
            [GIT, *arguments], cwd=self.root, check=True, capture_output=True, text=True
        )
        return told.stdout


@dataclass
class Outcome:
    """One run."""

    seconds: float
    cpu: float
    cells: dict[str, str]
    """Outcome by case."""


def run(folder: Path, *arguments: str) -> Outcome:
    """Run a command of the suite to its end.

    Raises:
        SystemExit: It could not begin.
    """
    reports = folder / "reports"
    shutil.rmtree(reports, ignore_errors=True)
    command = [sys.executable, "-m", "conformance.cli", *arguments, "--reports", str(reports)]
    with (folder / "out").open("w", encoding="utf-8") as out:
        begin = time.monotonic()
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    records = list(reports.glob("*/records.jsonl"))
    if process.returncode not in {0, 1} or (process.returncode and not records):
        raise SystemExit((folder / "out").read_text(encoding="utf-8"))
    cells: dict[str, str] = {}
    for path in records:  # none where there was nothing to run
        found = read(path)
        cells |= {case: found.cells.outcome(case, name) or "not-run" for case, name in found.cells}
    return Outcome(seconds, usage.ru_utime + usage.ru_stime, cells)


def measure(fault: Fault, checkout: Checkout, folder: Path, options: Options) -> Measured:
    """Plant a fault, and see what all cases and the chosen ones make of it."""
    checkout.plant(fault)
    try:
        adapter = ("--adapter", checkout.adapter)
        whole = run(folder, "run", *options.cases, *adapter)
        touched = ("--touched-by", "main", "--source", str(checkout.root / "keras"))
        recording = ("--recording", str(options.recording))
        chosen = run(folder, "run", *options.cases, *adapter, *touched, *recording)
    finally:
        checkout.restore()
    sound = options.sound
    changed = {case for case, outcome in whole.cells.items() if outcome != sound[case]}
    seen = {case for case in changed if whole.cells[case] in FAILING}
    return Measured(
        fault=fault.function,
        cases=len(chosen.cells),
        whole=whole.seconds,
        chosen=chosen.seconds,
        whole_cpu=whole.cpu,
        chosen_cpu=chosen.cpu,
        seen=len(seen),
        seen_chosen=len({case for case in seen if chosen.cells.get(case) in FAILING}),
        missed=sorted(case for case in changed if chosen.cells.get(case) != whole.cells[case]),
    )


@dataclass(frozen=True)
class Options:
    """What every fault is measured with."""

    cases: Sequence[str]
    recording: Path
    sound: dict[str, str]
    """Outcome by case without any fault."""


def prepared(checkout: Checkout, folder: Path, cases: Sequence[str]) -> Options:
    """Record, and run all cases without a fault; what is there is not made again."""
    recording, kept = folder / "keras.touched", folder / "sound.json"
    if not recording.exists():
        begin = time.monotonic()
        command = [sys.executable, "-m", "conformance.cli", "touched", "record", *cases]
        source = ["--source", str(checkout.root / "keras"), "--adapter", checkout.adapter]
        subprocess.run([*command, *source, "--output", str(recording)], check=True)
        print(f"\nrecorded in {time.monotonic() - begin:.0f} s")
    if not kept.exists():
        sound = run(folder, "run", *cases, "--adapter", checkout.adapter)
        print(f"all {len(sound.cells)} cases without a fault: {sound.seconds:.1f} s\n")
        kept.write_text(json.dumps(sound.cells), encoding="utf-8")
    return Options(cases, recording, json.loads(kept.read_text(encoding="utf-8")))


def measured(path: Path) -> Iterator[Measured]:
    """What an earlier try has measured."""
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            yield Measured(**json.loads(line))


def main() -> None:
    """Measure, and say whether the bar is met."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--folder", type=Path, metavar="FOLDER", help="keep everything there")
    parser.add_argument("--only", action="append", metavar="FUNCTION", help="only this fault")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="every Nth layer case")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder: Path = (options.folder or Path(temporary)).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        checkout = Checkout(folder)
        ids = [case.id for case in load().checked() if case.id.startswith("layers/")]
        cases = ["layers/*"] if options.every == 1 else ids[:: options.every]
        given = prepared(checkout, folder, cases)
        done = {one.fault: one for one in measured(folder / "measured.jsonl")}
        head = ["fault in", "cases", "all s", "chosen s", "share", "of CPU"]
        head += ["all see it in", "chosen in", "missed"]
        print(f"| {' | '.join(head)} |\n| --- |{' ---: |' * (len(head) - 1)}")
        for fault in FAULTS:
            if options.only and fault.function not in options.only:
                continue
            if fault.function not in done:
                done[fault.function] = measure(fault, checkout, folder, given)
                with (folder / "measured.jsonl").open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(done[fault.function])) + "\n")
            print(done[fault.function].row(), flush=True)
    found = list(done.values())
    seen = [one for one in found if one.seen]
    print(f"\nmedian share of the time of all: {statistics.median(x.share for x in found):.1%}")
    print(f"faults that all cases see: {len(seen)} of {len(found)}")
    print(f"of these, the chosen cases see: {sum(bool(one.seen_chosen) for one in seen)}")
    for one in found:
        for case in one.missed:
            print(f"missed: {one.fault}: {case}")


if __name__ == "__main__":
    main()
