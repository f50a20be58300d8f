#!/usr/bin/env bash
# keras.ops.multi_hot of a row of labels answers no classes along axis 0, but the largest of each label.
#
# Versions: Keras 3.15.1, NumPy 2.4.6, JAX 0.10.2 (which the NumPy backend imports), Python 3.11, Linux on x86-64.
# Seen on the NumPy backend; the other backends do the same.
# Documented: "axis: (optional) Axis along which the multi-hot encoding should be added", of "num_classes: Integer,
# the total number of unique classes".
# Behaviour: the labels are encoded along the axis, and then the largest is taken along the first one, which holds the
# classes by then: the answer has a place for each label, all of them 1.
# Seen:
#     axis=-1: [1.0, 0.0, 1.0, 0.0]
#     axis=0:  [1.0, 1.0, 1.0]
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

labels = np.array([0, 2, 2], "int32")
last, first = (keras.ops.convert_to_numpy(keras.ops.multi_hot(labels, 4, axis=axis)).tolist() for axis in (-1, 0))
print("axis=-1:", last)
print("axis=0: ", first)
sys.exit(not (last == [1.0, 0.0, 1.0, 0.0] and first == [1.0, 1.0, 1.0]))
PYTHON
