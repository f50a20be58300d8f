"""Command lines: every command of the parser, with options and values of every kind.

No framework is started and nobody is asked over the network: where a command would, it is stopped.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
from typing import TYPE_CHECKING, Any
from unittest import mock

from conformance import cli
from conformance.coverage.inventory import InventoryError
from conformance.environments import PreparationError
from fuzzing.mutating import ODD_TEXTS
from fuzzing.recorded import called, written

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator
    from pathlib import Path

CASE = """\
- id: one
  title: A Dense layer
  source: {keras: keras.layers.Dense}
  input: {shape: [3]}
  model: [{Dense: {units: 3}}]
"""
VALUES = (
    *(text for text in ODD_TEXTS if "\x00" not in text),
    *("0", "-1", "1", "2", "inf", "nan", "1e999", "9" * 5_000, "1/2", "3/2", "0/0", "2/8"),
    *("own.yaml", "mapping.yaml", "latin.yaml", "bytes", "empty", "folder", "null", "loop"),
    *("missing", "missing/x", "empty/x", "reports", "latest", "run", "fake", "fake=/bin/false"),
    *(
        "layers/dense/one",
        "layers/*",
        "own.yaml::one",
        "x::",
        "::",
        "--",
        "--all",
        "@",
        "=",
        "a@b==",
    ),
    *(
        "values",
        "keras",
        "3.14.1",
        ">=3.5",
        "2026-01-01",
        "[]",
        '[{"name": "x"}]',
        "\udcff",
        "b" * 4_100,
    ),
)
_STOPPED = (
    "conformance.run.running.drive",
    "conformance.run.command.launching",
    "conformance.run.command.prepare",
    "conformance.run.smoke.AdapterProcess",
    "conformance.reducing.command.Bench",
    "conformance.touched.command.make",
    "conformance.versions.sweep_command.drive",
    "conformance.versions.diff_command.Session",
    "conformance.environments.uv.Uv.find",
    "conformance.coverage.command.take",
)
_SLOW = {"detect"}
"""What plants faults in the whole catalogue."""


class _StopError(PreparationError, InventoryError):
    """What each command reckons with where it is stopped."""


def _stop(*_given: Any, **_named: Any) -> Any:
    raise _StopError("it would start here")


class Commands:
    """Command lines, each a JSON list of words."""

    kind = "commands"

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "commands"
        self._catalogue = folder / "catalogue"
        self._parser = cli.parser()
        self._commands = {
            name: parser for name, parser in _commands(self._parser) if name not in _SLOW
        }
        for path in (self._catalogue / "layers", self._catalogue / "divergences"):
            path.mkdir(parents=True, exist_ok=True)
        (self._catalogue / "layers/dense.yaml").write_text(CASE)
        (self._catalogue / "divergences/own.yaml").write_text("[]\n")
        self._record = written(folder / "of-commands" / "records.jsonl")

    def make(self, rng: random.Random) -> bytes:
        name = rng.choice(list(self._commands))
        words: list[str] = []
        for action in self._commands[name]._actions:  # noqa: SLF001 - there is no other list
            value = rng.choice(VALUES)
            if not action.option_strings:
                if rng.random() < 0.9:  # noqa: PLR2004 - of them
                    words.append(value)
            elif action.required or rng.random() < 0.15:  # noqa: PLR2004 - of them
                option = rng.choice(action.option_strings)
                if action.nargs == 0:
                    words.append(option)
                elif option.startswith("--"):
                    words.append(f"{option}={value}")
                else:
                    words += [option, value]
        if rng.random() < 0.1:  # noqa: PLR2004 - of them
            words.insert(rng.randrange(len(words) + 1), rng.choice(VALUES))
        return json.dumps([*name.split(), *words]).encode()

    def attempt(self, data: bytes) -> None:
        words = [word for word in json.loads(data) if word not in {"-h", "--help", "--version"}]
        with self._here():
            called(words)

    @contextlib.contextmanager
    def _here(self) -> Iterator[None]:
        """A fresh folder with everything that may be named; nothing is started in it."""
        shutil.rmtree(self._folder, ignore_errors=True)
        (self._folder / "folder").mkdir(parents=True)
        (self._folder / "reports/run").mkdir(parents=True)
        (self._folder / "reports/run/records.jsonl").write_bytes(self._record)
        for name, content in {
            "own.yaml": CASE.encode(),
            "mapping.yaml": b"a: 1\nb: 2\n",
            "latin.yaml": b"- id: \xe9\xff\n",
            "bytes": bytes(range(256)),
            "empty": b"",
        }.items():
            (self._folder / name).write_bytes(content)
        (self._folder / "loop").symlink_to("loop")
        (self._folder / "null").symlink_to("/dev/null")
        before = os.getcwd()  # noqa: PTH109 - to come back to
        os.chdir(self._folder)
        try:
            with contextlib.ExitStack() as stack:
                for place in _STOPPED:
                    stack.enter_context(mock.patch(place, _stop))
                stack.enter_context(mock.patch("conformance.rows.command.track", return_value=[]))
                stack.enter_context(mock.patch.object(cli, "parser", return_value=self._parser))
                stack.enter_context(
                    mock.patch("conformance.cases.loading.places", return_value=[self._catalogue])
                )
                yield
        finally:
            os.chdir(before)


def _commands(
    parser: argparse.ArgumentParser, path: tuple[str, ...] = ()
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    inner = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]  # noqa: SLF001
    if not inner:
        yield " ".join(path), parser
    for one in inner:
        for name, below in one.choices.items():
            yield from _commands(below, (*path, name))
