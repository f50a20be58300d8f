"""What no case asks of Keras: a list with reasons, and the page that is rendered of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance import cli
from conformance.cases import load
from conformance.coverage import Argument, Inventory, LayerInfo, measure, read_exemptions
from conformance.coverage.missing import PENDING, missing
from conformance.coverage.page import page

ROOT = Path(__file__).parents[1]
X = Argument("inputs")
KERAS = Inventory(
    "9.0",
    {
        "Dense": LayerInfo([Argument("units"), Argument("use_bias", default=True)], [X]),
        "Dropout": LayerInfo([Argument("rate"), Argument("seed", default=None)], [X]),
        "Gone": LayerInfo([], [X]),
        "Odd": LayerInfo([], [X]),
    },
    {
        "ops.sum": LayerInfo([], [Argument("x"), Argument("axis", default=None)]),
        "ops.cond": LayerInfo([], [Argument("pred")]),
        "ops.abs": LayerInfo([], [Argument("x")]),
        "random.normal": LayerInfo([], [Argument("shape")]),
    },
    {"callbacks": ["Callback", "History"], "datasets.mnist": ["load_data"]},
)
CASES = """\
- id: dense
  title: A layer
  layer: Dense
  input: {shape: [3]}
  config: {units: 2}
  without: {gradients: they are of no interest}
- id: refused
  title: A refusal
  layer: Dense
  input: {shape: [3]}
  config: {units: -1}
  raises: build
- id: dropout
  title: Another layer
  layer: Dropout
  input: {shape: [3]}
  vary: {rate: [0.1, 0.2]}
- id: sum
  title: A function
  function: ops.sum
  input: {shape: [2]}
"""
EXEMPT = """\
- {layers: Odd, reason: It is odd.}
- {layers: Dense, arguments: use_bias, reason: Nobody minds.}
- {layers: "*", facets: random, lacking: seed, reason: It draws nothing.}
- {symbols: ops.cond, reason: It takes functions.}
- {namespaces: "datasets.*", reason: They download.}
"""


@pytest.fixture
def found(tmp_path: Path):
    file = tmp_path / "cases" / "some.yaml"
    file.parent.mkdir()
    file.write_text(CASES)
    exempt = tmp_path / "exempt.yaml"
    exempt.write_text(EXEMPT)
    exemptions, problems = read_exemptions(exempt)
    assert not problems
    measured = measure(KERAS, load([file]).checked(), exemptions)
    assert not measured.stale
    return {space.name: space for space in missing(measured)}


def told(space, kind):
    return {(gap.subject, gap.part): gap.reason for gap in space.gaps if gap.kind == kind}


def test_each_thing_that_is_not_asked_is_there_with_its_reason(found) -> None:
    assert told(found["layers"], "whole") == {("Odd", ""): "It is odd.", ("Gone", ""): PENDING}
    assert told(found["layers"], "argument") == {
        ("Dense", "units"): PENDING,  # of one value
        ("Dense", "use_bias"): "Nobody minds.",
        ("Dropout", "seed"): PENDING,
    }
    assert told(found["ops"], "whole") == {
        ("cond", ""): "It takes functions.",
        ("abs", ""): PENDING,
    }
    assert told(found["ops"], "argument") == {("sum", "axis"): PENDING}
    assert told(found["callbacks"], "whole") == {
        ("Callback", ""): PENDING,
        ("History", ""): PENDING,
    }
    assert told(found["datasets.mnist"], "whole") == {("load_data", ""): "They download."}


def test_a_facet_has_the_cases_own_reason_or_the_exemptions_or_what_it_needs(found) -> None:
    facets = told(found["layers"], "facet")
    assert facets["Dense", "gradients"] == "They are of no interest."
    assert facets["Dense", "random"] == "It draws nothing."
    assert facets["Dropout", "random"] == "No case yet in which `random` is there."
    assert facets["Dropout", "raises"] == "No case yet in which `raises` is there."
    # A refusal asks for that facet, and exercises nothing.
    assert ("Dense", "raises") not in facets
    assert ("Dense", "values") not in facets
    # A function has no config that a round trip could lose.
    of_sum = {
        part: why for (name, part), why in told(found["ops"], "facet").items() if name == "sum"
    }
    assert of_sum.keys() == {"raises", "random", "open_batch", "from_lists"}
    assert of_sum["open_batch"].startswith("Its cases feed arrays of one axis")


def test_what_is_left_out_on_purpose_is_told_from_what_has_no_case_yet(found) -> None:
    pending = {(gap.subject, gap.part) for gap in found["layers"].gaps if gap.pending}
    assert ("Gone", "") in pending
    assert ("Dropout", "random") in pending
    assert ("Odd", "") not in pending
    assert ("Dense", "gradients") not in pending


def test_the_page_has_a_table_for_each_namespace(found) -> None:
    rendered = page("9.0", list(found.values()))
    assert "| `keras.layers` | 4 | 2 | 1 | 1 | 3 |" in rendered
    assert "## `keras.ops`" in rendered
    assert "| all of it | `cond` | It takes functions. |" in rendered
    assert "| argument `use_bias` | `Dense` | Nobody minds. |" in rendered
    assert "| `keras.datasets.mnist` | `load_data` | They download. |" in rendered
    assert "## `keras.random`" not in rendered  # nothing of it is asked: it stands at the end
    assert "| `keras.random` | `normal` | No case yet. |" in rendered


def test_of_many_the_others_are_named(tmp_path: Path) -> None:
    names = [f"N{number:02}" for number in range(30)]
    keras = Inventory("9.0", {}, {f"ops.{name}": LayerInfo([], [X]) for name in [*names, "sum"]})
    file = tmp_path / "cases" / "some.yaml"
    file.parent.mkdir()
    file.write_text(CASES)
    spaces = missing(measure(keras, load([file]).checked(), []))
    assert "| all of it | all but `sum` | No case yet. |" in page("9.0", spaces)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{namespaces: a, facets: values, reason: r}", "says nothing beside `namespaces`"),
        ("{layers: a, facets: values, arguments: b, reason: r}", "is beside `arguments`"),
        ("{layers: a, lacking: b, reason: r}", "is here without `facets`"),
        ("{layers: a, facets: [valeus], reason: r}", "names no facet: valeus"),
    ],
)
def test_a_mistaken_exemption_is_told(tmp_path: Path, entry, said) -> None:
    file = tmp_path / "exempt.yaml"
    file.write_text(f"- {entry}\n")
    exemptions, problems = read_exemptions(file)
    assert not exemptions
    assert said in str(problems[0])


def test_an_exemption_of_a_facet_that_is_asked_is_stale(tmp_path: Path) -> None:
    file = tmp_path / "cases" / "some.yaml"
    file.parent.mkdir()
    file.write_text(CASES)
    exempt = tmp_path / "exempt.yaml"
    exempt.write_text("- {layers: Dense, facets: values, reason: r}\n")
    measured = measure(KERAS, load([file]).checked(), read_exemptions(exempt)[0])
    assert "exempt.yaml:1" in measured.stale[0]


def test_the_command_writes_the_page_and_the_list(tmp_path: Path, capsys) -> None:
    into = tmp_path / "page.md"
    assert cli.main(["coverage", "--missing", "--into", str(into)]) == 0
    assert cli.main(["coverage", "--missing"]) == 0
    assert capsys.readouterr().out == into.read_text(encoding="utf-8")
    assert cli.main(["coverage", "--missing", "--json"]) == 0
    gaps = json.loads(capsys.readouterr().out)
    assert {
        "namespace": "ops",
        "kind": "whole",
        "subject": "cond",
        "part": "",
        "pending": False,
    } in [{key: gap[key] for key in gap if key != "reason"} for gap in gaps]
    assert all(gap["reason"] for gap in gaps)
    assert cli.main(["coverage", "--into", str(into)]) == 2
    assert "--missing" in capsys.readouterr().err


def test_the_page_is_up_to_date(tmp_path: Path) -> None:
    into = tmp_path / "page.md"
    assert cli.main(["coverage", "--missing", "--into", str(into)]) == 0
    kept = (ROOT / "docs/not-covered.md").read_text(encoding="utf-8")
    assert into.read_text(encoding="utf-8") == kept, (
        "render it: keras-conformance coverage --missing --into docs/not-covered.md"
    )
