"""Files that one adapter writes and another reads: from YAML to the verdict on the reader."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from typing import Any

import numpy as np
import pytest
from cases_samples import load_body, load_case
from catalogue import cases_of
from msgspec.structs import replace
from runs import FAKES, Runner, answering
from seeded import answered

from conformance.adapters.host.host import AdapterProcess, Answered
from conformance.cases.model import to_json
from conformance.records import read
from conformance.reference import evaluate
from conformance.reference.faults.applicable import applicable, find
from conformance.run import exchange
from conformance.verdicts.entries import read_entries
from conformance.verdicts.exchange import release_of, writer_of
from conformance.verdicts.ledger import Ledger
from conformance.verdicts.model import CellVerdict, Comparison, FacetVerdict

CASES = """\
- id: first
  title: A Dense layer is saved
  source: {keras: keras.layers.Dense}
  input: {shape: [3]}
  model: [{Dense: {units: 3}}]
  exchange: {file: keras}
  without: {gradients: the fake has none, batch: nor this}
- id: plain
  title: A Dense layer is not saved
  source: {keras: keras.layers.Dense}
  input: {shape: [3]}
  model: [{Dense: {units: 3}}]
  without: {gradients: the fake has none, batch: nor this}
"""


TRAIN = "train: {optimizer: SGD, loss: mean_squared_error, steps: 2}"


class Ran:
    """What a run with these adapters wrote of its cells."""

    def __init__(self, runner: Runner, result: Any) -> None:
        self.result = result
        self.cells = {} if result is None else runner.records().cells

    def verdict(self, adapter: str, case: str = "first") -> Any:
        return self.cells[f"exchanged/{case}", adapter].verdict

    def facet(self, adapter: str) -> Any:
        (found,) = [one for one in self.verdict(adapter).facets if one.facet == "exchange"]
        return found


def commands(*names: str) -> dict[str, str]:
    return {name: f"{{python}} {{worker}} {FAKES / 'exchanging.py'} {name}" for name in names}


@pytest.fixture
def run(tmp_path: Any, cache: Any) -> Any:
    path = tmp_path / "cases" / "exchanged.yaml"
    path.parent.mkdir()
    path.write_text(CASES)
    runner = Runner(tmp_path, cache)

    def go(*names: str, more: tuple[str, ...] = ()) -> Ran:
        return Ran(runner, runner.run(str(path), *more, adapters=commands(*names)))

    go.runner = runner  # type: ignore[attr-defined]
    go.path = path  # type: ignore[attr-defined]
    return go


# --- the case language --------------------------------------------------------------------------


def test_a_case_says_what_is_exchanged_and_by_whom_is_the_runs_matter(tmp_path: Any) -> None:
    found = load_case(
        tmp_path, "input: {shape: [3]}\nlayer: Flatten\nexchange: {file: weights.h5}\n"
    )
    assert found.program.exchange.file == "weights.h5"
    assert "exchange" in found.program.facets
    plain = load_case(tmp_path, "input: {shape: [3]}\nlayer: Flatten\n")
    assert "exchange" not in {*plain.program.facets, *to_json(plain.program)}


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("exchange: {file: h5}", "keras, weights.h5"),
        ("exchange: {}", "the key 'file' is missing"),
        ("exchange: {file: keras, by: keras-torch}", "by"),
        ("exchange: {file: keras}\nraises: build", "asks for a refusal only"),
        ("exchange: {file: keras, steps: 2}", "is here without `train`"),
        ("exchange: {file: keras, steps: 0}\n" + TRAIN, "steps"),
        ("exchange: {file: weights.h5, steps: 2}\n" + TRAIN, "has no optimizer"),
        ("exchange: {file: keras, steps: 2}\n" + TRAIN[:-1] + ", batch_size: 1}", "is beside"),
    ],
)
def test_a_mistake_is_told(tmp_path: Any, written: str, said: str) -> None:
    found = load_body(tmp_path, f"input: {{shape: [3]}}\nlayer: Flatten\n{written}\n")
    assert not found.cases
    assert said in " ".join(map(str, found.problems))


@pytest.mark.parametrize("one", cases_of("exchange"), ids=lambda case: case.id)
def test_an_honest_answer_passes_and_each_facet_can_fail(one: Any) -> None:
    seen = answered(one)
    honest = seen.judged(seen.honest)
    assert honest.outcome == "pass", honest.message
    failed: set[str] = set()
    for fault in applicable(one):
        if fault.edit is not None:
            failed |= seen.failed(fault)
    assert {*one.program.facets} <= failed


@pytest.mark.parametrize("name", ["optimizers[optimizer=Adam]", "recurrent"])
def test_an_optimizer_that_begins_anew_fails_the_training_that_goes_on(name: str) -> None:
    (one,) = [case for case in cases_of("exchange") if case.id == f"exchange/training/{name}"]
    assert answered(one).failed(find(one, "optimizer-forgotten")) == {"exchange"}


def test_a_training_that_goes_on_is_one_that_nothing_came_between() -> None:
    (one,) = [
        case
        for case in cases_of("exchange")
        if case.id == "exchange/training/optimizers[optimizer=Adam]"
    ]
    program = replace(one.program, exchange=None, train=replace(one.program.train, steps=5))
    facets = [facet for facet in program.facets if facet != "exchange"]
    whole = evaluate(replace(one, program=replace(program, facets=facets)))
    apart = evaluate(one)
    later, state = apart.expectation.exchanged, whole.expectation.state
    assert later is not None
    assert state is not None
    losses = whole.arrays[state.losses.tensor]
    np.testing.assert_array_equal(apart.arrays[later.losses.tensor], losses[3:])
    for weight, expected in state.weights.items():
        found = apart.arrays[later.weights[weight].tensor]
        np.testing.assert_array_equal(found, whole.arrays[expected.tensor])


# --- a run --------------------------------------------------------------------------------------


def test_each_reads_what_the_others_wrote(run: Any) -> None:
    ran = run("ours", "ours-too", "ours-as-well")
    assert ran.result.returncode == 0, ran.result.stdout
    facet = ran.facet("ours")
    assert facet.outcome == "pass"
    assert [one.what for one in facet.comparisons] == [
        "written by ours-as-well: output 0",
        "written by ours-too: output 0",
    ]
    assert [writer_of(one) for one in facet.comparisons] == ["ours-as-well", "ours-too"]
    assert ran.verdict("ours", "plain").outcome == "pass"


def test_a_wrong_file_fails_whoever_reads_it_and_names_who_wrote_it(run: Any) -> None:
    ran = run("ours", "ours-too", "liar")
    assert ran.result.returncode == 1
    facet = ran.facet("ours")
    assert facet.outcome == "fail"
    assert facet.message.startswith("written by liar: output 0 at [")
    assert [bool(one.message) for one in facet.comparisons] == [True, False]
    assert ran.facet("liar").outcome == "pass", "it reads what the honest ones wrote"


def test_who_is_alone_has_neither_passed_nor_lost_anything(run: Any) -> None:
    folder = run.runner.folder
    stated = folder / "ours.yaml"
    stated.write_text('adapter: ours\nwhen: {exchanging: ">=1"}\nexcluded: []\n')
    ran = run("ours", more=("--capabilities", str(stated)))
    facet = ran.facet("ours")
    assert (facet.outcome, facet.alone) == ("unsupported", True)
    assert facet.message == "no other adapter wrote a file in this run"
    told = ran.verdict("ours").message
    # Of what it is stated to support, compiled and the like are lost; this is not.
    assert "exchange" not in told.replace("no other", "")


def test_who_writes_no_file_is_named_where_there_is_none_to_read(run: Any) -> None:
    facet = run("ours", "mute", "odd", "old").facet("ours")
    assert (facet.outcome, facet.alone) == ("unsupported", True)
    assert "mute: it reads files and writes none" in facet.message
    assert "odd: what it sent is no file" in facet.message
    assert "old: the adapter did not answer" in facet.message


WAYS = {
    "fallen": ("fail", "the process was killed by signal 6"),
    "stuck": ("fail", "no answer within"),
    "refusing": ("error", "the adapter itself failed: written by"),
    "unable": ("unsupported", "the fake reads nothing"),
    "empty": ("error", "its answer holds no output"),
    "mute": ("pass", ""),
    "odd": ("error", "its file is an array of 12 float32 in 2 axes"),
    "large": ("error", "its file is an array of 16,777,217 uint8"),
    "old": ("error", "the file that it saves is missing from its answer"),
}


@pytest.fixture(scope="module")
def together(tmp_path_factory: Any, cache: Any) -> Ran:
    """One run of an honest adapter and all that misbehave."""
    folder = tmp_path_factory.mktemp("together")
    path = folder / "cases" / "exchanged.yaml"
    path.parent.mkdir()
    path.write_text(CASES)
    runner = Runner(folder, cache)
    adapters = commands("ours", "faking", *WAYS)
    return Ran(runner, runner.run(str(path), "--case-timeout", "2", adapters=adapters))


@pytest.mark.parametrize("way", WAYS)
def test_what_becomes_of_a_reader(together: Ran, way: str) -> None:
    outcome, said = WAYS[way]
    facet = together.facet(way)
    assert facet.outcome == outcome, facet
    assert said in facet.message
    assert not facet.alone
    assert together.verdict(way, "plain").outcome == "pass", "its other cases are its own"


def test_one_file_that_several_wrote_is_compared_for_each_of_them(together: Ran) -> None:
    wrote = [writer_of(one) for one in together.facet("ours").comparisons]
    assert wrote == ["empty", "fallen", "refusing", "stuck", "unable"]


def test_an_adapter_does_not_say_itself_what_it_read(together: Ran) -> None:
    verdict = together.verdict("faking")
    assert verdict.outcome == "error"
    assert "which the host alone knows" in verdict.message


ENTRY = """\
- id: known
  adapter: {adapter}
  cases: exchanged/first
  facets: [exchange]
  written_by: {writer}
  signature: "{signature}"
  kind: bug
  reason: The liar writes other weights than it has.
  review_by: 2099-01-01
"""


@pytest.mark.parametrize(
    ("entry", "names", "outcome", "said"),
    [
        (("ours", "liar", "times the tolerance"), ("ours", "liar"), "xfail", ""),
        (("ours", "li*", "written by liar"), ("ours", "ours-too", "liar"), "xfail", ""),
        (("ours", "liar", "another message"), ("ours", "liar"), "fail", "expects another message"),
        (
            ("ours", "ours-too", "times"),
            ("ours", "ours-too", "liar"),
            "fail",
            "does not cover exchange",
        ),
        (("ours", "ours-too", "times"), ("ours", "liar"), "fail", "written by liar"),
        (("ours", "liar", "times"), ("ours", "ours-too"), "pass", ""),
    ],
)
def test_a_ledgers_entry_may_be_about_what_one_adapter_wrote(
    run: Any, entry: tuple[str, ...], names: tuple[str, ...], outcome: str, said: str
) -> None:
    path = run.runner.folder / "known.yaml"
    adapter, writer, signature = entry
    path.write_text(ENTRY.format(adapter=adapter, writer=writer, signature=signature))
    verdict = run(*names, more=("--ledger", str(path))).verdict("ours")
    assert verdict.outcome == outcome, verdict.message
    assert said in verdict.message


@pytest.mark.parametrize(
    ("versions", "release", "outcome"),
    [
        ({"keras": "3.12.4"}, "keras 3.15.1", "xfail"),
        ({"keras": "3.12.4"}, "keras 3.12.3", "fail"),
        ({"keras": "3.12.4"}, "", "fail"),
        ({"keras": "3.15.1"}, "", "xfail"),
    ],
)
def test_a_ledgers_entry_may_be_about_what_one_release_wrote(
    tmp_path: Any, versions: dict[str, str], release: str, outcome: str
) -> None:
    path = tmp_path / "known.yaml"
    text = ENTRY.format(adapter="ours", writer="theirs", signature="raised")
    path.write_text(text.replace("written_by: theirs", 'written_with: {keras: ">=3.13"}'))
    today = dt.date(2026, 1, 1)
    ledger = Ledger.load([path], ["exchanged/first"], ["ours", "theirs"], today)
    assert not ledger.problems
    prefix = f"written by theirs{f' ({release})' if release else ''}: "
    one = Comparison(what=f"{prefix}file", message=f"{prefix}raised TypeError")
    assert release_of(one) == (dict([release.split()]) if release else {})
    facet = FacetVerdict(facet="exchange", outcome="fail", message=one.message, comparisons=[one])
    cell = CellVerdict(
        case="exchanged/first", adapter="ours", outcome="fail", message="", facets=[facet]
    )
    assert ledger.apply(cell, versions).outcome == outcome


def test_written_by_is_about_exchange_alone(tmp_path: Any) -> None:
    path = tmp_path / "known.yaml"
    text = ENTRY.format(adapter="ours", writer="liar", signature="times")
    path.write_text(text)
    assert read_entries(path)[1] == []
    path.write_text(text.replace("[exchange]", "[values]"))
    assert "expected facets: [exchange]" in str(read_entries(path)[1][0])


def test_a_resumed_run_says_whose_files_are_gone(run: Any) -> None:
    run("ours", "ours-too")
    path = run.runner.records_path()
    kept = []
    for line in path.read_text().splitlines():
        told = json.loads(line)
        mine = told.get("type") == "cell" and told["verdict"]["adapter"] == "ours-too"
        if not mine and told.get("type") != "footer":
            kept.append(line)
    path.write_text("\n".join(kept) + "\n")
    ran = run("ours", "ours-too", more=("--resume", str(path.parent)))
    assert ran.facet("ours").outcome == "pass"
    facet = ran.facet("ours-too")
    assert (facet.outcome, facet.alone) == ("unsupported", True)
    assert "ours: it was asked in an earlier stretch of the run" in facet.message


@pytest.fixture
def items(pytester: Any, cache: Any, monkeypatch: Any) -> Any:
    """The same cases as pytest's items, on two adapters."""
    monkeypatch.setenv("KERAS_CONFORMANCE_CACHE", str(cache))
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    pytester.makeini("[pytest]\nconformance_cases = cases\ntestpaths = cases\n")
    path = pytester.path / "cases" / "exchanged.yaml"
    path.parent.mkdir()
    path.write_text(CASES)
    options: list[str] = []
    for name, command in commands("ours", "ours-too").items():
        options += ["--adapter", name, "--adapter-command", f"{name}={command}"]

    def go(*more: str) -> Any:
        result = pytester.runpytest_subprocess(*options, *more)
        (records,) = (pytester.path / "reports").glob("*/records.jsonl")
        found = read(records)
        assert not found.partial
        assert len(found.cells) == 4
        return result, found.cells

    return go


def test_pytests_items_wait_for_each_other(items: Any) -> None:
    result, cells = items("--adapter-jobs", "1")
    result.assert_outcomes(passed=4)
    for name, other in (("ours", "ours-too"), ("ours-too", "ours")):
        facets = cells["exchanged/first", name].verdict.facets
        (facet,) = [one for one in facets if one.facet == "exchange"]
        assert [writer_of(one) for one in facet.comparisons] == [other]


def test_workers_of_xdist_have_no_files_of_each_other_and_say_so(items: Any) -> None:
    pytest.importorskip("xdist")
    _, cells = items("-n", "2")
    verdicts = [cells["exchanged/first", name].verdict for name in ("ours", "ours-too")]
    assert any(verdict.outcome == "unsupported" for verdict in verdicts)
    told = " ".join(verdict.message for verdict in verdicts)
    assert "no other adapter wrote a file in this run" in told
    assert "it does not run in this process" in told


def test_a_file_is_bounded_alike_on_both_sides() -> None:
    from conformance.adapters.keras.exchange import FILE_LIMIT

    assert exchange.FILE_LIMIT == FILE_LIMIT


# --- with the frameworks ------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["keras-torch", "keras-jax", "keras-tensorflow"])
def process(request: pytest.FixtureRequest) -> Any:
    yield from answering(request.param)


def packed(members: dict[str, bytes]) -> Any:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return np.frombuffer(content.getvalue(), np.uint8)


@pytest.mark.frameworks
@pytest.mark.parametrize("name", ["shared-layer", "weights"])
def test_keras_writes_and_reads(process: AdapterProcess, name: str) -> None:
    (one,) = [case for case in cases_of("exchange") if case.id.endswith(f"/{name}")]
    answer = evaluate(one)
    got = process.run(one.program, answer.feeds, timeout=120)
    assert isinstance(got, Answered), got.message
    kind = one.program.exchange.file
    assert got.observation.files == {kind: f"file/{kind}"}
    file = got.tensors[f"file/{kind}"].copy()

    def load(content: Any, feeds: Any = answer.feeds) -> Any:
        process.send(one.program, {**feeds, "file": content}, 120, kind="load")
        came = process.receive()
        assert isinstance(came, Answered), came.message
        return came

    read = load(file)
    truth = answer.arrays[answer.expectation.calls[0].outputs[0].tensor]
    found = read.tensors[read.observation.calls[0].outputs[0].tensor]
    np.testing.assert_allclose(found, truth, rtol=1e-4, atol=1e-5)
    other = {key: value * 2 if "/x" in key else value + 1 for key, value in answer.feeds.items()}
    moved = load(file, other)
    assert not np.allclose(moved.tensors[moved.observation.calls[0].outputs[0].tensor], truth)
    broken = load(file[: len(file) // 2].copy()).observation
    assert broken.error is not None
    assert not broken.error.internal


@pytest.mark.frameworks
def test_keras_does_not_unpack_what_is_too_large(process: AdapterProcess) -> None:
    (one,) = [case for case in cases_of("exchange") if case.id.endswith("/shared-layer")]
    feeds = evaluate(one).feeds
    for members in (
        {f"{index}": b"" for index in range(1001)},
        {"model.weights.h5": bytes(128 * 2**20 + 1)},
    ):
        process.send(one.program, {**feeds, "file": packed(members)}, 120, kind="load")
        came = process.receive()
        assert isinstance(came, Answered), came.message
        assert came.observation.error is not None
        assert "are read at most" in came.observation.error.message
