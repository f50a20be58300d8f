"""The reference as a process of its own: cases in, answers into the store.

One JSON object a line on stdin, ``{"id": 1, "case": {…}, "fault": null}``; one a line on stdout,
``{"id": 1, "ok": true}`` or ``{"id": 1, "ok": false, "kind": "contradiction", "message": "…"}``.
``kind`` is that of :mod:`conformance.reference.errors`, or ``unwritable``. The process ends with
its input.
"""

from __future__ import annotations

import os
import sys
import traceback
from typing import IO, Any

import msgspec

from conformance.acceptance import lowered_units
from conformance.cases.model import Case
from conformance.reference.answer.answer import evaluate
from conformance.reference.answer.store import Store
from conformance.reference.errors import NoAnswer
from conformance.reference.faults.applicable import find

UNWRITABLE = "unwritable"
"""The kind of a reply where there is an answer, and nowhere to put it."""


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of stdin."""

    id: int
    case: Case
    fault: str | None = None
    lowered: str = ""
    """Operations in a coarser precision (:func:`conformance.acceptance.lowered_name`)."""
    spare: str = ""
    """Folder for answers, where the store's own can't be written."""


class Reply(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of stdout."""

    id: int
    ok: bool
    kind: str = ""
    message: str = ""


def answer(request: Request, store: Store) -> Reply:
    """Evaluate one case, unless its answer is in the store already."""
    case, fault, lowered = request.case, request.fault or "", request.lowered
    if request.spare:
        store.divert(request.spare)
    try:
        if store.get(case, fault, lowered) is None:
            seeded = find(case, fault) if fault else None
            computed = evaluate(case, seeded, lowered_units(lowered))
            try:
                store.put(case, computed, fault, lowered)
            except OSError as error:
                told = f"{error.strerror or error}"
                return Reply(request.id, ok=False, kind=UNWRITABLE, message=told)
    except NoAnswer as error:
        return Reply(request.id, ok=False, kind=error.kind, message=str(error))
    except MemoryError:
        return Reply(request.id, ok=False, kind="error", message="the reference ran out of memory")
    except Exception as error:  # noqa: BLE001 (one case must not end the process)
        traceback.print_exc()
        message = f"the reference failed: {type(error).__name__}: {error}"
        return Reply(request.id, ok=False, kind="error", message=message)
    return Reply(request.id, ok=True)


def serve(lines: IO[bytes], out: IO[bytes], store: Store) -> None:
    """Answer line after line until the input ends."""
    decoder: Any = msgspec.json.Decoder(Request)
    encoder = msgspec.json.Encoder()
    for line in lines:
        if not line.strip():
            continue
        try:
            reply = answer(decoder.decode(line), store)
        except msgspec.MsgspecError as error:
            reply = Reply(-1, ok=False, kind="error", message=f"not a request: {error}")
        out.write(encoder.encode(reply) + b"\n")
        out.flush()


def main() -> None:
    """Serve on stdin and stdout; whatever else prints goes to stderr."""
    own = os.dup(1)
    os.dup2(2, 1)
    with os.fdopen(own, "wb") as out:
        serve(sys.stdin.buffer, out, Store())
