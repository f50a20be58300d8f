#!/usr/bin/env bash
# The gradient of a transposed convolution lacks the last places of its input.
#
# Versions: mlx 0.32.4 on the CPU (mlx-cpu), Linux on x86-64, Python 3.11. Not so in 0.29.4 to 0.32.3.
# Documented: mx.conv_general dilates its input by input_dilation, which makes a convolution a transposed
# one; a gradient has the shape of what it is taken with respect to.
# Behaviour: where the padding behind is as large as the window, or larger, the gradient is too short. In
# keras-mlx that is any Conv1DTranspose whose strides are wider than its kernel. Training raises, or, where
# one place is left, broadcasts that one in silence.
# Seen:
#     input_dilation 1, padding ([0], [0]): gradient [1.0, 2.0, 3.0], expected [1.0, 2.0, 3.0]
#     input_dilation 2, padding ([0], [1]): gradient [1.0, 3.0], expected [1.0, 3.0, 5.0]
#     input_dilation 3, padding ([0], [2]): gradient [1.0], expected [1.0, 4.0, 7.0]
#
# Exits with 0 while this is so, with 1 where it is not.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet 'mlx[cpu]==0.32.4'
"$here/venv/bin/python" - <<'PYTHON'
import sys

import mlx.core as mx

mx.set_default_device(mx.cpu)
w = mx.ones((1, 1, 1))
seen = []
for dilation in (1, 2, 3):
    padding = ([0], [dilation - 1])

    def loss(x):
        y = mx.conv_general(x, w, padding=padding, input_dilation=dilation)
        return (y.reshape(-1) * mx.arange(1.0, y.size + 1)).sum()

    gradient = mx.grad(loss)(mx.zeros((1, 3, 1))).reshape(-1).tolist()
    # The loss is linear: its slopes are its values where one place is 1.
    expected = [loss(mx.eye(3)[place].reshape(1, 3, 1)).item() for place in range(3)]
    print(f"input_dilation {dilation}, padding {padding}: gradient {gradient}, expected {expected}")
    seen.append((gradient, expected))
wanted = [([1, 2, 3], [1, 2, 3]), ([1, 3], [1, 3, 5]), ([1], [1, 4, 7])]
sys.exit(0 if seen == wanted else 1)
PYTHON
