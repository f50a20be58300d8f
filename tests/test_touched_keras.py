"""``--touched-by`` on a real Keras: what a change of its NumPy backend touches."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from toy import GIT, newest

from conformance import cli
from conformance.records import read
from conformance.touched import Function
from conformance.touched.map import read as read_map

pytestmark = pytest.mark.frameworks

CASES = [f"layers/activation/activation[activation={name}]" for name in ("relu", "silu", "mish")]
BLURRING = [
    "layers/augmentation/still[layer=RandomGaussianBlur]",
    "layers/augmentation/range-of-colours[layer=RandomGaussianBlur]",
]
"""Both ask for a bound of two types, which Keras remembers once it is found."""
DTYPES = "src/backend/common/dtypes.py"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """The installed Keras in a repository, and a recording of it on NumPy."""
    folder = tmp_path_factory.mktemp("checkout")
    installed = Path(importlib.util.find_spec("keras").origin).parent
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(installed, folder / "keras", ignore=ignored)
    (folder / ".gitignore").write_text("__pycache__/\n")
    identity = ("-c", "user.name=n", "-c", "user.email=e@example.org")
    for command in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-q", "-m", "keras")):
        subprocess.run([GIT, *identity, *command], cwd=folder, check=True)
    made = [
        "touched",
        "record",
        *CASES,
        *BLURRING,
        "--source",
        str(folder / "keras"),
        *adapter(folder),
    ]
    assert cli.main([*made, "--output", str(folder / "keras.touched")]) == 0
    return folder


@pytest.fixture
def edit(checkout):
    def edit(name, old, new):
        path = checkout / "keras" / name
        text = path.read_text()
        assert text.count(old) == 1, old
        path.write_text(text.replace(old, new))
        later = path.stat().st_mtime + 10
        os.utime(path, (later, later))

    yield edit
    subprocess.run([GIT, "checkout", "-q", "--", "."], cwd=checkout, check=True)


def adapter(folder):
    return ["--adapter", f"keras-numpy@keras={folder}"]


def options(checkout):
    rests = ["--recording", str(checkout / "keras.touched")]
    return ["--touched-by", "main", "--source", str(checkout / "keras"), *rests, *adapter(checkout)]


def test_a_fault_in_one_function_is_seen_by_the_cases_that_run_it(
    checkout, edit, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    edit("src/backend/numpy/nn.py", "return x * sigmoid(x)", "return x * sigmoid(x) * 1.01")
    assert cli.main(["run", *CASES, *options(checkout)]) == 1
    found = read(newest("reports"))
    assert {case for case, _ in found.cells} == {CASES[1]}
    assert found.counts()["fail"] == 1
    assert found.header.touched.functions == ["silu (src/backend/numpy/nn.py)"]
    assert "1 of 3 cases enters that" in capsys.readouterr().out


EDITS = {
    "comment": (
        ("src/backend/numpy/nn.py", "def softplus(x):\n", "def softplus(x):\n    # so\n"),
        "and no function",
    ),
    "another backend": (
        ("src/backend/torch/nn.py", "def softplus(x):\n", "def softplus(y):\n"),
        "and no function",
    ),
    "a constant that a function keeps": (
        ("src/backend/config.py", '_FLOATX = "float32"', '_FLOATX = "float16"'),
        "all 3 cases",
    ),
    "what is remembered": (
        (DTYPES, "def _least_upper_bound(*nodes):\n", "def _least_upper_bound(*n):\n"),
        "all 3 cases",
    ),
}


@pytest.mark.parametrize(("change", "said"), EDITS.values(), ids=EDITS)
def test_what_a_change_means_is_said(checkout, edit, capsys, change, said):
    edit(*change)
    assert cli.main(["touched", "show", *CASES, *options(checkout)]) == 0
    assert said in capsys.readouterr().out


def test_what_keras_remembers_is_entered_by_each_case(checkout):
    made = read_map(checkout / "keras.touched")
    assert not made.unknown
    assert made.cases_of(Function(DTYPES, "_least_upper_bound")) == BLURRING
