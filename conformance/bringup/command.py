"""``keras-conformance next``."""

from __future__ import annotations

import itertools
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from conformance.adapters.host import registry
from conformance.adapters.shared.naming import base_of
from conformance.bringup.ranking import Ranking
from conformance.bringup.sharing import maps_of, with_functions
from conformance.bringup.terminal import lines
from conformance.cases import CasesError, default_root
from conformance.records import RecordsError, read
from conformance.records.files import find_records
from conformance.touched.map import MapError
from conformance.touched.map import read as read_map
from conformance.upkeep.command import column_of
from conformance.wording.text import tree

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from conformance.bringup.model import Next
    from conformance.records import Run

DONE, USAGE = 0, 2


def next_(options: argparse.Namespace) -> int:
    """Say what to implement or mend next; returns the exit code."""
    try:
        run = read(find_records(options.records, options.reports))
        answer = what_next(run, _adapter(run, options.adapter), options.recording)
    except (CasesError, RecordsError, MapError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a message for whoever called
        return USAGE
    if options.json:
        text = msgspec.json.format(msgspec.json.encode(tree(msgspec.to_builtins(answer)))).decode()
    else:
        text = "\n".join(lines(answer, everything=options.all))
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding))  # noqa: T201
    return DONE


def what_next(run: Run, adapter: str, recordings: Sequence[Path] = ()) -> Next:
    """Return what to implement or mend next on an adapter.

    Args:
        run: what was recorded.
        adapter: one of its columns.
        recordings: files of ``touched record``, in the place of those that are kept.

    Raises:
        MapError: a file is no recording, or one of something else.
    """
    maps = maps_of(run, adapter, [read_map(path) for path in recordings])
    ranking = Ranking(run, adapter)
    asked = _asked_with(run.header.command, adapter)

    def command(case: str) -> str:
        return shlex.join(["keras-conformance", "run", *_cases(run, case), *asked])

    answer = ranking.next(command)
    answer = with_functions(answer, run, maps, ranking.passing)
    if maps or not answer.causes:
        return answer
    why = f"no recording of {base_of(adapter)} in these versions is kept"
    return replace(answer, no_recording=why)


def _adapter(run: Run, named: str | None) -> str:
    """The column that is meant: the one that is named, or the only one.

    Raises:
        RecordsError: it isn't clear which.
    """
    if named is not None:
        return column_of(run, named)
    columns = list(run.header.plan)
    if len(columns) != 1:
        raise RecordsError(f"--adapter NAME: say which one of {', '.join(columns)}")
    return columns[0]


def _cases(run: Run, case: str) -> list[str]:
    """How a case is named to ``run``: by its id, or, out of a catalogue of its own, by its files.

    Those are the files and folders that the recorded command was given.
    """
    line = run.cases.get(case)
    if line is None or (default_root() / line.place.file).is_file():
        return [case]
    given = [
        text
        for before, text in itertools.pairwise(run.header.command)
        if text != "run" and not before.startswith("--") and Path(text).exists()
    ]
    return given or [case]


def _asked_with(command: Sequence[str], adapter: str) -> list[str]:
    """The options that name an adapter, as the run was given them where that can be told.

    A column's name is no way to its environment: ``keras-mlx@python=mlx`` was
    ``--adapter 'keras-mlx@python=/venvs/mlx'``.
    """
    commands = [
        text
        for text in _values(command, "--adapter-command")
        if text.partition("=")[0] == base_of(adapter)
    ]
    named = adapter
    for text in _values(command, "--adapter"):
        try:
            found = registry.select([text], commands)
        except registry.RegistryError:
            continue
        if adapter in [spec.name for spec in found]:
            named = text if len(found) == 1 else adapter
    return ["--adapter", named, *(f"--adapter-command={text}" for text in commands)]


def _values(command: Sequence[str], option: str) -> list[str]:
    """What was given to an option of a command line."""
    behind = [text for before, text in itertools.pairwise(command) if before == option]
    joined = [text.partition("=")[2] for text in command if text.startswith(f"{option}=")]
    return [*behind, *joined]
