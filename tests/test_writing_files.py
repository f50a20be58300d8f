"""A first file of cases, and one order of keys: what is written, and what never is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from cases_samples import deviations

from conformance.cases import load_file
from conformance.cases.building import KEYS
from conformance.cases.loading import case_files, default_root
from conformance.cli import main
from conformance.writing.ordering import ordered

ROOT = Path(__file__).parents[1]
CATALOGUE = case_files([default_root()])


# --- a first file -------------------------------------------------------------------------------


def test_a_first_file_is_sound_and_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", "mine/first.yaml"]) == 0
    said = capsys.readouterr().out
    assert "mine/first.yaml: 7 cases, the first of them first/two-units" in said
    commands = [line.strip().split()[1:] for line in said.splitlines() if line.startswith("  ")]
    assert commands[0] == ["validate", "--reference", "mine/first.yaml"]
    assert main(commands[0]) == 0
    assert main(["validate", "--format", "--check", "mine"]) == 0
    assert capsys.readouterr().out == "7 cases, no problem\n" * 2
    assert commands[1][:2] == ["run", "mine/first.yaml"]
    assert main(["list", commands[1][1]]) == 0
    for case in load_file("mine/first.yaml").checked():
        assert deviations(case) == {}


def test_a_number_of_the_first_file_can_be_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "first.yaml"
    assert main(["new", str(file)]) == 0
    file.write_text(file.read_text().replace("3.25", "3.5"))
    assert main(["validate", "--reference", str(file)]) == 1
    assert "expect.values.0.1: the case states 3.5" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["first.yaml", "first.yml"])
def test_nothing_is_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    file = tmp_path / name
    file.write_text("my own")
    assert main(["new", str(file)]) == 2
    assert "is there already, and nothing is overwritten" in capsys.readouterr().err
    assert file.read_text() == "my own"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("first.txt", "a file of cases ends in .yaml"),
        ("first", "a file of cases ends in .yaml"),
        ("my case.yaml", "'my case' would be part of the cases' ids"),
    ],
)
def test_a_file_that_can_not_be_one_of_cases_is_not_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, said: str
) -> None:
    (tmp_path / "there").write_text("no folder")
    assert main(["new", str(tmp_path / name)]) == 2
    assert said in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_where_a_file_is_there_can_be_no_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "there").write_text("no folder")
    with pytest.raises(SystemExit) as refused:
        main(["new", str(tmp_path / "there/first.yaml")])
    assert refused.value.code == 2
    assert "is a file, and a folder is meant" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_a_name_that_a_shell_would_take_apart_is_quoted(tmp_path: Path) -> None:
    folder = tmp_path / "my cases"
    assert main(["new", str(folder / "first.yaml")]) == 0
    assert f"validate --reference '{folder}/first.yaml'" in (folder / "first.yaml").read_text()


# --- one order of keys --------------------------------------------------------------------------

UNORDERED = """\
# Above all.

- id: a
  # Of the layer.
  layer: Dense   # behind it
  title: >
    A folded text,
    # which is no comment
  config:
    units: 2     # inside
    # of the bias
    use_bias: false

  # Of the input,
  # in two lines.
  input: {shape: [3]}
# Of the next.
- title: Second
  # Of the id.
  id: b
  vary: {activation: [relu, .nan]}
  layer: Dense
  # At the end.
- {title: one line, id: c}
"""
IN_ORDER = """\
# Above all.

- id: a
  title: >
    A folded text,
    # which is no comment

  # Of the input,
  # in two lines.
  input: {shape: [3]}
  # Of the layer.
  layer: Dense   # behind it
  config:
    units: 2     # inside
    # of the bias
    use_bias: false
# Of the next.
# Of the id.
- id: b
  title: Second
  layer: Dense
  # At the end.
  vary: {activation: [relu, .nan]}
- {title: one line, id: c}
"""


def text_of(content: str) -> str:
    found = ordered(content.encode(), "x.yaml")
    assert found is not None
    return found.text


def test_keys_are_put_in_order_with_their_comments() -> None:
    assert text_of(UNORDERED) == IN_ORDER


def test_what_is_in_order_stays(tmp_path: Path) -> None:
    assert text_of(IN_ORDER) == IN_ORDER
    file = tmp_path / "x.yaml"
    assert main(["new", str(file)]) == 0
    before = file.stat().st_mtime_ns, file.read_bytes()
    assert main(["validate", "--format", str(file)]) == 0
    assert (file.stat().st_mtime_ns, file.read_bytes()) == before


def test_what_can_not_be_moved_line_by_line_stays_and_is_told() -> None:
    found = ordered(UNORDERED.encode(), "x.yaml")
    assert found is not None
    (stuck,) = found.stuck
    assert str(stuck) == (
        "x.yaml:24:3: the keys stay in their order: not each of them begins a line of its own; "
        "expected id, title"
    )
    assert [problem.place.line for problem in found.moved] == [3, 18]


def test_an_anchor_stays_above_its_alias() -> None:
    content = "- vary: {units: &some [1, 2]}\n  id: a\n  unless: *some\n- title: b\n  id: b\n"
    content += "- config: &one {units: 1}\n  id: c\n  with: *one\n"
    found = ordered(content.encode(), "x.yaml")
    assert found is not None
    assert found.text == content.replace("- title: b\n  id: b", "- id: b\n  title: b").replace(
        "- vary: {units: &some [1, 2]}\n  id: a", "- id: a\n  vary: {units: &some [1, 2]}"
    )
    assert [str(one).partition(";")[0] for one in found.stuck] == [
        "x.yaml:6:3: the keys stay in their order: in another one the case would not say the same"
    ]


@pytest.mark.parametrize(
    "content",
    [
        "- title: a\r\n  id: a\r\n",
        "\ufeff- title: a\n  id: a\n",
        "- title: a\n  id: a",
        "-   title: a\n    id: a\n",
        "  - title: a\n    id: a\n",
    ],
)
def test_what_a_file_is_written_with_stays(content: str) -> None:
    text = text_of(content)
    assert text != content
    assert _bare(text) == _bare(content)
    assert text.startswith("\ufeff") == content.startswith("\ufeff")
    assert text.index("id") < text.index("title")
    assert text_of(text) == text


def _bare(text: str) -> list[str]:
    return sorted(line.strip(" -") for line in text.removeprefix("\ufeff").split("\n"))


@pytest.mark.parametrize("content", ["", "a: 1\n", "- [", "- a: 1\n  a: 2\n", "\x00", "- 5\n- x\n"])
def test_what_is_no_file_of_cases_is_left_alone(tmp_path: Path, content: str) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(content)
    assert main(["validate", "--format", str(file)]) == 1
    assert file.read_text() == content


@pytest.mark.parametrize("file", CATALOGUE, ids=lambda file: file.name)
def test_every_packaged_file_says_the_same_in_order(file: Any, tmp_path: Path) -> None:
    content = file.read_bytes()
    found = ordered(content, file.name)
    assert found is not None
    assert found.stuck == []
    again = ordered(found.text.encode(), file.name)
    assert again is not None
    assert again.text == found.text
    assert again.moved == []
    other = tmp_path / "cases" / file.relative_to(default_root())
    other.parent.mkdir(parents=True)
    other.write_text(found.text)
    before, after = (
        {case.id: (case.digest, case.title, case.source, case.why) for case in read.checked()}
        for read in (load_file(file), load_file(other))
    )
    assert after == before
    assert _remarks(found.text) == _remarks(content.decode())


def _remarks(text: str) -> list[str]:
    return sorted(line.strip() for line in text.split("\n") if line.strip().startswith("#"))


def test_a_file_is_written_whole_with_its_mode_through_a_link(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, link = tmp_path / "x.yaml", tmp_path / "link.yaml"
    content = "- title: t\n  id: a\n  input: {shape: [2]}\n  layer: ReLU\n"
    file.write_text(content)
    file.chmod(0o640)
    link.symlink_to(file)
    assert main(["validate", "--format", "--check", str(link)]) == 1
    assert "the keys are in another order; expected id, title, input, layer" in (
        capsys.readouterr().out
    )
    assert file.read_text() == content
    assert main(["validate", "--format", str(link)]) == 0
    assert "1 case put in order" in capsys.readouterr().out
    assert file.read_text() == "- id: a\n  title: t\n  input: {shape: [2]}\n  layer: ReLU\n"
    assert link.is_symlink()
    assert file.stat().st_mode & 0o777 == 0o640
    assert sorted(one.name for one in tmp_path.iterdir()) == ["link.yaml", "x.yaml"]
    assert main(["validate", "--format", "--check", str(link)]) == 0


@pytest.mark.parametrize("options", [["--format"], ["--format", "--check"], ["--check", "x.yaml"]])
def test_no_file_and_no_format_is_wrong_usage(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["validate", *options]) == 2
    assert "--format" in capsys.readouterr().err


def test_the_page_says_the_order() -> None:
    page = (ROOT / "docs/cases.md").read_text()
    order = page.partition("always in this order:")[2].partition(".")[0]
    assert re.findall(r"`(\w+)`", order) == list(KEYS)
