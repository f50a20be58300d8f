"""What of a framework ran is noted with its arguments and its own defaults, and left as it was."""

from __future__ import annotations

import textwrap
from typing import Any

from conformance.adapters.native.spy import AROUND, Call, Spy, names, same

SHORTEN, WRAPPER = "textwrap.shorten", "textwrap.TextWrapper"


def watched(*symbols: str, classes: bool = True) -> tuple[Spy, Any]:
    spy = Spy(symbols, classes=classes)
    return spy, spy.watching()


def test_a_call_is_noted_with_what_differs_from_the_defaults() -> None:
    spy, watching = watched(SHORTEN)
    with watching, spy.node("a"):
        assert textwrap.shorten("one two", width=5, placeholder="…") == "one…"
    assert spy.of("a") == [
        Call(
            SHORTEN,
            {"text": "one two", "width": 5, "placeholder": "…"},
            {},
        )
    ]
    assert spy.of("b") == []


def test_what_is_made_of_a_class_is_noted_with_the_constructor_s_defaults() -> None:
    spy, watching = watched(WRAPPER)
    with watching, spy.node("a"):
        textwrap.TextWrapper(30, tabsize=8, max_lines=2)
    assert spy.of("a") == [
        Call(WRAPPER, {"width": 30, "max_lines": 2}, {"width": 70, "max_lines": None})
    ]


def test_what_the_framework_calls_itself_is_its_own_affair() -> None:
    spy, watching = watched(SHORTEN, WRAPPER)
    with watching, spy.node("a"):
        textwrap.shorten("one two", 5)
    assert [call.symbol for call in spy.of("a")] == [SHORTEN]


def test_everything_is_as_before_afterwards() -> None:
    function, constructor = textwrap.shorten, textwrap.TextWrapper.__init__
    _, watching = watched(SHORTEN, WRAPPER, "textwrap.no_such", "no.such.module")
    with watching:
        assert textwrap.shorten is not function
    assert textwrap.shorten is function
    assert textwrap.TextWrapper.__init__ is constructor


def test_a_call_that_raises_is_noted_and_the_next_one_too() -> None:
    spy, watching = watched(SHORTEN)
    with watching, spy.node("a"):
        for text in (3, "one"):
            try:
                textwrap.shorten(text, 5)  # type: ignore[arg-type]
            except AttributeError:
                continue
    assert [call.arguments["text"] for call in spy.of("a")] == [3, "one"]


def test_the_names_in_a_table_s_text() -> None:
    assert names("torch.nn.ReLU, torch.nn.ReLU6") == ["torch.nn.ReLU", "torch.nn.ReLU6"]
    assert names("the identity") == []
    assert all(names(symbol) == [symbol] for symbol in AROUND)


def test_a_default_written_out_for_each_axis_is_the_default() -> None:
    assert same([1, 1], 1, 1)
    assert same(None, None, None)
    assert not same([1, 2], 1, 1)
    assert not same([True], 1, 1)
    assert not same([], 1, 1)
    assert not same(None, 1, 1)
