"""The workflows, as far as they can be tried here: every command is one that exists and parses.

``tox -e lint`` holds them against GitHub's schema and looks for what is unsafe in them.
"""

from __future__ import annotations

import configparser
import itertools
import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from conformance import cli
from conformance.adapters.host import registry
from conformance.cases.covering import COVERING
from conformance.cases.levels import LEVELS
from conformance.run.shard import Shard

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / ".github/workflows").glob("*.yml"))
WORKFLOWS = {path.name: yaml.safe_load(path.read_text()) for path in FILES}
MATRIX = json.loads(WORKFLOWS["matrix.yml"]["jobs"]["conformance"]["with"]["rows"])

# Read off the actions' own repositories, tag by tag.
PROVEN = {
    "actions/checkout": ("v7.0.1", "3d3c42e5aac5ba805825da76410c181273ba90b1"),
    "actions/setup-python": ("v7.0.0", "5fda3b95a4ea91299a34e894583c3862153e4b97"),
    "actions/cache": ("v5.0.5", "27d5ce7f107fe9357f9df03efb73ab90386fccae"),
    "actions/upload-artifact": ("v7.0.0", "bbbca2ddaa5d8feaa63e36b76fdaad77386f024f"),
    "actions/download-artifact": ("v8.0.1", "3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c"),
}
# What stands for the variables of the workflows when their commands are parsed.
VALUES = {
    "ARGUMENTS": "cases/documents",
    "DAYS": "7",
    "GITHUB_REPOSITORY": "owner/name",
    "GITHUB_STEP_SUMMARY": "summary",
    "LINK": "https://example.org",
    "REQUIREMENTS": "requirements.txt",
    "ROWS": json.dumps(MATRIX).replace('"', '\\"'),
    "SUITE": ".",
    "TOX_ENVIRONMENT": "conformance",
    "arguments[@]": "cases/documents",
}


def jobs():
    return [
        (name, key, job)
        for name, workflow in WORKFLOWS.items()
        for key, job in workflow["jobs"].items()
    ]


def steps():
    return [step for _, _, job in jobs() for step in job.get("steps", [])]


def scripts():
    return [step["run"] for step in steps() if "run" in step]


def tox_environments():
    """Every environment that tox.ini names, its braces opened."""
    parser = configparser.RawConfigParser()
    parser.read(ROOT / "tox.ini")
    found = set()
    for section in parser.sections():
        name = section.partition(":")[2]
        parts = [part.split(",") for part in re.split(r"[{}]", name)]
        # Outside of braces a comma separates environments; no name here has one there.
        found |= {"".join(one) for one in itertools.product(*parts)}
    return found


def documented():
    """The workflow of docs/ci.md that an owner of a backend copies."""
    blocks = re.findall(r"(?ms)^```yaml\n(.*?)^```", (ROOT / "docs/ci.md").read_text())
    (found,) = (block for block in blocks if "--touched-by" in block)
    return found, yaml.safe_load(found)


def test_an_owner_s_workflow_is_as_safe_as_ours():
    text, workflow = documented()
    pinned = re.findall(r"uses: ([\w-]+/[\w-]+)@([0-9a-f]{40}) # (v[\d.]+)", text)
    assert len(pinned) == text.count("uses:")
    assert all(PROVEN[action] == (version, commit) for action, commit, version in pinned)
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        assert job["permissions"] == {"contents": "read"}
        assert job["timeout-minutes"] <= 180
        checkouts = [step for step in job["steps"] if "/checkout@" in step.get("uses", "")]
        assert [step["with"]["persist-credentials"] for step in checkouts] == [False]
        assert not any("${{" in step.get("run", "") for step in job["steps"])


def test_an_owner_s_workflow_runs_what_there_is(tmp_path, monkeypatch):
    _, workflow = documented()
    monkeypatch.chdir(tmp_path)  # an owner's repository, with what the page says is in it
    (tmp_path / "conformance").mkdir()
    assert set(workflow[True]) == {"pull_request", "push", "schedule", "workflow_dispatch"}
    files = [Path("conformance/divergences.yaml"), Path("conformance/capabilities.yaml")]
    for file in files:
        file.write_text("[]\n")
    ran = []
    for name, job in workflow["jobs"].items():
        for step in job["steps"]:
            words = shlex.split(step.get("run", "").replace("$COLUMN", "keras-mine"))
            if words[:4] == ["python", "-m", "pip", "install"]:
                assert words[4:] == [
                    "--requirement",
                    "conformance/requirements.txt",
                    "--editable",
                    ".",
                ]
            elif words[:1] == ["keras-conformance"]:
                options = cli.parser().parse_args(words[1:])
                ran.append((name, words[1], options.touched_by if words[1] == "run" else None))
                assert words[1] == "touched" or [*options.ledger, *options.capabilities] == files
                assert name == "everything" or options.source == Path("keras_mine")
            elif words:
                assert words == ["cat", "reports/*/summary.md", ">>", "$GITHUB_STEP_SUMMARY"]
        kept = [step["with"]["path"] for step in job["steps"] if "/upload-" in step.get("uses", "")]
        assert kept == ["reports/"]
    assert ran == [
        ("change", "touched", None),
        ("change", "run", "origin/$GITHUB_BASE_REF"),
        ("everything", "run", None),
    ]


def test_the_workflows_are_there():
    assert set(WORKFLOWS) == {"conformance.yml", "matrix.yml"}
    assert {"schedule", "workflow_dispatch"} == set(WORKFLOWS["matrix.yml"][True])
    assert set(WORKFLOWS["conformance.yml"][True]) == {"workflow_call"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_action_is_pinned_by_a_proven_digest(path):
    for line in path.read_text().splitlines():
        if "uses:" not in line or "uses: ./" in line:
            continue
        used = re.fullmatch(
            r"\s*(?:- )?uses: ([\w-]+/[\w-]+)(?:/\w+)?@([0-9a-f]{40}) # (v[\d.]+)", line
        )
        assert used, line
        assert PROVEN[used[1]] == (used[3], used[2]), line


@pytest.mark.parametrize(("name", "key", "job"), jobs())
def test_no_job_may_do_more_than_it_must(name, key, job):
    assert WORKFLOWS[name]["permissions"] == {}
    allowed = {"contents": "read"}
    if (name, key) in {("conformance.yml", "rows"), ("matrix.yml", "conformance")}:
        allowed["issues"] = "write"
    assert job["permissions"] == allowed
    assert "uses" in job or job["timeout-minutes"] <= 180


def test_no_checkout_leaves_a_token_behind():
    for step in steps():
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("script", scripts())
def test_no_script_holds_an_expression(script):
    # Whatever an expression holds would be run as shell; variables are quoted.
    assert "${{" not in script


@pytest.mark.parametrize("script", scripts())
def test_every_script_is_one_that_the_shell_reads(script):
    bash = shutil.which("bash")
    assert bash
    subprocess.run([bash, "-n"], input=script, text=True, check=True)


def commands():
    for script in scripts():
        for line in script.strip().splitlines():
            given = re.sub(r"\$\{?([A-Za-z_]+(?:\[@\])?)\}?", lambda m: VALUES[m[1]], line)
            yield pytest.param(shlex.split(given), id=line[:60])


@pytest.mark.parametrize("words", list(commands()))
def test_every_command_is_known_and_parses(words):
    match words:
        case ["python", "-m", "pip", "install", *what]:
            assert what in (["tox"], ["."], ["-r", "requirements.txt"])
        case ["python", "-m", "tox", "-e", environment, "--", *_]:
            assert environment in tox_environments()
        case ["python", "-m", "pytest", "--pyargs", "conformance", "cases/documents"]:
            pass  # tests/test_installed.py runs it
        case ["keras-conformance", *arguments]:
            cli.parser().parse_args(arguments)
        case ["read", "-ra", "arguments", "<<<", _]:
            pass
        case ["cat", "summary.md", ">>", "summary"] | ["rm", "-rf", "last"]:
            pass
        case ["mv", "records", "last"]:
            pass
        case _:
            raise AssertionError(f"nobody knows {words}")


def test_every_row_is_one_that_runs_at_home():
    names = [row["name"] for row in MATRIX]
    assert len(set(names)) == len(names)
    for row in MATRIX:
        assert set(row) == {"name", "os", "python", "tox", "arguments"}
        assert row["tox"] in tox_environments()
        words = row["arguments"].split()
        folders = list(itertools.takewhile(lambda word: not word.startswith("--"), words))
        assert folders
        assert all((ROOT / folder).is_dir() for folder in folders)
        match words[len(folders) :]:
            case ["--shard", part]:
                assert Shard.parse(part)
            case ["--adapter", name]:
                assert [spec.name for spec in registry.select([name])] == [name]
            case ["--level", level, "--adapter", name]:
                assert level == COVERING or int(level) in LEVELS
                assert [spec.name for spec in registry.select([name])] == [name] == [row["name"]]
            case options:
                assert options == []


@pytest.mark.parametrize("name", ["mlx", "paddle", "tinygrad", "openvino-plugin", "keras316dev"])
def test_the_columns_of_a_backend_s_row_are_ones_that_can_be_made(name):
    parser = configparser.RawConfigParser()
    parser.read(ROOT / "tox.ini")
    (section,) = (one for one in parser.sections() if "openvino-plugin" in one)
    factor = name.rpartition("-")[2]
    (command,) = re.findall(rf"(?m)^{factor}: (pytest .+)$", parser[section]["commands"])
    for key, value in parser["nightly"].items():
        command = command.replace(f"{{[nightly]{key}}}", value)
    words = shlex.split(command.replace("{tox_root}", str(ROOT)))
    columns = [value for option, value in itertools.pairwise(words) if option == "--adapter"]
    found = registry.select(columns)
    assert [spec.name.partition("@")[0] for spec in found] == [
        column.partition("@")[0] for column in columns
    ]
    assert all(spec.variant and spec.variant.pins for spec in found)


def test_the_shards_of_a_row_are_whole():
    shards = {}
    for row in MATRIX:
        name, _, part = row["name"].partition(".")
        if part:
            shard = Shard.parse(row["arguments"].split("--shard ")[1])
            assert shard.index == int(part)
            shards.setdefault((name, shard.count), []).append(shard.index)
    assert shards
    for (_, count), found in shards.items():
        assert sorted(found) == list(range(1, count + 1))


def test_the_environments_of_the_rows_are_those_that_tox_knows():
    known = tox_environments()
    assert {"lint", "tests", "conformance", "conformance-nightly", "py313-conformance"} <= known
    assert "conformance-keras314" in known
    assert {"conformance-keras316dev", "conformance-mlx", "conformance-paddle"} <= known
    assert {"conformance-tinygrad", "conformance-openvino-plugin"} <= known
    assert "conformance-keras999" not in known
