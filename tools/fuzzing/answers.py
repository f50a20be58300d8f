"""Answers of adapters: honest ones of the reference in an adapter's clothes, changed."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from conformance.adapters.host.answer import Answered, Malformed, Unusable, read_observation
from conformance.adapters.host.host import calls_of
from conformance.adapters.shared import wire
from conformance.cases import default_root, load
from conformance.records.wire import decode, encode
from conformance.reference.answer.answer import evaluate
from conformance.reference.faults.observe import observe
from conformance.run.lines import cell_line
from conformance.verdicts import cell as cells
from fuzzing import mutating
from fuzzing.fuzzer import true

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from conformance.cases.model import Case

ADAPTER, ID = "fuzzed", 7
MOST = 48
"""Cases whose answers are changed: each costs the reference a few milliseconds at the start."""
_HEADER = 8


class Known(NamedTuple):
    """A case, the truth about it, and an honest answer as it comes out of the pipe."""

    case: Case
    truth: Any
    blob: bytes
    message: str
    tensors: Any


@functools.cache
def known() -> list[Known]:
    """Cases of several kinds, each with an honest answer."""
    found: list[Known] = []
    root = default_root()
    for suite in ("documents", "ops", "metrics"):
        cases = [case for case in load([root / suite]).cases if not case.raises]
        for case in cases[:: max(1, len(cases) // (MOST // 3))][: MOST // 3]:
            made = _known(case)
            if made is not None:
                found.append(made)
    return found


def _known(case: Case) -> Known | None:
    try:
        truth = evaluate(case)
        seen = observe(case, truth.feeds)
    except Exception:  # noqa: BLE001 - the reference has no answer: others have
        return None
    told = msgspec.to_builtins(seen.observation)
    message = told | {"type": "result", "id": ID, "case": case.id}
    blob = b"".join(bytes(part) for part in wire.encode(message, seen.tensors))
    text, tensors = wire.split(blob)
    return Known(case, truth, blob, text, tensors)


class Answers:
    """Frames that an adapter might write."""

    kind = "answers"

    def __init__(self) -> None:
        self._known = known()
        for index, one in enumerate(self._known):
            verdict = self._judged(index, one.blob)
            true(verdict.outcome in {"pass", "unsupported"}, f"{one.case.id}: {verdict.message}")

    def make(self, rng: random.Random) -> bytes:
        index = rng.randrange(len(self._known))
        one = self._known[index]
        match rng.randrange(10):
            case 0:
                blob = mutating.of_bytes(rng, one.blob)
            case 1:  # somebody else's answer
                blob = rng.choice(self._known).blob
            case 2:  # noise behind it
                blob = one.blob + rng.randbytes(rng.randrange(1, 40))
            case 3:
                blob = one.blob[:_HEADER] + mutating.of_bytes(rng, one.blob[_HEADER:])
            case 4 | 5 | 6:
                blob = self._encoded(rng, one, mutating.of_json_in_kind)
            case 7:  # other numbers
                at = len(one.blob) - rng.randrange(1, min(len(one.blob) - _HEADER, 400))
                odd = rng.choice((b"\0\0\xc0\x7f", b"\0\0\x80\xff", rng.randbytes(4)))
                blob = (one.blob[:at] + odd + one.blob[at + 4 :])[: len(one.blob)]
            case _:
                blob = self._encoded(rng, one, mutating.of_json)
        return index.to_bytes(2) + blob

    @staticmethod
    def _encoded(rng: random.Random, one: Known, change: Callable[..., Any]) -> bytes:
        """An answer with its message changed, and its arrays as they are."""
        message = change(rng, json.loads(one.message))
        if rng.random() < 0.7 and isinstance(message, dict):  # noqa: PLR2004 - of them
            message |= {"type": "result", "id": ID, "case": one.case.id}
        try:
            text = json.dumps(message)
            return b"".join(bytes(part) for part in wire.encode(text, one.tensors))
        except (wire.WireError, RecursionError, UnicodeError):
            return mutating.of_bytes(rng, one.blob)

    def attempt(self, data: bytes) -> None:
        index = int.from_bytes(data[:2]) % len(self._known)
        one = self._known[index]
        verdict = self._judged(index, data[2:])
        true(verdict.case == one.case.id, f"{verdict.case} in the place of {one.case.id}")
        true(verdict.adapter == ADAPTER, f"{verdict.adapter} in the place of {ADAPTER}")
        if verdict.outcome == "pass":
            text, _ = wire.split(memoryview(data[2:]))
            told = json.loads(text)
            true(told["case"] == one.case.id, f"{one.case.id} passes by the answer to another case")
            true(told["id"] == ID, f"{one.case.id} passes by the answer to another message")

    def verdict(self, one: Known) -> Any:
        """The verdict on an honest answer."""
        return self._judged(self._known.index(one), one.blob)

    def _judged(self, index: int, blob: bytes) -> Any:
        one = self._known[index]
        answer: Answered | Malformed
        try:
            calls = calls_of(one.case.program)
            observation, tensors = read_observation(memoryview(blob), ID, one.case.id, calls)
        except Unusable as error:
            answer = Malformed(id=ID, case=one.case.id, reason=str(error))
            verdict = cells.malformed(one.case.id, ADAPTER, answer.reason)
        else:
            answer = Answered(id=ID, case=one.case.id, observation=observation, tensors=tensors)
            verdict = cells.judge_cell(
                one.case,
                ADAPTER,
                expectation=one.truth.expectation,
                truth=one.truth.arrays,
                observation=observation,
                tensors=tensors,
            )
        line = decode(encode(cell_line(one.case, verdict, answer)))
        return line.verdict
