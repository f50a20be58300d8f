"""An adapter that answers each case in a way that its seed chooses, well or badly.

It imports the standard library alone, so that it starts at once. Whatever it answers names the case
that it is about, so that an answer that is taken for another's shows.
"""

from __future__ import annotations

import json
import random
import struct
import sys

SEED = sys.argv[1] if len(sys.argv) > 1 else ""
LENGTH = struct.Struct("<Q")


def received() -> dict:
    """The next message; ends with the pipe."""
    prefix = sys.stdin.buffer.read(LENGTH.size)
    if len(prefix) < LENGTH.size:
        raise SystemExit(0)
    blob = sys.stdin.buffer.read(*LENGTH.unpack(prefix))
    (size,) = LENGTH.unpack_from(blob)
    header = json.loads(blob[LENGTH.size : LENGTH.size + size])
    return json.loads(header["__metadata__"]["message"])


def framed(message: object) -> bytes:
    """A message as it goes into the pipe."""
    text = message if isinstance(message, str) else json.dumps(message)
    header = json.dumps({"__metadata__": {"message": text}}).encode()
    header += b" " * (-len(header) % 8)
    blob = LENGTH.pack(len(header)) + header
    return LENGTH.pack(len(blob)) + blob


def answered(rng: random.Random, asked: dict, before: dict | None) -> bytes:
    """The bytes of an answer; ``before`` is the one that was given last."""
    case = asked["program"]["case"]
    honest = {
        "type": "result",
        "id": asked["id"],
        "case": case,
        "status": "unsupported",
        "reason": f"this is about <{case}>",
    }
    ways = (
        framed(honest),
        framed(honest),
        framed(honest) * 2,
        framed(honest) + b"noise",
        framed(honest | {"id": asked["id"] + 1}),
        framed(honest | {"case": f"{case}\x1b[0m"}),
        framed(before or honest),
        framed(before or honest) + framed(honest),
        framed(honest | {"calls": [1], "status": "ok"}),
        framed(honest | {"reason": [[]]}),
        framed('{"type":"result","x":' + "[" * 5_000 + "]" * 5_000 + "}"),
        framed("{}"),
        framed(honest | {"reason": f"<{case}> " + "x" * 100_000}),
        LENGTH.pack(0),
        LENGTH.pack(2**62) + b"x",
        LENGTH.pack(24) + LENGTH.pack(16) + b"{}" * 8,
    )
    return rng.choice(ways)


def main() -> None:
    """Answer until the pipe ends, or the seed says so."""
    before = None
    while True:
        asked = received()
        if asked["type"] == "hello":
            hello = {"type": "hello", "protocol": 2, "name": "fuzzed", "status": "ready"}
            sys.stdout.buffer.write(framed(hello))
        elif asked["type"] == "run":
            case = asked["program"]["case"]
            rng = random.Random(f"{SEED}/{case}")  # noqa: S311 - only variety
            if rng.random() < 0.1:  # noqa: PLR2004 - of them
                raise SystemExit(rng.randrange(3))
            sys.stdout.buffer.write(answered(rng, asked, before))
            before = {
                "type": "result",
                "id": asked["id"],
                "case": case,
                "status": "unsupported",
                "reason": f"this is about <{case}>",
            }
        elif asked["type"] == "bye":
            return
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
