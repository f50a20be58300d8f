"""docs/tutorial.md is what happens: from an empty folder, with the suite as it is installed."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from test_workflows import PROVEN

from conformance import cli
from conformance.adapters.host import environment

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"(?ms)^```(console|yaml)\n(.*?)^```|\n\n((?:    [^\n]+\n)+)", PAGE)
CODES = {"run": [1, 0], "validate": [1, 0], "python": [1]}
"""Exit codes of the commands that don't end with 0 each time, in their order."""
WORKFLOW = next(text for kind, text, _ in BLOCKS if "runs-on" in text)


def commands():
    found = [
        line.removeprefix("$ ")
        for kind, text, _ in BLOCKS
        if kind == "console"
        for line in text.splitlines()
    ]
    assert found[0].startswith("python -m pip install")
    return found[1:]


def squeezed(text):
    """Where a table or a sentence breaks is the terminal's business."""
    return re.sub(r"\s+", "", text)


def run(line, folder):
    """Run a command as it is written; its name, its exit code and what it printed."""
    command, _, file = line.partition(" > ")
    program, *arguments = shlex.split(command)
    start = {
        "keras-conformance": [str(Path(sys.executable).parent / "keras-conformance")],
        "pytest": [sys.executable, "-m", "pytest"],
        "python": [sys.executable],
    }[program]
    # Caches that are kept between runs are kept, or the programs of JAX would be built anew.
    changes = {"COLUMNS": "100", "NO_COLOR": "1"}
    done = subprocess.run(
        [*start, *arguments],
        cwd=folder,
        env=environment.environment(changes),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if file:
        (folder / file).write_text(done.stdout, encoding="utf-8")
    name = arguments[0] if program == "keras-conformance" else program
    return name, done.returncode, done.stdout + done.stderr


@pytest.mark.frameworks
def test_the_tutorial_does_what_it_says(tmp_path):
    output, codes = "", {}
    for kind, text, shown in BLOCKS:
        if kind == "yaml":
            file = tmp_path / text.partition("\n")[0].removeprefix("# ")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        elif shown:
            for line in shown.splitlines():
                assert squeezed(line) in squeezed(output), f"{line!r} is not in:\n{output}"
            output = ""
        for line in text.splitlines() if kind == "console" else ():
            if line.startswith("$ python -m pip"):
                continue
            name, code, said = run(line.removeprefix("$ "), tmp_path)
            assert name == "python" or "Traceback" not in said, said
            expected = CODES.get(name, [])
            place = len(codes.setdefault(name, []))
            assert code == (expected[place] if place < len(expected) else 0), f"{line}\n{said}"
            codes[name].append(code)
            output += said
    assert codes["run"] == CODES["run"]
    assert codes["python"] == CODES["python"]
    assert codes["pytest"] == codes["ledger"][:1] == [0]


def test_its_workflow_runs_what_was_run_by_hand():
    ran = re.findall(r"(?m)^      - run: (keras-conformance .+)$", WORKFLOW)
    assert ran
    assert set(ran) <= set(commands())
    for line in ran:
        cli.parser().parse_args(shlex.split(line)[1:])


def test_its_workflow_is_as_safe_as_ours():
    pinned = re.findall(r"uses: ([\w-]+/[\w-]+)@([0-9a-f]{40}) # (v[\d.]+)", WORKFLOW)
    assert len(pinned) == WORKFLOW.count("uses:")
    assert all(PROVEN[action] == (version, commit) for action, commit, version in pinned)
    assert "permissions: {}" in WORKFLOW
    assert "persist-credentials: false" in WORKFLOW
    assert not any("${{" in line for line in WORKFLOW.splitlines() if "run:" in line)
