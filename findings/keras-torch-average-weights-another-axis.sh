#!/usr/bin/env bash
# keras.ops.average on torch lays weights along the last axis, whichever axis is averaged.
#
# Versions: Keras 3.15.1, PyTorch 2.13.0, NumPy 2.4.6, Python 3.11, Linux on x86-64.
# Documented: the weights array can either be 1-D (in which case its length must be the size of a
# along the given axis) or of the same shape as x.
# Behaviour: a vector of weights is multiplied along the last axis: of three rows, a weight of the
# third alone answers sums of the third column. Weights of the array's own shape are added up along
# the last axis, and those sums divide. Where sizes differ both raise. OpenVINO lays a vector so too.
# Seen:
#     weights of the rows: [0.0, 0.0, 15.0] numpy: [6.0, 7.0, 8.0]
#     weights of all numbers: [6.0, 8.0, 4.333333492279053] numpy: [6.0, 4.0, 6.5]
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 numpy==2.4.6 torch==2.13.0
KERAS_BACKEND=torch "$here/venv/bin/python" - <<'PYTHON'
import sys

import keras
import numpy as np

x = np.arange(9, dtype="float32").reshape(3, 3)
rows = np.array([0, 0, 1], "float32")
every = np.array([[0, 1, 0], [0, 0, 1], [1, 1, 1]], "float32")
answers = []
for name, weights in (("the rows", rows), ("all numbers", every)):
    seen = keras.ops.convert_to_numpy(keras.ops.average(x, axis=0, weights=weights))
    expected = np.average(x, axis=0, weights=weights)
    print(f"weights of {name}:", seen.tolist(), "numpy:", expected.tolist())
    answers.append(np.allclose(seen, expected))
sys.exit(any(answers))
PYTHON
