"""Every block of code in the documentation is run, read by what reads it, or run by another test.

Command lines are the business of ``test_docs.py``, findings of ``tools/findings.py``. A block
that nobody has thought about fails: add it to ``ACCOUNTS``, by its page and its first line.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent, indent
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
import yaml
from packaging.requirements import Requirement

from conformance import cli
from conformance.adapters.host import registry
from conformance.adapters.keras import KerasBackend
from conformance.cases import CasesError, load
from conformance.verdicts.capabilities import read_capabilities
from conformance.verdicts.entries import read_entries

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "docs/porting/README.md"]
MINIMAL = ROOT / "examples/minimal_adapter.py"
CASE = "- id: one\n  title: A case\n  source: {keras: keras.Model}\n"
GRAPH = """\
  inputs: {%s}
  model:
    outputs: %s
    nodes:
"""


def case(text, folder):
    """A whole case, as it is."""
    file = folder / "cases" / "some.yaml"
    file.parent.mkdir()
    file.write_text(text, encoding="utf-8")
    assert load([file]).checked()


def part(before):
    """A part of a case, which stands behind ``before``: keys of a case, or nodes of a graph."""

    def check(text, folder):
        deep = "      " if "nodes:" in before else "  "
        case(CASE + before + indent(dedent(text), deep), folder)

    return check


def places(text, folder):
    """A case with an alias: what it stands for is a picture of four by eight pixels."""
    picture = yaml.safe_dump([[[0.0, 0.0, 0.0]] * 8] * 4, default_flow_style=True, width=10**6)
    case(text.replace("*place, *place", f"&place {picture.strip()}, *place"), folder)


def ledger(text, folder):
    file = folder / "some.yaml"
    file.write_text(text, encoding="utf-8")
    entries, problems = read_entries(file)
    assert entries
    assert not problems


def capabilities(text, folder):
    file = folder / "some.yaml"
    file.write_text(text, encoding="utf-8")
    stated, problems = read_capabilities(file)
    assert stated is not None
    assert not problems


def rows(text, folder):
    """A workflow that calls ours: with inputs that there are, and rows that can be run."""
    called = yaml.safe_load((ROOT / ".github/workflows/conformance.yml").read_text())
    (job,) = yaml.safe_load(text)["jobs"].values()
    assert set(job["with"]) <= set(called[True]["workflow_call"]["inputs"])
    for row in json.loads(job["with"]["rows"]):
        (folder / "conformance").mkdir(exist_ok=True)
        (folder / "conformance/divergences.yaml").write_text("[]\n")
        assert (folder / row["requirements"]).suffix == ".txt"
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            arguments = cli.parser().parse_args(["run", *shlex.split(row["arguments"])])
        assert arguments.ledger


def pins(text, folder):
    """What pip takes, with the versions that this row runs."""
    assert folder
    there = (ROOT / "constraints.txt").read_text().split()
    pinned = {Requirement(line).name: line for line in text.split()}
    assert pinned.pop("keras-conformance")
    assert {pinned["keras"], pinned["numpy"]} <= set(there)
    assert all("==" in line for line in pinned.values())


def options(text, folder):
    """Options of pytest that the plugin has."""
    given = tomllib.loads(text)["tool"]["pytest"]["ini_options"]
    plugin = "".join(path.read_text() for path in (ROOT / "conformance/pytest_plugin").glob("*.py"))
    assert folder
    assert all(f'"{key}"' in plugin for key in given)


def registered(text, folder):
    """An entry point of the group that is looked through."""
    (group,) = tomllib.loads(text)["project"]["entry-points"]
    assert folder
    assert group == registry.ENTRY_POINTS


def spec(text, folder):
    """What an entry point gives."""
    assert folder
    found: dict[str, Any] = {}
    exec(text, found)  # noqa: S102 - our own page
    assert registry._from_value("keras-mlx", found["SPEC"]).command


def backend(text, folder):
    """A class whose methods are those that are asked for."""
    assert folder
    found: dict[str, Any] = {}
    exec(text, found)  # noqa: S102
    own = {name for name in vars(found["Mlx"]) if name[0] != "_"}
    assert own <= set(dir(KerasBackend))


def module(text, folder):
    """A module for the worker: what its author leaves out is given here."""
    assert folder
    found: dict[str, Any] = {
        "mylib": SimpleNamespace(__version__="1.0"),
        "output": {"shape": [], "dtype": "float32", "tensor": "y"},
        "arrays": {},
    }
    exec(text.replace("…", "pass"), found)  # noqa: S102
    adapter = found["create"]("mylib")
    assert adapter.hello()["versions"] == {"mylib": "1.0"}
    assert adapter.run({}, {}) == ({"calls": [{"outputs": [found["output"]]}]}, {})


def recorded(text, folder, adapter="keras-jax"):
    """Code that reads the record of a run."""
    run_minimal(folder)
    done = subprocess.run(
        [sys.executable, "-c", text.replace(adapter, "minimal")],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[0] == "False"


def run_minimal(folder, adapter=MINIMAL):
    command = f"minimal={{python}} {shlex.quote(str(adapter))}"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("COLUMNS", "100")
        return cli.main(
            [
                "run",
                "documents/dense/last-axis",
                "--adapter",
                "minimal",
                "--adapter-command",
                command,
            ]
        )


class Shown(NamedTuple):
    """It is run, or stands, in this file, which holds this text."""

    file: str
    text: str


Account = Callable[[str, Path], None] | Shown
X = "  input: {shape: [3]}\n"
STATES = "x: {shape: [4, 3]}, m: {shape: [4], dtype: bool}, h: {shape: [2]}, c: {shape: [2]}"
TWO = "a: {shape: [3]}, b: {shape: [3]}"
LEFT_AND_RIGHT = "      left: {Dense: {units: 4}, of: a}\n      right: {Dense: {units: 4}, of: b}\n"
ACCOUNTS: dict[str, dict[str, Account]] = {
    "cases.md": {
        "- id: last-axis": case,
        "- id: two-units": case,
        "- id: sum": case,
        "- id: clip-reversed": case,
        "[tool.pytest.ini_options]": options,
        "model:": part(X),
        "left: {Dense: {units: 4}, of: a}": part(GRAPH % (TWO, "[left, right]")),
        "states: {LSTM: {units: 2, return_state: true}, of: x, with: {mask: m, initial_state: "
        "[h, c]}}": part(GRAPH % (STATES, "[states]")),
        "layer: BatchNormalization": part(X),
        "both: {ops.add: {}, of: [left, right]}": part(
            GRAPH % (f"{TWO}, mask: {{shape: [4], dtype: bool}}", "[joined, kept, slow]")
            + LEFT_AND_RIGHT
        ),
        "- id: regularizer": case,
        "- id: channels-first": case,
        "- id: int4-by-twos": case,
        "- id: where": case,
        "- id: crop": places,
        "- id: mean-iou": case,
        "object: optimizers.MultiOptimizer": part(
            "  variables: {w: {shape: [2]}}\n  inputs: {g: {shape: [2]}}\n"
            "  steps: [{apply: {w: g}}]\n"
        ),
        "train: {optimizer: {Adam: {learning_rate": part(X + "  model: [{Dense: {units: 1}}]\n"),
        "- id: conv2d": case,
        "- id: mobilenet": case,
        "- id: best": case,
    },
    "ledger.md": {"# Keras 3 took": ledger, "[tool.pytest.ini_options]": options},
    "capabilities.md": {"# capabilities.yaml": capabilities},
    "ci.md": {
        "keras-conformance[versions]": pins,
        "name: conformance": Shown("tests/test_workflows.py", "def test_an_owner_s_workflow_runs"),
        "name: keras-conformance": rows,
    },
    "adapters.md": {
        'return {"status": "unsupported"': Shown(
            "examples/minimal_adapter.py", 'return {"status": "unsupported", "reason": '
        ),
        '{"shape": [2, 4]': Shown("examples/minimal_adapter.py", '"tensor": '),
        "def create(name):": module,
        '[project.entry-points."keras_conformance.adapters"]': registered,
    },
    "backends.md": {
        "- id: ": Shown("tests/test_backends.py", "def test_the_tutorial_is_what_happens("),
        "from conformance.adapters.keras import KerasBackend": backend,
        '[project.entry-points."keras_conformance.adapters"]': registered,
        "SPEC = ": spec,
    },
    "compare.md": {
        "# make.py": Shown("tests/test_twomodels.py", "def test_the_example_of_the_page_is_what"),
        "# port.py": Shown("tests/test_twomodels.py", "def test_the_example_of_the_page_is_what"),
        "def load(path):": Shown("tests/ports/cnn_jax.py", "def load(path):"),
        "def activations(model, *inputs):": Shown(
            "tests/ports/cnn_jax.py", "def train_step(model, inputs, targets, settings):"
        ),
    },
    "report.md": {"from pathlib import Path": recorded},
    "tutorial.md": {"# ": Shown("tests/test_tutorial.py", "def test_the_tutorial_does")},
}
BLOCKS = [
    pytest.param(page.name, text, id=f"{page.name}: {text.strip().splitlines()[0][:40]}")
    for page in PAGES
    for language, text in re.findall(r"(?ms)^```(\w*)\n(.*?)^```", page.read_text())
    if language != "console"
]


@pytest.mark.parametrize(("page", "text"), BLOCKS)
def test_a_block_is_run_or_accounted_for(page, text, tmp_path):
    first = text.strip().splitlines()[0]
    ways = [way for start, way in ACCOUNTS.get(page, {}).items() if first.startswith(start)]
    assert len(ways) == 1, f"say in ACCOUNTS who runs this block of {page}: {first}"
    if isinstance(ways[0], Shown):
        assert ways[0].text in (ROOT / ways[0].file).read_text()
    else:
        ways[0](text, tmp_path)


def test_an_account_is_of_a_block_that_is_there():
    for page, accounts in ACCOUNTS.items():
        firsts = [one.values[1].strip() for one in BLOCKS if one.values[0] == page]
        for start in accounts:
            assert any(text.startswith(start) for text in firsts), f"{page}: {start}"


def test_a_wrong_block_is_found(tmp_path):
    with pytest.raises(CasesError, match="units"):
        case(f"{CASE}{X}  model: [{{Dense: {{untis: 1}}}}]\n", tmp_path)


def test_what_a_broken_adapter_is_told_is_what_adapters_md_shows(tmp_path, capsys):
    page = (ROOT / "docs/adapters.md").read_text()
    right, wrong = "+ bias[u]", "- bias[u]"
    assert f"turn `{right}` into `{wrong}`" in page
    broken = tmp_path / "broken.py"
    broken.write_text(MINIMAL.read_text().replace(right, wrong))
    assert run_minimal(tmp_path, broken) == 1
    told = squeezed(capsys.readouterr().out)
    shown = re.search(r"\n\n((?:    [^\n]+\n)+)", page[page.index("documents/dense/last-axis") :])
    assert shown
    for line in shown[1].splitlines():
        assert squeezed(line) in told, line


def squeezed(text):
    """Where a line breaks is the terminal's business."""
    return re.sub(r"\s+", "", text)
