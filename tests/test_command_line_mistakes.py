"""What a newcomer may type: each command and each option, with values that can't be meant.

The options are the parser's own, so that a new one is tried too. Nothing of a framework is started:
where a command would begin to run cases, it is stopped, which counts as taken.
"""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
import synthetic_runs as synthetic

from conformance import arguments, cli
from conformance.environments import PreparationError

CASE = """\
- id: one
  title: A Dense layer
  source: {keras: keras.layers.Dense}
  input: {shape: [3]}
  model: [{Dense: {units: 3}}]
"""
STARTED = "it would start here"
LONG = "a" * 300
DEEP = "a/" * 2_500
ODD = "\udcff\x1b[31m\u202e"

NUMBERS = ("", " ", "-1", "inf", "-inf", "nan", "1e999", "9" * 5_000, "x", "1,5", ODD)
NOWHERE = ("", " ", "missing", "missing/deep", LONG, DEEP, "loop", "empty/below", ODD)
NOTHING = ("", " ", "there-is-nothing-of-this-name", "[", "::", LONG, ODD)
NO_FILE = ("", " ", "folder", "empty/below", LONG, DEEP, "loop/below")
NO_FOLDER = ("", " ", "mapping.yaml", "mapping.yaml/x", LONG, DEEP, "loop/below")

REFUSED = {
    arguments.processes: (*NUMBERS, "0", "1025"),
    arguments.positive: (*NUMBERS, "0"),
    arguments.seconds: (*NUMBERS, "0"),
    arguments.patience: NUMBERS,
    arguments.days: NUMBERS,
    arguments.level: (*NUMBERS, "0", "6"),
    arguments.shard: (*NUMBERS, "0/1", "3/2", "1/0", "1/1001", "-1/2", "1/inf", "1/2/3"),
    arguments.facet: NOTHING,
    arguments.existing: NOWHERE,
    arguments.path: NOWHERE,
    arguments.file_to_write: NO_FILE,
    arguments.folder_to_write: NO_FOLDER,
    arguments.text: NOTHING,
}
"""By what an option is read with: what it must refuse."""

FILES = ("mapping.yaml", "latin.yaml", "bytes", "empty", "folder", "fifo", "null", "own.yaml")
TRIED = {
    arguments.existing: FILES,
    arguments.path: FILES,
    arguments.file_to_write: ("mapping.yaml", "latin.yaml", "bytes", "empty", "null", ODD, "loop"),
    arguments.folder_to_write: ("folder", "new/deep", ODD),
    arguments.text: ("*", "mapping.yaml", "mapping.yaml::", "folder", "@", "=", "latest"),
}
"""What it may take or refuse, if only it ends in order."""

TAKES_ANYTHING = {("rows", "--link"), ("rows", "--track")}

FAKE = ("--adapter", "fake", "--adapter-command", "fake=/bin/false")
PACKAGE = ("--source", "folder", *FAKE)
USUAL = {
    "run": ("own.yaml", *FAKE),
    "validate": (),
    "new": ("my.yaml",),
    "list": (),
    "schema": (),
    "coverage": ("--python", "/bin/false"),
    "detect": ("Nothing",),
    "adapters": FAKE,
    "smoke": ("fake", *FAKE[2:]),
    "repro": ("layers/dense/one", *FAKE),
    "porting": ("reports/2026-run",),
    "port": ("own.yaml", "--to", "torch"),
    "compare": ("own.keras", "port.py"),
    "report": ("latest",),
    "diff": ("latest", "latest"),
    "merge": ("reports", "--output", "joined"),
    "history": ("documents/dense",),
    "atlas": ("latest",),
    "exporters": ("latest",),
    "ledger check": (),
    "ledger update": ("latest",),
    "ledger prune": (),
    "ledger show": ("latest", "--into", "page.md"),
    "ledger measure": ("latest", "--package", "torch"),
    "capabilities": ("latest", "--adapter", "torch"),
    "next": ("latest", "--adapter", "torch"),
    "rows": ("reports",),
    "bisect": (
        *("layers/dense/one", "--adapter", "keras-torch", "--package", "keras"),
        *("--good", "3.10.0", "--bad", "3.15.0"),
    ),
    "sweep": ("--adapter", "keras-torch", "--package", "keras", "--versions", ">=3.5"),
    "touched record": PACKAGE,
    "touched show": (*PACKAGE, "--touched-by", "main"),
    "touched functions": ("case", *PACKAGE),
    "touched cases": ("function", *PACKAGE),
}
"""What a command is given otherwise."""


def commands(parser, path=()):
    """Every command with its parser: ``ledger check``."""
    inner = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
    if not inner:
        yield " ".join(path), parser
    for one in inner:
        for name, below in one.choices.items():
            yield from commands(below, (*path, name))


PARSER = cli.parser()
COMMANDS = dict(commands(PARSER))


def valued(name):
    """The options and arguments of a command that take a value."""
    return [one for one in COMMANDS[name]._actions if one.nargs != 0]


def line(name, action, value):
    """The words of a command with one value in the place of the usual one."""
    usual = list(USUAL[name])
    if action.option_strings:
        option = action.option_strings[-1]
        given = [f"{option}={value}"] if option.startswith("--") else [option, value]
        return [*name.split(), *usual, *given]
    options = next((at for at, one in enumerate(usual) if one.startswith("--")), len(usual))
    before = [one.dest for one in valued(name) if not one.option_strings].index(action.dest)
    words = usual[:options]
    words[before : before + 1] = [value]
    return [*name.split(), *usual[options:], "--", *words]


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with everything that may be named, right and wrong."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KERAS_CONFORMANCE_CACHE", str(tmp_path / "cache"))
    catalogue = tmp_path / "catalogue"
    for folder in (catalogue / "layers", catalogue / "divergences", tmp_path / "folder"):
        folder.mkdir(parents=True)
    (catalogue / "layers/dense.yaml").write_text(CASE)
    (catalogue / "divergences/own.yaml").write_text("[]\n")
    synthetic.record(tmp_path / "reports/2026-run/records.jsonl", synthetic.lines(8))
    monkeypatch.setattr("conformance.cases.loading.places", lambda: [catalogue])
    restored(tmp_path)
    return tmp_path


def restored(folder):
    """What a command may have written over, as it was."""
    for name, content in {
        "own.yaml": CASE.encode(),
        "mapping.yaml": b"a: 1\nb: 2\n",
        "latin.yaml": b"- id: \xe9\xff\n",
        "bytes": bytes(range(256)),
        "empty": b"",
    }.items():
        path = folder / name
        if not path.is_file() or path.read_bytes() != content:
            path.unlink(missing_ok=True)
            path.write_bytes(content)
    for name, target in {"loop": "loop", "null": "/dev/null"}.items():
        if not (folder / name).is_symlink():
            (folder / name).unlink(missing_ok=True)
            (folder / name).symlink_to(target)
    if not (folder / "fifo").exists():
        os.mkfifo(folder / "fifo")


@pytest.fixture
def called(here, monkeypatch, capsys):
    """Calls the command line in this process, up to where cases would be run."""

    def stop(*_given, **_named):
        raise PreparationError(STARTED)

    def without_uv():
        raise PreparationError("there is no uv here, and no package index is asked")

    for place in (
        "run.running.drive",
        "reducing.command.Bench",
        "touched.command.make",
        "versions.sweep_command.drive",
    ):
        monkeypatch.setattr(f"conformance.{place}", stop)
    monkeypatch.setattr("conformance.environments.uv.Uv.find", without_uv)
    monkeypatch.setattr("conformance.rows.command.track", lambda *_: [STARTED])
    monkeypatch.setattr(cli, "parser", lambda: PARSER)

    def call(words):
        try:
            code = cli.main(list(words))
        except SystemExit as ended:  # argparse
            code = ended.code
        restored(here)
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def test_every_command_is_here_and_works_as_it_is_usually_given(called):
    assert set(USUAL) == set(COMMANDS)
    for name, usual in USUAL.items():
        code, _, err = called([*name.split(), *usual])
        assert (
            code in {0, 1}
            or STARTED in err
            or name
            in {
                "compare",  # without the models
                "atlas",  # of a run that asked for none of it
                "exporters",  # likewise
                "bisect",  # without uv
                "coverage",  # without a Keras
                "detect",  # of no layer
                "history",  # before there is one
                "port",  # of a file that is no model
                "sweep",
                *(one for one in USUAL if one.startswith("touched")),  # the folder is no package
            }
        ), (name, err)


def test_every_option_says_how_its_value_is_read():
    kinds = {
        (name, one.dest, one.type)
        for name in COMMANDS
        for one in valued(name)
        if one.type not in REFUSED and (name, *one.option_strings) not in TAKES_ANYTHING
    }
    assert not kinds, "a reader of its own needs values here that it must refuse"


@pytest.mark.parametrize("name", COMMANDS)
def test_a_value_that_cannot_be_meant_is_told(name, called):
    for action in valued(name):
        if (name, *action.option_strings) in TAKES_ANYTHING:
            continue
        for value in (*REFUSED[action.type], *(["--"] if action.option_strings else [])):
            code, out, err = called(line(name, action, value))
            told = (name, action.dest, value[:40], code, out[-200:], err[-300:])
            assert isinstance(code, int), told
            assert code != 0, told
            assert (out + err).strip(), told
            assert STARTED not in err, told


@pytest.mark.parametrize("name", COMMANDS)
def test_whatever_else_is_given_the_command_ends_in_order(name, called):
    for action in valued(name):
        for value in TRIED.get(action.type, ()):
            code, out, err = called(line(name, action, value))
            told = (name, action.dest, value[:40], code, out[-200:], err[-300:])
            assert isinstance(code, int), told
            assert code == 0 or (out + err).strip(), told
            assert "Traceback" not in err, told


class TestFiles:
    def test_a_faulty_case_file_hides_no_other(self, called, here):
        (here / "own").mkdir()
        (here / "own/a.yaml").write_text("a: 1\n")
        (here / "own/b.yaml").write_bytes(b"\xff")
        (here / "own/c.yaml").write_text("- id: Upper\n")
        code, out, _ = called(["validate", "own"])
        assert code == 1
        for name in "abc":
            assert f"own/{name}.yaml:1:" in out
        code, _, err = called(["ledger", "prune", "--cases", "own"])
        assert code == 2
        for name in "abc":
            assert f"own/{name}.yaml:1:" in err

    @pytest.mark.parametrize(
        "words",
        [
            ["run", "own.yaml", *FAKE],
            ["ledger", "update", "latest"],
            ["ledger", "prune"],
            ["ledger", "measure", "latest"],
            ["ledger", "show", "latest", "--into", "page.md"],
        ],
    )
    def test_a_ledger_that_is_none_is_refused_and_hides_no_other(self, words, called):
        both = ["--ledger", "mapping.yaml", "--ledger", "latin.yaml"]
        code, _, err = called([*words, *both])
        assert code == 2
        assert "mapping.yaml:1:1: is a mapping of a, b" in err
        assert "latin.yaml:1:7: is not UTF-8" in err

    def test_nothing_is_appended_to_what_could_not_be_read_afterwards(self, called, here):
        for words in (["ledger", "update", "latest"], ["capabilities", "latest", *ADAPTER]):
            for name in ("latin.yaml", "own.yaml" if "--adapter" in words else "mapping.yaml"):
                before = (here / name).read_bytes()
                code, _, err = called([*words, "--into", name])
                assert code == 2
                assert name in err
                assert (here / name).read_bytes() == before

    def test_a_comparison_of_records_runs_nothing_that_it_is_asked_to(self, called):
        code, _, err = called(["diff", "latest", "latest", "--adapter", "torch"])
        assert code == 2
        assert "--adapter belongs to a comparison of two versions" in err


ADAPTER = ("--adapter", "torch")


class TestTerminals:
    @pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-16"])
    @pytest.mark.parametrize(
        "words",
        [
            ["list"],
            ["list", "--json"],
            ["next", "latest", *ADAPTER],
            ["next", "latest", "--json", *ADAPTER],
            ["diff", "latest", "latest", "--all"],
            ["rows", "reports"],
            ["history", ODD],
            ["adapters", *ADAPTER],
            ["run", ODD, *FAKE],
            ["capabilities", "latest", *ADAPTER],
            ["ledger", "update", "latest"],
        ],
    )
    def test_one_that_cannot_show_a_text_ends_no_command(
        self, words, encoding, called, monkeypatch
    ):
        for name in ("stdout", "stderr"):
            stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict")
            monkeypatch.setattr(sys, name, stream)
        code, _, _ = called(words)
        assert code in {0, 1, 2}

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
    def test_one_that_is_full_is_told_once(self, here):
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                [sys.executable, "-m", "conformance.cli", "schema"],
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
                cwd=here,
            )
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
        assert "No space left on device" in done.stderr
