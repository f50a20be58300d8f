#!/usr/bin/env bash
# The gradient of a convolution with uneven padding has another shape than the input.
#
# Versions: mlx 0.31.2 on the CPU (mlx-cpu), Linux on x86-64, Python 3.11. Likewise 0.29.4 to 0.32.3;
# mended in 0.32.4.
# Documented: mx.conv_general takes the padding in front and behind, each for itself; a gradient has the
# shape of what it is taken with respect to.
# Behaviour: the gradient is as much too large, or too small, as the two differ. In keras-mlx that is any
# padding="same" with an even kernel: training two such layers in a row raises.
# Seen:
#     input (1, 4, 1), padding ([0], [1]): gradient (1, 5, 1)
#     input (1, 4, 1), padding ([1], [0]): gradient (1, 3, 1)
#     input (1, 4, 1), padding ([1], [1]): gradient (1, 4, 1)
#
# Exits with 0 while this is so, with 1 where it is not.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet 'mlx[cpu]==0.31.2'
"$here/venv/bin/python" - <<'PYTHON'
import sys

import mlx.core as mx

mx.set_default_device(mx.cpu)
x, w = mx.ones((1, 4, 1)), mx.ones((1, 2, 1))
seen = []
for padding in ([0], [1]), ([1], [0]), ([1], [1]):
    gradient = mx.grad(lambda x: mx.conv_general(x, w, padding=padding).sum())(x)
    print(f"input {x.shape}, padding {padding}: gradient {gradient.shape}")
    seen.append(gradient.shape[1])
sys.exit(0 if seen == [5, 3, 4] else 1)
PYTHON
