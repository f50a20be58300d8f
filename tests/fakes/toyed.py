"""An adapter whose framework is ``toyframe``, the package that ``toy.py`` writes into a repository.

What a case's id says is which functions of it are called, besides those of a Dense layer.
"""

from __future__ import annotations

import os
import signal
import threading

import numpy as np
import toyframe


class Toyed:
    def hello(self):
        toyframe.table()  # what is remembered here, no case would enter any more
        return {"versions": {"toyframe": toyframe.__version__, "numpy": np.__version__}}

    def run(self, program, tensors):
        way = program["case"].rpartition("/")[2].partition("-")[0]
        if way == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        node = program["model"]["nodes"][0]["name"]
        kernel, bias = (tensors[f"weight/{node}/{name}"] for name in ("kernel", "bias"))
        calls, arrays = [], {}
        for index in range(len(program["calls"]) + len(program.get("extra", ()))):
            y = also(way, toyframe.dense(tensors[f"call/{index}/x"], kernel, bias))
            arrays[f"y{index}"] = y
            output = {"shape": list(y.shape), "dtype": y.dtype.name, "tensor": f"y{index}"}
            calls.append({"outputs": [output]})
        judged = {"shape", "dtype", "values", "batch"}
        unsupported = dict.fromkeys(set(program["facets"]) - judged, "the fake has no such thing")
        return {"calls": calls, "unsupported": unsupported}, arrays


def also(way, y):
    if way == "remembered":
        return toyframe.shifted(y)
    if way == "late":
        from toyframe.lazily import late

        return late(y)
    if way == "threaded":
        found = []
        thread = threading.Thread(target=lambda: found.append(toyframe.threaded(y)))
        thread.start()
        thread.join()
        return found[0]
    return y


def create(name):
    if name == "fragile":
        os.register_at_fork(after_in_child=lambda: os._exit(7))
    return Toyed()
