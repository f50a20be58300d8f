#!/usr/bin/env bash
# keras.ops.moments loses the variance of numbers far from zero.
#
# Versions: Keras 3.15.1, NumPy 2.4.6, JAX 0.10.2 (which the NumPy backend imports), Python 3.11, Linux on x86-64.
# Seen on the NumPy backend; torch and OpenVINO share the formula.
# Documented: "A tuple containing two tensors - mean and variance."
# Behaviour: the variance is the mean of the squares less the square of the mean. What is taken off is nearly as large
# as what it is taken from, and float32 has seven digits. Keras's own keras.ops.var, which takes the mean off first,
# is right of the same numbers.
# Seen (64 numbers evenly spread from n to n + 1):
#     n = 0: moments 0.0860, var 0.0860, numpy in float64 0.0860
#     n = 1000: moments 0.2500, var 0.0860, numpy in float64 0.0860
#     n = 3000: moments 0.0000, var 0.0860, numpy in float64 0.0860
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 numpy==2.4.6 jax==0.10.2
KERAS_BACKEND=numpy "$here/venv/bin/python" - <<'PYTHON'
import sys

import keras
import numpy as np

off = []
for start in (0, 1000, 3000):
    x = np.linspace(start, start + 1, 64, dtype="float32")
    moments, var = float(keras.ops.moments(x, axes=[0])[1]), float(keras.ops.var(x))
    expected = float(np.var(x.astype("float64")))
    print(f"n = {start}: moments {moments:.4f}, var {var:.4f}, numpy in float64 {expected:.4f}")
    off.append((abs(moments - expected) > 0.003 * expected, abs(var - expected) > 0.003 * expected))
sys.exit(off != [(False, False), (True, False), (True, False)])
PYTHON
