"""tools/refusals.py: which `raise` statements of Keras's layers the cases run into."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[1] / "tools" / "refusals.py"

pytestmark = pytest.mark.frameworks


def tool(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(TOOL), *words],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize("backend", ["torch", "tensorflow"])
def test_a_refusal_that_a_case_runs_into_is_not_missing(backend):
    done = tool("--of", "layers/refused_arguments/a-size-*", "--backend", backend, "--missing")
    reached, total = map(int, re.match(r"(\d+) of (\d+) refusals", done.stdout).groups())
    assert 0 < reached < total / 2
    repeated = "Argument `n` should be a positive integer"  # RepeatVector's
    assert repeated not in done.stdout
    fraction = "Expected an integer value for `n`"  # wanted by another group of cases
    assert fraction in done.stdout
    assert done.stdout.count("\n") == total - reached + 1


def test_cases_that_are_not_there_are_told():
    done = tool("--of", "layers/nothing/*")
    assert done.returncode == 1
    assert "no case of layers that wants a refusal is called layers/nothing/*" in done.stderr
