"""Which case an answer is to, and what it holds, is told by its very names."""

from __future__ import annotations

import pytest

from conformance.adapters.host.answer import Unusable, read_observation
from conformance.adapters.shared import wire

CASE = "documents/dense/last-axis"


def frame(**changes):
    message = {"type": "result", "id": 7, "case": CASE, "status": "ok"} | changes
    return memoryview(b"".join(bytes(part) for part in wire.encode(message, {})))


def test_an_honest_one_is_read():
    observation, _ = read_observation(frame(), 7, CASE, 1)
    assert observation.case == CASE


@pytest.mark.parametrize("behind", ["\x1b[31m", "\x1b[0m", "\x00", "\u202e", "\r"])
def test_a_name_that_only_looks_like_the_cases_is_another(behind):
    with pytest.raises(Unusable, match="it is about case") as told:
        read_observation(frame(case=CASE + behind), 7, CASE, 1)
    assert str(told.value).isprintable()


def test_names_that_only_look_alike_are_not_taken_for_one():
    seconds = {"build": 1.0, "build\x1b[0m": 2.0}
    with pytest.raises(Unusable, match="two keys differ in characters alone"):
        read_observation(frame(seconds=seconds), 7, CASE, 1)
