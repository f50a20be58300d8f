#!/usr/bin/env bash
# keras.metrics.R2Score(num_regressors=...) counts the numbers of its targets for samples.
#
# Versions: Keras 3.15.1 on JAX 0.10.2 (and on every other backend), NumPy 2.4.6, Python 3.11, Linux
# on x86-64.
# Documented: "This metric can also compute the "Adjusted R2" score", which is
# 1 - (1 - R2) * (n - 1) / (n - p - 1) of n samples and p regressors.
# Behaviour: n is ops.size(y_true), summed over updates: of two outputs every sample counts twice, and
# the score is adjusted too little. Of one output it is right.
# Seen, of four samples, whose second output is the first again:
#     1 output: 0.25
#     2 outputs: 0.65
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 numpy==2.4.6 jax==0.10.2
KERAS_BACKEND=jax "$here/venv/bin/python" - <<'PYTHON'
import sys

import keras
import numpy as np

y = np.array([[1.0, 1.0], [2.0, 2.0], [4.0, 4.0], [3.0, 3.0]], "float32")
p = np.array([[1.5, 1.5], [2.0, 2.0], [3.0, 3.0], [3.0, 3.0]], "float32")
found = []
for columns in (1, 2):
    metric = keras.metrics.R2Score(num_regressors=2)
    metric.update_state(y[:, :columns], p[:, :columns])
    found.append(float(metric.result()))
    print(columns, "output:" if columns == 1 else "outputs:", round(found[-1], 4))
sys.exit(not np.allclose(found, [0.25, 0.65], atol=1e-4))
PYTHON
