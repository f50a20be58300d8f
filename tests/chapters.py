"""The code of a page of docs/porting/chapters, and what the reference answers to cases."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from conformance.cases import load_file
from conformance.reference import evaluate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.cases.model import Case
    from conformance.reference.answer.book import Answer

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "docs" / "porting" / "chapters"
RECURRENT = {"SimpleRNN": ("simple_rnn", 1), "LSTM": ("lstm", 2), "GRU": ("gru", 1)}
"""The step of layouts.md by layer, and how many states it has."""
_BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)


class Held(NamedTuple):
    """A case, and the reference's answer to it."""

    case: Case
    answer: Answer

    @property
    def config(self) -> dict[str, Any]:
        """That of the program's first node, or of its object."""
        program = self.case.program
        return (
            program.object.config if hasattr(program, "object") else program.model.nodes[0].config
        )

    @property
    def layer(self) -> str:
        """The first node's."""
        return self.case.program.model.nodes[0].layer

    def fed(self, name: str) -> Any:
        """What an input of the first call holds, as float64 where it is float."""
        return wide(self.answer.feeds[f"call/0/{name}"])

    def weights(self) -> dict[str, Any]:
        """The first node's, by their own names."""
        node = self.case.program.model.nodes[0].name
        start = f"weight/{node}/"
        return {
            key.removeprefix(start): wide(value)
            for key, value in self.answer.feeds.items()
            if key.startswith(start)
        }

    def truth(self, output: int = 0) -> Any:
        """The first call's answer."""
        return self.answer.arrays[f"truth/call/0/{output}"]


def wide(array: Any) -> Any:
    """As float64, where it is made of floats."""
    return array.astype(np.float64) if np.issubdtype(array.dtype, np.floating) else array


def code(page: str, right: str = "", wrong: str = "") -> dict[str, Any]:
    """What the blocks of a page define, run in their order; with a mistake, where one is given."""
    text = "\n\n".join(_BLOCK.findall((PAGES / page).read_text(encoding="utf-8")))
    assert text.count(right) == 1 or not right, right
    space: dict[str, Any] = {}
    exec(compile(text.replace(right, wrong) if right else text, page, "exec"), space)  # noqa: S102 - our own page
    return space


@functools.cache
def _loaded(file: str) -> tuple[Case, ...]:
    return tuple(load_file(ROOT / "cases" / file).cases)


def cases(file: str) -> Iterator[Case]:
    """Those of a file that expect an answer."""
    return (case for case in _loaded(file) if case.raises is None)


def held(case: Case) -> Held:
    """A case with its answer, which is computed once."""
    if case.id not in _ANSWERED:
        _ANSWERED[case.id] = Held(case, evaluate(case))
    return _ANSWERED[case.id]


_ANSWERED: dict[str, Held] = {}


def close(found: Any, truth: Any) -> bool:
    """Whether two float64 arrays are one but for rounding."""
    found, truth = np.asarray(found), np.asarray(truth)
    return found.shape == truth.shape and np.allclose(found, truth, rtol=1e-9, atol=1e-9)
