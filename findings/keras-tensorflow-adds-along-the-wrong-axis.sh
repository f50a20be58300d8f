#!/usr/bin/env bash
# keras.ops.add on TensorFlow adds an array of one long axis along the last axis, whichever one it has.
#
# Versions: Keras 3.15.1, TensorFlow 2.21.0, Python 3.11, Linux on x86-64.
# Documented: "Add arguments element-wise", as numpy.add, whose rules of broadcasting keras.ops follows.
# Behaviour: a second operand of which one axis alone is longer than 1 is taken for a bias and handed to
# tf.nn.bias_add. Where that axis is not the last, but as long as it, the numbers go along the columns in the place of
# the rows. keras.layers.Add and Average do the same; x + y of tensors, and the sum the other way round, are right.
# Seen:
#     add(x, y): [[0.0, 1.0, 2.0], [0.0, 1.0, 2.0], [0.0, 1.0, 2.0]]
#     Add:       [[0.0, 1.0, 2.0], [0.0, 1.0, 2.0], [0.0, 1.0, 2.0]]
#     add(y, x): [[0.0, 0.0, 0.0], [1.0, 1.0, 1.0], [2.0, 2.0, 2.0]]
#     numpy:     [[0.0, 0.0, 0.0], [1.0, 1.0, 1.0], [2.0, 2.0, 2.0]]
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 tensorflow==2.21.0
KERAS_BACKEND=tensorflow "$here/venv/bin/python" - <<'PYTHON'
import sys

import keras
import numpy as np

x, y = np.zeros((3, 3), "float32"), np.array([[0.0], [1.0], [2.0]], "float32")
seen, turned, layer = (
    keras.ops.convert_to_numpy(one).tolist()
    for one in (keras.ops.add(x, y), keras.ops.add(y, x), keras.layers.Add()([x[:, None], y[:, None]])[:, 0])
)
expected = np.add(x, y).tolist()
print("add(x, y):", seen)
print("Add:      ", layer)
print("add(y, x):", turned)
print("numpy:    ", expected)
sys.exit(not (seen == np.add(x, y).T.tolist() and turned == expected))
PYTHON
