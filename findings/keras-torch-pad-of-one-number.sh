#!/usr/bin/env bash
# keras.ops.pad of one number pads the last axis alone on PyTorch.
#
# Versions: Keras 3.15.1 on NumPy 2.4.6 and on PyTorch 2.13.0, Python 3.11, Linux on x86-64.
# Documented: "((before, after),) yields same before and after pad for each axis. (pad,) or int is a
# shortcut for before = after = pad width for all axes."
# Behaviour: NumPy pads all axes. PyTorch pads the last one, for int and for ((before, after),).
# Seen:
#     numpy: (2, 3) padded by 1 is (4, 5), by ((1, 1),) (4, 5)
#     torch: (2, 3) padded by 1 is (2, 5), by ((1, 1),) (2, 5)
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
export KERAS_HOME=$here
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 numpy==2.4.6 torch==2.13.0 scipy==1.17.1
for backend in numpy torch; do
  KERAS_BACKEND=$backend "$here/venv/bin/python" - <<'PYTHON'
import sys

import keras
import numpy as np

x = np.ones((2, 3), "float32")
one, pair = (tuple(keras.ops.pad(x, width).shape) for width in (1, ((1, 1),)))
backend = keras.config.backend()
print(f"{backend}: (2, 3) padded by 1 is {one}, by ((1, 1),) {pair}")
wanted = (4, 5) if backend == "numpy" else (2, 5)
sys.exit((one, pair) != (wanted, wanted))
PYTHON
done
