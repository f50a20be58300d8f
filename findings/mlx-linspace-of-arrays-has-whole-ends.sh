#!/usr/bin/env bash
# mx.linspace cuts its ends to whole numbers where they are arrays, and x[:, ::-1] of one column has no gradient.
#
# Versions: mlx 0.31.2 on the CPU (mlx-cpu), Linux on x86-64, Python 3.11. The first likewise in 0.29.4 to 0.32.1,
# mended in 0.32.2; the second mended in 0.32.4.
# Documented: num evenly spaced numbers from start to stop, which are scalars; arrays without axes are taken for those
# without a word. A gradient of a sum is 1 for each number that is summed, whatever their order.
# Behaviour: ends that are arrays are read as integers. So are those of keras.ops.linspace on keras-mlx, which makes
# arrays of them. An axis of one place that is turned round has a gradient of zero: the backward half of a
# Bidirectional learns nothing from sequences of one step.
# Seen:
#     ends 0.5 and 2.5: [0.5, 1.5, 2.5], as arrays: [0.0, 1.0, 2.0]
#     gradient of the sum of x[:, ::-1]: two columns [[1.0, 1.0]], one column [[0.0]]
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet 'mlx[cpu]==0.31.2'
"$here/venv/bin/python" - <<'PYTHON'
import sys

import mlx.core as mx

mx.set_default_device(mx.cpu)
numbers = mx.linspace(0.5, 2.5, 3).tolist()
arrays = mx.linspace(mx.array(0.5), mx.array(2.5), 3).tolist()
print(f"ends 0.5 and 2.5: {numbers}, as arrays: {arrays}")
turned = mx.grad(lambda x: x[:, ::-1].sum())
two, one = turned(mx.array([[5.0, 6.0]])).tolist(), turned(mx.array([[5.0]])).tolist()
print(f"gradient of the sum of x[:, ::-1]: two columns {two}, one column {one}")
cut = numbers == [0.5, 1.5, 2.5] and arrays == [0.0, 1.0, 2.0]
sys.exit(not (cut and two == [[1.0, 1.0]] and one == [[0.0]]))
PYTHON
