"""Columns in other environments: what may be asked for, how it is made, what can go wrong."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from pathlib import Path

import inner
import pytest
from fake_index import COMMAND, cases, index, needs_uv, variables, wheel
from runs import called

from conformance.adapters.host import registry
from conformance.adapters.host.registry import RegistryError
from conformance.environments import PreparationError, Variant, VariantError, store
from conformance.environments.preparing import prepare
from conformance.records import read


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    return index(tmp_path_factory.mktemp("wheels"))


@pytest.fixture
def place(tmp_path, wheels, monkeypatch):
    """A cache of its own, and the fake index instead of any other."""
    for name, value in variables(wheels, tmp_path / "cache").items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PYTHONPATH", raising=False)  # an overlay goes before what is there
    return tmp_path / "cache" / "environments"


def framed(text):
    (spec,) = registry.select([f"framed@{text}"], COMMAND[1:])
    return spec


def run(folder, wheels, *arguments):
    return called([*arguments, *COMMAND], folder, variables(wheels, folder / "cache"))


# --- what may be asked for -----------------------------------------------------------------------


def test_a_variant_is_read_and_named():
    variant = Variant.parse("Keras==3.14.1, torch==2.12")
    assert [str(pin) for pin in variant.pins] == ["keras==3.14.1", "torch==2.12"]
    assert variant.label == "keras==3.14.1,torch==2.12"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not understood"),
        ("keras", "name one release with '=='"),
        ("keras>=3", "name one release with '=='"),
        ("keras==3.*", "without '\\*'"),
        ("keras==3,keras==4", "named twice"),
        ("keras==3; rm -rf /", "not understood"),
        ("keras[x]==3", "only a name"),
        ("keras @ https://example.org/keras.whl", "only a name"),
        ("--index-url=https://example.org", "not understood"),
        ("keras=/no/such/folder", "the root of a checkout"),
        ("python=/no/such/folder", "neither a virtual environment nor an interpreter"),
        (f"python={sys.prefix},python={sys.prefix}", "named twice"),
        ("backend=no_such_file.py", "there is no file"),
        ("backend=../no module", "name a Python file"),
        (f"backend={__file__},backend={__file__}", "named twice"),
        ("keras=/no/such/folder,keras==3", "the root of a checkout"),
    ],
)
def test_what_is_not_understood_is_told(text, said):
    with pytest.raises(VariantError, match=said):
        Variant.parse(text)
    with pytest.raises(RegistryError, match=said):
        registry.select([f"keras-torch@{text}"])


def test_columns_stand_behind_the_plain_adapters_in_the_order_given():
    chosen = registry.select(["keras-torch@keras==3.9", "torch", "keras-[tj]*@keras==3.14.1"])
    assert [spec.name for spec in chosen] == [
        "torch",
        "keras-torch@keras==3.9",
        "keras-tensorflow@keras==3.14.1",
        "keras-torch@keras==3.14.1",
        "keras-jax@keras==3.14.1",
    ]


def test_an_adapter_that_does_not_exist_is_told_by_its_own_name():
    with pytest.raises(
        RegistryError, match="no adapter matches 'kears-torch'; did you mean keras-"
    ):
        registry.select(["kears-torch@keras==3.14.1"])


def test_a_program_of_its_own_cannot_be_moved():
    with pytest.raises(RegistryError, match="command of its own"):
        registry.select(["mine@keras==3.14.1"], ["mine=/usr/bin/true"])


def test_two_folders_of_one_name_are_told_apart(tmp_path):
    texts = []
    for parent in ("a", "b"):
        root = tmp_path / parent / "checkout"
        (root / "keras").mkdir(parents=True)
        (root / "keras" / "__init__.py").touch()
        texts.append(f"keras-torch@keras={root}")
    with pytest.raises(RegistryError, match="two columns would be named"):
        registry.select(texts)


def test_an_interpreter_and_a_checkout_need_nothing_made(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/mine")
    root = tmp_path / "work"
    (root / "src" / "keras").mkdir(parents=True)
    (root / "src" / "keras" / "__init__.py").touch()
    chosen = registry.select([f"keras-torch@keras={root}", f"torch@python={sys.prefix}"])
    checkout, other = prepare(chosen)
    assert checkout.name == "keras-torch@keras=src"
    assert checkout.env["PYTHONPATH"] == f"{root / 'src'}:/mine"
    assert checkout.requires == ("torch",)
    assert other.command[0] == f"{sys.prefix}/bin/python"
    assert other.requires == ()


# --- what is made --------------------------------------------------------------------------------


@needs_uv
def test_a_pure_package_is_laid_over_what_is_here_and_kept(place, monkeypatch):
    told = []
    (spec,) = prepare([framed("fakeframe==1.2")], told.append)
    (folder,) = place.glob("fakeframe-1.2-overlay-*")
    assert spec.env["PYTHONPATH"] == str(folder / "site")
    assert spec.command[0] == sys.executable
    assert len(told) == 1
    # The second time nothing is asked: neither uv nor an index.
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("PIP_FIND_LINKS", "/nowhere")
    assert prepare([framed("fakeframe==1.2")], told.append) == [spec]
    assert len(told) == 1


@needs_uv
def test_a_package_whose_needs_are_not_met_here_gets_an_environment(place, tmp_path, monkeypatch):
    wheels = tmp_path / "more"
    wheel(wheels, "numpy", "0.1", "")
    wheel(wheels, "fakeneed", "7.0", "")
    wheel(wheels, "fakeframe", "5.0", "SLOPE = 1\n", needs=["fakeneed>=7"])
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    (spec,) = prepare([framed("fakeframe==5.0")])
    (folder,) = place.glob("fakeframe-5.0-environment-*")
    assert spec.command[0] == str(folder / "venv/bin/python")
    listed = json.loads((folder / "environment.json").read_text())["packages"]
    assert listed == ["fakeframe==5.0", "fakeneed==7.0", "numpy==0.1"]
    code = "import fakeframe, fakeneed; print(fakeframe.__version__)"
    shown = subprocess.run(
        [spec.command[0], "-c", code], capture_output=True, text=True, check=True
    )
    assert shown.stdout == "5.0\n"


@needs_uv
def test_a_compiled_package_gets_an_environment(place, tmp_path, monkeypatch):
    wheels = tmp_path / "more"
    tag = f"py3-none-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"
    wheel(wheels, "numpy", "0.1", "")
    wheel(wheels, "fakeframe", "6.0", "SLOPE = 1\n", tag=tag)
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    (spec,) = prepare([framed("fakeframe==6.0")])
    assert spec.command[0].endswith("/venv/bin/python")
    assert not list(place.glob("*overlay*"))


@needs_uv
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fakeframe==1.5", "no release 1.5 of fakeframe.* next to it are 1.4 and 1.10"),
        ("fakefram==1.0", "no package fakefram"),
    ],
)
def test_what_does_not_exist_is_told_with_what_does(place, text, said):
    with pytest.raises(PreparationError, match=f"^framed@{text}: .*{said}"):
        prepare([framed(text)])
    assert not list(place.glob("*overlay*"))


@needs_uv
def test_an_index_that_does_not_answer_is_told(place, monkeypatch):
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with pytest.raises(PreparationError, match=r"index could not be asked: .*127\.0\.0\.1:9"):
        prepare([framed("fakeframe==1.0")])
    assert not list(place.glob("*overlay*"))


def test_nothing_half_made_stays(place):
    def interrupted(folder):
        (folder / "half").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.make("key", interrupted)
    assert store.made("key") is None
    assert [path.name for path in place.iterdir()] == [".key.lock"]
    # What a process left that was killed outright is swept away by the next.
    (place / ".unfinished-key-0123").mkdir()
    folder, about = store.make("key", overlay)
    assert {path.name for path in place.iterdir()} == {".key.lock", "key"}
    assert store.make("key", interrupted) == (folder, about)


def overlay(folder):
    (folder / "site").mkdir()
    return {"kind": "overlay"}


@pytest.mark.parametrize("note", ["", "{", "[]", "{}", '{"kind": "environment"}', '{"kind": []}'])
def test_what_is_damaged_is_made_anew(place, note):
    folder, about = store.make("key", overlay)
    (folder / "environment.json").write_text(note)
    assert store.made("key") is None
    assert store.make("key", overlay) == (folder, about)
    (folder / "site").rmdir()
    assert store.make("key", overlay) == (folder, about)
    assert (place / "key" / "site").is_dir()


def test_a_full_disk_is_told(place):
    del place

    def full(_):
        raise OSError(28, "No space left on device")

    with pytest.raises(PreparationError, match=r"the disk is full: .*nothing half-made is kept"):
        store.make("key", full)


# --- in a run ------------------------------------------------------------------------------------


@needs_uv
def test_releases_are_columns_of_one_run_and_share_the_ledger(tmp_path, wheels):
    path = cases(tmp_path, "one", "two")
    ledger = tmp_path / "ledger.yaml"
    ledger.write_text(
        "- {id: slope, adapter: framed, cases: fakes/one, facets: [values], signature: output 0,\n"
        "   when: {fakeframe: '>=1.2,<2'}, kind: bug, reason: of old, review_by: 2999-01-01}\n"
    )
    columns = ["framed@fakeframe==1.1", "framed@fakeframe==1.10", "framed@fakeframe==1.4"]
    options = [part for name in columns for part in ("--adapter", name)]
    result = run(tmp_path, wheels, "run", str(path), "--ledger", str(ledger), *options)
    (records,) = tmp_path.glob("reports/*/records.jsonl")
    found = read(records)
    assert {key: line.verdict.outcome for key, line in found.cells.items()} == {
        ("fakes/one", columns[0]): "pass",
        ("fakes/two", columns[0]): "pass",
        ("fakes/one", columns[1]): "xfail",
        ("fakes/two", columns[1]): "fail",
        ("fakes/one", columns[2]): "not-installed",
        ("fakes/two", columns[2]): "not-installed",
    }
    assert found.adapters[columns[1]].versions == {"fakeframe": "1.10"}
    assert result.returncode == 1
    assert f"{columns[0]}: overlay made in" in result.stdout


@needs_uv
def test_a_run_of_what_does_not_exist_leaves_nothing(tmp_path, wheels):
    path = cases(tmp_path, "one")
    result = run(tmp_path, wheels, "run", str(path), "--adapter", "framed@fakeframe==9")
    assert result.returncode == 2
    assert "no release 9 of fakeframe" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "reports").exists()


@needs_uv
def test_pytest_takes_columns(tmp_path, wheels):
    path = cases(tmp_path, "one")
    columns = ["--adapter", "framed@fakeframe==1.1", "--adapter", "framed@fakeframe==1.2"]
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rA", "-q", str(path)]
    command += inner.WITHOUT
    result = subprocess.run(
        [*command, *columns, *COMMAND],
        cwd=tmp_path,
        env=variables(wheels, tmp_path / "cache"),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "PASSED cases/fakes.yaml::one[framed@fakeframe==1.1]" in result.stdout
    assert "FAILED cases/fakes.yaml::one[framed@fakeframe==1.2]" in result.stdout


# --- environments that the user keeps, and backends of Keras --------------------------------------


def test_a_release_is_laid_over_an_interpreter_without_changing_it(place):
    spec = framed(f"python={sys.prefix},fakeframe==1.2")
    (made,) = prepare([spec])
    (folder,) = place.glob("fakeframe-1.2-overlay-*")
    assert made.name == f"framed@python={Path(sys.prefix).name},fakeframe==1.2"
    assert made.command[0] == f"{sys.prefix}/bin/python"
    assert made.env["PYTHONPATH"] == str(folder / "site")
    assert made.requires == ()


@needs_uv
@pytest.mark.usefixtures("place")
def test_what_is_compiled_is_laid_over_nothing(tmp_path, monkeypatch):
    wheels = tmp_path / "more"
    tag = f"py3-none-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"
    wheel(wheels, "fakeframe", "6.0", "SLOPE = 1\n", tag=tag)
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    with pytest.raises(PreparationError, match=r"fakeframe==6.0 has compiled parts.*there"):
        prepare([framed(f"python={sys.prefix},fakeframe==6.0")])


@needs_uv
@pytest.mark.usefixtures("place")
def test_what_an_overlay_lacks_in_an_interpreter_is_told(tmp_path, monkeypatch):
    wheels = tmp_path / "more"
    wheel(wheels, "fakeframe", "5.0", "SLOPE = 1\n", needs=["fakeneed>=7"])
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    with pytest.raises(PreparationError, match="fakeframe needs fakeneed>=7, and none is there"):
        prepare([framed(f"python={sys.prefix},fakeframe==5.0")])


@pytest.mark.usefixtures("place")
def test_an_interpreter_that_tells_nothing_is_told(tmp_path):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nexit 3\n")
    python.chmod(0o755)
    with pytest.raises(PreparationError, match="does not tell what is installed"):
        prepare([framed(f"python={python},fakeframe==1.2")])


@needs_uv
def test_a_backend_that_is_not_here_gets_an_environment_without_the_other_keras(
    place, tmp_path, monkeypatch
):
    """A nightly goes into the folder of the release: with both, each is half overwritten."""
    wheels = tmp_path / "more"
    wheel(wheels, "numpy", "0.1", "")
    wheel(wheels, "keras", "3.15.1", "")
    wheel(wheels, "keras_nightly", "3.16.0.dev1", "")
    wheel(wheels, "keras_fake", "0.0.1", "", needs=["keras"])
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    (spec,) = prepare(registry.select(["keras-fake@keras-nightly==3.16.0.dev1"]))
    (folder,) = place.glob("keras-nightly-*-environment-*")
    listed = json.loads((folder / "environment.json").read_text())["packages"]
    assert listed == ["keras-fake==0.0.1", "keras-nightly==3.16.0.dev1", "numpy==0.1"]
    assert spec.command[0] == str(folder / "venv/bin/python")
    assert spec.env["KERAS_BACKEND"] == "fake"


@pytest.mark.usefixtures("place")
def test_the_class_of_a_backend_is_handed_over(tmp_path):
    file = tmp_path / "own.py"
    file.touch()
    text = f"keras-fake@python={sys.prefix},backend={file}"
    (spec,) = prepare(registry.select([text]))
    assert spec.env["KERAS_CONFORMANCE_BACKEND"] == str(file)
    assert spec.name == f"keras-fake@python={Path(sys.prefix).name},backend=own"
