"""Nothing of what is printed is taken for rich's markup: ids of cases have brackets."""

from __future__ import annotations

import ast
import io
from pathlib import Path

import pytest
from comparisons import record
from rich.console import Console

import conformance
from conformance import cli
from conformance.printing import WIDE, make_console
from conformance.versions.sweep import Row, Skipped, Sweep
from conformance.versions.sweep_text import terminal

MODULES = sorted(Path(conformance.__file__).parent.rglob("*.py"))
CASE = "layers/core/dense[red][/red][units=3,activation=:relu:]"


def printed(*things, **options):
    out = make_console(file=io.StringIO(), width=200, **options)
    out.print(*things)
    return out.file.getvalue()


@pytest.mark.parametrize("text", [CASE, "[/]", "[bold]", ":smile:", "\\[red]"])
def test_text_is_printed_as_it_is(text):
    assert printed(text) == f"{text}\n"
    assert printed(text, force_terminal=True) == f"{text}\n"


def test_a_log_is_as_wide_as_ids_are_long(monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    case = f"layers/{'x' * (WIDE - 8)}"
    log, plain = make_console(wide=True, file=io.StringIO()), make_console(file=io.StringIO())
    for console in (log, plain):
        console.print(case)
    assert log.file.getvalue() == f"{case}\n"
    assert plain.file.getvalue() != f"{case}\n"
    monkeypatch.setenv("COLUMNS", "70")
    assert make_console(wide=True, file=io.StringIO()).width == 70


def called(module):
    """The calls in a module, by the last name of what is called."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Call):
            yield getattr(node.func, "attr", getattr(node.func, "id", "")), node


def test_every_console_is_made_in_one_place():
    makers = [module.name for module in MODULES for name, _ in called(module) if name == "Console"]
    assert makers == ["printing.py"]


def test_no_text_of_a_progress_bar_is_markup():
    columns = [call for module in MODULES for name, call in called(module) if name == "TextColumn"]
    assert columns
    for call in columns:
        said = {word.arg: ast.unparse(word.value) for word in call.keywords}
        assert said.get("markup") == "False", ast.unparse(call)


def test_a_sweep_shows_whole_ids_on_any_console():
    row = Row(case=CASE, adapter="a", outcomes=["fail"], course="never", said="passes in none")
    skipped = Skipped(version="1.0", adapter="a", reason="[red]gone[/red]")
    sweep = Sweep(package="keras", releases=["3.5.0"], rows=[row], skipped=[skipped])
    console = Console(file=io.StringIO(), width=200)
    console.print(terminal(sweep))
    assert CASE in console.file.getvalue()
    assert skipped.reason in console.file.getvalue()


def test_a_comparison_shows_whole_ids(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    record(tmp_path / "old.jsonl", {"torch": {CASE: "pass"}})
    record(tmp_path / "new.jsonl", {"torch": {CASE: "fail"}})
    assert cli.main(["diff", "old.jsonl", "new.jsonl"]) == 1
    assert CASE in capsys.readouterr().out
