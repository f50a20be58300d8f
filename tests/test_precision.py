"""Precision is declared, by operation, and never loosened in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import synthetic_runs as synthetic
from msgspec.structs import replace as changed
from reference_cases import case, chain, spec
from report_pages import run_of

from conformance import cli
from conformance.acceptance import UNITS, lowered_name, lowered_units
from conformance.adapters.host import registry
from conformance.adapters.host.observation import Hello
from conformance.adapters.host.registry import worker_command
from conformance.adapters.host.variant import Variant, VariantError
from conformance.adapters.shared.naming import PRECISION_VARIABLE
from conformance.adapters.worker.precision import declared
from conformance.cases import default_root, load
from conformance.cases.model import Data
from conformance.environments.preparing import prepare
from conformance.records.model import AdapterLine
from conformance.reference import evaluate
from conformance.reference.answer.store import Store
from conformance.reference.faults.applicable import applicable, find
from conformance.reference.faults.observe import observe
from conformance.report.terminal import headline, markdown, summary_text
from conformance.run.precision import delivered
from conformance.verdicts.cell import judge_cell

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.cases.model import Case

TF32_AND_BF16 = {"conv": "tensorfloat32", "matmul": "bfloat16"}
TF32 = {"conv": UNITS["tensorfloat32"]}

CONV = ("Conv2D", {"filters": 3, "kernel_size": 2, "name": "conv"})
TRANSPOSED = ("Conv2DTranspose", {"filters": 3, "kernel_size": 2, "name": "conv"})
DENSE = ("Dense", {"units": 3, "name": "dense"})


def made(*layers: Any, shape: list[int], **rest: Any) -> Case:
    return case(chain(*layers, given=spec(shape)), facets=["values", "gradients"], **rest)


def spreads(asked: Case, lowered: dict[str, float] | None = None) -> dict[str, Any]:
    answer = evaluate(asked, lowered=lowered)
    return {name: array for name, array in answer.arrays.items() if name.endswith("/spread")}


def outcomes(asked: Case, fault: str, lowered: dict[str, float] | None) -> dict[str, str]:
    """What becomes of the facets of a framework with this fault, with this much room."""
    answer = evaluate(asked, lowered=lowered)
    seen = observe(asked, answer.feeds, find(asked, fault) if fault else None)
    verdict = judge_cell(
        asked,
        "reference",
        expectation=answer.expectation,
        truth=answer.arrays,
        observation=seen.observation,
        tensors=seen.tensors,
    )
    return {one.facet: one.outcome for one in verdict.facets}


@pytest.mark.parametrize("layer", [CONV, TRANSPOSED])
def test_only_the_operation_that_is_coarser_gets_room(layer: Any) -> None:
    asked = made(layer, shape=[5, 5, 2])
    before, after = spreads(asked), spreads(asked, TF32)
    assert before.keys() == after.keys()
    for name, spread in before.items():
        if name.endswith("conv/bias/spread"):  # a sum of cotangents, no product
            assert np.array_equal(spread, after[name])
        else:
            assert (after[name] > 100 * spread).all(), name
    of_products = spreads(asked, {"matmul": UNITS["tensorfloat32"]})
    assert all(np.array_equal(of_products[name], spread) for name, spread in before.items())


def test_a_product_is_no_convolution() -> None:
    asked = made(DENSE, shape=[5])
    before, after = spreads(asked), spreads(asked, TF32)
    assert all(np.array_equal(after[name], spread) for name, spread in before.items())


def test_numbers_that_the_coarser_precision_holds_get_none() -> None:
    whole = chain(CONV, given=spec([5, 5, 2], data=Data(kind="integers")))
    asked = case(whole, facets=["values"], weights="integers")
    assert spreads(asked, TF32).keys() == spreads(asked).keys()
    assert evaluate(asked, lowered=TF32).expectation.calls[0].outputs[0].spread == ""


@pytest.mark.parametrize(
    ("fault", "lowered", "outcome"),
    [
        ("tensorfloat32-operands", None, "fail"),
        ("tensorfloat32-operands", TF32, "pass"),
        ("tensorfloat32-operands", {"matmul": UNITS["tensorfloat32"]}, "fail"),
        ("bfloat16-operands", {"conv": UNITS["bfloat16"]}, "pass"),
    ],
)
def test_what_is_declared_passes_and_nothing_else(
    fault: str, lowered: dict[str, float] | None, outcome: str
) -> None:
    asked = made(CONV, shape=[5, 5, 2])
    assert outcomes(asked, fault, lowered)["values"] == outcome


def test_a_wrong_default_is_seen_in_spite_of_the_room() -> None:
    asked = made(("Conv2D", {**CONV[1], "dilation_rate": 2}), shape=[5, 5, 2])
    asked = changed(asked, program=changed(asked.program, facets=["values"]))
    wrong = [one.name for one in applicable(asked) if one.name.startswith("ignored:")]
    assert wrong
    assert all("pass" not in outcomes(asked, name, TF32).values() for name in wrong)
    assert outcomes(asked, "", TF32)["values"] == "pass"


def influenced() -> Case:
    """A case of the documents that states what an input's cell changes."""
    found = load([default_root() / "documents" / "dense.yaml"]).cases
    return next(one for one in found if one.expect.influence)


def test_influence_passes_where_products_are_coarser_as_declared() -> None:
    asked = influenced()
    assert outcomes(asked, "tensorfloat32-operands", None)["values"] == "fail"
    found = outcomes(asked, "tensorfloat32-operands", {"matmul": UNITS["tensorfloat32"]})
    assert found["influence"] == found["values"] == "pass"


@pytest.mark.parametrize(
    ("precision", "probe", "lowered", "problem"),
    [
        ("float32", {"matmul": 0.4, "conv": 15.9}, {}, ""),
        ("float32", {"matmul": 0.4, "conv": 700.0}, {}, "works conv in tensorfloat32 (700 times"),
        ("float32", {"matmul": 9000.0, "conv": 9000.0}, {}, "conv in bfloat16"),
        ("float32", {"matmul": float("nan")}, {}, "matmul in bfloat16"),
        ("tensorfloat32", {"matmul": 0.4, "conv": 700.0}, {"conv": "tensorfloat32"}, ""),
        ("bfloat16", {"matmul": 9e3, "conv": 700.0}, TF32_AND_BF16, ""),
        (
            "tensorfloat32",
            {"matmul": 9e3, "conv": 0.4},
            {},
            "declares tensorfloat32 and works matm",
        ),
        ("tensorfloat32", {"matmul": 0.4, "conv": 0.4}, {}, ""),
        ("tensorfloat32", {}, dict.fromkeys(("conv", "matmul"), "tensorfloat32"), ""),
        ("float64", {"matmul": 0.4, "conv": 0.4}, {}, ""),
        ("float8", {}, {}, "declares the precision 'float8'; known are float64, float32"),
    ],
)
def test_what_is_delivered_is_held_against_what_is_declared(
    precision: str, probe: dict[str, float], lowered: dict[str, str], problem: str
) -> None:
    found = delivered(Hello(precision=precision, probe=probe))
    assert found.lowered == lowered
    assert problem in found.problem
    assert bool(found.problem) == bool(problem)


def test_operations_travel_as_text() -> None:
    name = lowered_name(TF32_AND_BF16)
    assert name == "conv=tensorfloat32,matmul=bfloat16"
    assert lowered_units(name) == {"conv": 2.0**-11, "matmul": 2.0**-8}
    assert lowered_units("") == {}
    with pytest.raises(ValueError, match="no operation with its precision"):
        lowered_units("relu=bfloat16")


def test_answers_with_more_room_are_kept_apart(tmp_path: Path) -> None:
    store, asked = Store(tmp_path), made(CONV, shape=[5, 5, 2])
    store.put(asked, evaluate(asked, lowered=TF32), lowered="conv=tensorfloat32")
    assert store.get(asked) is None
    assert not store.has(asked, lowered="conv=bfloat16")
    store.put(asked, evaluate(asked))
    plain, roomy = store.get(asked), store.get(asked, lowered="conv=tensorfloat32")
    assert plain is not None
    assert roomy is not None
    assert plain.digest != roomy.digest


def run_with(tmp_path: Path, **adapter: Any) -> Any:
    lines = synthetic.lines()
    name = next(line.name for line in lines if isinstance(line, AdapterLine))
    made_so = [
        changed(line, **adapter) if isinstance(line, AdapterLine) and line.name == name else line
        for line in lines
    ]
    return name, run_of(tmp_path, made_so)


def test_what_is_not_as_declared_is_in_the_first_line_of_summary_and_report(tmp_path: Path) -> None:
    name, run = run_with(tmp_path, imprecise="declares float32 and works conv in tensorfloat32")
    first = summary_text(run, width=300).splitlines()[0]
    assert first.startswith(f"Precision: {name} declares float32 and works conv in tensorfloat32.")
    assert headline(run).startswith(f"Not in the declared precision: {name}. ")
    assert f"Not in the declared precision: {name}" in markdown(run).splitlines()[0]


def test_what_gets_more_room_is_said_first(tmp_path: Path) -> None:
    said = {"precision": "tensorfloat32", "lowered": {"conv": "tensorfloat32"}}
    name, run = run_with(tmp_path, **said)
    first = summary_text(run, width=300).splitlines()[0]
    assert f"{name} is declared tensorfloat32: conv in tensorfloat32" in first
    assert headline(run).startswith(f"With more room, as declared: {name} (conv in tensorfloat32)")
    name, run = run_with(tmp_path / "none", precision="tensorfloat32")
    assert "delivers float32: nothing" in summary_text(run, width=300).splitlines()[0]


def test_where_all_is_float32_nothing_is_said(tmp_path: Path) -> None:
    _, run = run_with(tmp_path)
    assert "Precision" not in summary_text(run, width=300)
    assert "precision" not in headline(run)


@pytest.mark.parametrize("word", ["tf32", "tensorfloat32"])
def test_a_column_declares_a_precision(word: str) -> None:
    found = Variant.parse(f"keras==3.15.1,precision={word}")
    assert found.precision == "tensorfloat32"
    assert found.label == "keras==3.15.1,precision=tf32"


@pytest.mark.parametrize(
    "text", ["precision=float32", "precision=", "precision=tf32,precision=bf16"]
)
def test_other_precisions_are_refused(text: str) -> None:
    with pytest.raises(VariantError, match="precision"):
        Variant.parse(text)


def test_a_column_of_a_precision_tells_its_adapter(monkeypatch: pytest.MonkeyPatch) -> None:
    (column,) = prepare(registry.select(["keras-numpy@precision=tf32"]))
    assert column.env[PRECISION_VARIABLE] == "tensorfloat32"
    (plain,) = registry.select(["keras-numpy"])
    assert plain.env[PRECISION_VARIABLE] is None  # whatever the user has set
    monkeypatch.setenv(PRECISION_VARIABLE, "bfloat16")
    assert declared() == "bfloat16"


COARSE = """
import numpy as np


class Coarse:
    def hello(self):
        return {"versions": {"coarse": "1"}, "probe": {"conv": 700.0, "matmul": 0.3}}

    def run(self, program, tensors):
        return {"calls": []}, {}


def create(name):
    return Coarse()
"""


def test_a_run_that_does_not_deliver_is_faulty_and_says_so_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    module = tmp_path / "coarse.py"
    module.write_text(COARSE)
    command = " ".join(worker_command(str(module), "coarse"))
    options = ["--adapter", "coarse", "--adapter-command", f"coarse={command}"]
    code = cli.main(["run", "documents/dense/last-axis", *options, "--reports", str(tmp_path)])
    told = " ".join(capsys.readouterr().out.split())
    assert code == 1
    assert "Precision: coarse declares float32 and works conv in tensorfloat32" in told
    assert told.index("Precision: coarse") < told.index("adapter versions")
