"""What the tests of whole runs share: a catalogue of one Dense layer, and a way to run it."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conformance import cli
from conformance.adapters.host.host import AdapterProcess
from conformance.adapters.host.registry import select
from conformance.records import read

FAKES = Path(__file__).parent / "fakes"


def fake(name, *arguments):
    """The command of a fake that imports nothing: no site-packages, so that it starts at once."""
    return " ".join([sys.executable, "-I", "-S", str(FAKES / name), *map(str, arguments)])


FAKE = fake("dense.py")

CASE = """\
- id: {id}
  title: A Dense layer
  source: {{keras: keras.layers.Dense}}
  input: {{shape: [3]}}
  model: [{{Dense: {{units: 3}}}}]
  without: {{gradients: the fake has none}}
"""


def served(name):
    """The fake on the suite's own worker; the name tells a test's processes from others'."""
    return f"{{python}} {{worker}} {FAKES / 'served.py'} {name}"


def write_cases(folder, ids):
    path = folder / "cases" / "fakes.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    # Each case gets another size, so that an answer given for a neighbour would show.
    path.write_text("".join(CASE.format(id=name) for name in ids))
    return path


def environment(cache):
    return {**os.environ, "KERAS_CONFORMANCE_CACHE": str(cache), "NO_COLOR": "1", "COLUMNS": "120"}


def called(arguments, folder, env):
    """``keras-conformance ARGUMENTS`` in a folder, in this process, told as ``subprocess`` would.

    For all tests but those of a process's own life: its start is most of what a small run costs.
    ``env`` is the whole environment, as it is for ``subprocess``.
    """
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name in os.environ.keys() - env.keys():
            patch.delenv(name)
        for name, value in env.items():
            patch.setenv(name, value)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = cli.main(list(map(str, arguments)))
            except SystemExit as ended:  # argparse
                code = ended.code
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


def answering(name):
    """An installed adapter's process, for a fixture; skips where its framework is not there."""
    process = AdapterProcess(select([name])[0])
    hello = process.start()
    if hello.status == "not-installed":
        pytest.skip(hello.reason)
    yield process
    process.close()


def listening():
    """A process to be interrupted heeds Ctrl-C, though the tests were started in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Runner:
    """Runs ``keras-conformance run`` in a folder of its own."""

    def __init__(self, folder, cache):
        self.folder = folder
        self.env = environment(cache)

    def command(self, *arguments, adapters=None):
        adapters = {"fake": FAKE} if adapters is None else adapters
        options = []
        for name, command in adapters.items():
            options += ["--adapter", name, "--adapter-command", f"{name}={command}"]
        return [sys.executable, "-m", "conformance.cli", "run", *arguments, *options]

    def run(self, *arguments, adapters=None):
        """The run in this process; see :meth:`process` and :meth:`start`."""
        return called(self.command(*arguments, adapters=adapters)[3:], self.folder, self.env)

    def process(self, *arguments, adapters=None):
        """The run in a process of its own, as a user starts it."""
        return subprocess.run(
            self.command(*arguments, adapters=adapters),
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def start(self, *arguments, adapters=None):
        return subprocess.Popen(
            self.command(*arguments, adapters=adapters),
            cwd=self.folder,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=listening,  # noqa: PLW1509 (no threads here)
        )

    def records_path(self):
        (path,) = (self.folder / "reports").glob("*/records.jsonl")
        return path

    def records(self):
        return read(self.records_path())

    def outcomes(self):
        return {case: line.verdict.outcome for (case, _), line in self.records().cells.items()}

    def wait_for_cells(self, count, process):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise AssertionError(f"the run ended early: {process.stdout.read()}")
            found = list((self.folder / "reports").glob("*/records.jsonl"))
            if found and found[0].read_text().count('"type":"cell"') >= count:
                return
            time.sleep(0.05)
        raise AssertionError(f"no {count} cells within a minute")


def processes_with(text):
    """Process ids, other than ours, with this text on their command line."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if text in line and int(folder.name) != os.getpid():
            found.append(int(folder.name))
    return found


def gone(text, seconds=10):
    """Whether every process with this text on its command line ends within some seconds."""
    deadline = time.monotonic() + seconds
    while processes_with(text):
        if time.monotonic() > deadline:
            for pid in processes_with(text):
                os.kill(pid, signal.SIGKILL)
            return False
        time.sleep(0.1)
    return True
