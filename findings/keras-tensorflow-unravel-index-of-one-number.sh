#!/usr/bin/env bash
# keras.ops.unravel_index on TensorFlow reads the shape backwards, but for a vector of indices.
#
# Versions: Keras 3.15.1, TensorFlow 2.21.0, Python 3.11, Linux on x86-64.
# Documented: indices: an integer or array of integers. In the docstring's example, 5 of (3, 3) is
# row 1, column 2.
# Behaviour: a vector of indices is divided by the last size first, and any other array of them, and
# a single one, by the first size first. The docstring's example doesn't show it, as its shape is
# square: of (3, 4), the same index is somewhere else alone than in a list, and may be outside of
# the shape.
# Seen:
#     9 -> [3, 0]
#     [9] -> [[2], [1]]
#     [[9]] -> [[[3]], [[0]]]
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

seen = []
for indices in (9, [9], [[9]]):
    answer = keras.ops.unravel_index(np.array(indices), (3, 4))
    answer = [keras.ops.convert_to_numpy(one) for one in answer]
    print(indices, "->", [one.tolist() for one in answer])
    seen.append([int(one.reshape(())) for one in answer])
sys.exit(seen != [[3, 0], [2, 1], [3, 0]])
PYTHON
