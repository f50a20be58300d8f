#!/usr/bin/env bash
# keras.ops.rot90 by half a turn strews the array on TensorFlow, unless it is square.
#
# Versions: Keras 3.15.1, TensorFlow 2.21.0, Python 3.11, Linux on x86-64.
# Documented: it rotates an array counterclockwise by 90 degrees k times in the plane of the axes.
# Behaviour: after the first quarter, the array is reshaped to the sizes of half a turn, and turned
# once more then: numbers leave their rows. 
# symbolic call of every backend promises that one too. One and three quarters are right.
# Seen:
#     k=1: [[2.0, 5.0], [1.0, 4.0], [0.0, 3.0]] numpy: [[2.0, 5.0], [1.0, 4.0], [0.0, 3.0]]
#     k=2: [[1.0, 3.0, 5.0], [0.0, 2.0, 4.0]] numpy: [[5.0, 4.0, 3.0], [2.0, 1.0, 0.0]]
#     k=3: [[3.0, 0.0], [4.0, 1.0], [5.0, 2.0]] numpy: [[3.0, 0.0], [4.0, 1.0], [5.0, 2.0]]
#     symbolic, k=2: (3, 2) of (2, 3)
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

x = np.arange(6, dtype="float32").reshape(2, 3)
right = []
for k in (1, 2, 3):
    seen = keras.ops.convert_to_numpy(keras.ops.rot90(x, k=k))
    expected = np.rot90(x, k)
    print(f"k={k}:", seen.tolist(), "numpy:", expected.tolist())
    right.append(np.array_equal(seen, expected))
symbolic = tuple(keras.ops.rot90(keras.KerasTensor((2, 3)), k=2).shape)
print("symbolic, k=2:", symbolic, "of (2, 3)")
sys.exit(right != [True, False, True] or symbolic != (3, 2))
PYTHON
