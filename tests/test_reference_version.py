"""The version of an answer: it changes with every file that the answer depends on, and no other."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import conformance
from conformance.cases import load
from conformance.reference.answer.version import RUNS, Versions, symbols
from conformance.reference.spec import table
from conformance.sources import Sources, installed

PACKAGE = Path(conformance.__file__).parent


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("copy") / "conformance"
    ignored = shutil.ignore_patterns("__pycache__", "catalogue", "bundle", "*.json", "*.yaml")
    shutil.copytree(PACKAGE, folder, ignore=ignored)
    return folder


def path_of(folder: Path, module: str) -> Path:
    plain = folder.parent.joinpath(*module.split("."))
    return plain / "__init__.py" if plain.is_dir() else plain.with_suffix(".py")


@pytest.mark.parametrize("symbol", ["layers.Dense", "layers.LSTM", "layers.HashedCrossing"])
def test_an_edit_of_any_module_that_is_imported_changes_it(copy: Path, symbol: str) -> None:
    before = Versions(Sources(copy)).of([symbol])
    modules = Sources(copy).closure([RUNS, table.homes()[symbol]])
    assert len(modules) > 30
    for module in sorted(modules):
        path = path_of(copy, module)
        source = path.read_text()
        path.write_text(source + "\n# edited\n")
        assert Versions(Sources(copy)).of([symbol]) != before, module
        path.write_text(source)
    assert Versions(Sources(copy)).of([symbol]) == before


def test_what_makes_the_strings_that_are_fed_is_among_them() -> None:
    assert "conformance.adapters.shared.texts" in installed().closure([RUNS])


def test_what_is_imported_as_a_case_is_answered_is_what_the_source_says() -> None:
    # The other way round: a module that is really imported and not found in the source would be
    # one whose edit finds stale answers.
    import subprocess
    import sys

    case = next(case for case in load().cases if case.id.startswith("layers/core/"))
    script = (
        "import sys; from conformance.cases import load;"
        "from conformance.reference import evaluate;"
        "before = {*sys.modules};"
        f"evaluate(next(c for c in load().cases if c.id == {case.id!r}));"
        "print(*(m for m in {*sys.modules} - before if m.startswith('conformance.')))"
    )
    said = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    homes = [table.homes()[symbol] for symbol in symbols(case)]
    known = installed().closure([RUNS, *homes])
    assert {*said.stdout.split()} <= known


def test_an_edit_of_one_family_leaves_the_others_alone(copy: Path) -> None:
    before = {name: Versions(Sources(copy)).of([f"layers.{name}"]) for name in ("Dense", "LSTM")}
    path = path_of(copy, "conformance.reference.spec.layers.core.dense")
    path.write_text(path.read_text() + "\n# edited\n")
    after = {name: Versions(Sources(copy)).of([f"layers.{name}"]) for name in before}
    assert after["Dense"] != before["Dense"]
    assert after["LSTM"] == before["LSTM"]


def test_an_edit_of_a_fault_makes_its_answers_new_and_no_others(copy: Path) -> None:
    path = path_of(copy, "conformance.reference.faults.steps")
    honest, faulty = (
        Versions(Sources(copy)).of(["layers.Dense"], faulty=faulty) for faulty in (False, True)
    )
    source = path.read_text()
    path.write_text(source + "\n# edited\n")
    edited = Versions(Sources(copy))
    assert edited.of(["layers.Dense"]) == honest
    assert edited.of(["layers.Dense"], faulty=True) != faulty
    path.write_text(source)


def test_a_layer_inside_another_counts() -> None:
    cases = load().cases
    nested = next(case for case in cases if "TimeDistributed" in case.yaml and "Dense" in case.yaml)
    assert {"layers.TimeDistributed", "layers.Dense"} <= symbols(nested)
