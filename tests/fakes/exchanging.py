"""A Dense layer for the suite's own worker that saves its weights and loads others'.

The adapter's name says how it misbehaves: ``liar`` writes other weights than it has, ``odd`` sends
what is no file, ``large`` one that is too large, ``mute`` writes none; ``fallen`` dies over a file,
``stuck`` never comes back, ``refusing`` raises, ``unable`` says that it can't read, ``empty``
answers nothing, ``old`` knows nothing of it all, ``faking`` says itself what it made of others'
files. Whoever is named ``ours…`` is honest.
"""

from __future__ import annotations

import os
import time

import numpy as np

from conformance.adapters.worker.failure import Unsupported

JUDGED = {"shape", "dtype", "values", "exchange"}


class Exchanging:
    def __init__(self, way):
        self.way = way

    def hello(self):
        return {"versions": {"exchanging": "1"}}

    def run(self, program, tensors):
        node = program["model"]["nodes"][0]["name"]
        kernel, bias = tensors[f"weight/{node}/kernel"], tensors[f"weight/{node}/bias"]
        answer, arrays = answered(tensors["call/0/x"] @ kernel + bias)
        answer["unsupported"] = dict.fromkeys(
            set(program["facets"]) - JUDGED, "the fake has no such thing"
        )
        if self.way == "faking" and "exchange" in program:
            loaded = {"somebody": answer["calls"][0]}
            answer["exchanged"] = {"loaded": loaded}
        if self.way == "old" or "exchange" not in program:
            return answer, arrays
        answer["files"] = {}
        if self.way != "mute":
            answer["files"] = {program["exchange"]["file"]: "file"}
            arrays["file"] = self.file(kernel * (2 if self.way == "liar" else 1), bias)
        return answer, arrays

    def file(self, kernel, bias):
        whole = np.concatenate([kernel, bias[None]]).astype(np.float32)
        if self.way == "odd":
            return whole
        content = np.frombuffer(whole.tobytes(), np.uint8)
        return np.zeros(16 * 2**20 + 1, np.uint8) if self.way == "large" else content

    def load(self, program, tensors):
        assert program["facets"] == ["exchange"]
        if self.way == "fallen":
            os.abort()
        if self.way == "stuck":
            time.sleep(3600)
        if self.way == "refusing":
            int("what was read is no number")
        if self.way == "unable":
            raise Unsupported("the fake reads nothing")
        if self.way == "empty":
            return {}, {}
        whole = np.frombuffer(tensors["file"].tobytes(), np.float32).reshape(4, 3)
        return answered(tensors["call/0/x"] @ whole[:3] + whole[3])


def answered(y):
    output = {"shape": list(y.shape), "dtype": "float32", "tensor": "y"}
    return {"calls": [{"outputs": [output]}]}, {"y": y}


def create(name):
    return Exchanging(name)
