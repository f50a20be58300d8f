"""Scripts that stand alone: they parse, hold no foreign code, and really show the numbers."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from repro_cells import catalogue, judged, line_of

from conformance.records.model import AdapterLine, CaseLine, CellLine
from conformance.repro.native import TABLES, Extract
from conformance.repro.script import NoScript, script
from conformance.repro.text import comment, literal
from conformance.repro.versions import check_lines
from conformance.verdicts.model import CellVerdict, Comparison, FacetVerdict, Worst

if TYPE_CHECKING:
    from conformance.cases.model import Case

ADAPTERS = [
    "keras-tensorflow",
    "keras-torch",
    "keras-jax",
    "keras-numpy",
    "keras-openvino",
    "keras-mlx",
    "keras-tinygrad",
    "tf-keras",
    "torch",
    "jax",
    "flax",
]
FRAMEWORKS = {"keras", "tf_keras", "tensorflow", "torch", "jax", "flax", "openvino"}
STANDARD = {"os", "hashlib", "functools", "importlib", "math", "numpy", "tempfile"}


def cell_of(case: Case, adapter: str, *facets: FacetVerdict) -> CellLine:
    outcome = "fail" if any(f.outcome == "fail" for f in facets) else "pass"
    verdict = CellVerdict(case=case.id, adapter=adapter, outcome=outcome, facets=list(facets))
    return CellLine(digest=case.digest, verdict=verdict)


def wrong(facet: str, what: str, index: list[int], expected: float) -> FacetVerdict:
    worst = Worst(index=index, expected=expected, observed=expected + 4.0, times=4e6)
    found = Comparison(what=what, message="is off", worst=[worst])
    return FacetVerdict(facet=facet, outcome="fail", message="is off", comparisons=[found])


def imported(source: str) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").split(".")[0])
    return names


def called(source: str) -> set[str]:
    """Last names of everything that a script calls."""
    calls = [node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return {
        function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        for function in calls
    }


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_every_documents_case_has_a_script_of_the_framework_alone(adapter: str) -> None:
    without = []
    for case in catalogue().values():
        if case.suite != "documents":
            continue
        try:
            text = script(line_of(case), cell_of(case, adapter))
        except NoScript as reason:
            without.append((case.id, str(reason)))
            continue
        assert imported(text) <= FRAMEWORKS | STANDARD, case.id
        compile(ast.parse(text, feature_version=(3, 9)), case.id, "exec")
        assert "conformance" not in "".join(
            line for line in text.splitlines() if not line.startswith("#")
        )
    for name, reason in without:
        assert "refusals" in name, (name, reason)


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("facet", ["gradients", "batch", "params", "symbolic_shape", "state"])
def test_facets_that_cannot_be_shown_say_so(adapter: str, facet: str) -> None:
    case = catalogue()["documents/training/sgd[steps=1]"]
    try:
        text = script(line_of(case), cell_of(case, adapter), facet=facet)
    except NoScript as reason:
        assert facet in str(reason)  # noqa: PT017 - either outcome is right, and each is checked
    else:
        assert any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(text)))


def test_a_model_that_remembers_is_called_as_often_as_in_the_run() -> None:
    """Whether or not the case asks what the calls leave of it."""
    case = catalogue()["layers/recurrent/masks/kept[layer=LSTM,unroll=false]"]
    facets = [name for name in case.program.facets if name != "state"]
    silent = msgspec.structs.replace(
        case, program=msgspec.structs.replace(case.program, facets=facets)
    )
    for one in (case, silent):
        second = script(
            line_of(one), cell_of(one, "keras-torch", wrong("values", "call 1 output 0", [0, 0], 1))
        )
        assert "for earlier in before:" in second
        first = script(
            line_of(one), cell_of(one, "keras-torch", wrong("values", "call 0 output 0", [0, 0], 1))
        )
        assert "before" not in first


def test_a_layer_that_is_adapted_again_is_adapted_again_in_the_script() -> None:
    case = catalogue()["layers/preprocessing/adapt/normalization-again-and-again"]
    text = script(line_of(case), cell_of(case, "keras-torch"))
    adapted = [line for line in text.splitlines() if ".adapt(" in line]
    assert [line.count("], [") for line in adapted] == [1, 2, 2]


def test_a_facet_that_was_not_answered_gets_no_script() -> None:
    case = catalogue()["documents/dense/last-axis"]
    judged = FacetVerdict(facet="gradients", outcome="unsupported", message="it has none")
    with pytest.raises(NoScript, match="doesn't answer the facet gradients: it has none"):
        script(line_of(case), cell_of(case, "keras-numpy", judged), facet="gradients")


@pytest.mark.parametrize("recorded", [True, False])
def test_a_facet_that_has_no_answer_gets_no_script(*, recorded: bool) -> None:
    one = judged(
        "layers/preprocessing/encoding/discretization-of-infinities[output_mode=int]", "keras-torch"
    )
    with pytest.raises(NoScript, match="gradients has no answer: no float input and no trainable"):
        script(one.line, one.cell, None, "gradients", None if recorded else one.answer)


HOSTILE = [
    '"""\nimport os; os.system("false")\n"""',
    "x'); import os; os.system('false') #",
    "a\r\nimport os",
    "\u2028import os\x0cimport os",
    "\N{RIGHT-TO-LEFT OVERRIDE}evil",
    "\\",
    "{x}{0}%s",
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("adapter", ADAPTERS)
def test_hostile_strings_stay_data(adapter: str, text: str) -> None:
    honest = catalogue()["documents/functional/two-branches"]
    fails = wrong("values", "output 0", [0, 0], 1.0)
    plain = script(line_of(honest), cell_of(honest, adapter, fails))
    changed: Any = msgspec.to_builtins(line_of(honest))
    changed["title"] = text
    changed["id"] = text
    changed["source"]["document"] = text
    renamed = changed["program"]["model"]
    first = renamed["nodes"][0]["name"]
    for node in renamed["nodes"]:
        node["name"] = text if node["name"] == first else node["name"]
        node["inputs"] = [text if name == first else name for name in node["inputs"]]
    case = msgspec.convert(changed, CaseLine)
    cell = cell_of(honest, adapter, wrong("values", text, [0, 0], 1.0))
    adapted = AdapterLine(name=adapter, status="ready", versions={text: text})
    hostile = script(case, cell, adapted, facet="values")
    assert imported(hostile) == imported(plain)
    assert called(hostile) == called(plain)


@pytest.mark.parametrize("name", ["x) or evil(", "def", "a b", "é"])
def test_an_argument_that_is_no_name_gets_no_script(name: str) -> None:
    case = catalogue()["documents/dense/last-axis"]
    changed: Any = msgspec.to_builtins(line_of(case))
    changed["program"]["model"]["nodes"][0]["config"][name] = 1
    with pytest.raises(NoScript):
        script(msgspec.convert(changed, CaseLine), cell_of(case, "keras-jax"))


def test_a_script_says_what_to_install_and_looks_what_is_there() -> None:
    case = catalogue()["documents/dense/last-axis"]
    versions = {
        "keras": "3.16.0.dev2026102704",
        "keras-mlx": "0.0.1",
        "mlx": "0.32.4",
        "numpy": "2.4.6",
        "evil; rm": "1.0",
        "odd": "1.0 --index-url evil",
    }
    adapter = AdapterLine(name="keras-mlx", status="ready", versions=versions)
    fails = wrong("values", "output 0", [0, 0, 0], 1.0)
    text = script(line_of(case), cell_of(case, "keras-mlx", fails), adapter)
    head = [line for line in text.splitlines() if line.startswith("# pip")]
    assert head == [
        "# pip install keras-nightly==3.16.0.dev2026102704 mlx==0.32.4 numpy==2.4.6",
        "# pip install --no-deps keras-mlx==0.0.1",
    ]
    looked = next(line for line in text.splitlines() if line.startswith("for name, seen in"))
    assert ast.literal_eval(
        looked.removeprefix("for name, seen in ").removesuffix(".items():")
    ) == {
        "keras-nightly": "3.16.0.dev2026102704",
        "keras-mlx": "0.0.1",
        "mlx": "0.32.4",
        "numpy": "2.4.6",
    }


@pytest.mark.parametrize(
    ("versions", "told"),
    [
        ({"pytest": pytest.__version__}, "(as it was seen)"),
        ({"pytest": f"{pytest.__version__}+cpu"}, "(as it was seen)"),
        ({"pytest": "0.1"}, "(seen with 0.1: it may differ)"),
        ({"no-such-package": "1.0"}, "is not installed (seen with 1.0: it may differ)"),
    ],
)
def test_other_versions_are_told_and_nothing_more(versions: dict[str, str], told: str) -> None:
    lines = ["from importlib.metadata import distributions", *check_lines(versions, 400)]
    printed = run("\n".join(lines))
    assert (printed.returncode, printed.stderr) == (0, "")
    assert printed.stdout.rstrip().endswith(told)


def test_an_unknown_adapter_gets_no_script() -> None:
    case = catalogue()["documents/dense/last-axis"]
    with pytest.raises(NoScript, match="not one of this suite's own"):
        script(line_of(case), cell_of(case, "mlx"))


def test_comments_are_one_printable_line() -> None:
    assert comment("a\nb\rc\x00d\u202ee") == "# a\\nb\\rc\\x00d\\u202ee"


@pytest.mark.parametrize("value", [None, True, -0.5, "a'b", [1, [2.5]], (1,), {"a": [None]}])
def test_literals_read_back(value: Any) -> None:
    assert ast.literal_eval(literal(value)) == value


def test_infinity_is_a_literal_too() -> None:
    assert literal([float("inf"), float("-inf")]) == '[float("inf"), float("-inf")]'


@pytest.mark.parametrize("adapter", ["torch", "jax", "flax"])
def test_every_native_function_stands_alone(adapter: str) -> None:
    table = TABLES[adapter]
    for entries in table.layers.values():
        for entry in entries:
            extract = Extract(table)
            extract.add(entry.module, entry.function, entry.package)
            text = "\n\n".join(extract.texts.values())
            tree = ast.parse(text)
            assert not [n for n in ast.walk(tree) if getattr(n, "annotation", None)], entry
            frameworks = {"flax", "jax"} if adapter == "flax" else {adapter}
            assert imported("\n".join(extract.imports)) <= {
                *frameworks,
                "functools",
                "math",
                "numpy",
            }
    for function in table.activations.values():
        Extract(table).add("activation", function.name, function.package)


def run(source: str) -> subprocess.CompletedProcess[str]:
    env = {
        **os.environ,
        "JAX_PLATFORMS": "cpu",
        "OMP_NUM_THREADS": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    return subprocess.run(
        [sys.executable, "-"], input=source, capture_output=True, text=True, check=False, env=env
    )


@pytest.mark.frameworks
@pytest.mark.parametrize(
    ("adapter", "facet"),
    [("torch", "values"), ("torch", "gradients"), ("jax", "values"), ("flax", "values")],
)
def test_a_script_shows_what_deviates_and_passes_when_it_does_not(adapter: str, facet: str) -> None:
    pytest.importorskip(adapter)
    from conformance.reference import evaluate

    case = catalogue()["documents/recurrent/gru"]
    answer = evaluate(case)
    expectation = answer.expectation
    if facet == "values":
        what, key = "output 0", expectation.calls[0].outputs[0].tensor
    else:
        assert expectation.gradients is not None
        what, key = "gradient of gru/kernel", expectation.gradients.weights["gru/kernel"].tensor
    truth = float(answer.arrays[key][1, 2])
    honest = wrong(facet, what, [1, 2], truth)
    right = run(script(line_of(case, expectation.seed), cell_of(case, adapter, honest)))
    assert right.returncode == 0, right.stderr
    deviating = wrong(facet, what, [1, 2], truth + 0.01)
    shown = run(script(line_of(case, expectation.seed), cell_of(case, adapter, deviating)))
    assert shown.returncode == 1
    assert "AssertionError: 1 of these numbers deviate" in shown.stderr
