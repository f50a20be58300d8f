"""The record file: what is written comes back, and what is broken says where."""

from __future__ import annotations

import json
import math
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import synthetic_runs as synthetic
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.cases.model import Data
from conformance.records import RecordsError, Run, Writer, read
from conformance.records.model import SCHEMA, CellLine, Footer
from conformance.records.wire import encode
from conformance.verdicts.model import CellVerdict, Comparison, FacetVerdict, Worst

NAME = "documents/dense/last-axis"
HEADER = msgspec.json.encode(synthetic.header([NAME])) + b"\n"
FOOTER = Footer(finished="2026-01-01T12:01:00Z", planned=1, reported=1, counts={"pass": 1})


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """One case on one adapter, complete."""
    return synthetic.record(
        tmp_path / "run.jsonl",
        [
            synthetic.header([NAME], plan={"torch": None}),
            synthetic.case(NAME),
            synthetic.adapter("torch"),
            synthetic.cell(NAME, "torch"),
            FOOTER,
        ],
    )


def test_what_is_written_comes_back(small: Path) -> None:
    run = read(small)

    assert run.header == synthetic.header([NAME], plan={"torch": None})
    assert run.cases == {NAME: synthetic.case(NAME)}
    assert run.adapters == {"torch": synthetic.adapter("torch")}
    assert run.cells == {(NAME, "torch"): synthetic.cell(NAME, "torch")}
    assert run.footer == FOOTER
    assert not run.partial
    assert run.missing() == []
    assert run.notes == []


def test_a_whole_run_comes_back_and_says_what_is_missing(tmp_path: Path) -> None:
    content = synthetic.lines(28)
    run = read(synthetic.record(tmp_path / "run.jsonl", content))

    cells = [line for line in content if isinstance(line, CellLine)]
    assert len(cells) == 28 * 8 - 1
    assert run.cells == {(line.verdict.case, line.verdict.adapter): line for line in cells}
    assert [adapter for _, adapter in run.missing()] == ["keras-numpy"]
    assert run.partial, "a run with a footer is partial all the same when a cell is missing"
    assert run.counts()["not-run"] == 1
    assert run.counts("keras-openvino") == {"not-installed": 28}
    assert sum(run.counts().values()) == 28 * 8


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_survives(tmp_path: Path, value: float) -> None:
    facet = FacetVerdict(
        facet="values",
        outcome="fail",
        margin=value,
        observed=[1.0, value],
        comparisons=[
            Comparison(
                what="output 0",
                margin=value,
                rms=value,
                observed=[[value], {"deep": value}],
                worst=[Worst(index=[0], expected=value, observed=value, times=value)],
            )
        ],
    )
    line = synthetic.cell(NAME, "torch", "fail", facets=[facet], seconds={"call": value})
    case = synthetic.case(NAME)
    spec = msgspec.structs.replace(
        case.program.model.inputs[0], data=Data(kind="values", values=[[value, 1.0]])
    )
    model = msgspec.structs.replace(case.program.model, inputs=[spec])
    program = msgspec.structs.replace(case.program, model=model)

    path = synthetic.record(
        tmp_path / "run.jsonl",
        [
            synthetic.header([NAME], plan={"torch": None}),
            synthetic.case(NAME, program=program),
            line,
        ],
    )
    for text in path.read_text().splitlines():
        json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    run = read(path)

    text = str(value)
    back = run.cells[NAME, "torch"]
    got = back.verdict.facets[0]
    floats = [got.margin, got.comparisons[0].margin, got.comparisons[0].rms, back.seconds["call"]]
    assert [str(number) for number in floats] == [text] * 4
    assert all(isinstance(number, float) for number in floats)
    assert got.observed == [1.0, text]
    assert got.comparisons[0].observed == [[text], {"deep": text}]
    assert got.comparisons[0].worst[0].observed == text
    assert run.cases[NAME].program.model.inputs[0].data.values == [[text, 1.0]]


def test_words_stay_words_even_where_they_look_like_something_else(tmp_path: Path) -> None:
    case = synthetic.case(NAME, title="1.5", why="null", yaml="nan", reference="inf")
    path = synthetic.record(
        tmp_path / "run.jsonl", [synthetic.header([NAME], plan={"torch": None}), case]
    )
    assert read(path).cases[NAME] == case


def test_numpy_scalars_and_arrays_are_recorded_as_numbers(tmp_path: Path) -> None:
    numpy = pytest.importorskip("numpy")
    facet = FacetVerdict(
        facet="values",
        outcome="fail",
        expected=numpy.array([1.5, numpy.nan]),
        observed=[numpy.float32(2.5), numpy.int64(3), numpy.bool_(1)],
    )
    line = synthetic.cell(NAME, "torch", "fail", facets=[facet])
    path = synthetic.record(
        tmp_path / "run.jsonl", [synthetic.header([NAME], plan={"torch": None}), line]
    )
    got = read(path).cells[NAME, "torch"].verdict.facets[0]
    assert got.expected == [1.5, "nan"]
    assert got.observed == [2.5, 3, True]


def test_odd_text_survives_or_is_made_valid(tmp_path: Path) -> None:
    line = synthetic.cell(NAME, "torch", "error", synthetic.HOSTILE, stderr="half \udce9 pair")
    path = synthetic.record(
        tmp_path / "run.jsonl", [synthetic.header([NAME], plan={"torch": None}), line]
    )
    got = read(path).cells[NAME, "torch"]
    assert got.verdict.message == synthetic.HOSTILE
    assert got.stderr == "half \\udce9 pair"


def test_a_value_without_json_form_is_refused_and_the_file_stays_whole(tmp_path: Path) -> None:
    facet = FacetVerdict(facet="values", outcome="fail", observed=object())
    with Writer(tmp_path / "run.jsonl") as writer:
        writer.write(synthetic.header([NAME], plan={"torch": None}))
        with pytest.raises(RecordsError, match="object has no JSON form"):
            writer.write(synthetic.cell(NAME, "torch", "fail", facets=[facet]))
        writer.write(synthetic.cell(NAME, "torch"))
    assert len(read(tmp_path / "run.jsonl").cells) == 1


class TestOrder:
    def test_the_header_comes_first_and_once(self, tmp_path: Path) -> None:
        with Writer(tmp_path / "run.jsonl") as writer:
            with pytest.raises(RecordsError, match="CellLine before the header"):
                writer.write(synthetic.cell(NAME, "torch"))
            writer.write(synthetic.header([NAME]))
            with pytest.raises(RecordsError, match="second header"):
                writer.write(synthetic.header([NAME]))

    def test_what_follows_the_footer_is_another_writers(self, small: Path) -> None:
        with small.open("ab") as file:
            file.write(msgspec.json.encode(synthetic.cell(NAME, "torch")) + b"\n")
        run = read(small)
        assert run.partial
        assert "two processes wrote this file" in " ".join(run.notes)

    def test_no_record_is_overwritten(self, small: Path) -> None:
        before = small.read_bytes()
        with pytest.raises(RecordsError, match="exists already"):
            Writer(small)
        assert small.read_bytes() == before

    def test_a_closed_writer_refuses(self, tmp_path: Path) -> None:
        writer = Writer(tmp_path / "run.jsonl")
        writer.close()
        writer.close()
        with pytest.raises(RecordsError, match="is closed"):
            writer.write(synthetic.header([NAME]))


class TestCutOff:
    def test_every_possible_cut_is_read_or_refused_with_a_place(self, small: Path) -> None:
        data = small.read_bytes()
        header_end = data.index(b"\n")
        for cut in range(0, len(data), 7):
            small.write_bytes(data[:cut])
            if cut < header_end:
                with pytest.raises(RecordsError):
                    read(small)
                continue
            run = read(small)
            whole = data[:cut].count(b"\n") + (data[cut : cut + 1] == b"\n")
            found = 1 + len(run.cases) + len(run.adapters) + len(run.cells) + bool(run.footer)
            assert found == whole
            # Without its last line feed alone, a file is whole.
            assert run.partial == (cut < len(data) - 1)

    def test_the_cut_off_line_is_told(self, small: Path) -> None:
        small.write_bytes(small.read_bytes()[:-9])
        run = read(small)
        assert run.footer is None
        assert run.notes == ["The last line was cut off and is left out."]

    def test_what_was_written_survives_kill_9(self, tmp_path: Path) -> None:
        path = tmp_path / "run.jsonl"
        program = (
            "import sys, time, pathlib; sys.path[:0] = sys.argv[2:]\n"
            "import synthetic_runs as s; from conformance.records import Writer\n"
            "w = Writer(pathlib.Path(sys.argv[1]))\n"
            "w.write(s.header(['a/b'])); w.write(s.case('a/b')); w.write(s.cell('a/b', 'torch'))\n"
            "print('written', flush=True); time.sleep(60)\n"
        )
        child = subprocess.Popen(
            [sys.executable, "-c", program, str(path), *sys.path], stdout=subprocess.PIPE
        )
        assert child.stdout is not None
        assert child.stdout.readline() == b"written\n"
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        run = read(path)
        assert list(run.cells) == [("a/b", "torch")]
        assert run.partial


class TestResume:
    def test_goes_on_behind_what_was_recorded(self, tmp_path: Path) -> None:
        names = ["a/b/one", "a/b/two"]
        plan = {"torch": None}
        path = synthetic.record(
            tmp_path / "run.jsonl",
            [
                synthetic.header(names, plan=plan, started="2026-01-01T12:00:00Z"),
                *(synthetic.case(name) for name in names),
                synthetic.adapter("torch"),
                synthetic.cell(names[0], "torch"),
                synthetic.cell(names[1], "torch"),
            ],
        )
        path.write_bytes(path.read_bytes()[:-20])  # the second cell is cut off

        writer, done = Writer.resume(path)
        assert done == {(names[0], "torch"): synthetic.cell(names[0], "torch")}
        with writer, pytest.raises(RecordsError, match="before the header"):
            writer.write(synthetic.cell(names[1], "torch"))
        writer, done = Writer.resume(path)
        with writer:
            writer.write(synthetic.header(names, plan=plan, started="2026-01-02T12:00:00Z"))
            writer.write(synthetic.cell(names[1], "torch"))
            writer.write(FOOTER)

        run = read(path)
        assert set(run.cells) == {(name, "torch") for name in names}
        assert not run.partial
        assert run.started == "2026-01-01T12:00:00Z"
        assert run.notes == ["Resumed once."]

    @pytest.mark.parametrize("ending", ["", "\n"])
    def test_a_missing_last_newline_is_mended(self, small: Path, ending: str) -> None:
        small.write_text(small.read_text().rstrip("\n") + ending)
        writer, done = Writer.resume(small)
        with writer:
            writer.write(synthetic.header([NAME], plan={"torch": None}))
            writer.write(FOOTER)
        assert len(done) == 1
        assert not read(small).partial

    def test_a_changed_case_is_not_done(self, small: Path) -> None:
        writer, done = Writer.resume(small)
        changed = synthetic.case(NAME, digest="e" * 64)
        assert done[NAME, "torch"].digest != changed.digest
        with writer:
            writer.write(synthetic.header([NAME], plan={"torch": None}))
            writer.write(changed)
        run = read(small)
        assert run.cells == {}
        assert run.missing() == [(NAME, "torch")]
        assert list(run.superseded) == [(NAME, "torch")]
        assert "don't count" in " ".join(run.notes)

    def test_other_versions_are_told(self, small: Path) -> None:
        writer, _ = Writer.resume(small)
        with writer:
            writer.write(synthetic.header([NAME], plan={"torch": None}))
            writer.write(synthetic.adapter("torch", versions={"torch": "9.9"}))
        notes = " ".join(read(small).notes)
        assert "torch was recorded with several versions: torch 2.13.0 then 9.9" in notes

    def test_what_was_not_run_is_not_done(self, tmp_path: Path) -> None:
        path = synthetic.record(
            tmp_path / "run.jsonl",
            [synthetic.header([NAME]), synthetic.cell(NAME, "torch", "not-run", facets=[])],
        )
        writer, done = Writer.resume(path)
        writer.close()
        assert done == {}


class TestTwoWriters:
    def test_a_second_process_is_refused_and_told_who_writes(self, tmp_path: Path) -> None:
        path = tmp_path / "run.jsonl"
        program = (
            "import sys, pathlib; sys.path[:0] = sys.argv[2:]\n"
            "from conformance.records import RecordsError, Writer\n"
            "try: Writer.resume(pathlib.Path(sys.argv[1]))\n"
            "except RecordsError as error: print(error)\n"
        )

        def second() -> str:
            command = [sys.executable, "-c", program, str(path), *sys.path]
            return subprocess.run(command, capture_output=True, text=True, check=True).stdout

        with Writer(path) as writer:
            writer.write(synthetic.header([NAME], started="2026-01-01T12:00:00Z"))
            before = path.read_bytes()
            told = second()
            assert f"{path} is being written by another run" in told
            assert "since 2026-01-01T12:00:00Z: wait until that run ends, or end it" in told
            if Path("/proc/locks").exists():
                assert f"process {os.getpid()}" in told
            assert path.read_bytes() == before
        assert second() == ""

    def test_it_is_refused_within_one_process_too(self, small: Path) -> None:
        writer, _ = Writer.resume(small)
        with writer, pytest.raises(RecordsError, match="is being written"):
            Writer.resume(small)

    def test_whatever_is_whole_is_read_wherever_they_met(self, small: Path) -> None:
        """A second process begins anew, with bytes of its own amid those of the first."""
        data = small.read_bytes()
        header = data.index(b"\n") + 1
        for cut in range(header, len(data), 29):
            for end in range(0, len(data), 197):
                small.write_bytes(data[:cut] + data[:end] + data[cut:])
                try:
                    run = read(small)
                except RecordsError as error:  # what met there is JSON by chance
                    assert re.search(r"run\.jsonl:\d+: ", str(error))  # noqa: PT017
                    continue
                assert run.torn <= 2
                assert not run.torn or "can't be read and are left out" in " ".join(run.notes)
                assert len(run.cells) <= 1

    def test_a_torn_line_makes_the_run_partial_until_it_is_resumed(self, small: Path) -> None:
        rows = small.read_bytes().splitlines(keepends=True)
        small.write_bytes(b"".join([*rows[:2], rows[3][:50] + rows[1], *rows[2:]]))
        run = read(small)
        assert run.partial
        assert (run.torn, len(run.cells), run.footer is not None) == (1, 1, True)
        assert "1 line(s) can't be read and are left out (3)" in " ".join(run.notes)
        writer, done = Writer.resume(small)
        with writer:
            assert list(done) == [(NAME, "torch")]
            for row in (run.header, *run.cases.values(), run.footer):
                writer.write(row)
        assert not read(small).partial

    def test_a_cell_whose_case_is_lost_is_run_again(self, small: Path) -> None:
        rows = small.read_bytes().splitlines(keepends=True)
        at = next(i for i, row in enumerate(rows) if row.startswith(b'{"type":"case"'))
        small.write_bytes(b"".join([*rows[:at], rows[at][:-20] + b"\n", *rows[at + 1 :]]))
        writer, done = Writer.resume(small)
        writer.close()
        assert done == {}

    @pytest.mark.parametrize("line", [b"nonsense", b"\xff\xfe\x00", b'{"type":"cell"', b"\0" * 99])
    def test_what_is_no_json_is_left_out_and_told(self, small: Path, line: bytes) -> None:
        rows = small.read_bytes().splitlines(keepends=True)
        small.write_bytes(b"".join([*rows[:2], line + b"\n", *rows[2:]]))
        run = read(small)
        assert run.partial
        assert "left out (3)" in " ".join(run.notes)

    def test_cells_that_both_wrote_are_not_told_one_by_one(self, tmp_path: Path) -> None:
        names = [f"a/b/{index}" for index in range(40)]
        cells = [synthetic.cell(name, "torch") for name in names]
        path = synthetic.record(tmp_path / "run.jsonl", [synthetic.header(names), *cells, *cells])
        notes = read(path).notes
        assert len(notes) < 10
        assert "So were 35 cells more." in notes


class TestHostile:
    @pytest.mark.parametrize(
        ("line", "message"),
        [
            (b"{}", "type"),
            (b"[1, 2]", "object"),
            (b'{"type": "cell"}', "digest"),
            (b'{"type": "rumour"}', "rumour"),
            (
                b'{"type":"cell","digest":"d","verdict":{"facets":[{"expected":' + b"[" * 100_000,
                "recursion",
            ),
            (b'{"type":"footer","finished":1,"planned":1,"reported":1,"counts":{}}', "finished"),
            (b'{"type":"header","schema":1e999}', ""),
        ],
    )
    def test_a_broken_line_says_where(self, small: Path, line: bytes, message: str) -> None:
        rows = small.read_bytes().splitlines(keepends=True)
        small.write_bytes(b"".join([*rows[:2], line + b"\n", *rows[2:]]))
        with pytest.raises(RecordsError, match=rf"(?i)run\.jsonl:3: .*{message}"):
            read(small)

    def test_a_newer_schema_says_so_whatever_else_it_holds(self, tmp_path: Path) -> None:
        path = tmp_path / "run.jsonl"
        path.write_text(json.dumps({"type": "header", "schema": SCHEMA + 1, "plan": "by star"}))
        with pytest.raises(RecordsError, match=f"schema {SCHEMA + 1}.*newer version"):
            read(path)

    def test_an_overlong_line_is_refused_before_it_is_decoded(
        self, small: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("conformance.records.bounds.LINE_LIMIT", 5_000)
        with small.open("ab") as file:
            file.write(b'"' + b"x" * 6_000 + b'"\n')
        with pytest.raises(RecordsError, match=r"run\.jsonl:6: longer than 5,000 bytes"):
            read(small)

    def test_an_overlong_line_is_not_written(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("conformance.records.wire.LINE_LIMIT", 5_000)
        with Writer(tmp_path / "run.jsonl") as writer:
            writer.write(synthetic.header([NAME]))
            with pytest.raises(RecordsError, match="may take 5,000"):
                writer.write(synthetic.cell(NAME, "torch", "error", "x" * 5_000))

    @pytest.mark.parametrize("indices", [[1], [-1]])
    def test_a_plan_out_of_range_is_refused(self, tmp_path: Path, indices: list[int]) -> None:
        path = tmp_path / "run.jsonl"
        header = synthetic.header([NAME], plan={"torch": indices})
        path.write_bytes(encode(header))
        with pytest.raises(RecordsError, match=r"run\.jsonl:1: .* for torch, of 1"):
            read(path)
        path.unlink()
        with pytest.raises(RecordsError, match="for torch, of 1"):
            synthetic.record(path, [header])

    def test_an_empty_or_missing_file_says_so(self, tmp_path: Path) -> None:
        (tmp_path / "empty.jsonl").touch()
        with pytest.raises(RecordsError, match="no run was recorded"):
            read(tmp_path / "empty.jsonl")
        with pytest.raises(RecordsError, match="cannot read"):
            read(tmp_path / "none.jsonl")

    @given(data=st.binary(max_size=200), head=st.sampled_from([b"", HEADER]))
    @settings(
        max_examples=150,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    def test_any_bytes_give_a_run_or_a_records_error(
        self, tmp_path: Path, data: bytes, head: bytes
    ) -> None:
        path = tmp_path / "fuzz.jsonl"
        path.write_bytes(head + data)
        try:
            run = read(path)
        except RecordsError as error:
            message = str(error)
        else:
            message = str(path) * isinstance(run, Run)
        assert "fuzz.jsonl" in message


def test_a_cell_that_nobody_planned_does_not_count(small: Path) -> None:
    rows = small.read_bytes().splitlines(keepends=True)
    stray = CellLine(
        digest="d" * 64, verdict=CellVerdict(case="a/b", adapter="torch", outcome="fail")
    )
    small.write_bytes(b"".join([*rows[:4], msgspec.json.encode(stray) + b"\n", rows[4]]))
    run = read(small)
    assert list(run.cells) == [(NAME, "torch")]
    assert list(run.superseded) == [("a/b", "torch")]
    assert run.notes


def test_a_cell_reported_twice_is_told(small: Path) -> None:
    rows = small.read_bytes().splitlines(keepends=True)
    small.write_bytes(b"".join([*rows[:4], rows[3], rows[4]]))
    assert "reported twice" in " ".join(read(small).notes)


# In a process of its own: in one that has run other tests, the interpreter's table of interned
# strings may grow just then, and that is megabytes.
MEASURE = """
import gc, pathlib, sys, tracemalloc
sys.path[:0] = sys.argv[2:]
from conformance.records import read
tracemalloc.start()
run = read(pathlib.Path(sys.argv[1]))
gc.collect()
print(len(run.cells), tracemalloc.get_traced_memory()[0])
"""


def test_reading_stays_lean(tmp_path: Path) -> None:
    cells = 2_000
    path = tmp_path / "run.jsonl"
    names = [f"documents/dense/case-{number}" for number in range(cells)]
    with Writer(path) as writer:
        writer.write(synthetic.header(names, plan={"torch": None}))
        for name in names:
            writer.write(synthetic.cell(name, "torch"))
    command = [sys.executable, "-c", MEASURE, str(path), *sys.path]
    measured = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    read_cells, held = map(int, measured.stdout.split())
    assert read_cells == cells
    assert held / cells < 4_000, "45,000 cells are to stay under 500 MB"
    assert read(path).cells[names[7], "torch"] == synthetic.cell(names[7], "torch")


def test_cases_of_schema_1_are_read_as_they_are_written_now(tmp_path):
    """Programs had no kind then, and what facets need stood among the case's own calls."""
    now = synthetic.case("documents/dense/a")
    (spec,) = now.program.model.inputs
    spec = msgspec.structs.replace(spec, data=Data(kind="integers"))  # another thing with a kind
    model = msgspec.structs.replace(now.program.model, inputs=[spec])
    now = msgspec.structs.replace(now, program=msgspec.structs.replace(now.program, model=model))
    tree = msgspec.to_builtins(now)
    del tree["program"]["kind"]
    tree["program"]["calls"] += tree["program"].pop("extra")
    header = msgspec.to_builtins(synthetic.header(["documents/dense/a"])) | {"schema": 1}
    file = tmp_path / "old.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in (header, tree)))
    run = read(file)
    assert run.cases["documents/dense/a"].program == now.program
    assert [call.facet for call in run.cases["documents/dense/a"].program.extra] == ["batch"]


def test_a_brief_reading_leaves_out_what_a_whole_one_does(small: Path) -> None:
    rows = small.read_bytes().splitlines(keepends=True)
    at = next(i for i, row in enumerate(rows) if b'"type":"cell"' in row)
    rows[at] = rows[at].replace(b'"facet":"', b'"facet":"\x82', 1)
    small.write_bytes(b"".join(rows))
    assert read(small).counts() == read(small, brief=True).counts()
