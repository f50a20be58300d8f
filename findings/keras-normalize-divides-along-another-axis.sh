#!/usr/bin/env bash
# keras.utils.normalize of a NumPy array along axis 0 divides columns by the norms of other columns.
#
# Versions: Keras 3.15.1 on JAX 0.10.2 (and on every other backend), NumPy 2.4.6, Python 3.11, Linux
# on x86-64.
# Documented: axis: axis along which to normalize; a normalized copy of the array.
# Behaviour: the norms are taken along axis 0 and laid along axis or -1, which of 0 is the last one:
# the first row is divided by the first column's norm. Of an array that isn't square it raises. A
# tensor of the backend is normalized rightly, so the same call with the same numbers answers twice.
# Seen:
#     norms of the columns: NumPy array [0.7416, 1.0954], tensor [1.0, 1.0]
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

x = np.array([[1.0, 2.0], [3.0, 4.0]], "float32")
norms = []
for given in (x, keras.ops.convert_to_tensor(x)):
    answer = np.array(keras.utils.normalize(given, axis=0))
    norms.append([round(float(one), 4) for one in np.linalg.norm(answer, axis=0)])
print(f"norms of the columns: NumPy array {norms[0]}, tensor {norms[1]}")
sys.exit(norms[1] != [1.0, 1.0] or norms[0] == [1.0, 1.0])
PYTHON
