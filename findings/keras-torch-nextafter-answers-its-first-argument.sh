#!/usr/bin/env bash
# keras.ops.nextafter on torch answers its first argument.
#
# Versions: Keras 3.15.1, PyTorch 2.13.0, Python 3.11, Linux on x86-64. TensorFlow and OpenVINO do the same.
# Documented: "Return the next representable floating-point value after `x1` towards `x2`", with the example
# "array([1.0000001, 0.99999994], dtype=float32)".
# Behaviour: the step is made in float64, and the cast to float32 rounds it off again.
# Seen:
#     keras-torch: float32 ['1.00000000', '1.00000000']
#     numpy:       float32 ['1.00000012', '0.99999994']
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

one, other = np.array([1.0, 1.0], "float32"), np.array([2.0, 0.0], "float32")
seen = keras.ops.convert_to_numpy(keras.ops.nextafter(one, other))
expected = np.nextafter(one, other)
print("keras-torch:", seen.dtype, [f"{number:.8f}" for number in seen])
print("numpy:      ", expected.dtype, [f"{number:.8f}" for number in expected])
sys.exit(not ((seen == one).all() and (expected != one).all()))
PYTHON
