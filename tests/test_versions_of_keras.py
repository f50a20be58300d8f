"""Columns and searches over real releases of Keras, as docs/versions.md promises them."""

from __future__ import annotations

import subprocess
import sys

import pytest
from fake_index import needs_uv

from conformance.records import read

pytestmark = [pytest.mark.frameworks, needs_uv]

AVERAGE = "layers/pooling/average-pooling1d-of-two"
TRANSPOSED = "layers/convolutional/conv2d-transpose-doubles"


def cli(folder, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "conformance.cli", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.mark.network
def test_two_releases_of_keras_side_by_side(tmp_path):
    columns = ("keras-torch@keras==3.3.3", "keras-torch@keras==3.14.1", "keras-torch")
    options = [part for name in columns for part in ("--adapter", name)]
    result = cli(tmp_path, "run", AVERAGE, TRANSPOSED, *options)
    (records,) = tmp_path.glob("reports/*/records.jsonl")
    run = read(records)
    outcomes = {
        (case.rpartition("/")[2], adapter.partition("@")[2]): run.cells.outcome(case, adapter)
        for case, adapter in run.cells
    }
    assert outcomes == {
        ("average-pooling1d-of-two", "keras==3.3.3"): "fail",
        ("average-pooling1d-of-two", "keras==3.14.1"): "xfail",
        ("average-pooling1d-of-two", ""): "xfail",
        ("conv2d-transpose-doubles", "keras==3.3.3"): "fail",
        ("conv2d-transpose-doubles", "keras==3.14.1"): "fail",
        ("conv2d-transpose-doubles", ""): "pass",
    }, result.stdout
    assert run.adapters["keras-torch@keras==3.3.3"].versions["keras"] == "3.3.3"


def test_an_environment_that_is_there(tmp_path):
    result = cli(tmp_path, "run", TRANSPOSED, "--adapter", f"keras-torch@python={sys.prefix}")
    assert result.returncode == 0, result.stdout + result.stderr
