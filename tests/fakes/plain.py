"""An adapter module for the worker's loop: echoes its arrays, and misbehaves on request.

The case's id says how: ``fakes/print`` prints to stdout, ``fakes/raise`` raises, and so on.
"""
# ruff: noqa: T201 - read by people, called by nobody

from __future__ import annotations

import os
import signal
import sys
import tempfile
from fractions import Fraction

from conformance.adapters.worker.failure import Unsupported


class Plain:
    def hello(self):
        return {"versions": {"plain": "1"}, "settings": {"path": os.pathsep.join(sys.path)}}

    def run(self, program, tensors):
        way = program["case"].rpartition("/")[2]
        if way == "print":
            print("printed from Python")
            os.write(1, b"printed from C\n")
        if way == "raise":
            raise ValueError("the adapter's own mistake")
        if way == "raise-in-library":
            Fraction("no fraction")
        if way == "unsupported":
            raise Unsupported("there is no such layer")
        if way == "nan-in-message":
            return {"native": [{"node": "n", "symbol": "s", "arguments": {"a": float("nan")}}]}, {}
        if way == "hang":
            while True:
                pass
        if way == "segfault":
            os.kill(os.getpid(), signal.SIGSEGV)
        if way == "litter":
            folder = tempfile.mkdtemp()
            return {"reason": folder}, {}
        outputs = [
            {"shape": list(array.shape), "dtype": array.dtype.name, "tensor": name}
            for name, array in tensors.items()
        ]
        return {"calls": [{"outputs": outputs}]}, dict(tensors)


def create(name):
    if name == "absent":
        import a_framework_that_nobody_has  # noqa: F401
    if name == "broken":
        raise ImportError("libframework.so.2: cannot open shared object file")
    return Plain()
