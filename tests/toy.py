"""A repository with ``toyframe``, a package that is a framework, and a few cases for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from runs import FAKES, write_cases

GIT = shutil.which("git") or "git"

FILES = {
    "__init__.py": "from toyframe.dense import dense, shifted, table, threaded\n"
    '__version__ = "1.0"\n',
    "config.py": "def setting():\n    return 1\n\n\ndef unused():\n    return 1\n",
    "dense.py": """\
import functools

from toyframe.config import setting

FACTOR = setting()


def dense(x, kernel, bias):
    return _product(x, kernel) + bias


def _product(x, kernel):
    return x @ kernel * x.dtype.type(FACTOR)


@functools.cache
def table():
    return _row()


def _row():
    return 0


def shifted(x):
    return x + x.dtype.type(table())


def threaded(x):
    return x + x.dtype.type(0)


def never():
    return 1
""",
    "lazily.py": "def late(x):\n    return x + x.dtype.type(0)\n",
    "notes.md": "What this is.\n",
    "never_imported.py": "def alone():\n    return 1\n",
}
CASES = ["plain", "remembered-1", "remembered-2", "late", "threaded", "crash"]
ALL = {f"fakes/{case}" for case in CASES}


class Toy:
    """The repository, below a folder of its own."""

    def __init__(self, folder, cases=CASES):
        self.folder = folder
        self.repository = folder / "repository"
        self.package = self.repository / "toyframe"
        self.package.mkdir(parents=True)
        for name, text in FILES.items():
            (self.package / name).write_text(text)
        (self.repository / ".gitignore").write_text("__pycache__/\n")
        self.git("init", "-q", "-b", "main")
        self.commit("all of it")
        write_cases(folder, cases)

    def git(self, *arguments):
        identity = ("-c", "user.name=n", "-c", "user.email=e@example.org")
        told = subprocess.run(
            [GIT, *identity, *arguments],
            cwd=self.repository,
            capture_output=True,
            text=True,
            check=True,
        )
        return told.stdout.strip()

    def commit(self, message):
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def edit(self, name, old, new):
        path = self.package / name
        text = path.read_text()
        assert text.count(old) == 1, old
        path.write_text(text.replace(old, new))
        # Python takes a file of the same size and second for the one that it has compiled.
        later = path.stat().st_mtime + 10
        os.utime(path, (later, later))


def adapter(name="toy", python=sys.executable):
    command = f"{name}={python} {{worker}} {FAKES / 'toyed.py'} {name}"
    return ["--adapter", name, "--adapter-command", command]


def newest(reports):
    (path,) = Path(reports).glob("*/records.jsonl")
    return path
