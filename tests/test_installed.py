"""The suite as it is installed: nothing but the wheel, in a folder that knows nothing of it."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pytest

import conformance
from conformance.cases import default_root

PACKAGE = Path(conformance.__file__).parent
BIN = Path(sys.executable).parent

from_wheel = pytest.mark.skipif(
    not (PACKAGE / "catalogue").is_dir(),
    reason="an editable installation: its catalogue is the checkout's cases/",
)


def ask(*command, folder):
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_version_is_that_of_the_package():
    assert importlib.metadata.version("keras-conformance") == conformance.__version__


@from_wheel
def test_the_catalogue_and_its_ledger_travel_in_the_wheel():
    root = default_root()
    assert root == PACKAGE / "catalogue"
    assert list((root / "documents").glob("*.yaml"))
    assert list((root / "divergences").glob("*.yaml"))


@from_wheel
@pytest.mark.frameworks
def test_pyargs_divides_the_catalogue_among_workers(tmp_path):
    result = ask(
        sys.executable, "-m", "pytest", "--pyargs", "conformance", "-n", "2", "--adapter", "torch",
        "--case", "documents/dense/*", "-p", "no:cacheprovider",
        folder=tmp_path,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    assert "everything that was judged conforms" in result.stdout
    assert list(tmp_path.glob("reports/*/report.html"))


@from_wheel
def test_pyargs_collects_the_catalogue_without_a_checkout(tmp_path):
    result = ask(
        sys.executable, "-m", "pytest", "--pyargs", "conformance", "--collect-only", "-q",
        "--adapter", "torch", "-p", "no:cacheprovider",
        folder=tmp_path,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    assert "dense.yaml::last-axis[torch]" in result.stdout


def test_the_command_is_there(tmp_path):
    result = ask(str(BIN / "keras-conformance"), "--version", folder=tmp_path)
    assert result.stdout.split() == ["keras-conformance", conformance.__version__]


def test_list_and_validate_know_the_catalogue(tmp_path):
    listed = ask(str(BIN / "keras-conformance"), "list", "documents/dense/*", folder=tmp_path)
    assert "documents/dense/last-axis" in listed.stdout
    checked = ask(str(BIN / "keras-conformance"), "validate", folder=tmp_path)
    assert checked.returncode == 0, checked.stdout


def test_a_first_file_travels_with_the_package(tmp_path):
    written = ask(str(BIN / "keras-conformance"), "new", "first.yaml", folder=tmp_path)
    assert written.returncode == 0, written.stderr
    checked = ask(
        str(BIN / "keras-conformance"), "validate", "--reference", "first.yaml", folder=tmp_path
    )
    assert checked.stdout == "7 cases, no problem\n"


@pytest.mark.frameworks
def test_a_run_from_anywhere(tmp_path):
    result = ask(
        str(BIN / "keras-conformance"), "run", "documents/dense/last-axis", "--adapter", "torch",
        folder=tmp_path,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    assert list(tmp_path.glob("reports/*/report.html"))

    script = ask(
        str(BIN / "keras-conformance"), "repro", "documents/dense/last-axis", "--adapter", "torch",
        folder=tmp_path,
    )  # fmt: skip
    assert script.returncode == 0, script.stderr
    (tmp_path / "repro.py").write_text(script.stdout)
    shown = ask(sys.executable, "repro.py", folder=tmp_path)
    assert shown.returncode == 0, shown.stderr
