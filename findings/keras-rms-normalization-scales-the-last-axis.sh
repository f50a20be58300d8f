#!/usr/bin/env bash
# keras.ops.rms_normalization multiplies its scale along the last axis, whichever axis is normalized.
#
# Versions: Keras 3.15.1, NumPy 2.4.6, JAX 0.10.2 (which the NumPy backend imports), Python 3.11, Linux on x86-64.
# Seen on the NumPy backend; the other backends do the same.
# Documented: "axis: The axis or axes along which to perform normalization", "scale: Optional scaling factor for the
# normalization." layer_normalization lays its scale, gamma, along that axis.
# Behaviour: the scale is broadcast from the last axis. Where sizes differ that raises; of a square array each row's
# factor is taken for a column's, without a word.
# Seen:
#     axis=0:                   [[1.0, 3.0], [1.0, -3.0]]
#     axis=1 of the transposed: [[1.0, 1.0], [3.0, -3.0]]
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

x, scale = np.array([[1.0, 1.0], [1.0, -1.0]], "float32"), np.array([1.0, 3.0], "float32")
seen = keras.ops.convert_to_numpy(keras.ops.rms_normalization(x, scale, axis=0)).round(3).tolist()
turned = keras.ops.convert_to_numpy(keras.ops.rms_normalization(x.T, scale, axis=1)).T.round(3).tolist()
print("axis=0:                  ", seen)
print("axis=1 of the transposed:", turned)
sys.exit(not (seen == [[1.0, 3.0], [1.0, -3.0]] and turned == [[1.0, 1.0], [3.0, -3.0]]))
PYTHON
