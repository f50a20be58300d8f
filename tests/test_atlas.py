"""Cases that know no right answer: recorded, watched, shown side by side, and never judged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import synthetic_runs as synthetic
from catalogue import ROOT, variants

from conformance import cli
from conformance.adapters.host.observation import (
    CallResult,
    Failure,
    Gradients,
    Observation,
    Output,
    State,
)
from conformance.atlas.entries import Atlas, Entry, atlas_of, call_of
from conformance.atlas.page import ATLAS, BEGIN, rendered
from conformance.cases import load_file
from conformance.comparing import compare
from conformance.records import read
from conformance.records.model import CellLine, Footer
from conformance.reference import evaluate
from conformance.run.lines import case_line
from conformance.verdicts.cell import judge_cell
from conformance.verdicts.model import FAILING

DOCS = Path(__file__).parents[1] / "docs"

CASE = """- id: clip
  title: clip with a least number above the largest
  unspecified: What clip answers then.
  function: ops.clip
  input: {values: [0.0, 2.0]}
  config: {x_min: 4.0, x_max: 1.0}
"""


@pytest.fixture
def clip(tmp_path):
    (tmp_path / "a.yaml").write_text(CASE)
    return load_file(tmp_path / "a.yaml").cases[0]


def answer(case, observation, **tensors):
    truth = evaluate(case)
    return judge_cell(
        case,
        "torch",
        expectation=truth.expectation,
        truth=truth.arrays,
        observation=observation,
        tensors=tensors,
    )


def numbers(case, values, dtype="float32"):
    array = np.asarray(values)
    output = Output(shape=list(array.shape), dtype=dtype, tensor="a")
    return answer(case, Observation(case=case.id, calls=[CallResult(outputs=[output])]), a=array)


@pytest.mark.parametrize(
    ("values", "dtype", "told"),
    [
        ([1.0, float("nan")], "float32", "float32 (2,): 1, nan"),
        ([0.1234567, -0.0], "float32", "float32 (2,): 0.12346, -0"),
        (7, "int32", "int32 (): 7"),
        ([True, False], "bool", "bool (2,): true, false"),
        ([1 - 2j], "complex64", "complex64 (1,): 1-2j"),
        (np.zeros((0, 2)), "float32", "float32 (0, 2)"),
        (np.arange(30), "int32", f"int32 (30,): {', '.join(map(str, range(24)))} … 30 in all"),
    ],
)
def test_an_answer_is_written_down_and_neither_passes_nor_fails(clip, values, dtype, told):
    verdict = numbers(clip, values, dtype)
    assert (verdict.outcome, verdict.message) == ("unspecified", told)
    assert verdict.outcome not in FAILING


def test_a_refusal_is_an_answer(clip):
    error = Failure(stage="call", type="torch.OutOfRange", message="no")
    verdict = answer(clip, Observation(case=clip.id, calls=[CallResult(error=error)]))
    assert (verdict.outcome, verdict.message) == ("unspecified", "raises OutOfRange")


def test_what_the_adapter_itself_raises_is_none(clip):
    error = Failure(stage="call", type="KeyError", message="x", internal=True)
    verdict = answer(clip, Observation(case=clip.id, calls=[CallResult(error=error)]))
    assert verdict.outcome == "unsupported"


def test_a_hostile_answer_can_write_nothing(clip):
    error = Failure(stage="call", type="A\x1b[2J\u202e", message="x")
    verdict = answer(clip, Observation(case=clip.id, calls=[CallResult(error=error)]))
    assert verdict.message.isprintable()


@pytest.mark.parametrize(
    ("beside", "said"),
    [
        ("  raises: call\n", "is beside `unspecified`"),
        ("  expect: {values: [1, 1]}\n", "is beside `unspecified`"),
        ("  without: {gradients: none}\n", "is beside `unspecified`"),
    ],
)
def test_beside_it_nothing_is_stated(tmp_path, beside, said):
    (tmp_path / "a.yaml").write_text(CASE + beside)
    found = load_file(tmp_path / "a.yaml")
    assert not found.cases
    assert said in str(found.problems[0])


CORNER = """- id: a
  title: t
  unspecified: x
  function: ops.abs
  input: {values: [0.0, 1.0]}
"""

LAYER = """- id: a
  title: t
  unspecified: x
  layer: MaxPooling1D
  input: {values: [[[1], [1]]]}
"""

DENSE = """- id: a
  title: t
  unspecified: x
  layer: Dense
  config: {units: 1}
  weights: {dense/kernel: [[2]], dense/bias: [0]}
  input: {values: [[3]]}
"""

TRAIN = "  train: {optimizer: SGD, loss: mean_squared_error, steps: 2}\n"

METRIC = """- id: a
  title: t
  unspecified: x
  object: metrics.Mean
  inputs: {y: {values: [1.0]}}
  steps:
    - update_state: [y]
    - result
"""

SGD = """- id: a
  title: t
  unspecified: x
  object: optimizers.SGD
  variables: {w: {values: [1.0, 2.0]}}
  inputs: {g: {values: [.nan, 1.0]}}
  steps: [apply: {w: g}, apply: {w: g}]
"""


def about(text, facet):
    """The same case, about another facet than the usual one."""
    return text.replace("unspecified: x\n", f"unspecified: {{{facet}: x}}\n")


def of(tmp_path, text):
    (tmp_path / "a.yaml").write_text(text)
    found = load_file(tmp_path / "a.yaml")
    assert not found.problems, [str(one) for one in found.problems]
    return found.cases[0]


def refused(tmp_path, text):
    (tmp_path / "a.yaml").write_text(text)
    found = load_file(tmp_path / "a.yaml")
    assert not found.cases
    return "\n".join(map(str, found.problems))


@pytest.mark.parametrize(
    ("text", "facet"),
    [
        (LAYER, "values"),
        (about(LAYER, "gradients"), "gradients"),
        (about(LAYER, "mask"), "mask"),
        (about(LAYER, "state"), "state"),
        (about(DENSE, "losses") + TRAIN, "losses"),
        (about(CORNER, "gradients"), "gradients"),
        (METRIC, "values"),
        (about(METRIC, "state"), "state"),
        (SGD, "state"),
    ],
)
def test_one_facet_is_asked_of_whatever_it_is_about(tmp_path, text, facet):
    case = of(tmp_path, text)
    assert case.program.facets == [facet]
    assert case.unspecified == "x"
    assert not case.program.extra
    assert evaluate(case).expectation.calls == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (about(LAYER, "weights"), "can't be unspecified"),
        (about(LAYER, "gradients: y, values"), "names 2 facets"),
        (about(LAYER, "losses"), "nothing is trained"),
        (LAYER + TRAIN, "is beside `unspecified`, which asks for no training"),
        (about(METRIC, "gradients"), "which no object has"),
        (about(CORNER, "mask"), "which no function has"),
        (
            about(LAYER, "gradients").replace("[[[1], [1]]]", "[[[1], [1]]], dtype: int32"),
            "no input is of floats",
        ),
        (
            "- id: a\n  title: t\n  unspecified: x\n  application: MobileNet\n",
            "is about an application",
        ),
    ],
)
def test_what_can_not_be_asked_is_refused(tmp_path, text, said):
    assert said in refused(tmp_path, text)


def test_gradients_are_asked_with_cotangents_that_can_be_counted(tmp_path):
    feeds = evaluate(of(tmp_path, about(LAYER, "gradients").replace("[1]]]", "[1], [1], [1]]]")))
    assert feeds.feeds["cotangent/0"].tolist() == [[[1], [2]]]
    text = about(CORNER, "gradients")
    assert evaluate(of(tmp_path, text)).feeds["cotangent/0"].tolist() == [1, 2]
    assert "cotangent/0" not in evaluate(of(tmp_path, LAYER)).feeds


def test_a_layer_that_the_documentation_may_refuse_is_fed_all_the_same(tmp_path):
    text = LAYER.replace("MaxPooling1D", "RepeatVector\n  config: {n: 0}").replace(
        "[[[1], [1]]]", "[[1]]"
    )
    feeds = evaluate(of(tmp_path, text)).feeds
    assert feeds["call/0/x"].tolist() == [[1]]


def test_weights_come_with_the_case(tmp_path):
    feeds = evaluate(of(tmp_path, DENSE)).feeds
    assert feeds["weight/dense/kernel"].tolist() == [[2]]


def told(case, **parts):
    """The verdict on an observation whose arrays are named by what they hold."""
    tensors = {key: np.asarray(value) for key, value in parts.pop("arrays", {}).items()}
    return answer(case, Observation(case=case.id, **parts), **tensors)


def test_gradients_are_told_by_the_input_and_the_weight(tmp_path):
    case = of(tmp_path, about(DENSE, "gradients"))
    gradients = Gradients(inputs={"x": "a"}, weights={"dense/kernel": "b"})
    arrays = {"a": np.float32([[-0.0, 1]]), "b": np.float32([[2]])}
    verdict = told(case, gradients=gradients, arrays=arrays)
    assert verdict.outcome == "unspecified"
    assert verdict.message == "dense/kernel (1, 1): 2; x (1, 2): 0, 1"


def test_gradients_that_raise_are_an_answer_and_none_are_no_answer(tmp_path):
    case = of(tmp_path, about(DENSE, "gradients"))
    error = Failure(stage="gradients", type="RuntimeError", message="no")
    assert told(case, errors={"gradients": error}).message == "raises RuntimeError"
    verdict = told(case, unsupported={"gradients": "it is for inference alone"})
    assert (verdict.outcome, verdict.message) == ("unsupported", "it is for inference alone")
    verdict = told(case)
    assert (verdict.outcome, verdict.broken) == ("error", "adapter")


def test_every_call_of_a_layer_is_told(tmp_path):
    case = of(tmp_path, LAYER)
    output = Output(shape=[1], dtype="float32", tensor="a")
    calls = [CallResult(outputs=[output]), CallResult(outputs=[output, output])]
    verdict = told(case, calls=calls, arrays={"a": np.float32([3])})
    assert verdict.message == ("float32 (1,): 3 | float32 (1,): 3; float32 (1,): 3")


def test_a_mask_is_told_and_so_is_that_there_is_none(tmp_path):
    case = of(tmp_path, about(LAYER, "mask"))
    mask = Output(shape=[2], dtype="bool", tensor="a")
    calls = [CallResult(masks=[mask, None])]
    verdict = told(case, calls=calls, arrays={"a": [True, False]})
    assert verdict.message == "bool (2,): true, false; none"


def test_of_an_optimizer_what_it_trains_is_told_as_it_is_in_the_end(tmp_path):
    case = of(tmp_path, SGD)
    names = ("0/w", "1/w", "1/iteration")
    state = State(weights={name: name for name in names})
    arrays = {"0/w": np.float32([9]), "1/w": np.float32([np.nan, 1]), "1/iteration": 2}
    assert told(case, state=state, arrays=arrays).message == "w (2,): nan, 1"
    assert told(of(tmp_path, about(METRIC, "state")), state=state, arrays=arrays).message == (
        "iteration (): 2; w (2,): nan, 1"
    )


def test_losses_are_told_step_by_step(tmp_path):
    case = of(tmp_path, about(DENSE, "losses") + TRAIN)
    verdict = told(case, state=State(losses="a"), arrays={"a": np.float32([2, np.nan])})
    assert verdict.message == "2, nan"
    verdict = told(case, unsupported={"state": "no training"})
    assert (verdict.outcome, verdict.message) == ("unsupported", "no training")


@pytest.mark.parametrize(
    ("text", "call"),
    [
        (LAYER, "MaxPooling1D()([[[1], [1]]])"),
        (
            DENSE,
            "Dense(units=1)([[3]]); dense/kernel = [[2]]; dense/bias = [0]",
        ),
        (
            about(LAYER, "losses") + TRAIN,
            "MaxPooling1D()([[[1], [1]]]); SGD, mean_squared_error, 2 steps",
        ),
        (LAYER + "  training: [true]\n", "MaxPooling1D()([[[1], [1]]]); training=True"),
        (METRIC, "metrics.Mean(); update_state([1]); result()"),
        (SGD, "optimizers.SGD(); w = [1, 2]; apply(w=[nan, 1]); apply(w=[nan, 1])"),
    ],
)
def test_a_call_is_written_as_one_would_write_it(tmp_path, text, call):
    assert call_of(case_line(of(tmp_path, text))) == call


def test_the_page_says_of_what_an_answer_tells(tmp_path):
    case = of(tmp_path, about(LAYER, "gradients"))
    run = recorded(tmp_path / "r.jsonl", case, {"torch": ("unspecified", "x (1,): 1")})
    page = rendered(atlas_of([run]))
    assert "## `MaxPooling1D`" in page
    assert "| gradients of `MaxPooling1D()([[[1], [1]]])` | x (1,): 1 | torch |" in page


def test_that_it_is_unspecified_is_part_of_what_a_case_is(tmp_path, clip):
    (tmp_path / "b.yaml").write_text(CASE.replace("  unspecified: What clip answers then.\n", ""))
    (tmp_path / "c.yaml").write_text(CASE.replace("What clip answers then.", "Other words."))
    assert load_file(tmp_path / "b.yaml").cases[0].digest != clip.digest
    assert load_file(tmp_path / "c.yaml").cases[0].digest == clip.digest


def recorded(path, case, answers, **header):
    names = dict.fromkeys(answers)
    lines = [synthetic.header([case.id], plan=names, **header), case_line(case)]
    lines += [synthetic.adapter(name) for name in answers]
    for name, (outcome, said) in answers.items():
        cell = synthetic.cell(case.id, name, outcome, said, facets=[])
        lines.append(CellLine(digest=case.digest, verdict=cell.verdict))
    lines.append(
        Footer(
            finished="2026-01-01T12:00:01Z", planned=len(answers), reported=len(answers), counts={}
        )
    )
    return read(synthetic.record(path, lines))


def test_a_changed_answer_is_told_by_a_comparison(tmp_path, clip):
    old = recorded(tmp_path / "o.jsonl", clip, {"torch": ("unspecified", "float32 (1,): 4")})
    same = recorded(tmp_path / "s.jsonl", clip, {"torch": ("unspecified", "float32 (1,): 4")})
    new = recorded(tmp_path / "n.jsonl", clip, {"torch": ("unspecified", "raises ValueError")})
    assert compare(old, same).counts == {"unchanged": 1}
    assert compare(old, new).counts == {"answer-changed": 1}
    assert compare(old, new).changes[0].message == "raises ValueError"


def test_who_agrees_stands_together(tmp_path, clip):
    run = recorded(
        tmp_path / "r.jsonl",
        clip,
        {
            "torch": ("unspecified", "float32 (2,): 1, 1"),
            "jax": ("unspecified", "float32 (2,): 4, 4"),
            "keras-torch": ("unspecified", "float32 (2,): 1, 1"),
            "keras-jax": ("unsupported", "no clip"),
            "keras-numpy": ("crash", "died"),
        },
    )
    page = rendered(atlas_of([run]))
    assert (
        "| `ops.clip([0, 2], x_min=4, x_max=1)` | float32 (2,): 1, 1 | keras-torch, torch |" in page
    )
    assert "|  | float32 (2,): 4, 4 | jax |" in page
    assert "(crash)" in page
    assert "no clip" not in page
    assert page.startswith("1 call, of which 1 are not answered alike by 5 adapters:")


def test_a_page_keeps_what_stands_above_its_mark():
    page = ATLAS.within("# Mine\n\nwords\n", Atlas(versions={}, entries=[]))
    assert page.startswith(f"# Mine\n\nwords\n\n{BEGIN}\n")
    assert ATLAS.within(page, Atlas(versions={}, entries=[])) == page


def test_a_call_can_write_no_cell_of_its_own():
    one = Entry(case="a/b", digest="", call="f(`x` | y)", unsaid="<b>", answers={"t": "a | b"})
    page = rendered(Atlas(versions={"t": "1"}, entries=[one]))
    assert "| `f('x' \\| y)` | a \\\\| b | t |" in page or "| `f('x' \\| y)` | a" in page
    assert "<b>" not in page


def test_the_command_says_what_it_lacks(tmp_path, capsys):
    path = synthetic.record(tmp_path / "records.jsonl", [synthetic.header(["a/b"])])
    assert cli.main(["atlas", str(path)]) == 2
    assert "knows no right answer" in capsys.readouterr().err
    assert cli.main(["atlas", str(tmp_path / "none.json")]) == 2
    assert "cannot read" in capsys.readouterr().err


class TestTheRepositorysOwn:
    def test_the_page_is_what_was_recorded(self):
        kept = ATLAS.read(DOCS / "atlas.json")
        page = (DOCS / "atlas.md").read_text("utf-8")
        assert page == ATLAS.within(page, kept), "keras-conformance atlas docs/atlas.json --into …"

    def test_every_case_is_on_it_as_it_is_now(self):
        kept = {entry.case: entry for entry in ATLAS.read(DOCS / "atlas.json").entries}
        cases = {case.id: case for several in variants("atlas").values() for case in several}
        assert kept.keys() == cases.keys()
        for name, case in cases.items():
            assert kept[name].digest == case.digest, name
            assert kept[name].call == call_of(case_line(case)), name

    def test_what_all_answer_alike_is_none_of_it(self):
        """What nobody disagrees on can be an ordinary case, with the majority's rule as source."""
        kept = ATLAS.read(DOCS / "atlas.json").entries
        split = {
            entry.case.partition("[")[0] for entry in kept if len({*entry.answers.values()}) > 1
        }
        assert {entry.case.partition("[")[0] for entry in kept} == split
        assert sum(len({*entry.answers.values()}) > 1 for entry in kept) >= 400

    def test_no_answer_is_the_end_of_a_process(self):
        kept = ATLAS.read(DOCS / "atlas.json").entries
        assert not [entry.case for entry in kept if "(crash)" in entry.answers.values()]

    def test_only_its_folder_has_such_cases(self):
        others = [path for path in ROOT.rglob("*.yaml") if "atlas" not in path.parts]
        assert not [path for path in others if "\n  unspecified:" in path.read_text("utf-8")]
