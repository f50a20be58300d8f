"""A porting guide says what the records prove, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from synthetic_runs import adapter, case, cell, header

from conformance import cli
from conformance.adapters.host.observation import Native, NativeCall
from conformance.cases.model import Call, Graph, InputSpec, Model, Node
from conformance.porting import Argument, Guide, Row, porting_rows
from conformance.porting.command import restored
from conformance.porting.markdown import pages
from conformance.porting.model import Refusal, Way
from conformance.records import Writer, read

DOCS = Path(__file__).parents[1] / "docs/porting"


def program(name: str, layer: str, config: dict[str, Any], shape: list[int | None]) -> Graph:
    model = Model(
        form="sequential",
        inputs=[InputSpec(name="x", shape=shape)],
        nodes=[Node(name="n", layer=layer, config=config, inputs=["x"])],
        outputs=["n"],
    )
    return Graph(case=name, model=model, calls=[Call(batch=2)], facets=["values"])


class Records:
    """A record file of one layer in torch, line by line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.told: list[tuple[str, Graph, Any]] = []

    def ran(
        self,
        layer: str,
        config: dict[str, Any],
        *calls: NativeCall,
        keras: dict[str, Any],
        **more: Any,
    ) -> None:
        name = more.pop("name", f"layers/some/{layer.lower()}[{len(self.told)}]")
        model = more.pop("model", None)
        symbol = more.pop("symbol", calls[0].symbol if calls else "")
        outcome, message = more.pop("outcome", "pass"), more.pop("message", "")
        shape = more.pop("shape", (3,))
        native = Native(node="n", symbol=symbol, calls=list(calls), keras=keras, **more)
        asked = program(name, layer, config, list(shape))
        if model is not None:
            asked = replace(asked, model=model)
        line = cell(name, "torch", outcome, message, [], native=[native])
        self.told.append((name, asked, line))

    def rows(self) -> list[Row]:
        return porting_rows([read(self.write())], ["torch"])

    def write(self) -> Path:
        path = self.folder / "records.jsonl"
        with Writer(path) as writer:
            writer.write(header([name for name, *_ in self.told], plan={"torch": None}))
            for name, asked, _ in self.told:
                writer.write(case(name, program=asked))
            writer.write(adapter("torch"))
            for *_, line in self.told:
                writer.write(line)
        return path


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return Records(tmp_path)


def norm(momentum: float, eps: float) -> NativeCall:
    return NativeCall(
        symbol="torch.nn.functional.batch_norm",
        arguments={"momentum": momentum, "eps": eps},
        defaults={"momentum": 0.1, "eps": 1e-5},
    )


def normalized(records: Records) -> None:
    for config, momentum, epsilon in (
        ({}, 0.99, 1e-3),
        ({"momentum": 0.5}, 0.5, 1e-3),
        ({"epsilon": 0.25, "momentum": 0.7}, 0.7, 0.25),
    ):
        records.ran(
            "BatchNormalization",
            config,
            norm(1 - momentum, epsilon),
            keras={"momentum": momentum, "epsilon": epsilon},
        )


def arguments(row: Row) -> dict[str, Argument]:
    return {argument.native: argument for argument in row.ways[0].arguments}


def test_a_conversion_is_found_in_the_calls_and_so_are_both_defaults(records: Records) -> None:
    normalized(records)
    (row,) = records.rows()
    found = arguments(row)
    momentum, eps = found["momentum"], found["eps"]
    assert (momentum.rule, momentum.kind) == ("1 - momentum", "converted")
    assert (momentum.keras_default, momentum.native_default) == (0.99, 0.1)
    assert momentum.equivalent == pytest.approx(0.01)
    assert (eps.rule, eps.kind, eps.keras_default, eps.native_default) == (
        "epsilon",
        "same",
        1e-3,
        1e-5,
    )
    assert momentum.differs
    assert eps.differs


def test_a_rule_that_fails_once_is_none(records: Records) -> None:
    normalized(records)
    records.ran(
        "BatchNormalization",
        {"momentum": 0.2},
        norm(0.2, 1e-3),
        keras={"momentum": 0.2, "epsilon": 1e-3},
    )
    (row,) = records.rows()
    assert arguments(row)["momentum"].kind == "computed"


@pytest.mark.parametrize("outcome", ["fail", "xfail", "error", "crash"])
def test_what_did_not_pass_proves_nothing(records: Records, outcome: str) -> None:
    normalized(records)
    records.ran(
        "BatchNormalization",
        {"momentum": 0.2},
        norm(0.2, 1e-3),
        keras={"momentum": 0.2, "epsilon": 1e-3},
        outcome=outcome,
    )
    (row,) = records.rows()
    assert arguments(row)["momentum"].rule == "1 - momentum"
    assert row.ways[0].cases == 3


def test_equal_defaults_are_not_told_as_different(records: Records) -> None:
    for config, alpha in (({}, 1.0), ({"alpha": 0.5}, 0.5)):
        given = {} if alpha == 1.0 else {"alpha": alpha}
        call = NativeCall(
            symbol="torch.nn.ELU", arguments=given, defaults={"alpha": 1.0} if given else {}
        )
        records.ran("ELU", config, call, keras={"alpha": alpha})
    (row,) = records.rows()
    assert not arguments(row)["alpha"].differs


def test_an_argument_that_is_always_passed_is_told(records: Records) -> None:
    for units in (2, 3):
        call = NativeCall(
            symbol="torch.nn.LSTM",
            arguments={"input_size": 5, "hidden_size": units, "batch_first": True},
            defaults={"batch_first": False},
        )
        records.ran("LSTM", {"units": units}, call, keras={"units": units}, shape=(4, 5))
    (row,) = records.rows()
    found = arguments(row)
    assert (found["batch_first"].kind, found["batch_first"].rule) == ("fixed", "True")
    assert found["hidden_size"].rule == "units"
    assert found["input_size"].kind == "input"


@pytest.mark.parametrize(("rates", "kind"), [((0.02, 0.02), "computed"), ((None, None), "fixed")])
def test_a_number_that_every_case_gave_alike_is_no_rule(records, rates, kind) -> None:
    """Whether it is always 0.02, or what Keras was given, nothing tells; left out, it is."""
    for width, rate in zip((2, 3), rates, strict=True):
        given = {} if rate is None else {"learning_rate": rate}
        call = NativeCall(
            symbol="torch.optim.Adamax", arguments={"lr": 0.02}, defaults={"lr": 0.002}
        )
        keras = {"learning_rate": 0.02, "width": width}
        records.ran("Dense", {"width": width, **given}, call, keras=keras)
    (row,) = records.rows()
    assert arguments(row)["lr"].kind == kind


def test_two_ways_are_told_apart_by_what_each_was_given(records: Records) -> None:
    for activation in ("tanh", "tanh", "tanh", "relu", "selu"):
        own = activation == "tanh"
        records.ran(
            "LSTM",
            {"activation": activation},
            NativeCall(symbol="torch.nn.LSTM" if own else "torch.matmul"),
            keras={"activation": activation},
            composed=not own,
        )
    (row,) = records.rows()
    assert [way.symbol for way in row.ways] == ["torch.nn.LSTM", "torch.matmul"]
    (condition,) = row.ways[0].conditions
    assert (condition.keras, condition.values) == ("activation", ["tanh"])


def test_what_stands_around_a_module_and_when(records: Records) -> None:
    for padding in ("same", "valid", "same"):
        calls = [NativeCall(symbol="torch.nn.Conv1d")]
        if padding == "same":
            calls.append(NativeCall(symbol="torch.nn.functional.pad", around=True))
        records.ran("Conv1D", {"padding": padding}, *calls, keras={"padding": padding})
    (row,) = records.rows()
    (around,) = row.ways[0].around
    assert (around.symbol, around.always) == ("torch.nn.functional.pad", False)
    assert [(c.keras, c.values, c.always) for c in around.conditions] == [
        ("padding", ["same"], True)
    ]


def test_a_refusal_is_told_with_its_case(records: Records) -> None:
    records.ran(
        "GRU",
        {"stateful": True},
        keras={},
        outcome="unsupported",
        message="GRU: the argument stateful=True is not handled here",
    )
    (row,) = records.rows()
    assert row.ways == []
    assert row.refusals[0].reason == "the argument stateful=True is not handled here"


def called(symbol: str, inputs: list[str], arguments: dict[str, Any]) -> Model:
    return Model(
        form="function",
        inputs=[InputSpec(name=name, shape=[3]) for name in inputs],
        nodes=[
            Node(
                name="n",
                layer=symbol,
                config={},
                inputs=[],
                arguments=arguments,
                tensors=dict(zip(("x1", "x2"), inputs, strict=False)),
            )
        ],
        outputs=["n"],
    )


def test_a_function_has_a_row_in_its_namespace_with_its_rule_and_its_note(
    records: Records,
) -> None:
    for keepdims, axis in ((True, 0), (False, 1)):
        call = NativeCall(
            symbol="torch.sum", arguments={"dim": axis, "keepdim": keepdims}, defaults={}
        )
        cast = NativeCall(symbol="torch.Tensor.to", around=True)
        records.ran(
            "ops.sum",
            {},
            call,
            cast,
            keras={"axis": axis, "keepdims": keepdims},
            note="``ops.sum``: torch.sum adds in int64",
            name=f"ops/numpy/reductions/sum[axis={axis}]",
            model=called("ops.sum", ["x"], {"axis": axis, "keepdims": keepdims}),
        )
    (row,) = records.rows()
    assert (row.family, row.layer) == ("ops.numpy", "ops.sum")
    assert {name: one.rule for name, one in arguments(row).items()} == {
        "dim": "axis",
        "keepdim": "keepdims",
    }
    assert row.ways[0].note == "torch.sum adds in int64"  # in the framework's own spelling
    assert [around.symbol for around in row.ways[0].around] == ["torch.Tensor.to"]
    page = pages([guide_of(row)])["torch.md"]
    assert "## keras.ops.numpy" in page
    assert "[keras.ops.numpy](#kerasopsnumpy)" in page
    assert "| Keras | PyTorch | arguments | proof |" in page


def test_a_function_among_layers_is_filed_by_its_own_name(records: Records) -> None:
    call = NativeCall(symbol="torch.square", arguments={}, defaults={})
    records.ran("ops.square", {}, call, keras={}, name="layers/functions/of-a-layer")
    (row,) = records.rows()
    assert row.family == "ops"


def test_runs_of_one_adapter_are_taken_together(records: Records, tmp_path: Path) -> None:
    normalized(records)
    other = Records(tmp_path / "other")
    other.folder.mkdir()
    call = NativeCall(symbol="torch.square", arguments={}, defaults={})
    other.ran("ops.square", {}, call, keras={}, name="ops/numpy/elementwise/square")
    output = tmp_path / "output"
    told = ["porting", str(records.write()), str(other.write()), "--output", str(output)]
    assert cli.main(told) == 0
    (guide,) = restored((output / "guides.json").read_bytes())
    assert [row.layer for row in guide.rows] == ["ops.square", "BatchNormalization"]
    assert (guide.cases, guide.planned) == (4, 4)
    assert "| 1 | 1 | 4 |" in (output / "README.md").read_text()


def guide_of(row: Row) -> Guide:
    return Guide(adapter="torch", versions={"torch": "2"}, cases=2, planned=2, rows=[row])


def test_the_command_writes_pages_and_renders_them_again(
    records: Records, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    normalized(records)
    first, second = tmp_path / "first", tmp_path / "second"
    assert cli.main(["porting", str(records.write().parent), "--output", str(first)]) == 0
    assert "torch.md: 1 layers" in capsys.readouterr().out
    assert cli.main(["porting", str(first / "guides.json"), "--output", str(second)]) == 0
    names = sorted(path.name for path in first.iterdir())
    assert names == ["README.md", "code", "guides.json", "torch.md"]
    code = [path.relative_to(first) for path in (first / "code").rglob("*.md")]
    assert {"code/README.md", "code/torch/some.md"} <= {path.as_posix() for path in code}
    for name in [*(one for one in names if one != "code"), *code]:
        assert (first / name).read_bytes() == (second / name).read_bytes()
    page = (first / "torch.md").read_text()
    assert "| `momentum=0.99` | `momentum=0.1` | `momentum=0.01` | `F.batch_norm` |" in page


def test_what_several_are_refused_for_alike_is_one_line() -> None:
    def refused(layer: str, reason: str, cases: int) -> Row:
        refusal = Refusal(reason=reason, cases=cases, proofs=["ops/a"])
        files = {"ops/a": "ops.yaml"}
        return Row(
            adapter="numpy", family="ops", layer=layer, ways=[], refusals=[refusal], files=files
        )

    rows = [
        refused("ops.a", "NumPy has no bfloat16", 2),
        refused("ops.b", "no native counterpart with size=3", 1),
        refused("ops.c", "NumPy has no bfloat16", 3),
        refused("ops.d", "no native counterpart with size=3", 1),
    ]
    guide = Guide(adapter="numpy", versions={"numpy": "2"}, cases=7, planned=7, rows=rows)
    page = pages([guide])["numpy.md"]
    assert "| ops.a, ops.c | NumPy has no bfloat16 |  | 5 | [ops/a](../../cases/ops.yaml) |" in page
    for layer in ("ops.b", "ops.d"):
        assert f"| {layer} | no native counterpart with size=… | `3` | 1 |" in page
    assert "no layers, and no gradients" in page


def test_records_of_other_adapters_give_no_guide(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "records.jsonl"
    with Writer(path) as writer:
        writer.write(header(["a/b"], plan={"keras-torch": None}))
    assert cli.main(["porting", str(path), "--output", str(tmp_path / "out")]) == 1
    assert "run one of these adapters first" in capsys.readouterr().err
    assert cli.main(["porting", str(tmp_path / "none"), "--output", str(tmp_path)]) == 2
    assert "cannot read" in capsys.readouterr().err


def test_the_pages_are_what_the_command_renders() -> None:
    guides = restored((DOCS / "guides.json").read_bytes())
    rendered = pages(guides)
    assert sorted(rendered) == sorted(path.name for path in DOCS.glob("*.md"))
    for name, text in rendered.items():
        assert (DOCS / name).read_text() == text, f"{name}: run keras-conformance porting again"


@pytest.mark.parametrize(
    ("name", "layer", "native", "rule", "default"),
    [
        ("torch", "BatchNormalization", "momentum", "1 - momentum", 0.1),
        ("torch", "LayerNormalization", "eps", "epsilon", 1e-5),
        ("torch", "LSTM", "hidden_size", "units", None),
        ("torch", "MaxPooling2D", "stride", "strides or pool_size", None),
        ("jax", "Conv2D", "padding", "padding.upper()", None),
        ("jax", "LeakyReLU", "negative_slope", "negative_slope", 0.01),
        ("flax", "BatchNormalization", "use_running_average", "not training", False),
        ("flax", "LayerNormalization", "epsilon", "epsilon", 1e-6),
        ("flax", "Conv2D", "padding", "padding.upper()", "SAME"),
    ],
)
def test_the_guides_know_what_every_porter_stumbles_over(
    name: str, layer: str, native: str, rule: str, default: Any
) -> None:
    guides = {guide.adapter: guide for guide in restored((DOCS / "guides.json").read_bytes())}
    row = next(row for row in guides[name].rows if row.layer == layer)
    argument = arguments(row)[native]
    assert (argument.rule, argument.native_default) == (rule, default)


def test_what_changes_from_step_to_step_is_told_as_it_does(records: Records) -> None:
    for config, epsilon, beta in (({}, 1e-7, 0.999), ({"epsilon": 0.1, "beta_2": 0.9}, 0.1, 0.9)):
        call = NativeCall(
            symbol="torch.optim.Adam",
            arguments={"eps": epsilon / (1 - beta) ** 0.5},
            defaults={"eps": 1e-8},
        )
        keras = {"epsilon": epsilon, "beta_2": beta}
        records.ran("optimizers.Adam", config, call, keras=keras, name=f"optimizers/a[{epsilon}]")
    (row,) = records.rows()
    rule = "epsilon / sqrt(1 - beta_2 ** t) at step t"
    assert arguments(row)["eps"].rule == rule
    page = pages([guide_of(row)])["torch.md"]
    assert f"| optimizers.Adam | `epsilon=1e-07` | `eps=1e-08` | `eps = {rule}` |" in page


def test_an_epsilon_that_stays_is_keras_own(records: Records) -> None:
    for epsilon in (1e-7, 0.1):
        call = NativeCall(
            symbol="torch.optim.Adagrad", arguments={"eps": epsilon}, defaults={"eps": 1e-10}
        )
        keras = {"epsilon": epsilon, "beta_2": 0.999}
        config = {} if epsilon == 1e-7 else {"epsilon": epsilon}
        records.ran(
            "optimizers.Adagrad", config, call, keras=keras, name=f"optimizers/a[{epsilon}]"
        )
    (row,) = records.rows()
    assert arguments(row)["eps"].rule == "epsilon"


@pytest.mark.parametrize("same", [True, False])
def test_rows_of_a_later_run_take_the_place_of_a_guides(
    records: Records, tmp_path: Path, *, same: bool
) -> None:
    normalized(records)
    first, second = tmp_path / "first", tmp_path / "second"
    assert cli.main(["porting", str(records.write()), "--output", str(first)]) == 0
    if not same:
        text = (first / "guides.json").read_text()
        (first / "guides.json").write_text(text.replace('"versions": {', '"versions": {"a":"1",'))
    later = Records(tmp_path / "later")
    later.folder.mkdir()
    call = NativeCall(symbol="torch.square", arguments={}, defaults={})
    later.ran("ops.square", {}, call, keras={}, name="ops/numpy/elementwise/square")
    told = [str(first / "guides.json"), str(later.write()), "--output", str(second)]
    assert cli.main(["porting", *told]) == 0
    (guide,) = restored((second / "guides.json").read_bytes())
    kept = ["BatchNormalization"] if same else []
    assert sorted(row.layer for row in guide.rows) == [*kept, "ops.square"]
    assert (guide.cases, guide.later) == ((3, 1) if same else (1, 0))
    assert ("3, later 1" in (second / "README.md").read_text()) == same


def test_an_argument_whose_value_the_table_exchanges_is_told_so() -> None:
    argument = Argument(call="jax.numpy.full", native="dtype", kind="computed")
    way = Way(symbol="jax.numpy.full", composed=False, arguments=[argument])
    row = Row(adapter="jax", family="ops.numpy", layer="ops.full", ways=[way])
    guide = Guide(adapter="jax", versions={}, cases=1, planned=1, rows=[row])
    page = pages([guide])["jax.md"]
    assert "`dtype = dtype`, `'float32'` where that is `None`" in page


WORDS = (
    *("*with* `", "at times with `", ") of `", "strides or pool_size", "`momentum = 1 - momentum`"),
    *(
        "= 'none'`",
        ": by the [code](",
        "kernel.T",
        "first weight",
        "` as it is",
        "` added",
        " of 12 ",
    ),
    *("where that is `None`", "` at step t", "what has no counterpart"),
)


@pytest.mark.parametrize("word", WORDS)
def test_words_that_are_explained_are_used(word):
    guides = "".join(
        (DOCS / f"{name}.md").read_text(encoding="utf-8")
        for name in ("torch", "jax", "flax", "numpy")
    )
    assert word in guides
