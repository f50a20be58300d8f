"""An adapter that knows one Dense layer, and misbehaves over cases whose ids say so.

The ways to misbehave are those of ``misbehaving.py``; every other case is answered honestly, so
that a run can show that the faulty cells fail and no other. Like that module it imports next to
nothing, so that a run of it starts at once: ``python -I -S`` will do.
"""
# ruff: noqa: ARG001 - read by people, called by nobody

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import misbehaving

JUDGED = {"shape", "dtype", "values", "batch", "weights", "params"}
tensors = {}


def dense(x, kernel, bias):
    """``x @ kernel + bias``, on the last axis of ``x``."""
    rows, columns = kernel.shape
    y = [
        sum(x.numbers[start + row] * kernel.numbers[row * columns + column] for row in range(rows))
        + bias.numbers[column]
        for start in range(0, len(x.numbers), rows)
        for column in range(columns)
    ]
    return misbehaving.Tensor(y, [*x.shape[:-1], columns])


def honest(asked, x, **more):
    program = asked["program"]
    node = program["model"]["nodes"][0]["name"]
    kernel, bias = tensors[f"weight/{node}/kernel"], tensors[f"weight/{node}/bias"]
    calls, arrays = [], {}
    for index in range(len(program["calls"]) + len(program.get("extra", ()))):
        y = arrays[f"y{index}"] = dense(tensors[f"call/{index}/x"], kernel, bias)
        output = {"shape": y.shape, "dtype": y.dtype, "tensor": f"y{index}"}
        calls.append({"outputs": [output]})
    count = len(kernel.numbers) + len(bias.numbers)
    weights = [
        {"name": f"{node}/{name}", "shape": w.shape, "dtype": w.dtype, "trainable": True}
        for name, w in (("kernel", kernel), ("bias", bias))
    ]
    answer = {
        "type": "result",
        "id": asked["id"],
        "case": program["case"],
        "calls": calls,
        "weights": weights,
        "params": {"total": count, "trainable": count, "non_trainable": 0},
        "unsupported": dict.fromkeys(set(program["facets"]) - JUDGED, "the fake has no such thing"),
    }
    misbehaving.send({**answer, **more}, arrays)


def off_by_a_little(asked, x):
    """Every number is off by a thousandth, which rounding does not explain."""
    program = asked["program"]
    for index in range(len(program["calls"]) + len(program.get("extra", ()))):
        fed = tensors[f"call/{index}/x"]
        tensors[f"call/{index}/x"] = fed.map(lambda number: number * 1.001)
    honest(asked, x)


misbehaving.honest = honest
misbehaving.off_by_a_little = off_by_a_little


def main():
    while True:
        message, arrays = misbehaving.receive()
        if message["type"] == "hello":
            misbehaving.hello(sys.argv[1] if len(sys.argv) > 1 else "")
        elif message["type"] == "run":
            tensors.clear()
            tensors.update(arrays)
            name = message["program"]["case"].rpartition("/")[2].partition("[")[0]
            way = getattr(misbehaving, name.replace("-", "_"), honest)
            way(message, tensors["call/0/x"])
        else:
            sys.exit(0)


if __name__ == "__main__":
    main()
