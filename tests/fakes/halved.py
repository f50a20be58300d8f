"""An adapter of ``toyframe`` as it is half built: what a case's id says is what is called.

See ``test_bringup.py``, which writes the functions.
"""

from __future__ import annotations

import numpy as np
import toyframe
from toyframe import half


class Halved:
    def hello(self):
        return {"versions": {"toyframe": toyframe.__version__, "numpy": np.__version__}}

    def run(self, program, tensors):
        way = program["case"].rpartition("/")[2].partition("-")[0]
        node = program["model"]["nodes"][0]["name"]
        kernel, bias = (tensors[f"weight/{node}/{name}"] for name in ("kernel", "bias"))
        calls, arrays = [], {}
        for index in range(len(program["calls"]) + len(program.get("extra", ()))):
            y = toyframe.dense(tensors[f"call/{index}/x"], kernel, bias)
            arrays[f"y{index}"] = y = getattr(half, way)(y)
            output = {"shape": list(y.shape), "dtype": y.dtype.name, "tensor": f"y{index}"}
            calls.append({"outputs": [output]})
        judged = {"shape", "dtype", "values", "batch"}
        unsupported = dict.fromkeys(set(program["facets"]) - judged, "the fake has no such thing")
        return {"calls": calls, "unsupported": unsupported}, arrays


def create(_name):
    return Halved()
