"""``keras-conformance port``."""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from conformance.port import inputs as made
from conformance.port.asking import ask, interpreter
from conformance.port.frameworks import FRAMEWORKS
from conformance.port.graph import learned, read
from conformance.port.lines import ported
from conformance.port.model import PortError
from conformance.port.writing import text
from conformance.records.output import write_text, write_whole
from conformance.records.wire import RecordsError

if TYPE_CHECKING:
    from collections.abc import Sequence

OK, DIFFERS, USAGE = 0, 1, 2
"""Exit codes: written and checked; written, and its answers differ; not written."""
_SECONDS = 600


class Options(NamedTuple):
    """What the command is told."""

    model: Path
    to: str
    output: Path
    inputs: Path | None = None
    custom: Sequence[Path] = ()
    python: str | None = None
    backend: str | None = None
    batch: int = made.BATCH
    length: int = made.LENGTH
    seed: int = 0
    check: bool = True


def port(options: Options) -> int:
    """Write a model as a file of another framework, and run that file against Keras's answers.

    Returns:
        :data:`OK`, :data:`DIFFERS` or :data:`USAGE`.
    """
    framework = FRAMEWORKS[options.to]
    recorded = options.output.with_suffix(".npz")
    try:
        graph = read(options.model)
        if options.inputs is not None:
            fed = made.given(graph, options.inputs)
        else:
            fed = made.drawn(graph, options.seed, batch=options.batch, length=options.length)
        with tempfile.TemporaryDirectory(prefix="keras-conformance-") as folder:
            asked = ask(
                options.model,
                graph,
                fed,
                folder=Path(folder),
                python=interpreter(options.python),
                backend=options.backend,
                custom=options.custom,
            )
        done = ported(learned(graph, asked.values), asked.variables, framework, asked.order)
        source = text(
            graph,
            done,
            framework,
            source=options.model.name,
            keras=asked.keras,
            recorded=recorded.name,
        )
        arrays = io.BytesIO()
        np.savez(arrays, **asked.recorded)
        write_whole(recorded, arrays.getvalue())
        write_text(options.output, source)
    except (PortError, RecordsError, OSError) as error:
        print(f"keras-conformance port: {error}", file=sys.stderr)  # noqa: T201
        return USAGE
    print(  # noqa: T201
        f"{options.output}: {len(done.lines)} calls of {len(done.layers)} layers in "
        f"{framework.title}; {recorded}: what Keras {asked.keras} on {asked.backend} answered"
    )
    for note in done.notes:
        print(f"not in the file: {note}")  # noqa: T201
    if done.holes:
        print(  # noqa: T201
            f"to be filled in: {', '.join(done.holes)}; nothing was checked. Write them, then run "
            f"python {options.output}"
        )
        return OK
    return _checked(options, recorded) if options.check else OK


def _checked(options: Options, recorded: Path) -> int:
    """Run the file, as its user will; its last lines are shown."""
    command = [
        interpreter(options.python),
        str(options.output.resolve()),
        str(options.model.resolve()),
        str(recorded.resolve()),
    ]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"keras-conformance port: {options.output}: {error}", file=sys.stderr)  # noqa: T201
        return USAGE
    print(done.stdout.decode("utf-8", "replace"), end="")  # noqa: T201
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()
        if said:
            what = f"{options.output} raises, which is a fault of this command: please report it"
            print(f"{what}\n{said[-2000:]}", file=sys.stderr)  # noqa: T201
        return DIFFERS
    return OK
