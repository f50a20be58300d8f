"""The fake of ``dense.py`` as a module for the suite's own worker; hangs over ``…/hang``."""

from __future__ import annotations

import time


class Served:
    def hello(self):
        return {"versions": {"served": "1"}}

    def run(self, program, tensors):
        if program["case"].endswith("/hang"):
            time.sleep(3600)
        node = program["model"]["nodes"][0]["name"]
        calls, arrays = [], {}
        for index in range(len(program["calls"]) + len(program.get("extra", ()))):
            y = tensors[f"call/{index}/x"] @ tensors[f"weight/{node}/kernel"]
            arrays[f"y{index}"] = y + tensors[f"weight/{node}/bias"]
            output = {"shape": list(y.shape), "dtype": "float32", "tensor": f"y{index}"}
            calls.append({"outputs": [output]})
        judged = {"shape", "dtype", "values", "batch"}
        unsupported = dict.fromkeys(set(program["facets"]) - judged, "the fake has no such thing")
        return {"calls": calls, "unsupported": unsupported}, arrays


def create(_name):
    return Served()
