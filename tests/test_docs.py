"""What the documentation says can be done, is done: commands, links, code.

Every command line in README.md and docs/ is run here, or shown to be run by CI or by another test.
One that nobody has thought about fails: add it to ``COMMANDS``. Where the command as written takes
minutes or needs a framework, it is run on less: one case, the example adapter, collection alone.
"""

from __future__ import annotations

import ast
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

import inner
import pytest

from conformance import cli
from conformance.adapters.host import registry

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md")), ROOT / "benchmarks/README.md"]
PROGRAMS = ("keras-conformance", "pytest", "python", "pip")

MINIMAL = "--adapter minimal --adapter-command 'minimal={python} examples/minimal_adapter.py'"
ONE = "documents/dense/last-axis"
COMMENT = re.compile(r"\s+# ")
COLLECT = "-o conformance_cases=cases --collect-only -q"


class Run(NamedTuple):
    """Run this line in the place of the one that is written; ``{run}`` is an earlier run."""

    line: str = ""
    expects: tuple[int, ...] = (0,)


class Shown(NamedTuple):
    """It is run somewhere else: the file holds this text."""

    file: str
    text: str


def collects(line: str) -> Run:
    return Run(f"{line} {COLLECT}")


EXPORTERS = Shown(".ci/run", "python -m tox -e exporters")
PORT = Shown("tests/test_port.py", '["port", str(model), "--to"')
TESTS = Shown(".ci/run", "python -m pip install tox && python -m tox -e tests")
VERSIONS = Shown("tests/test_versions_of_keras.py", '"keras-torch@keras==3.14.1"')
SWEPT = Shown("tests/test_sweep.py", '"sweep", "cases/fakes.yaml", "--package", "fakeframe"')
COMPARED = Shown("tests/test_versions_of_keras.py", '"diff", "keras==3.14.1", "keras==3.15.1"')
HELP = "python benchmarks/{} --help"
# docs/backends.md's tutorial is run, line by line; tests/test_backends.py reads it from the page.
TUTORIAL = Shown("tests/test_backends.py", "def test_the_tutorial_is_what_happens(")
FIRST = Shown("tests/test_tutorial.py", "def test_the_tutorial_does_what_it_says(")
ELSEWHERE = Shown("tests/test_environments.py", 'framed(f"python={sys.prefix},fakeframe==1.2")')
PLUGIN = Shown("tests/test_environments.py", '"keras-fake@keras-nightly==3.16.0.dev1"')
ROWS = Shown("tests/test_workflows.py", '"openvino-plugin", "keras316dev"')
MLX = "'keras-mlx@keras-nightly==3.16.0.dev2026102704,mlx-cpu==0.31.2,scipy==1.17.1'"
BY_LEDGER = Shown("tests/test_sweep.py", '"sweep", "--of-ledger"')
OWNED = "--ledger conformance/divergences.yaml --capabilities conformance/capabilities.yaml"
HELD = Run(f"keras-conformance run {ONE} {MINIMAL} --capabilities conformance/capabilities.yaml")
TOUCHED = Shown("tests/test_touched.py", '"--touched-by", base, "--source"')
MINE = "--source keras_mine --adapter keras-mine"

CAPABILITIES = """\
adapter: minimal
excluded:
  - cases: "*"
    facets: [compiled, config, config_round_trip, gradients, initial, output_spec, params,
      save_round_trip, summary, symbolic_shape, weights]
    reason: It answers numbers only.
    cap: 8
"""

COMMANDS: dict[str, Run | Shown] = {
    "python -m pip install tox": TESTS,
    # docs/tutorial.md is run line by line.
    "python -m pip install 'PATH/TO/CHECKOUT[torch]'": Shown("tox.ini", "package = wheel"),
    "keras-conformance run my-cases/ --adapter keras-torch": FIRST,
    "keras-conformance repro my-cases/relu.yaml::keeps-the-threshold --adapter keras-torch "
    "> repro.py": FIRST,
    "python repro.py": FIRST,
    "keras-conformance ledger update latest --cases my-cases "
    "--into my-cases/divergences/relu.yaml": FIRST,
    "keras-conformance ledger check latest --cases my-cases": FIRST,
    "python -m tox -e conformance": Shown(".ci/run", "python -m tox -e conformance"),
    "python -m tox -e tests": TESTS,
    "pytest tests -n 2": Shown("tox.ini", "commands = pytest -n 2 {posargs:tests}"),
    "pytest tests -n 2 --whole": Shown(".github/workflows/matrix.yml", "-- tests --whole"),
    "pip install '.[all]'": Shown("tox.ini", "extras = all"),
    "python -m pip install '.[exporters]'": Shown("tox.ini", "extras = exporters"),
    "keras-conformance run --level 1 'layers/*' --adapter onnx-torch "
    "--adapter savedmodel-tensorflow": EXPORTERS,
    "keras-conformance run --level covering 'layers/*' --adapter 'onnx-*'": EXPORTERS,
    "python -m pip install --no-deps tensorflowjs==4.22.0": Shown(
        "tox.ini", "converter = python -m pip install --no-deps tensorflowjs==4.22.0"
    ),
    "npm ci --ignore-scripts --prefix conformance/adapters/exported/tfjs": Shown(
        "tox.ini", "node = npm ci --ignore-scripts --no-audit --no-fund --prefix {[tfjs]folder}"
    ),
    "keras-conformance run --level covering 'layers/*' --adapter 'tfjs-*'": EXPORTERS,
    "keras-conformance run --level 1 'layers/*' --adapter 'onnx-torch@onnxruntime==1.31.1'": Shown(
        "tests/test_exporters.py", "onnx-torch@onnxruntime==1.31.1"
    ),
    "keras-conformance port model.keras --to torch": PORT,
    "keras-conformance port model.keras --to torch -o model.py": PORT,
    "keras-conformance port own.keras --to torch -o own.py --custom mine.py": PORT,
    "python model.py model.keras": PORT,
    "keras-conformance exporters": Shown("tests/test_exporters.py", '"exporters", '),
    "keras-conformance compare model.keras port.py": Shown(
        "tests/test_twomodels.py", '"compare model.keras port.py",'
    ),
    "keras-conformance compare model.keras mended.py --steps 3": Shown(
        "tests/test_twomodels.py", '"compare model.keras mended.py --steps 3",'
    ),
    "pytest": collects("pytest"),
    "pytest --pyargs conformance": Shown("tests/test_installed.py", '"--pyargs", "conformance"'),
    "pytest --adapter keras-torch": collects("pytest --adapter keras-torch"),
    "pytest cases/documents/dense.yaml -k last-axis": collects(
        "pytest cases/documents/dense.yaml -k last-axis"
    ),
    "pytest cases --adapter keras-torch": Shown(".ci/run", "-- cases --adapter keras-torch"),
    "keras-conformance run 'layers/*' --adapter keras-torch": Run(
        f"keras-conformance run '{ONE}*' {MINIMAL}"
    ),
    "pytest -m 'documents and keras_jax'": collects("pytest -m 'documents and keras_jax'"),
    "keras-conformance run 'ops/*' 'losses/*' 'metrics/*' 'optimizers/*' 'initializers/*' "
    "'quantizers/*' --adapter 'keras-*'": Shown(".ci/run", "-- cases --adapter keras-torch"),
    "pytest my-cases/": Run("pytest my-cases/ --collect-only -q"),
    "pytest my-cases/ --adapter keras-torch": Run(
        "pytest my-cases/ --adapter keras-torch --collect-only -q"
    ),
    "pytest my-cases/dense.yaml::last-axis --adapter keras-torch": Run(
        "pytest my-cases/dense.yaml::last-axis --adapter keras-torch --collect-only -q"
    ),
    "pytest cases/layers --case 'layers/core/*' --adapter keras-torch": Run(
        "pytest cases/documents --case 'documents/dense/*' --adapter keras-torch --collect-only -q"
    ),
    "keras-conformance list my-cases/": Run(),
    "keras-conformance run --cases my-cases 'dense/*' --adapter keras-torch": Run(
        f"keras-conformance run --cases my-cases 'dense/last-axis' {MINIMAL}"
    ),
    "pytest cases/ops -k ops.sum": collects("pytest cases/ops -k ops.sum"),
    "pytest -x --lf --junitxml=junit.xml": collects("pytest -x --lf --junitxml=junit.xml"),
    "pytest -n 2": Shown("tests/test_pytest_plugin.py", '"-n", "2"'),
    "pytest --resume": Shown("tests/test_pytest_plugin.py", 'suite("--resume")'),
    "keras-conformance run": Run(f"keras-conformance run {ONE} {MINIMAL}"),
    "keras-conformance run 'documents/dense/*' --adapter keras-jax": Run(
        f"keras-conformance run '{ONE}*' {MINIMAL}"
    ),
    f"keras-conformance run {MINIMAL}": Run(f"keras-conformance run {ONE} {MINIMAL}"),
    f"keras-conformance run --adapter minimal --adapter-command … {ONE}": Run(
        f"keras-conformance run {MINIMAL} {ONE}"
    ),
    "keras-conformance list 'documents/*'": Run(),
    "keras-conformance list --json > before.json": Run("keras-conformance list --json"),
    "python tools/refusals.py --missing": Shown("tests/test_refusals_tool.py", '"--missing"'),
    "python tools/refusals.py --backend tensorflow": Shown(
        "tests/test_refusals_tool.py", '"--backend", backend'
    ),
    "python tools/mutants.py": Shown("tox.ini", "python tools/mutants.py {posargs}"),
    "python tools/mutants.py --count 1000 --seed 3": Shown(
        "tests/test_mutants.py", '"--count", "4", "--seed", "3"'
    ),
    "python tools/mutants.py --of 'ops/numpy/*' --all": Shown(
        "tests/test_mutants.py", '"--of", "ops/numpy/vec*"'
    ),
    "tox -e mutants": Shown(".ci/run", "python -m tox -e mutants"),
    "python tools/campaign.py": Shown("tox.ini", "python tools/campaign.py {posargs}"),
    "python tools/campaign.py --inputs 300000": Shown("tests/test_campaign.py", '"--inputs", "40"'),
    "python tools/campaign.py --kind answers --replay FILE": Shown(
        "tests/test_campaign.py", "campaign.replay("
    ),
    "python tools/asked.py before.json": Shown("tests/test_cases_variation.py", '"tools/asked.py"'),
    "keras-conformance adapters": Run(),
    "keras-conformance validate my-cases/": Run(),
    "keras-conformance validate --reference my-cases/": Run(),
    "keras-conformance validate --format my-cases/": Run(),
    "keras-conformance validate --format --check my-cases/": Run(expects=(1,)),
    "keras-conformance new my-cases/first.yaml": Run(),
    "keras-conformance schema": Run(),
    "keras-conformance detect": Shown("tests/test_detecting.py", "detect"),
    "keras-conformance detect --all": Shown("tests/test_detecting.py", "detect"),
    "keras-conformance detect 'Conv*' --all": Shown("tests/test_detecting.py", "detect"),
    "keras-conformance detect --enough 2": Shown("tests/test_detecting.py", "detect"),
    "keras-conformance detect --json": Shown("tests/test_detecting.py", "detect"),
    "keras-conformance coverage": Shown("tests/test_coverage.py", "coverage"),
    "keras-conformance coverage --all": Shown("tests/test_coverage.py", "coverage"),
    "keras-conformance coverage --json": Shown("tests/test_coverage.py", "coverage"),
    "keras-conformance coverage --python OTHER/bin/python": Shown(
        "tests/test_coverage.py", "coverage"
    ),
    "keras-conformance coverage --missing": Run(),
    "keras-conformance coverage --missing --into docs/not-covered.md": Run(
        "keras-conformance coverage --missing --into not-covered.md"
    ),
    "keras-conformance run 'atlas/*' --adapter 'keras-*' --adapter torch --adapter jax "
    "--adapter numpy": Shown("tests/test_atlas.py", "test_every_case_is_on_it_as_it_is_now"),
    "keras-conformance run 'atlas/layer*' 'atlas/gradients/*' 'atlas/objects/*' "
    "--adapter tf-keras": Shown("tests/test_atlas.py", "test_every_case_is_on_it_as_it_is_now"),
    "keras-conformance run 'atlas/layer*' --adapter flax": Shown(
        "tests/test_atlas.py", "test_every_case_is_on_it_as_it_is_now"
    ),
    "keras-conformance atlas RUN RUN RUN --into docs/atlas.md": Shown(
        "tests/test_atlas.py", "test_the_command_says_what_it_lacks"
    ),
    "python tools/keras_inventory.py": Shown("tests/test_coverage.py", "keras_inventory.py"),
    "keras-conformance smoke keras-torch": Run(
        "keras-conformance smoke minimal "
        "--adapter-command 'minimal={python} examples/minimal_adapter.py'"
    ),
    "keras-conformance smoke minimal --adapter-command "
    "'minimal={python} examples/minimal_adapter.py'": Run(),
    "keras-conformance smoke mine --adapter-command "
    "'mine=/venvs/mylib/bin/python {worker} my_adapter.py mine'": Run(expects=(1,)),
    "keras-conformance report reports/<run>": Run("keras-conformance report {run}"),
    "keras-conformance porting reports/<run>": Shown("tests/test_porting.py", '"porting"'),
    "keras-conformance porting reports/<run> --output docs/porting": Shown(
        "tests/test_porting.py", '"porting"'
    ),
    f"keras-conformance repro {ONE} --adapter torch": Shown("tests/test_installed.py", '"repro"'),
    "keras-conformance run 'layers/*' --adapter 'keras-torch@keras==3.14.1' "
    "--adapter keras-torch": VERSIONS,
    "pytest --adapter 'keras-torch@python=/path/to/venv'": Shown(
        "tests/test_versions_of_keras.py", "keras-torch@python="
    ),
    "keras-conformance run 'layers/pooling/*' --adapter 'keras-torch@keras==3.14.1' "
    "--adapter keras-torch": VERSIONS,
    "keras-conformance run 'exchange/*' --adapter 'keras-torch@keras==3.5.0' "
    "--adapter 'keras-torch@keras==3.14.1' --adapter keras-torch": Shown(
        "tests/test_versions_of_keras.py", '"exchange/keras_file/weights"'
    ),
    "pytest cases/layers/pooling.yaml --adapter 'keras-torch@keras==3.14.1'": Shown(
        "tests/test_environments.py", '"framed@fakeframe==1.2"'
    ),
    "keras-conformance bisect layers/convolutional/conv2d-transpose-doubles --adapter keras-torch "
    "--package keras --good 3.3.3 --bad 3.15.1": Shown(
        "tests/test_versions_of_keras.py", '"bisect", case, "--adapter", "keras-torch"'
    ),
    "keras-conformance bisect CASE --adapter keras-torch --package keras --good 3.3.3 "
    "--bad 3.15.1": Shown(
        "tests/test_versions_of_keras.py", '"bisect", case, "--adapter", "keras-torch"'
    ),
    "keras-conformance bisect 'layers/normalization/rms-normalization-axis[axis=1]' "
    "--adapter keras-torch --package keras --good 3.3.3 --bad 3.15.1": Shown(
        "tests/test_versions_of_keras.py", '"bisect", RMS, "--adapter", "keras-torch"'
    ),
    "keras-conformance sweep 'layers/*' --adapter keras-torch --package keras "
    "--versions '>=3.5'": SWEPT,
    "keras-conformance sweep layers/convolutional/conv2d-transpose-doubles "
    "layers/pooling/average-pooling1d-of-two --adapter keras-torch --package keras "
    "--versions '>=3.5' --minor": SWEPT,
    "keras-conformance diff 'keras==3.14.1' 'keras==3.15.1' 'layers/*' "
    "--adapter keras-torch": COMPARED,
    "keras-conformance diff 'keras==3.14.1' 'keras==3.15.1' 'layers/convolutional/*' "
    "--adapter keras-torch": COMPARED,
    "keras-conformance diff 'keras==3.14.1' 'keras==3.15.1' 'layers/convolutional/*' "
    "--adapter keras-torch --resume": Shown(
        "tests/test_diff_versions.py", 'differ.diff("1.0", "2.0", "--resume")'
    ),
    "keras-conformance report latest --baseline OLD": Run(
        "keras-conformance report latest --baseline {run}"
    ),
    "python web/bundle.py": Shown("hatch_build.py", "script.bundle()"),
    "python web/screenshots.py reports/<run>/report.html shots/": Run(
        "python web/screenshots.py --help"
    ),
    "keras-conformance repro layers/pooling/average-pooling1d-of-two --adapter keras-torch": Shown(
        "tests/test_reducing.py", '"repro", AVERAGE, "--adapter"'
    ),
    # Two records, several machines, many weeks.
    "keras-conformance diff OLD NEW": Run("keras-conformance diff {run} {run}"),
    "keras-conformance diff OLD NEW --markdown comment.md --json diff.json": Run(
        "keras-conformance diff {run} {run} --markdown comment.md --json diff.json"
    ),
    "keras-conformance diff latest --old '*@keras==3.14.1' --new '*@keras==3.15.1'": Run(
        "keras-conformance diff latest --old minimal --new 'mini*'"
    ),
    "keras-conformance run --shard 2/8": Run(f"keras-conformance run {ONE} {MINIMAL} --shard 1/1"),
    "pytest --shard 2/8": collects("pytest --shard 1/1"),
    "keras-conformance merge parts/ --output reports/joined": Run(
        "keras-conformance merge {run} --output joined"
    ),
    "keras-conformance run --history reports/history.sqlite": Run(
        f"keras-conformance run {ONE} {MINIMAL} --history reports/history.sqlite"
    ),
    "keras-conformance history add latest": Run(),
    "keras-conformance history layers/pooling/average-pooling1d": Run(
        f"keras-conformance history {ONE}"
    ),
    "keras-conformance history layers/core/dense": Run(f"keras-conformance history {ONE}"),
    "keras-conformance ledger check": Run(),
    "keras-conformance ledger check latest": Run(),
    "keras-conformance ledger update latest --into cases/divergences/new.yaml": Run(),
    "keras-conformance ledger prune latest": Run("keras-conformance ledger prune latest --dry-run"),
    "keras-conformance run --adapter mine --ledger divergences.yaml": Shown(
        "tests/test_run.py", '"--ledger"'
    ),
    "pytest --pyargs conformance --adapter mine --ledger divergences.yaml": Shown(
        "tests/test_pytest_plugin.py", '"--ledger", "ours.yaml"'
    ),
    "keras-conformance ledger check latest --ledger divergences.yaml": Shown(
        "tests/test_upkeep.py", '"--ledger", "ours.yaml"'
    ),
    "keras-conformance ledger update latest --ledger divergences.yaml --into divergences.yaml": (
        Shown("tests/test_upkeep.py", '"--into", "ours.yaml"')
    ),
    "python -m tox -e conformance-keras314": Shown(
        "tests/test_workflows.py", "conformance-keras314"
    ),
    "python -m tox -e py313-conformance": Shown("tests/test_workflows.py", "py313-conformance"),
    "python -m tox -e conformance -- cases --shard 1/4": Shown(
        ".github/workflows/matrix.yml", '"arguments": "cases --shard 1/4"'
    ),
    "python -m tox -e conformance-nightly": Shown("tests/test_workflows.py", "conformance-nightly"),
    "keras-conformance rows records/ --expect linux --expect macos --markdown summary.md": Shown(
        "tests/test_rows.py", '"--expect", "linux", "--markdown"'
    ),
    # A backend that is half built.
    "keras-conformance run --level 1 --adapter keras-mine": Run(
        f"keras-conformance run {ONE} --level 5 {MINIMAL}"
    ),
    "pytest --pyargs conformance --level 2 --adapter keras-mine": collects("pytest --level 2"),
    "keras-conformance list --level 1": Run(),
    "keras-conformance next --adapter keras-mine": Run("keras-conformance next {run}"),
    "keras-conformance next latest --adapter keras-mine --all": Run(
        "keras-conformance next {run} --adapter minimal --all"
    ),
    "keras-conformance next latest --adapter keras-mine --json": Run(
        "keras-conformance next {run} --adapter minimal --json"
    ),
    "python -m tox -e conformance-keras316dev": ROWS,
    "python -m tox -e conformance-mlx": ROWS,
    "python -m tox -e conformance-paddle": ROWS,
    "python -m tox -e conformance-tinygrad": ROWS,
    "python -m tox -e conformance-openvino-plugin": ROWS,
    # A Keras backend by its name.
    "python -m venv here": Shown(".ci/run", "python3 -m venv"),
    "here/bin/pip install 'PATH/TO/CHECKOUT[versions]'": Shown("tox.ini", "package = wheel"),
    f"here/bin/keras-conformance run 'documents/*' --adapter {MLX}": PLUGIN,
    "pip install 'PATH/TO/CHECKOUT[versions]'": Shown("tox.ini", "package = wheel"),
    f"keras-conformance run 'documents/*' --adapter {MLX}": PLUGIN,
    "keras-conformance run --adapter keras-NAME": TUTORIAL,
    "keras-conformance run --adapter 'keras-mlx@python=/venvs/mlx'": ELSEWHERE,
    "keras-conformance run --adapter 'keras-mlx@python=/venvs/mlx,backend=mlx_backend.py'": Shown(
        "tests/test_backends.py", "KERAS_CONFORMANCE_BACKEND=str(file)"
    ),
    "keras-conformance smoke 'keras-mlx@python=/venvs/mlx'": ELSEWHERE,
    "pytest --pyargs conformance --adapter 'keras-mlx@python=/venvs/mlx'": ELSEWHERE,
    "keras-conformance run 'layers/*' --adapter "
    "'keras-mlx@python=/venvs/mlx,keras-nightly==3.16.0.dev2026102004'": ELSEWHERE,
    "keras-conformance diff 'keras-nightly==3.16.0.dev2026101504' "
    "'keras-nightly==3.16.0.dev2026102704' --adapter 'keras-mlx@python=/venvs/mlx'": Shown(
        "tests/test_diff_versions.py", 'column_of("keras-mlx@python=/venvs/mlx"'
    ),
    "python -m pip install '.[torch,versions]' ./examples/backends/toy": Shown(
        "tests/test_backends.py", 'TOY = ROOT / "examples/backends/toy"'
    ),
    "keras-conformance smoke keras-toy": TUTORIAL,
    "keras-conformance run 'documents/dense/*' 'layers/activation/elu*' "
    "--adapter keras-toy": TUTORIAL,
    "keras-conformance repro 'layers/activation/elu[alpha=2.0]' --adapter keras-toy": TUTORIAL,
    "keras-conformance ledger update latest --into divergences.yaml": Run(
        "keras-conformance ledger update {run} --into proposed.yaml"
    ),
    "keras-conformance run 'documents/dense/*' 'layers/activation/elu*' --adapter keras-toy "
    "--ledger divergences.yaml": TUTORIAL,
    # What an owner keeps.
    "pip install --requirement conformance/requirements.txt --editable .": Shown(
        "tests/test_workflows.py", '"conformance/requirements.txt",'
    ),
    "keras-conformance run --adapter keras-mine": Run(f"keras-conformance run {ONE} {MINIMAL}"),
    "keras-conformance capabilities latest --adapter keras-mine "
    "--into conformance/capabilities.yaml": Run(
        "keras-conformance capabilities {run} --adapter minimal --into drafted.yaml"
    ),
    "keras-conformance ledger update latest --into conformance/divergences.yaml": Run(
        "keras-conformance ledger update {run} --into conformance/divergences.yaml"
    ),
    f"keras-conformance run --adapter keras-mine {OWNED}": Run(
        f"keras-conformance run {ONE} {MINIMAL} {OWNED}"
    ),
    "keras-conformance capabilities latest --adapter keras-mlx": Run(
        "keras-conformance capabilities {run} --adapter minimal"
    ),
    "keras-conformance run --adapter keras-mlx --capabilities capabilities.yaml": HELD,
    "pytest --pyargs conformance --adapter keras-mlx --capabilities capabilities.yaml": Run(
        f"pytest {COLLECT} --adapter keras-torch --capabilities conformance/capabilities.yaml"
    ),
    # The packaged ledger's ranges, and what runs showed.
    "keras-conformance ledger measure latest": Shown(
        "tests/test_ranges.py", 'measure("--write") == 0'
    ),
    "keras-conformance ledger measure latest --into cases/divergences/measured.json --write": (
        Shown("tests/test_ranges.py", 'measure("--write") == 0')
    ),
    "keras-conformance ledger show latest --into docs/backends.md": Run(
        "keras-conformance ledger show {run} --into page.md"
    ),
    "keras-conformance ledger show docs/backends.json --into docs/backends.md": Shown(
        "tests/test_showing.py", 'show("docs/page.json")'
    ),
    "keras-conformance sweep --of-ledger --adapter 'keras-*' --package keras --release 3.3.3 "
    "--release 3.15.1": BY_LEDGER,
    "keras-conformance sweep --of-ledger --adapter 'keras-*' --package keras-nightly "
    "--release 3.16.0.dev2026102704": BY_LEDGER,
    # Only what a change touches.
    f"keras-conformance run --touched-by origin/main {MINE}": TOUCHED,
    f"keras-conformance run --touched-by origin/main {MINE.replace(' k', ' ./k', 1)}": TOUCHED,
    f"keras-conformance touched record {MINE}": Shown(
        "tests/test_touched.py", 'touched("record") == 0'
    ),
    f"pytest --pyargs conformance --touched-by origin/main {MINE}": Shown(
        "tests/test_touched.py", '"--touched-by", "main", "--source"'
    ),
    f"keras-conformance touched show --touched-by origin/main {MINE}": Shown(
        "tests/test_touched.py", 'touched("show", "--touched-by"'
    ),
    f"keras-conformance touched cases conv {MINE}": Shown(
        "tests/test_touched.py", 'touched("cases", "_row"'
    ),
    f"keras-conformance touched functions CASE {MINE}": Shown(
        "tests/test_touched.py", 'touched("functions", "fakes/late"'
    ),
    "python benchmarks/planted.py --folder FOLDER": Run(HELP.format("planted.py")),
    "python benchmarks/planted.py --folder FOLDER --of objects": Run(HELP.format("planted.py")),
    "python benchmarks/touched.py": Run(HELP.format("touched.py")),
    "python benchmarks/records.py": Run(HELP.format("records.py")),
    "python benchmarks/whole_run.py": Run(HELP.format("whole_run.py")),
    "python benchmarks/layers.py": Run(HELP.format("layers.py")),
    "python benchmarks/loading.py": Run(HELP.format("loading.py")),
    "python benchmarks/catalogue.py": Run(HELP.format("catalogue.py")),
    "python benchmarks/overhead.py torch keras-torch": Run(HELP.format("overhead.py")),
    "python benchmarks/overhead.py --functions torch": Run(HELP.format("overhead.py")),
    "python benchmarks/calibration.py": Run(HELP.format("calibration.py")),
}


def told(page: Path) -> list[str]:
    """The command lines of a page: after ``$`` in console blocks, or opening an indented block."""
    found, fence, before = [], "", ""
    for line in page.read_text().splitlines():
        if line.startswith("```"):
            fence = "" if fence else line
        elif fence == "```console" and line.startswith("$ "):
            found += COMMENT.split(line.removeprefix("$ "))[0].split(" && ")
        elif not fence and re.match(rf"    ({'|'.join(PROGRAMS)}) ", line):
            opens = not before.startswith("    ") or before.strip().startswith(PROGRAMS)
            found += COMMENT.split(line)[0:1] if opens else []
        before = line
    return [" ".join(line.split()) for line in found]


WRITTEN = sorted({line for page in PAGES for line in told(page)})


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """What a command needs of a checkout, and one run made there, which begins a history."""
    folder = tmp_path_factory.mktemp("prepared")
    shutil.copytree(ROOT / "examples", folder / "examples")
    shutil.copytree(ROOT / "benchmarks", folder / "benchmarks")
    (folder / "web").mkdir()
    shutil.copy(ROOT / "web" / "screenshots.py", folder / "web")
    (folder / "tests").mkdir()
    shutil.copy(ROOT / "tests" / "browsing.py", folder / "tests")
    reductions = Path("cases/ops/numpy/reductions.yaml")
    (folder / reductions.parent).mkdir(parents=True)
    shutil.copy(ROOT / reductions, folder / reductions)
    for suite in ("cases/documents", "my-cases"):
        (folder / suite).mkdir(parents=True)
        shutil.copy(ROOT / "cases/documents/dense.yaml", folder / suite)
    (folder / "conformance").mkdir()
    (folder / "conformance/capabilities.yaml").write_text(CAPABILITIES)
    (folder / "conformance/divergences.yaml").write_text("[]\n")
    arguments = shlex.split(f"run {ONE} {MINIMAL} --history reports/history.sqlite")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert cli.main(arguments) == 0
    return folder


@pytest.fixture
def checkout(prepared, tmp_path):
    """One for each command, so that none rests on what another has left behind."""
    return shutil.copytree(prepared, tmp_path / "checkout")


def test_the_table_has_no_command_that_is_written_nowhere():
    assert set(COMMANDS) <= set(WRITTEN)


@pytest.mark.parametrize("line", WRITTEN)
def test_a_command_is_accounted_for(line):
    way = COMMANDS.get(line)
    assert way is not None, f"no test and no part of CI runs {line!r}: say in COMMANDS who does"
    if isinstance(way, Shown):
        assert way.text in (ROOT / way.file).read_text(), f"{way.file} does not run {line!r}"


RUN_HERE = [line for line in WRITTEN if isinstance(COMMANDS.get(line), Run)]


@pytest.mark.parametrize("line", RUN_HERE)
def test_a_command_does_what_is_said(line, checkout, request, monkeypatch, capfd):
    way = COMMANDS[line]
    records = next(checkout.glob("reports/*/records.jsonl"))
    program, *arguments = shlex.split((way.line or line).replace("{run}", str(records.parent)))
    if program == "pytest":
        pytester = request.getfixturevalue("pytester")
        monkeypatch.chdir(checkout)
        code = inner.run(pytester, *arguments).ret
    elif program == "keras-conformance":
        monkeypatch.chdir(checkout)
        code = cli.main(arguments)
    else:
        code = subprocess.run([sys.executable, *arguments], cwd=checkout, check=False).returncode
    printed = capfd.readouterr()
    assert code in way.expects, printed.out + printed.err


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    prose = re.sub(r"(?ms)^```.*?^```", "", page.read_text())
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{page.name} links to {target}"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", there.read_text(), re.MULTILINE)
            slugs = {re.sub(r"[^\w -]", "", text.lower()).replace(" ", "-") for text in headings}
            slugs |= set(re.findall(r'^<a id="([\w-]+)"></a>$', there.read_text(), re.MULTILINE))
            assert anchor in slugs, f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_in_the_text_parses(page):
    for language, block in re.findall(r"(?ms)^```(\w+)\n(.*?)^```", page.read_text()):
        if language == "python":
            # A part of a function stands alone there; an ellipsis stands for the reader's own.
            whole = "def f():\n" + "".join(f"    {line}\n" for line in block.splitlines())
            ast.parse(whole.replace("…", "..."))
        elif language == "toml":
            tomllib.loads(block)


def test_a_further_adapter_is_written_as_the_option_wants_it():
    text = (ROOT / "docs/adapters.md").read_text()
    written = re.findall(r"--adapter-command '([^']+)'", text)
    assert written
    for command in written:
        registry.from_command(command)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_nothing_of_the_machine_that_it_was_written_on(page):
    assert not re.search(r"(?<![\w.])/(home|root|Users|tmp|work)/", page.read_text())
