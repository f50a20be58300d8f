#!/usr/bin/env bash
# keras.ops.count_nonzero on torch answers its counts with the axes turned round.
#
# Versions: Keras 3.15.1, PyTorch 2.13.0, NumPy 2.4.6, Python 3.11, Linux on x86-64.
# Documented: it counts the non-zero values along the given axis, as NumPy's function of that name; the axes that are
# left stand in the order of the input on every other backend, and in torch.count_nonzero.
# Behaviour: the answer of torch.count_nonzero is transposed. Where two axes or more are left, of unequal sizes, it
# has another shape; of equal sizes, as those of a square picture, the counts stand at other places, in silence.
# Seen:
#     of 5x2x3 along axis 0: keras-torch (3, 2), torch (2, 3), numpy (2, 3)
#     of 2x2x2 along axis 0: keras-torch [[2, 0], [1, 1]], torch [[2, 1], [0, 1]], numpy [[2, 1], [0, 1]]
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
import torch

oblong = np.ones((5, 2, 3), "float32")
square = np.array([[[1, 1], [0, 0]], [[1, 0], [0, 1]]], "float32")


def counts(x):
    seen = keras.ops.convert_to_numpy(keras.ops.count_nonzero(x, axis=0))
    return seen, torch.count_nonzero(torch.from_numpy(x), dim=0).numpy(), np.count_nonzero(x, axis=0)


shapes = [one.shape for one in counts(oblong)]
lists = [one.tolist() for one in counts(square)]
print("of 5x2x3 along axis 0: keras-torch {}, torch {}, numpy {}".format(*shapes))
print("of 2x2x2 along axis 0: keras-torch {}, torch {}, numpy {}".format(*lists))
right = [[2, 1], [0, 1]]
sys.exit(shapes != [(3, 2), (2, 3), (2, 3)] or lists != [[[2, 0], [1, 1]], right, right])
PYTHON
