"""Which of Keras's own refusals a case runs into: `raise` statements of its layers, one by one.

    python tools/refusals.py                     # on the installed Keras, on PyTorch
    python tools/refusals.py --backend tensorflow    # layers of strings are there alone
    python tools/refusals.py --missing           # those that no case reaches, with their words

Cases that want a refusal run in an adapter that watches where exceptions begin. A statement that is
never reached could be deleted, and no case would see it. Many can't be reached by what a case can
say: what guards a subclass's author, another backend, or an argument that is looked at before.
"""

from __future__ import annotations

import argparse
import ast
import importlib.util
import os
import runpy
import subprocess
import sys
import tempfile
import threading
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

ROOT = Path(__file__).resolve().parents[1]
BOOTSTRAP = ROOT / "conformance" / "adapters" / "worker" / "bootstrap.py"
PART = str(Path("keras", "src", "layers"))
SEEN = "KERAS_CONFORMANCE_REFUSALS"
NAME = "watched"


class Watch:
    """Writes a line for each place in Keras's layers where an exception passes.

    Args:
        path: Of the file that takes the lines.
    """

    def __init__(self, path: Path) -> None:
        """Open the file."""
        self._file = path.open("a", buffering=1, encoding="utf-8")
        self._seen: set[tuple[str, int]] = set()

    def enter(self, frame: FrameType, event: str, arg: Any) -> Any:  # noqa: ARG002 - sys.settrace's
        """Look into functions of Keras's layers, and at nothing else."""
        if PART not in frame.f_code.co_filename:
            return None
        frame.f_trace_lines = False
        return self._within

    def _within(self, frame: FrameType, event: str, arg: Any) -> Any:  # noqa: ARG002
        place = frame.f_code.co_filename, frame.f_lineno
        if event == "exception" and place not in self._seen:
            self._seen.add(place)
            self._file.write(f"{place[0]}:{place[1]}\n")
        return self._within


def watched(arguments: list[str]) -> None:
    """Be the adapter's process, and watch."""
    watch = Watch(Path(os.environ[SEEN]) / f"{os.getpid()}.txt")
    sys.settrace(watch.enter)
    threading.settrace(watch.enter)
    sys.argv = [str(BOOTSTRAP), *arguments]
    sys.path[0] = str(BOOTSTRAP.parent)
    runpy.run_path(str(BOOTSTRAP), run_name="__main__")


def refusals(package: Path) -> Iterator[tuple[Path, range, str]]:
    """Each `raise` with an exception of its own: file, lines, and how it begins."""
    for path in sorted((package / "src" / "layers").rglob("*.py")):
        if path.name.endswith("_test.py"):
            continue
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Raise) and node.exc is not None:
                lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
                yield path, lines, " ".join((ast.get_source_segment(text, node) or "").split())


def asked(backend: str, pattern: str, seen: Path) -> None:
    """Run the cases that want a refusal."""
    from conformance.cases import default_root, load

    layers = load([default_root() / "layers"]).cases
    cases = [one.id for one in layers if one.raises is not None and fnmatchcase(one.id, pattern)]
    if not cases:
        raise SystemExit(f"no case of layers that wants a refusal is called {pattern}")
    print(f"{len(cases)} cases want a refusal", file=sys.stderr)
    worker = f"{sys.executable} {Path(__file__).resolve()} --worker"
    command = [
        *(sys.executable, "-m", "conformance.cli", "run", *cases, "--adapter", NAME),
        *(
            "--adapter-command",
            f"{NAME}={worker} conformance.adapters.keras.adapter keras-{backend}",
        ),
        *("--reports", str(seen / "reports")),
    ]
    subprocess.run(
        command, env={**os.environ, SEEN: str(seen)}, stdout=subprocess.DEVNULL, check=False
    )


def main() -> int:
    """Say how many are reached."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument(
        "--backend", default="torch", choices=("torch", "tensorflow", "jax", "numpy")
    )
    parser.add_argument("--of", default="*", metavar="CASES", help="of these: layers/core/*")
    parser.add_argument("--missing", action="store_true", help="list what no case reaches")
    options = parser.parse_args()
    found = importlib.util.find_spec("keras")
    if found is None or found.origin is None:
        raise SystemExit("Keras is not installed")
    package = Path(found.origin).parent
    with tempfile.TemporaryDirectory() as folder:
        asked(options.backend, options.of, Path(folder))
        seen = {
            (path, int(line))
            for file in Path(folder).glob("*.txt")
            for path, _, line in (one.rpartition(":") for one in file.read_text("utf-8").split())
        }
    every = list(refusals(package))
    left = [one for one in every if not any((str(one[0]), line) in seen for line in one[1])]
    print(f"{len(every) - len(left)} of {len(every)} refusals of Keras's layers are reached")
    for path, lines, text in left if options.missing else ():
        print(f"{path.relative_to(package)}:{lines.start}: {text[:140]}")
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        watched(sys.argv[2:])
    else:
        sys.exit(main())
