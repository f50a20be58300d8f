#!/usr/bin/env bash
# torch.vander answers a matrix that requires a gradient, and raises when it is asked for it.
#
# Versions: PyTorch 2.13.0, CPU, NumPy 2.4.6, Python 3.11, Linux on x86-64.
# Documented: the columns of the output are elementwise powers of the input vector; that they can't
# be differentiated is not said.
# Behaviour: the powers are multiplied up in place, so autograd finds that what it kept was
# modified. With one column alone, which is ones, it doesn't raise. A fit of a polynomial by
# gradients needs x[:, None] ** exponents.
# Seen:
#     vander: requires_grad True, backward raises RuntimeError
#     powers: equal True, gradient [3.0, 5.0, 7.0]
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6
"$here/venv/bin/python" - <<'PYTHON'
import sys

import torch

x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
matrix = torch.vander(x, 3, increasing=True)
try:
    matrix.sum().backward()
    error = "nothing"
except RuntimeError as raised:
    error = type(raised).__name__
print(f"vander: requires_grad {matrix.requires_grad}, backward raises {error}")
powers = x[:, None] ** torch.arange(3)
powers.sum().backward()
equal = torch.equal(matrix, powers)
print(f"powers: equal {equal}, gradient {x.grad.tolist()}")
sys.exit(not (error == "RuntimeError" and equal and x.grad.tolist() == [3.0, 5.0, 7.0]))
PYTHON
