#!/usr/bin/env bash
# keras.ops.sum(x, keepdims=True) of a single number has an axis on OpenVINO, and SGD(clipnorm=…) can't train one.
#
# Versions: Keras 3.15.1, OpenVINO 2026.4.1, NumPy 2.4.6, Python 3.11, Linux on x86-64.
# Documented: keepdims leaves reduced axes in the result with size one; a number has none, so the answer has
# the shape (), as NumPy's has and that of Keras's other backends.
# Behaviour: the shape is (1,). An optimizer with clipnorm makes a gradient of shape () one of shape (1,) so, and
# its momentum, or the variable, refuses it with a ValueError about shapes.
# Seen:
#     sum: (1,) numpy: () clipnorm: ValueError
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 numpy==2.4.6 scipy==1.17.1 openvino==2026.4.1
KERAS_BACKEND=openvino "$here/venv/bin/python" - <<'PYTHON'
import sys

import keras
import numpy as np

x = keras.ops.convert_to_tensor(-2.5)
shape = tuple(keras.ops.shape(keras.ops.sum(x, keepdims=True)))
expected = np.sum(np.float32(-2.5), keepdims=True).shape
variable = keras.Variable(0.75)
optimizer = keras.optimizers.SGD(0.02, momentum=0.8, clipnorm=3.0)
try:
    optimizer.apply_gradients([(x, variable)])
    trained = "trained"
except ValueError:
    trained = "ValueError"
print("sum:", shape, "numpy:", expected, "clipnorm:", trained)
sys.exit(not (shape == (1,) and expected == () and trained == "ValueError"))
PYTHON
