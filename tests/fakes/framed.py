"""A fake adapter whose framework is ``fakeframe``, a package of ``fake_index.py``.

What ``fakeframe.SLOPE`` is, is what its Dense layer multiplies by: 1 is right. A release without
one has no Dense layer. One with ``SECONDS`` takes so long for each case.
"""

from __future__ import annotations

import time

import fakeframe

from conformance.adapters.worker.failure import Absent


class Framed:
    def hello(self):
        return {"versions": {"fakeframe": fakeframe.__version__}}

    def run(self, program, tensors):
        if fakeframe.SLOPE is None:
            raise Absent(f"fakeframe {fakeframe.__version__} has no layer named Dense")
        time.sleep(getattr(fakeframe, "SECONDS", 0))
        node = program["model"]["nodes"][0]["name"]
        calls, arrays = [], {}
        for index in range(len(program["calls"]) + len(program.get("extra", ()))):
            y = tensors[f"call/{index}/x"] @ tensors[f"weight/{node}/kernel"]
            arrays[f"y{index}"] = (y + tensors[f"weight/{node}/bias"]) * y.dtype.type(
                fakeframe.SLOPE
            )
            output = {"shape": list(y.shape), "dtype": "float32", "tensor": f"y{index}"}
            calls.append({"outputs": [output]})
        judged = {"shape", "dtype", "values", "batch"}
        unsupported = dict.fromkeys(set(program["facets"]) - judged, "the fake has no such thing")
        return {"calls": calls, "unsupported": unsupported}, arrays


def create(_name):
    return Framed()
