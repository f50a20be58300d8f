"""What comes out of Keras: the adapters that export, their table, and mistakes in their files."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import msgspec
import numpy as np
import pytest
import synthetic_runs as synthetic
from runs import Runner, write_cases

from conformance import cli
from conformance.adapters.exported import node
from conformance.adapters.host import registry
from conformance.adapters.shared.exporters import ROUTES, TFJS
from conformance.exporting.page import BEGIN, EXPORTERS, rendered
from conformance.exporting.table import NOT_READ, REFUSED, Table, Trouble, ending_of, joined
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


REFUSES_ALL = "tfjs-layers"
"""The way out whose reader takes no file that Keras 3 writes."""


HARMLESS = {"tfjs-layers-tf-keras": {"batch-axis-of-one"}}
"""tfjs takes batches of any size, whatever size a topology has for the axis."""


def _must_be_installed(route):
    told = ROUTES[route]
    for name in (told.keras, *told.modules):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} is not installed, which {route} takes")
    if told.format == TFJS:
        try:
            node.command()
        except ModuleNotFoundError as missing:
            pytest.skip(str(missing))


def _answered(route, tmp_path, cache):
    """The verdicts of the seeded cases, by their names."""
    _must_be_installed(route)
    folder = tmp_path / "cases"
    folder.mkdir()
    (folder / "seeded.yaml").write_text(CASES)
    runner = Runner(tmp_path, cache)
    runner.run("cases", adapters={"mistaken": f"{{python}} {{worker}} {FAKE} {route}"})
    return {
        case.rpartition("/")[2]: cell.verdict for (case, _), cell in runner.records().cells.items()
    }


@pytest.mark.parametrize("route", [name for name in ROUTES if name != REFUSES_ALL])
def test_a_mistake_in_the_file_is_seen_by_every_way_out(route, tmp_path, cache):
    verdicts = {
        case: {facet.facet: facet.outcome for facet in verdict.facets}
        for case, verdict in _answered(route, tmp_path, cache).items()
    }
    for name in ("sound", "sound-convolution"):
        told = verdicts[name]
        assert {told["shape"], told["dtype"], told["values"], told["batch"]} == {"pass"}, name
    for name in MISTAKES:
        seen = not {"fail", "error"}.isdisjoint(verdicts[name].values())
        assert seen != (name in HARMLESS.get(route, ())), name


def test_what_a_reader_in_another_language_refuses_is_told_in_its_words(tmp_path, cache):
    told = _answered(REFUSES_ALL, tmp_path, cache)
    assert len(told) == len(MISTAKES) + 2
    for verdict in told.values():
        assert verdict.outcome == "unsupported"
        assert verdict.message.startswith("import refused: ValueError: An InputLayer should be")


def test_node_says_what_javascript_raised_and_begins_anew_when_it_ends(tmp_path):
    _must_be_installed(REFUSES_ALL)
    one = node.Node()
    assert one.backend == "cpu"
    with pytest.raises(node.JavaScriptError, match="no such file") as raised:
        one.ask({"do": "load", "folder": str(tmp_path)})
    assert raised.value.type == "Error"
    with pytest.raises(node.JavaScriptError, match="that model is gone"):
        one.ask({"do": "call", "number": 1})
    with pytest.raises(node.NodeEndedError, match="cut short"):  # no dtype that tfjs has
        one.ask({"do": "call", "number": 1}, {"0": np.ones(2, "float64")})
    assert set(one.ask({"do": "hello"})[0]["versions"]) == {"node", "tfjs"}
    one.end()


@pytest.mark.parametrize("missing", ["node", "package"])
def test_what_is_not_there_of_node_is_told_with_how_to_get_it(missing, tmp_path, monkeypatch):
    program = tmp_path / "node"
    if missing == "package":
        program.write_text("")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv(node.FOLDER, str(tmp_path))
    with pytest.raises(ModuleNotFoundError) as raised:
        node.command()
    said = {"node": "no `node` on the path", "package": "npm ci --ignore-scripts"}
    assert said[missing] in str(raised.value)


def test_a_missing_converter_is_told_with_how_to_get_it():
    (spec,) = registry.select(["tfjs-layers"])
    assert spec.hint.startswith("pip install --no-deps tensorflowjs==")
    assert "tensorflowjs" in spec.requires


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
    (spec,) = registry.select(["tfjs-layers-tf-keras"])
    assert (spec.env["KERAS_BACKEND"], spec.known_as) == (None, "tf-keras")
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
        (verdict("unsupported", f"{NOT_READ}no such layer"), ("refused", "no such layer")),
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
        cases=["layers/a[x=|<b>]"],
        adapter="onnx-torch",
        ending="refused",
        why="<script>no</script>\x1b[2J Gather[axis=0](%31)",
    )
    return Table(
        versions={"onnx-torch": "torch 2.13.0", "pt2-torch": "torch 2.13.0"},
        levels={},
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


def test_a_way_by_which_nothing_comes_out_is_told_once_and_has_no_column():
    two = Table(
        versions={"onnx-torch": "torch 2.13.0", "tfjs-layers": "tfjs 4.22.0"},
        levels={},
        counts={"Dense": {"onnx-torch": {"passes": 2}, "tfjs-layers": {"refused": 2}}},
        troubles=[
            Trouble(
                layer="Dense",
                cases=["layers/a", "layers/b"],
                adapter="tfjs-layers",
                ending="refused",
                why="no size",
            )
        ],
    )
    text = rendered(two)
    assert "| Dense | ✓ 2 |" in text
    assert "`tfjs-layers`: none of 2 cases: refused 2: no size." in text
    assert "layers/a" not in text


def test_runs_take_the_place_of_what_an_earlier_table_says_of_the_same_way_out():
    found = Table(
        versions={"onnx-torch": "torch 2.14.0"},
        levels={"onnx-torch": "level 2: each layer once"},
        counts={"Dense": {"onnx-torch": {"passes": 5}}},
        troubles=[],
    )
    both = joined(table(passes=2, refused=1), found)
    assert both.versions == {"onnx-torch": "torch 2.14.0", "pt2-torch": "torch 2.13.0"}
    assert both.levels == {"onnx-torch": "level 2: each layer once"}
    assert "`onnx-torch` (level 2: each layer once): torch 2.14.0" in rendered(both)
    assert both.counts == {"Dense": {"onnx-torch": {"passes": 5}}}
    assert both.troubles == []
    other = joined(table(passes=2, refused=1), msgspec.structs.replace(found, versions={"x": "1"}))
    assert other.counts["Dense"] == {"onnx-torch": {"passes": 2, "refused": 1}}
    assert [one.adapter for one in other.troubles] == ["onnx-torch"]


def test_a_run_of_one_way_out_is_taken_into_the_page(tmp_path):
    earlier, page = tmp_path / "earlier.json", tmp_path / "page.md"
    earlier.write_bytes(msgspec.json.encode(table(passes=2, refused=1)))
    name = "layers/a/b"
    content = [
        synthetic.header([name], plan={"pt2-torch": None}),
        synthetic.case(name),
        synthetic.adapter("pt2-torch", versions={"torch": "2.15.0"}),
        synthetic.cell(name, "pt2-torch"),
    ]
    run = synthetic.record(tmp_path / "run.jsonl", content)
    assert cli.main(["exporters", str(earlier), str(run), "--into", str(page)]) == 0
    told = EXPORTERS.read(page.with_suffix(".json"))
    assert told.versions == {"onnx-torch": "torch 2.13.0", "pt2-torch": "torch 2.15.0"}
    assert told.counts["several layers"] == {"pt2-torch": {"passes": 1}}
    assert told.counts["Dense"] == {"onnx-torch": {"passes": 2, "refused": 1}}


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
    assert set(ROUTES) == set(told.versions)
    assert not [one for one in told.troubles if re.search(r"(^|\s)/(tmp|home|work)/", one.why)]


def test_a_run_without_exporters_is_no_table(tmp_path, cache, capsys):
    write_cases(tmp_path, ["one"])
    runner = Runner(tmp_path, cache)
    runner.run("cases")
    code = cli.main(["exporters", str(runner.records_path())])
    assert (code, "no exporter answered" in capsys.readouterr().err) == (2, True)
