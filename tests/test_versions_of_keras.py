"""Columns and searches over real releases of Keras, as docs/versions.md promises them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import defaultdict

import pytest
from fake_index import needs_uv

from conformance.cases import default_root, load
from conformance.records import read

pytestmark = [pytest.mark.frameworks, needs_uv]

AVERAGE = "layers/pooling/average-pooling1d-of-two"
TRANSPOSED = "layers/convolutional/conv2d-transpose-doubles"
RMS = "layers/normalization/rms-normalization-axis[axis=1]"


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
        ("average-pooling1d-of-two", "keras==3.3.3"): "xfail",
        ("average-pooling1d-of-two", "keras==3.14.1"): "xfail",
        ("average-pooling1d-of-two", ""): "xfail",
        ("conv2d-transpose-doubles", "keras==3.3.3"): "fail",
        ("conv2d-transpose-doubles", "keras==3.14.1"): "fail",
        ("conv2d-transpose-doubles", ""): "pass",
    }, result.stdout
    assert run.adapters["keras-torch@keras==3.3.3"].versions["keras"] == "3.3.3"


@pytest.mark.network
def test_releases_read_each_others_files(tmp_path):
    columns = ("keras-torch@keras==3.12.4", "keras-torch@keras==3.14.1", "keras-torch")
    options = [part for name in columns for part in ("--adapter", name)]
    cases = ("exchange/keras_file/weights", "exchange/training/optimizers[optimizer=Adam]")
    result = cli(tmp_path, "run", "exchange/keras_file/weights", cases[1], *options)
    (records,) = tmp_path.glob("reports/*/records.jsonl")
    run = read(records)
    assert {run.cells.outcome(cases[0], name) for name in columns} == {"pass"}, result.stdout
    trained = {name: run.cells[cases[1], name].verdict for name in columns}
    assert trained["keras-torch"].outcome == "pass", trained["keras-torch"].message
    for older in columns[:2]:  # which the newer files are too new for
        known = trained[older]
        assert known.outcome == "xfail", known.message
        wrong = [one.what for facet in known.facets for one in facet.comparisons if one.message]
        assert all("3.1" in what or "losses" in what for what in wrong)


def test_an_environment_that_is_there(tmp_path):
    result = cli(tmp_path, "run", TRANSPOSED, "--adapter", f"keras-torch@python={sys.prefix}")
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.network
@pytest.mark.parametrize(
    ("case", "said"),
    [
        (
            AVERAGE,
            (
                "keras 3.5.0 (2024-08-12) is the first release that answers otherwise (neither "
                "conforms); 3.4.1 is the last before it."
            ),
        ),
        (
            TRANSPOSED,
            (
                "keras 3.15.0 (2026-06-24) is the release that mended it; "
                "3.14.1 is the last before it."
            ),
        ),
    ],
)
def test_the_two_regressions_are_found(tmp_path, case, said):
    ends = ["--package", "keras", "--good", "3.3.3", "--bad", "3.15.1"]
    started = time.monotonic()
    result = cli(tmp_path, "bisect", case, "--adapter", "keras-torch", *ends)
    assert result.stdout.splitlines()[-1] == said, result.stdout + result.stderr
    assert time.monotonic() - started < 180


@pytest.mark.network
def test_the_release_that_brought_a_layer_is_told_from_one_that_changed_it(tmp_path):
    ends = ["--package", "keras", "--good", "3.7.0", "--bad", "3.10.0", "--json", "found.json"]
    result = cli(tmp_path, "bisect", RMS, "--adapter", "keras-torch", *ends)
    assert result.stdout.startswith(f"{RMS} on keras-torch: 6 releases of keras"), result.stderr
    assert result.stdout.splitlines()[-1].startswith(
        "keras 3.9.0 (2025-03-04) is the first release that has it; 3.8.0 is the last before it: "
        "keras 3.8.0 has no layer named RMSNormalization. It conforms in none of the "
    )
    told = json.loads((tmp_path / "found.json").read_text())
    assert (told["there"]["what"], told["found"]) == ("came", None)


RELEASES = (
    *("3.3.3", "3.5.0", "3.8.0", "3.10.0", "3.12.4", "3.14.1", "3.15.1"),
    "3.16.0.dev2026102704",
)


def sample():
    """Of each family the first case, the last and the one in the middle."""
    families = defaultdict(list)
    for case in load([default_root()]).cases:
        families[case.family].append(case.id)
    return sorted({ids[at] for ids in families.values() for at in (0, len(ids) // 2, -1)})


@pytest.mark.network
@pytest.mark.parametrize("release", RELEASES)
def test_the_adapter_itself_never_fails_whatever_the_release(tmp_path, release):
    package = "keras-nightly" if "dev" in release else "keras"
    columns = [f"{name}@{package}=={release}" for name in ("keras-torch", "keras-numpy")]
    options = [part for name in columns for part in ("--adapter", name)]
    asked = sample()
    result = cli(tmp_path, "run", *asked, *options)
    (records,) = tmp_path.glob("reports/*/records.jsonl")
    run = read(records)
    verdicts = [run.cells[cell].verdict for cell in run.planned()]
    assert len(verdicts) == 2 * len(asked)
    assert [run.adapters[name].versions["keras"] for name in columns] == [release] * 2
    ours = [
        (verdict.case, verdict.adapter, verdict.message)
        for verdict in verdicts
        if verdict.broken
        or any(facet.broken for facet in verdict.facets)
        or verdict.outcome in {"not-run", "not-installed", "crash", "timeout"}
    ]
    assert ours == [], result.stdout


@pytest.mark.network
def test_a_date_is_the_newest_release_of_that_day(tmp_path):
    ends = ["--package", "keras", "--good", "2026-05-31", "--bad", "2026-06-30"]
    result = cli(tmp_path, "bisect", TRANSPOSED, "--adapter", "keras-torch", *ends)
    assert "2 releases of keras from 3.14.1 to 3.15.0" in result.stdout, result.stderr
    assert result.returncode == 0


@pytest.mark.network
def test_what_was_mended_in_between_is_listed_and_nothing_else(tmp_path):
    cases = ["layers/convolutional/conv2d-transpose-*", AVERAGE]
    files = ["--adapter", "keras-torch", "--json", "diff.json"]
    result = cli(tmp_path, "diff", "keras==3.14.1", "keras==3.15.1", *cases, *files)
    assert result.returncode == 0, result.stdout + result.stderr
    told = json.loads((tmp_path / "diff.json").read_text())
    assert "regression" not in told["counts"]
    fixed = {line["case"] for line in told["changes"] if line["change"] == "fixed"}
    assert TRANSPOSED in fixed
