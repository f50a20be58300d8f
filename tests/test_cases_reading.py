"""Reading YAML: YAML 1.2 scalars, places, and files that mean harm."""

from __future__ import annotations

import math
import time
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

from conformance.cases import reading
from conformance.cases.problems import Log, Problem
from conformance.cases.reading import plain_value, read_file, read_text

if TYPE_CHECKING:
    from pathlib import Path


def read(text: str) -> Any:
    log = Log("f.yaml")
    document = read_text(text, log)
    assert not log.sorted()
    assert document is not None
    return plain_value(document.value)


def problems(text: str) -> list[Problem]:
    log = Log("f.yaml")
    read_text(text, log)
    return log.sorted()


def only_problem(text: str) -> Problem:
    (problem,) = problems(text)
    return problem


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1e-5", 1e-5),
        ("1.", 1.0),
        (".5", 0.5),
        ("-0.0", -0.0),
        ("+12", 12),
        ("010", 10),
        ("0o17", 15),
        ("0xff", 255),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("null", None),
        ("~", None),
        ("", None),
        ("true", True),
        ("FALSE", False),
        # What YAML 1.1 would have made something else of.
        ("no", "no"),
        ("on", "on"),
        ("Yes", "Yes"),
        ("1_000", "1_000"),
        ("0b11", "0b11"),
        ("1:30", "1:30"),
        ("2001-01-01", "2001-01-01"),
        ("=", "="),
        ("nULL", "nULL"),
        ("-", None),
        ("e5", "e5"),
        ("0o8", "0o8"),
        ("'5'", "5"),
        ('"no"', "no"),
    ],
)
def test_scalars_are_those_of_yaml_1_2(written: str, value: object) -> None:
    if written == "-":
        assert read("[-1, '-']") == [-1, "-"]
        return
    found = read(f"- {written}")[0]
    assert found == value
    assert type(found) is type(value)
    assert repr(found) == repr(value)


def test_nan() -> None:
    assert math.isnan(read("- .nan")[0])


@pytest.mark.parametrize("written", ["9223372036854775808", "1e999", "0x1" + "0" * 30, "9" * 9000])
def test_a_number_that_nothing_can_hold(written: str) -> None:
    problem = only_problem(f"- id: {written}")
    assert "is beyond what a" in problem.message
    assert (problem.place.line, problem.place.column) == (1, 7)
    assert len(str(problem)) < 200


def test_every_value_knows_its_place() -> None:
    log = Log("f.yaml")
    document = read_text("# comment\n- a: 1\n  bb: [x,\n    {c: 3}]\n", log)
    assert document is not None
    case = document.value[0]
    assert document.value.at[0] == (2, 3)
    assert case.key_at("bb") == (3, 3)
    assert case.value_at("a") == (2, 6)
    assert case["bb"].at == [(3, 8), (4, 5)]
    assert case["bb"][1].value_at("c") == (4, 9)


def test_an_excerpt_is_the_item_as_written() -> None:
    text = "# head\n- a: 1 # one\n  # two\n  b: 2\n\n# three\n- c: |\n    x\n\n- d\n"
    document = read_text(text, Log("f.yaml"))
    assert document is not None
    assert document.excerpt(0) == "- a: 1 # one\n  # two\n  b: 2"
    assert document.excerpt(1) == "- c: |\n    x"
    assert document.excerpt(2) == "- d"


def test_an_excerpt_of_an_indented_list_begins_at_the_margin() -> None:
    document = read_text("  - a: 1\n    b: 2\n\n  - c: 3\n", Log("f.yaml"))
    assert document is not None
    assert document.excerpt(0) == "- a: 1\n  b: 2"
    assert document.excerpt(1) == "- c: 3"


def test_aliases_share_a_value() -> None:
    assert read("- &a {x: [1]}\n- *a\n") == [{"x": [1]}, {"x": [1]}]


def test_an_alias_bomb_is_refused_before_it_goes_off() -> None:
    levels = ["- &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"- &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    began = time.process_time()
    problem = only_problem("\n".join(levels))
    assert "aliases expanded" in problem.message
    assert problem.place.line == 6
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- &a [*a]", "*a is inside the value that it names"),
        ("- &a {b: {c: *a}}", "*a is inside the value that it names"),
        ("- *nobody", "*nobody names nothing above it"),
    ],
)
def test_aliases_that_can_not_be(text: str, message: str) -> None:
    assert only_problem(text).message == message


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_deep_nesting_is_refused_with_its_place(opening: str) -> None:
    own = f"is nested more than {reading.MAX_DEPTH} levels deep"
    problem = only_problem(opening * (reading.MAX_DEPTH + 1))
    assert problem.message == own
    assert problem.place.line == 1
    # PyYAML 6.0.4 has a limit of its own, which it may come to first as it reads ahead.
    problem = only_problem(opening * 50_000)
    assert problem.message == own or "maximum nesting depth" in problem.message, problem.message
    assert problem.place.line == 1


def test_duplicate_keys_are_all_found_at_their_second_place() -> None:
    found = problems("- id: a\n  title: x\n  id: b\n  input: {s: 1, s: 2}\n")
    assert [(p.place.line, p.place.column, p.key) for p in found] == [
        (3, 3, "id"),
        (4, 17, "input.s"),
    ]
    assert found[0].hint == "the first is in line 1"


def test_tabs_may_not_indent() -> None:
    found = problems("- id: a\n\ttitle: x\n  \twhy: y\n")
    assert [(p.place.line, p.place.column) for p in found] == [(2, 1), (3, 3)]
    assert found[0].expected == "spaces"


@pytest.mark.parametrize(
    "tag", ["!!python/object/apply:os.system", "!!python/name:os.system", "!!binary", "!!str", "!x"]
)
def test_tags_are_refused_and_construct_nothing(tag: str) -> None:
    problem = only_problem(f"- a: {tag} ls")
    assert problem.message.startswith("has the tag ")
    assert (problem.place.line, problem.place.column) == (1, 6)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- &b {x: 1}\n- {<<: *b}", "'<<' merges mappings"),
        ("- {1: a}", "the key 1 is not a string"),
        ("- {null: a}", "the key null is not a string"),
        ("- {[a]: b}", "is a list or a mapping as a key"),
        ("- {? {a: b} : c}", "is a list or a mapping as a key"),
        ("- a\n---\n- b", "is a second document"),
        ("%YAML 1.2\n---\n- a", "has a directive"),
        ("- \x07", "U+0007 is a character that can't be seen"),
        ("- a\u202eb", "U+202E is a character that can't be seen"),
        ("- a\u2028b", "U+2028 is a character that can't be seen"),
        ('- "\\e[31m"', "holds a character that can't be seen"),
        ('- "\\u202e"', "holds a character that can't be seen"),
        ("", "holds nothing"),
        ("# only a comment\n", "holds nothing"),
        ("- [a", "is no YAML: "),
        ("- a: b: c", "is no YAML: "),
        ("- 'a", "is no YAML: "),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    problem = only_problem(text)
    assert problem.message.startswith(message)
    assert problem.place.line >= 1
    assert problem.place.column >= 1


def test_a_file_of_100_mb_is_refused_from_its_size(tmp_path: Path) -> None:
    file = tmp_path / "huge.yaml"
    with file.open("wb") as stream:
        stream.truncate(100 * 2**20)
    log = Log("huge.yaml")
    tracemalloc.start()
    assert read_file(file, log) is None
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2**20, "it was read"
    assert "is too large: 104,857,600 bytes" in log.sorted()[0].message


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    file = tmp_path / "latin.yaml"
    file.write_bytes(b"- a: 1\n- b: \xe4\n")
    log = Log("latin.yaml")
    assert read_file(file, log) is None
    (problem,) = log.sorted()
    assert "UTF-8" in problem.message
    assert (problem.place.line, problem.place.column) == (2, 6)


@pytest.mark.parametrize("name", ["nowhere.yaml", "."])
def test_a_path_that_is_no_file(tmp_path: Path, name: str) -> None:
    log = Log(name)
    assert read_file(tmp_path / name, log) is None
    assert log.sorted()[0].message == "is not a file"


def test_windows_line_ends_and_a_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "windows.yaml"
    file.write_bytes(b"\xef\xbb\xbf- a: 1\r\n- b: 2\r\n")
    log = Log("windows.yaml")
    document = read_file(file, log)
    assert document is not None
    assert plain_value(document.value) == [{"a": 1}, {"b": 2}]
    assert document.value.at == [(1, 3), (2, 3)]


def test_the_pure_python_parser_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    yaml = pytest.importorskip("yaml")
    text = "- &a {x: [1, 'no', no, 1e-5], y: ~}\n- *a\n- b: |\n    text\n"
    first = read(text)
    monkeypatch.setattr(reading, "_LOADER", yaml.SafeLoader)
    assert read(text) == first
    assert only_problem("[" * 5_000).message.startswith("is nested more than")
