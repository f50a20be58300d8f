#!/usr/bin/env bash
# The gradient of torch.ldexp is 0 where the exponent is negative.
#
# Versions: PyTorch 2.13.0, CPU, NumPy 2.4.6, Python 3.11, Linux on x86-64.
# Documented: ldexp(input, other) multiplies input by 2**other; so its gradient is 2**other.
# Behaviour: on the way back, 2 is raised to the power in the integers of the exponent, where 2**-2
# is 0. The value is right, exponents in floats have the right gradient, and so has x * 2.0**other.
# keras.ops.ldexp on torch has the same gradient.
# Seen:
#     int32 exponents: value [8.0, 0.25, 1.0], gradient [8.0, 0.0, 1.0]
#     int64 exponents: value [8.0, 0.25, 1.0], gradient [8.0, 0.0, 1.0]
#     float32 exponents: value [8.0, 0.25, 1.0], gradient [8.0, 0.25, 1.0]
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

gradients = []
for dtype in (torch.int32, torch.int64, torch.float32):
    x = torch.ones(3, requires_grad=True)
    value = torch.ldexp(x, torch.tensor([3, -2, 0], dtype=dtype))
    value.sum().backward()
    gradients.append(x.grad.tolist())
    name = str(dtype).removeprefix("torch.")
    print(f"{name} exponents: value {value.tolist()}, gradient {gradients[-1]}")
lost, right = [8.0, 0.0, 1.0], [8.0, 0.25, 1.0]
sys.exit(gradients != [lost, lost, right])
PYTHON
