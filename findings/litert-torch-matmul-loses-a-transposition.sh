#!/usr/bin/env bash
# A model converted by litert-torch multiplies by a matrix that it should have transposed.
#
# Versions: litert-torch 0.10.0, litert-converter 0.5.0, ai-edge-litert 2.3.0, PyTorch 2.13.0 on the
# CPU, NumPy 2.4.6, Python 3.11, Linux on x86-64.
# Documented: litert_torch.convert: a PyTorch model as a LiteRT model that computes the same.
# Behaviour: q @ k.T loses the transposition where k is one head that is repeated for several, as
# in attention with grouped queries: the numbers are those of k read in another order, and nothing
# is said. Of both factors transposed, the file becomes a FULLY_CONNECTED of shapes that don't fit,
# and its runtime refuses it. With k repeated by cat, or two heads repeated for four, and with one
# factor transposed, all is well. It is the file, not a delegate: the reference kernels say the same.
# Seen:
#     one head, repeated for two  wrong
#     two heads, repeated for 4   right
#     one head, put beside itself right
#     both factors transposed     refused
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6
"$here/venv/bin/pip" install --quiet litert-torch==0.10.0 litert-converter==0.5.0 \
  ai-edge-litert==2.3.0 torch==2.13.0 numpy==2.4.6
cd "$here"
"$here/venv/bin/python" - 2>log <<'PYTHON' || { tail -n 5 log >&2; exit 1; }
import contextlib
import io
import sys

import litert_torch
import numpy as np
import torch
from ai_edge_litert.interpreter import Interpreter, OpResolverType


class Model(torch.nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, a, b):
        return self.function(a, b)


def told(function, a, b):
    """What becomes of a function's file."""
    with contextlib.redirect_stdout(io.StringIO()):
        litert_torch.convert(Model(function).eval(), (a, b)).export("model.tflite")
    file = Interpreter("model.tflite", experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    try:
        file.allocate_tensors()
        for one, array in zip(file.get_input_details(), (a, b), strict=True):
            file.set_tensor(one["index"], array.numpy())
        file.invoke()
    except RuntimeError as error:
        assert "FULLY_CONNECTED" in str(error), error
        return "refused"
    answer = file.get_tensor(file.get_output_details()[0]["index"])
    return "right" if np.allclose(answer, function(a, b).numpy(), atol=1e-5) else "wrong"


draw = torch.Generator().manual_seed(0)
q, one, two = (torch.randn(1, heads, 3, 4, generator=draw) for heads in (2, 1, 2))
seen = {
    "one head, repeated for two": told(
        lambda q, k: q @ k.repeat_interleave(2, 1).transpose(-1, -2), q, one
    ),
    "two heads, repeated for 4": told(
        lambda q, k: q @ k.repeat_interleave(2, 1).transpose(-1, -2), torch.cat([q, q], 1), two
    ),
    "one head, put beside itself": told(
        lambda q, k: q @ torch.cat([k, k], 1).transpose(-1, -2), q, one
    ),
    "both factors transposed": told(
        lambda a, b: a.transpose(1, 2) @ b.transpose(1, 2),
        torch.arange(10.0).reshape(1, 5, 2),
        torch.arange(10.0, 20.0).reshape(1, 2, 5),
    ),
}
for name, what in seen.items():
    print(f"{name:<27}", what)
sys.exit(list(seen.values()) != ["wrong", "right", "right", "refused"])
PYTHON
