#!/usr/bin/env bash
# keras.ops.average_pool with 'same' on torch counts the edge twice where one axis is padded unevenly.
#
# Versions: Keras 3.15.1, PyTorch 2.13.0, Python 3.11, Linux on x86-64.
# Documented: "padding evenly to the left/right or up/down of the input"; it is only to give the output its size. On
# every other backend, and with even padding on torch, what is padded does not count in the mean.
# Behaviour: where padding is even along one axis and uneven along another, the image is padded along both by
# repeating its edge, which counts.
# Seen (the first row of 3x3 numbers from 0, means of windows of 3x2):
#     keras-torch:      [1.5, 2.5, 3.0]
#     within the image: [2.0, 3.0, 3.5]
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
pooled = keras.ops.average_pool(x[None, :, :, None], (3, 2), (2, 1), "same")
seen = keras.ops.convert_to_numpy(pooled)[0, 0, :, 0].tolist()
# One row of padding above and one column on the right: the window reaches rows 0 and 1 of the image.
expected = [float(x[:2, column : column + 2].mean()) for column in range(3)]
print("keras-torch:     ", seen)
print("within the image:", expected)
sys.exit(not (seen == [1.5, 2.5, 3.0] and expected == [2.0, 3.0, 3.5]))
PYTHON
