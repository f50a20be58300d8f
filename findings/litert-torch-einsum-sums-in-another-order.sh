#!/usr/bin/env bash
# An einsum over two axes that its operands have in different orders is converted to another sum.
#
# Versions: litert-torch 0.10.0, litert-converter 0.5.0, ai-edge-litert 2.3.0, PyTorch 2.13.0 on the
# CPU, NumPy 2.4.6, Python 3.11, Linux on x86-64.
# Documented: litert_torch.convert: a PyTorch model as a LiteRT model that computes the same.
# Behaviour: "abc,cby->ay" sums over b and c, which the second operand has in the order c, b. The file
# multiplies as if it were b, c: the second operand is reshaped and never transposed. Nothing is said.
# In one order, "abc,bcy->ay", all is well, and so it is where the axes are moved by hand before. It
# is the file, not a delegate: the reference kernels say the same.
# Seen:
#     abc,bcy->ay        right
#     abc,cby->ay        wrong, as of the second operand read in the order b, c
#     moved by hand      right
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
    file.allocate_tensors()
    for one, array in zip(file.get_input_details(), (a, b), strict=True):
        file.set_tensor(one["index"], array.numpy())
    file.invoke()
    answer = file.get_tensor(file.get_output_details()[0]["index"])
    if np.allclose(answer, function(a, b).numpy(), atol=1e-4):
        return "right"
    read = torch.einsum("abc,bcy->ay", a, b.reshape(b.shape[1], b.shape[0], b.shape[2]))
    same = np.allclose(answer, read.numpy(), atol=1e-4)
    return "wrong, as of the second operand read in the order b, c" if same else "wrong"


draw = torch.Generator().manual_seed(0)
a, ordered, other = (
    torch.randn(*sizes, generator=draw) for sizes in ((2, 5, 4), (5, 4, 7), (4, 5, 7))
)
seen = {
    "abc,bcy->ay": told(lambda a, b: torch.einsum("abc,bcy->ay", a, b), a, ordered),
    "abc,cby->ay": told(lambda a, b: torch.einsum("abc,cby->ay", a, b), a, other),
    "moved by hand": told(
        lambda a, b: torch.einsum("abc,bcy->ay", a, b.permute(1, 0, 2)), a, other
    ),
}
for name, what in seen.items():
    print(f"{name:<18}", what)
wrong = "wrong, as of the second operand read in the order b, c"
sys.exit(list(seen.values()) != ["right", wrong, "right"])
PYTHON
