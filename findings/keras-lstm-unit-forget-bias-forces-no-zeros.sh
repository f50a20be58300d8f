#!/usr/bin/env bash
# An LSTM's unit_forget_bias, documented to force zeros, leaves the other gates to bias_initializer.
#
# Versions: Keras 3.15.1, NumPy 2.4.6, JAX 0.10.2 (which the NumPy backend imports), Python 3.11, Linux on x86-64.
# Seen on the NumPy backend; every backend shares the code, and tf-keras 2.21.0 does the same.
# Documented: unit_forget_bias, by default True: "Setting it to `True` will also force `bias_initializer="zeros"`."
# Behaviour: only the forget gate's bias is replaced, by ones. The other three are made by the bias_initializer that
# is given.
# Seen:
#     bias of the gates: [0.5, 1.0, 0.5, 0.5] documented: [0.0, 1.0, 0.0, 0.0]
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

layer = keras.layers.LSTM(1, bias_initializer=keras.initializers.Constant(0.5))
layer(np.zeros((1, 1, 1), "float32"))
bias = keras.ops.convert_to_numpy(layer.cell.bias).tolist()
print("bias of the gates:", bias, "documented:", [0.0, 1.0, 0.0, 0.0])
sys.exit(bias != [0.5, 1.0, 0.5, 0.5])
PYTHON
