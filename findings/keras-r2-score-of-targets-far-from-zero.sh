#!/usr/bin/env bash
# R2Score of targets far from nought is wrong: the square of their sum is taken from the sum of squares in float32.
#
# Versions: Keras 3.15.1, NumPy 2.4.6, JAX 0.10.2 (which the NumPy backend imports), Python 3.11, Linux on x86-64.
# Seen on the NumPy backend; every backend shares the code.
# Documented: "sum_squares = sum((y_true - mean(y_true)) ** 2)", "R2 = 1 - sum_squares_residuals / sum_squares".
# Behaviour: sum_squares is made as sum(y**2) - sum(y)**2 / n. Of targets that vary by 8 around 20,000, such as days
# since 1970, no digit is left. The documented formula in float32 keeps them.
# Seen:
#     from 0: 0.968, by the documented formula in float32: 0.968
#     from 20000: 0.000, by the documented formula in float32: 0.968
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

near = np.array([[1.0], [4.0], [3.0], [9.0], [7.0], [2.0]], "float32")
scores = []
for start in (0.0, 20000.0):
    y = near + np.float32(start)
    p = y + np.float32(0.5)
    metric = keras.metrics.R2Score()
    metric.update_state(y, p)
    scores.append(float(metric.result()))
    formula = 1 - ((y - p) ** 2).sum() / ((y - y.mean()) ** 2).sum()
    print(f"from {start:.0f}: {scores[-1]:.3f}, by the documented formula in float32: {formula:.3f}")
sys.exit(not (abs(scores[0] - 0.968) < 0.001 and not abs(scores[1] - 0.968) < 0.01))
PYTHON
