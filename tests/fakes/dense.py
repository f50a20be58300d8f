"""An adapter that knows one Dense layer, and misbehaves over cases whose ids say so.

The ways to misbehave are those of ``misbehaving.py``; every other case is answered honestly, so
that a run can show that the faulty cells fail and no other.
"""
# ruff: noqa: ARG001 - read by people, called by nobody

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
import misbehaving

JUDGED = {"shape", "dtype", "values", "batch", "weights", "params"}
tensors = {}


def numbers(name):
    """An array that was received, for NumPy."""
    return np.reshape(tensors[name].numbers, tensors[name].shape)


def honest(asked, x, **more):
    program = asked["program"]
    node = program["model"]["nodes"][0]["name"]
    kernel, bias = numbers(f"weight/{node}/kernel"), numbers(f"weight/{node}/bias")
    calls, arrays = [], {}
    for index in range(len(program["calls"])):
        y = numbers(f"call/{index}/x") @ kernel + bias
        arrays[f"y{index}"] = misbehaving.Tensor(y.ravel(), list(y.shape))
        output = {"shape": list(y.shape), "dtype": "float32", "tensor": f"y{index}"}
        calls.append({"outputs": [output]})
    weights = [
        {"name": f"{node}/{name}", "shape": list(w.shape), "dtype": "float32", "trainable": True}
        for name, w in (("kernel", kernel), ("bias", bias))
    ]
    answer = {
        "type": "result",
        "id": asked["id"],
        "case": program["case"],
        "calls": calls,
        "weights": weights,
        "params": {
            "total": kernel.size + bias.size,
            "trainable": kernel.size + bias.size,
            "non_trainable": 0,
        },
        "unsupported": dict.fromkeys(set(program["facets"]) - JUDGED, "the fake has no such thing"),
    }
    misbehaving.send({**answer, **more}, arrays)


def off_by_a_little(asked, x):
    """Every number is off by a thousandth, which rounding does not explain."""
    for index in range(len(asked["program"]["calls"])):
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
