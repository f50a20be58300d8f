"""What comes out of Keras: the adapters that export, their table, and mistakes in their files."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest
from runs import Runner, write_cases

from conformance import cli
from conformance.adapters.host import registry
from conformance.adapters.shared.exporters import ROUTES
from conformance.exporting.page import BEGIN, EXPORTERS, rendered
from conformance.exporting.table import REFUSED, Table, Trouble, ending_of
from conformance.verdicts.model import CellVerdict, Known

FAKE = Path(__file__).parent / "fakes" / "exported.py"
DOCS = Path(__file__).parents[1] / "docs"

MISTAKES = ["transposed-kernel", "dropped-bias", "padding-on-the-other-side", "batch-axis-of-one"]

CASES = """\
- {id: sound, title: A dense layer, layer: Dense, input: {shape: [3]}, config: {units: 3}}
- {id: sound-convolution, title: A convolution, layer: Conv1D, input: {shape: [4, 2]},
   config: {filters: 2, kernel_size: 2, padding: same}}
- {id: transposed-kernel, title: A dense layer, layer: Dense, input: {shape: [3]},
   config: {units: 3}}
- {id: dropped-bias, title: A dense layer, layer: Dense, input: {shape: [3]}, config: {units: 2}}
- {id: padding-on-the-other-side, title: A convolution, layer: Conv1D, input: {shape: [4, 2]},
   config: {filters: 2, kernel_size: 2, padding: same}}
- {id: batch-axis-of-one, title: A dense layer, layer: Dense, input: {shape: [3]},
   config: {units: 2}}
"""


def _installed(route):
    return all(importlib.util.find_spec(name) for name in ("keras", *ROUTES[route].modules))


@pytest.mark.parametrize("route", ROUTES)
def test_a_mistake_in_the_file_is_seen_by_every_way_out(route, tmp_path, cache):
    if not _installed(route):
        pytest.skip(f"what {route} takes is not installed")
    folder = tmp_path / "cases"
    folder.mkdir()
    (folder / "seeded.yaml").write_text(CASES)
    runner = Runner(tmp_path, cache)
    runner.run("cases", adapters={"mistaken": f"{{python}} {{worker}} {FAKE} {route}"})
    verdicts = {
        case.rpartition("/")[2]: {facet.facet: facet.outcome for facet in cell.verdict.facets}
        for (case, _), cell in runner.records().cells.items()
    }
    for name in ("sound", "sound-convolution"):
        told = verdicts[name]
        assert {told["shape"], told["dtype"], told["values"], told["batch"]} == {"pass"}, name
    for name in MISTAKES:
        assert not {"fail", "error"}.isdisjoint(verdicts[name].values()), name


def test_exporters_are_asked_by_name_alone():
    for patterns in ([], ["*"], ["*torch", "keras-*"]):
        assert not {spec.name for spec in registry.select(patterns)} & set(ROUTES)
    assert [spec.name for spec in registry.select(["onnx-*"])] == [
        "onnx-torch",
        "onnx-tensorflow",
        "onnx-jax",
    ]
    (spec,) = registry.select(["savedmodel-jax"])
    assert (spec.env["KERAS_BACKEND"], spec.known_as) == ("jax", "keras-jax")
    assert set(ROUTES) < set(registry.names())


def test_an_exporter_runs_in_another_environment_too():
    (column,) = registry.select(["onnx-torch@onnxruntime==1.31.1"])
    assert column.name == "onnx-torch@onnxruntime==1.31.1"


def verdict(outcome, message="", known=None):
    told = None if known is None else Known(entry=known, kind="bug", reason="r", facets=["values"])
    return CellVerdict(case="a", adapter="onnx-torch", outcome=outcome, message=message, known=told)


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        (verdict("pass"), ("passes", "")),
        (verdict("xfail", known="an-entry"), ("deviates", "an-entry")),
        (verdict("fail", "values: 1 is out"), ("deviates", "values: 1 is out")),
        (verdict("error", "Load model from /srv/a/m.onnx failed"), None),
        (verdict("unsupported", f"{REFUSED}no such operator"), ("refused", "no such operator")),
        (verdict("unsupported", "no strings"), None),
        (verdict("not-installed"), None),
        (verdict("not-run"), None),
    ],
)
def test_how_a_case_ended(cell, told):
    if cell.outcome == "error":
        ending, why = ending_of(cell)
        assert (ending, why) == ("deviates", "Load model from m.onnx failed")
    else:
        assert ending_of(cell) == told


def table(**counts):
    trouble = Trouble(
        layer="Dense",
        case="layers/a[x=|<b>]",
        adapter="onnx-torch",
        ending="refused",
        why="<script>no</script>\x1b[2J Gather[axis=0](%31)",
    )
    return Table(
        versions={"onnx-torch": "torch 2.13.0", "pt2-torch": "torch 2.13.0"},
        level="",
        counts={"Dense": {"onnx-torch": counts}, "Flatten": {"onnx-torch": {"passes": 3}}},
        troubles=[trouble],
    )


def test_the_table_tells_what_passed_what_was_refused_and_what_deviates():
    text = rendered(table(passes=2, refused=1, deviates=4))
    assert "| [Dense](#dense) | 2 of 7: 1 refused, **4 wrong** | - |" in text
    assert "| Flatten | ✓ 3 | - |" in text


def test_what_an_exporter_says_can_write_nothing_into_the_page():
    text = rendered(table(refused=1))
    assert "<script>" not in text
    assert "\x1b" not in text
    assert "x=\\|" in text
    assert "](%31" not in text


def test_what_stands_above_the_mark_stays():
    page = EXPORTERS.within(f"# Mine\n\nWords.\n\n{BEGIN}\nold\n", table(passes=1))
    assert page.startswith(f"# Mine\n\nWords.\n\n{BEGIN}\n\nBy the cases")
    assert "old" not in page


def test_the_page_is_what_its_data_say():
    page = (DOCS / "exporters.md").read_text()
    assert page == EXPORTERS.within(page, EXPORTERS.read(DOCS / "exporters.json"))


def test_the_page_names_every_way_out_and_no_folder_of_a_machine():
    told = EXPORTERS.read(DOCS / "exporters.json")
    assert list(told.versions) == [name for name in ROUTES if name in told.versions]
    # One needs an environment of its own, and one takes longest.
    assert set(ROUTES) - {"litert-torch", "openvino-ir-tensorflow"} <= set(told.versions)
    assert not [one for one in told.troubles if re.search(r"(^|\s)/(tmp|home|work)/", one.why)]


def test_a_run_without_exporters_is_no_table(tmp_path, cache, capsys):
    write_cases(tmp_path, ["one"])
    runner = Runner(tmp_path, cache)
    runner.run("cases")
    code = cli.main(["exporters", str(runner.records_path())])
    assert (code, "no exporter answered" in capsys.readouterr().err) == (2, True)
