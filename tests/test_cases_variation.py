"""``vary``, ``unless`` and ``combine``: which cases come of them, and what they are called."""

from __future__ import annotations

import itertools
import json
import math
import re
import runpy
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.cases import combining, load_file
from conformance.cases import load as load_cases
from conformance.cases.model import to_json
from conformance.facets import FACETS, MODEL
from conformance.facets import REPEATS as OF_ANY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.cases.combining import Clause, Combination

ROOT = Path(__file__).parents[1]
REPEATS = frozenset(
    name for name in OF_ANY if MODEL in FACETS[name].kinds and not FACETS[name].stated_by
)
"""Those of a model."""
HEAD = "- id: a\n  title: t\n  source: {keras: keras.layers.Conv2D}\n"
WRAPPED = (
    "input: {shape: [2, 7, 8, 6]}\nlayer: TimeDistributed\n"
    "config: {layer: {Conv2D: {filters: 4, kernel_size: 3}}}\n"
)
CONV = "input: {shape: [7, 8, 6]}\nlayer: Conv2D\nconfig: {filters: 4, kernel_size: 3}\n"


@pytest.fixture
def load(tmp_path: Path) -> Any:
    def load(body: str) -> Any:
        file = tmp_path / "x.yaml"
        file.write_text(HEAD + textwrap.indent(textwrap.dedent(body), "  "))
        return load_file(file)

    return load


@pytest.fixture
def ids(load: Any) -> Any:
    def ids(body: str) -> list[str]:
        found = load(body)
        assert not found.problems
        return [case.id.removeprefix("x/a") for case in found.cases]

    return ids


@pytest.fixture
def problem(load: Any) -> Any:
    def problem(body: str) -> str:
        found = load(body)
        assert not found.cases
        (only,) = found.problems
        return str(only)

    return problem


def test_product(load: Any) -> None:
    found = load(CONV + "vary:\n  strides: [1, [2, 1]]\n  padding: [valid, same]\n")
    assert [case.id for case in found.cases] == [
        "x/a[strides=1,padding=valid]",
        "x/a[strides=1,padding=same]",
        "x/a[strides=2x1,padding=valid]",
        "x/a[strides=2x1,padding=same]",
    ]
    last = found.cases[-1]
    assert last.variation == {"config.strides": [2, 1], "config.padding": "same"}
    (node,) = last.program.model.nodes
    assert node.config == {"filters": 4, "kernel_size": 3, "strides": [2, 1], "padding": "same"}
    assert len({case.digest for case in found.cases}) == 4
    assert found.cases[0].yaml is last.yaml
    assert last.suite == "x"
    assert last.family == "x"


def test_a_variant_with_numbers_that_json_lacks_travels_as_json(load: Any) -> None:
    (case,) = load(
        "function: ops.exp\ninput: {values: [1.0]}\nvary: {input.values: [[.nan, -.inf, 0.5]]}\n"
    ).cases
    assert case.variation == {"input.values": ["nan", "-inf", 0.5]}
    json.dumps(to_json(case), allow_nan=False)


def test_unless_leaves_out_what_it_names(ids: Any) -> None:
    found = ids(
        CONV + "vary: {strides: [1, 2, [2, 1]], dilation_rate: [1, 2]}\n"
        "unless: [{strides: [2, [2, 1]], dilation_rate: 2}]\n"
    )
    assert found == [
        "[strides=1,dilation_rate=1]",
        "[strides=1,dilation_rate=2]",
        "[strides=2,dilation_rate=1]",
        "[strides=2x1,dilation_rate=1]",
    ]


def test_one_at_a_time(ids: Any) -> None:
    found = ids(
        CONV + "vary: {strides: [1, 2], padding: [valid, same], use_bias: [true, false]}\n"
        "combine: one-at-a-time\n"
    )
    assert found == [
        "[strides=1,padding=valid,use_bias=true]",
        "[strides=2,padding=valid,use_bias=true]",
        "[strides=1,padding=same,use_bias=true]",
        "[strides=1,padding=valid,use_bias=false]",
    ]


def test_paths_reach_every_part_of_a_case(load: Any) -> None:
    found = load("""\
        input: {shape: [3, 4]}
        model: [Flatten, {Dense: {units: 1}}]
        vary:
          "input.shape, expect.output_shape": [[[4], [null, 2]], [[3, 4], [null, 2]]]
          model.1.Dense.units: [2]
          model.0.Flatten.data_format: [channels_first]
          input.dtype: [float64]
          weights: [integers]
        """)
    assert not found.problems
    assert [case.id for case in found.cases] == [
        f"x/a[shape={shape},units=2,data_format=channels_first,dtype=float64,weights=integers]"
        for shape in ("4", "3x4")
    ]
    program = found.cases[0].program
    assert program.model.inputs[0].shape == [4]
    assert program.model.inputs[0].dtype == "float64"
    assert program.weights == "integers"
    assert program.model.nodes[0].config == {"data_format": "channels_first"}
    assert found.cases[0].expect.output_shape == [None, 2]


def test_what_varies_can_be_said_in_json_whatever_it_is(load: Any) -> None:
    found = load(
        "function: ops.exp\ninput: {values: [1.0]}\n"
        "vary: {input.values: [[.nan], [-.inf], [2.0]]}\n"
    )
    assert not found.problems
    told = [case.variation["input.values"] for case in found.cases]
    assert json.loads(json.dumps(told, allow_nan=False)) == [["nan"], ["-inf"], [2.0]]


def test_variants_do_not_touch_each_other_or_an_alias(load: Any, tmp_path: Path) -> None:
    file = tmp_path / "y.yaml"
    file.write_text(
        "- &first\n  id: a\n  title: t\n  source: {keras: keras.layers.Dense}\n"
        "  input: {shape: [3]}\n  model: &model\n    - Dense: {units: 1}\n"
        "- id: b\n  title: t\n  source: {keras: keras.layers.Dense}\n"
        "  input: {shape: [3]}\n  model: *model\n  vary: {model.0.Dense.units: [5, 6]}\n"
        "- id: c\n  title: t\n  source: {keras: keras.layers.Dense}\n"
        "  input: {shape: [3]}\n  model: *model\n"
    )
    found = load_file(file)
    assert not found.problems
    units = [case.program.model.nodes[0].config["units"] for case in found.cases]
    assert units == [1, 5, 6, 1]
    del load


@pytest.mark.parametrize(
    ("vary", "expected"),
    [
        ("padding: [valid, same]", ["padding=valid", "padding=same"]),
        ("use_bias: [true, false]", ["use_bias=true", "use_bias=false"]),
        ("activation: [null, relu]", ["activation=null", "activation=relu"]),
        ("strides: [2, [2], [2, 1]]", ["strides=2", "strides=2#1", "strides=2x1"]),
        ("padding: ['a b', same]", ["padding=#0", "padding=same"]),
        (
            "kernel_initializer: [{RandomNormal: {stddev: 0.5}}, {a: 1, b: 2}]",
            ["kernel_initializer=RandomNormal", "kernel_initializer=#1"],
        ),
        (
            "'padding, strides': [[valid, 1], [valid, 2], [same, 1]]",
            ["padding=valid,strides=1", "padding=valid,strides=2", "padding=same,strides=1"],
        ),
        (
            "'padding, strides': [[valid, 1], [same, 2]]",
            ["padding=valid", "padding=same"],
        ),
        (
            "'padding, expect.output_shape': [[valid, [null]], [valid, [null, null]]]",
            ["padding=valid", "padding=valid#1"],
        ),
    ],
)
def test_ids_are_readable_and_unique(ids: Any, vary: str, expected: list[str]) -> None:
    assert ids(f"{CONV}vary: {{{vary}}}\n") == [f"[{one}]" for one in expected]


def test_ids_spell_paths_out_where_their_ends_are_alike(ids: Any) -> None:
    found = ids(
        "input: {shape: [3]}\nmodel: [{Dense: {units: 1}}, {Dense: {units: 1}}]\n"
        "vary: {model.0.Dense.units: [2], model.1.Dense.units: [3]}\n"
    )
    assert found == ["[model.0.Dense.units=2,model.1.Dense.units=3]"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("vary: 5\n", "expected a mapping of keys"),
        ("vary: {}\n", "expected a mapping of keys"),
        ("vary: {strides: 2}\n", "vary.strides: is the number 2; expected a list of 1 to 500"),
        ("vary: {strides: []}\n", "expected a list of 1 to 500 values"),
        ("vary: {id: [a, b]}\n", "'id' can't vary"),
        ("vary: {strids: [2]}\n", "did you mean 'strides'?"),
        ("vary: {input.shap: [[2]]}\n", "did you mean 'shape'?"),
        ("vary: {input.shape.7: [2]}\n", "expected the index of an item"),
        ("vary: {config.filters.a: [2]}\n", "there is nothing at config.filters"),
        ("vary: {strides: [1], config.strides: [2]}\n", "config.strides varies twice"),
        ("vary: {'strides, padding': [[1, same], [2]]}\n", "expected a list of 2"),
        ("vary: {strides: [1, 2]}\ncombine: []\n", "expected one of product, pairwise"),
        ("vary: {strides: [1, 2]}\ncombine: all\n", "expected one of product, pairwise"),
        ("vary: {strides: [1, 2]}\nunless: [{stride: 1}]\n", "did you mean 'strides'?"),
        ("vary: {strides: [1, 2]}\nunless: [{strides: 3}]\n", "3 is no value of strides"),
        ("vary: {strides: [1, true]}\nunless: [{strides: [[1]]}]\n", "is no value of strides"),
        ("vary: {strides: [1, 2]}\nunless: 5\n", "expected a list of 1 to 200"),
        ("vary: {strides: [1, 2]}\nunless: [{strides: [1, 2]}]\n", "leaves out every combination"),
        ("vary: {strides: [1, 2]}\nunless: [{strides: 1}]\n", "`unless` leaves out every one with"),
        ("vary: {filters: [1, 2, 99999999999]}\n", "at most 67,108,864"),
    ],
)
def test_mistakes(problem: Any, body: str, said: str) -> None:
    assert said in problem(CONV + body)


def test_a_list_among_the_values_is_named_by_a_list_of_it(load: Any) -> None:
    body = CONV + "vary: {strides: [1, [2, 1]]}\nunless: [{strides: [2, 1]}]\n"
    assert "for the list itself write [[2, 1]]" in str(load(body).problems[0])


def test_a_mistake_in_a_varied_value_is_shown_once_and_where_it_is(load: Any) -> None:
    found = load(CONV + "vary:\n  padding: [valid, same]\n  use_bias: [true, 'no']\n")
    (problem,) = found.problems
    assert (problem.place.line, problem.place.column, problem.key) == (9, 22, "config.use_bias")
    assert not found.cases


def test_a_mistake_that_two_cases_share_spoils_both(tmp_path: Path) -> None:
    file = tmp_path / "y.yaml"
    rest = "  title: t\n  source: {keras: keras.layers.Dense}\n  input: {shape: [3]}\n"
    file.write_text(
        f"- id: a\n{rest}  model: &model\n    - Dense: {{unit: 1}}\n"
        f"- id: b\n{rest}  model: *model\n- id: c\n{rest}  layer: Flatten\n"
    )
    found = load_file(file)
    assert [case.id for case in found.cases] == ["y/c"]
    assert [problem.place.line for problem in found.problems] == [6, 6]


def test_mistakes_of_a_case_show_beside_those_of_its_vary(load: Any) -> None:
    found = load("input: {shape: 5}\nlayer: Dens\nvary: {units: [1, 2]}\ncombine: both\n")
    text = "\n".join(map(str, found.problems))
    assert all(part in text for part in ("combine: ", "write [5]", "did you mean 'Dense'?"))


@pytest.mark.parametrize("combine", ["product", "pairwise", "one-at-a-time"])
def test_too_many_cases_are_refused_quickly(load: Any, combine: str) -> None:
    values = list(range(1, 301))
    keys = "".join(f"  config.k{i}: {values}\n" for i in range(20))
    began = time.process_time()
    found = load(f"{CONV}vary:\n{keys}combine: {combine}\n")
    assert time.process_time() - began < 5
    assert not found.cases
    assert found.problems


def test_pairwise_of_a_convolution_is_small(load: Any) -> None:
    found = load(
        CONV + "vary: {strides: [1, 2, [2, 1]], padding: [valid, same], dilation_rate: [1, 2],\n"
        "  groups: [1, 2], data_format: [channels_last, channels_first]}\n"
        "unless: [{strides: [2, [2, 1]], dilation_rate: 2}]\ncombine: pairwise\n"
    )
    assert not found.problems
    assert 6 <= len(found.cases) <= 9  # of 32


# --- the covering array, by itself ---------------------------------------------------------

COUNTS = st.lists(st.integers(1, 4), min_size=1, max_size=6)


@st.composite
def spaces(draw: Any) -> tuple[list[int], list[Clause]]:
    counts = draw(COUNTS)
    axes = st.integers(0, len(counts) - 1)
    clauses = []
    for _ in range(draw(st.integers(0, 4))):
        chosen = draw(st.sets(axes, min_size=1, max_size=3))
        clauses.append(
            {
                axis: frozenset(draw(st.sets(st.integers(0, counts[axis] - 1), min_size=1)))
                for axis in sorted(chosen)
            }
        )
    return counts, clauses


def pairs(rows: Sequence[Combination]) -> set[Any]:
    return {pair for row in rows for pair in itertools.combinations(enumerate(row), 2)}


@settings(deadline=None, max_examples=80)
@given(spaces())
def test_pairwise_covers_every_possible_pair_and_nothing_forbidden(
    space: tuple[list[int], list[Clause]],
) -> None:
    counts, clauses = space
    every = combining.product(counts, clauses, 10_000)
    few = combining.pairwise(counts, clauses, 10_000)
    assert set(few) <= set(every)
    assert pairs(few) == pairs(every)
    assert few == sorted(set(few))
    assert few == combining.pairwise(counts, clauses, 10_000)
    assert len(few) <= len(every)


@settings(deadline=None, max_examples=60)
@given(spaces())
def test_one_at_a_time_is_allowed_and_differs_in_one(
    space: tuple[list[int], list[Clause]],
) -> None:
    counts, clauses = space
    every = combining.product(counts, clauses, 10_000)
    found = combining.one_at_a_time(counts, clauses, 10_000)
    assert set(found) <= set(every)
    assert bool(found) == bool(every)
    if found:
        base = found[0]
        assert base == every[0]
        near = [row for row in every if sum(map(int.__ne__, row, base)) == 1]
        assert sorted(found[1:]) == sorted(near)


@pytest.mark.parametrize(
    ("counts", "most"),
    [((2,) * 10, 10), ((3,) * 4, 12), ((3,) * 13, 24), ((4, 4, 4, 4, 4), 26), ((10, 10), 100)],
)
def test_pairwise_stays_near_the_best_known_sizes(counts: tuple[int, ...], most: int) -> None:
    found = combining.pairwise(counts, [], 10_000)
    assert math.prod(sorted(counts)[-2:]) <= len(found) <= most


def bits(row: Combination, counts: list[int]) -> int:
    """A bit for each of a combination's values."""
    before = itertools.accumulate(counts, initial=0)
    return sum(1 << start + value for start, value in zip(before, row, strict=False))


@settings(deadline=None, max_examples=80)
@given(spaces())
def test_few_rows_show_every_value_and_none_is_taken_in_vain(
    space: tuple[list[int], list[Clause]],
) -> None:
    counts, clauses = space
    every = combining.product(counts, clauses, 10_000)
    shown = {row: bits(row, counts) for row in every}
    few = combining.few_that_show_all(shown)
    assert few <= set(every)
    assert {choice for row in few for choice in enumerate(row)} == {
        choice for row in every for choice in enumerate(row)
    }
    assert len(few) <= max(1, sum(counts) - len(counts) + 1)
    assert few == combining.few_that_show_all(shown)


def test_few_rows_are_found_quickly_among_many() -> None:
    every = itertools.product(range(400), range(25))
    shown = {row: bits(row, [400, 25]) for row in every}
    begin = time.process_time()
    assert len(combining.few_that_show_all(shown)) == 400
    assert time.process_time() - begin < 5


def test_answers_are_asked_for_in_other_ways_where_a_value_is_new(load: Any) -> None:
    found = load(CONV + "vary: {strides: [1, 2, 3], padding: [valid, same]}\n").checked()
    asked = {case.id.partition("[")[2]: set(case.program.facets) & REPEATS for case in found}
    assert asked == {
        "strides=1,padding=valid]": REPEATS,
        "strides=1,padding=same]": set(),
        "strides=2,padding=valid]": set(),
        "strides=2,padding=same]": REPEATS,
        "strides=3,padding=valid]": REPEATS,
        "strides=3,padding=same]": set(),
    }
    for case in found:
        batch = [call.facet for call in case.program.every_call].count("batch")
        assert batch == ("batch" in case.program.facets)
        assert {"values", "gradients", "symbolic_shape"} <= set(case.program.facets)
    assert len({case.digest for case in found}) == len(found)


def test_a_case_that_does_not_vary_is_asked_for_everything(load: Any) -> None:
    (case,) = load(CONV).checked()
    assert set(case.program.facets) >= REPEATS


def test_a_row_that_asks_for_nothing_again_stands_for_no_value(load: Any) -> None:
    """`padding: same` is round-tripped although the first row with it asks for no round trip."""
    found = load(
        CONV + "vary:\n"
        '  "strides, without":\n'
        "    - [1, {compiled: not here, config_round_trip: no, save_round_trip: no, batch: no}]\n"
        "    - [2, {values: not here}]\n"
        "  padding: [valid, same]\n"
    ).checked()
    assert [bool(set(case.program.facets) & REPEATS) for case in found] == [
        False,
        False,
        True,
        True,
    ]


def test_each_way_of_asking_again_is_asked_with_every_value_for_itself(load: Any) -> None:
    """In training no row is fed alone; the row that stands for a value there may be another one."""
    found = load(
        "input: {shape: [4, 3]}\nlayer: Dropout\nconfig: {rate: 0.0}\n"
        "vary: {call.training: [true, false], rate: [0.0, 0.5], seed: [1, 2]}\n"
        "combine: pairwise\n"
        "without: {values: drawn}\n"
    ).checked()
    for name in ("rate", "seed"):
        for value in {case.variation[f"config.{name}"] for case in found}:
            rows = [case for case in found if case.variation[f"config.{name}"] == value]
            asked = set().union(*(case.program.facets for case in rows))
            assert asked >= REPEATS, (name, value)


# --- the cases of one file together -----------------------------------------------------------


@pytest.fixture
def repeats(tmp_path: Path) -> Any:
    """What each case of a file is asked for once more, by the part of its id that is its own."""

    def repeats(*cases: str) -> dict[str, set[str]]:
        file = tmp_path / "x.yaml"
        heads = [HEAD.replace("id: a", f"id: {name}") for name in "abcdef"]
        written = [
            head + textwrap.indent(textwrap.dedent(body), "  ")
            for head, body in zip(heads, cases, strict=False)
        ]
        file.write_text("\n".join(written))
        found = load_file(file).checked()
        return {c.id.removeprefix("x/"): set(c.program.facets) & REPEATS for c in found}

    return repeats


def test_a_later_case_is_asked_again_only_for_what_is_new(repeats: Any) -> None:
    asked = repeats(
        CONV,
        CONV.replace("[7, 8, 6]", "[9, 4, 6]"),
        CONV.replace("filters: 4", "filters: 4, strides: 2"),
        CONV.replace("filters: 4", "filters: 4, use_bias: false, strides: 2"),
    )
    # `a` shows what the others leave out; `d` shows all that `c` does.
    assert asked == {"a": REPEATS, "b": set(), "c": set(), "d": REPEATS}


def test_no_value_of_any_argument_is_left_out(repeats: Any) -> None:
    asked = repeats(
        CONV + "vary: {strides: [1, 2], padding: [valid, same]}\n",
        CONV + "vary: {strides: [2, 3], use_bias: [true, false]}\n",
    )
    names = [name for name, facets in asked.items() if facets]
    shown = {part for name in names for part in re.split(r"[\[\],]", name)}
    values = {"strides=1", "strides=2", "strides=3", "padding=valid", "padding=same"}
    assert values | {"use_bias=true", "use_bias=false"} <= shown
    assert sum(bool(facets) for facets in asked.values()) < len(asked)


@pytest.mark.parametrize(
    "other",
    [
        CONV.replace("Conv2D", "DepthwiseConv2D").replace("filters: 4, ", ""),
        CONV.replace("[7, 8, 6]}", "[7, 8, 6], dtype: float16}"),
        CONV.replace("[7, 8, 6]}", "[null, 8, 6], sizes: [7, 8, 6]}"),
        CONV.replace("filters: 4", "filters: 4, dtype: float16"),
        CONV.replace("filters: 4", "filters: 5"),
        "input: {shape: [7, 8, 6]}\nmodel: [Conv2D: {filters: 4, kernel_size: 3}, Flatten: {}]\n",
        WRAPPED,
    ],
    ids=["layer", "input dtype", "open size", "dtype", "value", "model", "layer inside"],
)
def test_what_makes_a_case_worth_asking_again(repeats: Any, other: str) -> None:
    asked = repeats(CONV, other, CONV.replace("[7, 8, 6]", "[9, 4, 6]"))
    assert asked["b"] == REPEATS
    assert asked["c"] == set()


def test_each_layer_inside_another_is_a_layer_of_its_own(repeats: Any) -> None:
    wrapped = (
        "input: {shape: [3, 4]}\nlayer: TimeDistributed\nconfig: {layer: {Dense: {units: 4}}}\n"
    )
    asked = repeats(
        wrapped,
        wrapped.replace("units: 4", "units: 4, use_bias: false"),
        "input: {shape: [3, 4]}\nlayer: Dense\nconfig: {units: 4, use_bias: false}\n",
    )
    assert all(asked.values())


def test_a_reason_that_is_written_takes_the_facet_away_and_another_case_shows_it(
    repeats: Any,
) -> None:
    asked = repeats(CONV + "without: {save_round_trip: no file}\n", CONV)
    assert asked["a"] | asked["b"] == REPEATS
    assert "save_round_trip" in asked["b"]
    assert "save_round_trip" not in asked["a"]


# --- what another revision asked ---------------------------------------------------------------


def asked_by(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], **more: set[str]
) -> tuple[int, str]:
    """tools/asked.py, told that an earlier catalogue asked for this, and for more of some cases."""
    facets = {case.id: {*case.program.facets} for case in load_cases().checked()}
    for case, further in more.items():
        facets[case] |= further
    before = tmp_path / "before.json"
    listed = [{"id": name, "facets": sorted(asked)} for name, asked in facets.items()]
    before.write_text(json.dumps(listed))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["tools/asked.py", str(before)])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(ROOT / "tools/asked.py"), run_name="__main__")
    return int(ended.value.code or 0), capsys.readouterr().out


def test_the_tool_finds_nothing_lost_where_nothing_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, text = asked_by(tmp_path, capsys)
    assert status == 0
    assert ", 0 lost" in text
    # Of a layer alone, its repeats may be asked of another case with the same arguments.
    name = next(
        case.id
        for case in load_cases().checked()
        if case.family == "layers/convolutional" and REPEATS.isdisjoint(case.program.facets)
    )
    assert asked_by(tmp_path, capsys, **{name: {"compiled"}})[0] == 0


def test_the_tool_finds_what_is_lost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "documents/input_shape/" + next(
        case.id.rpartition("/")[2]
        for case in load_cases().checked()
        if case.family == "documents/input_shape" and "save_round_trip" in case.without
    )
    status, text = asked_by(tmp_path, capsys, **{name: {"save_round_trip"}})
    assert status == 1
    assert "lost: documents/input_shape.yaml Lambda" in text
