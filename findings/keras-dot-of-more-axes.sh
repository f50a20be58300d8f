#!/usr/bin/env bash
# keras.ops.dot is matmul on torch and OpenVINO: another shape for arrays of more than two axes.
#
# Versions: Keras 3.15.1, PyTorch 2.13.0 and OpenVINO 2026.4.1, NumPy 2.4.6, Python 3.11, Linux on
# x86-64.
# Documented: dot(x1, x2)[i,j,k,m] = sum(a[i,j,:] * b[k,:,m]), as numpy.dot.
# Behaviour: x1 of (2, 3) and x2 of (5, 3, 4) give (5, 2, 4); the symbolic call promises (2, 5, 4).
# Arrays whose first axes don't broadcast are refused.
# Seen:
#     torch: (5, 2, 4) symbolic: (2, 5, 4) numpy: (2, 5, 4)
#     openvino: (5, 2, 4) symbolic: (2, 5, 4) numpy: (2, 5, 4)
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 numpy==2.4.6 torch==2.13.0 scipy==1.17.1 openvino==2026.4.1
for backend in torch openvino; do
  KERAS_BACKEND=$backend "$here/venv/bin/python" - <<'PYTHON'
import sys

import keras
import numpy as np

a, b = np.ones((2, 3), "float32"), np.ones((5, 3, 4), "float32")
seen = keras.ops.convert_to_numpy(keras.ops.dot(a, b)).shape
symbolic = tuple(keras.ops.dot(keras.KerasTensor(a.shape), keras.KerasTensor(b.shape)).shape)
expected = np.dot(a, b).shape
print(keras.config.backend() + ":", seen, "symbolic:", symbolic, "numpy:", expected)
sys.exit([seen, symbolic, expected] != [(5, 2, 4), (2, 5, 4), (2, 5, 4)])
PYTHON
done
