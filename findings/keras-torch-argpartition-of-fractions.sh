#!/usr/bin/env bash
# keras.ops.argpartition on torch casts floats to int32: numbers between 0 and 1 are all the same.
#
# Versions: Keras 3.15.1, PyTorch 2.13.0, NumPy 2.4.6, Python 3.11, Linux on x86-64.
# Documented: the k-th element will be in its final sorted position and all smaller elements will be
# moved before it and all larger elements behind it.
# Behaviour: the first line casts the input to int32, so only whole parts count: of probabilities
# nothing is partitioned. TensorFlow does the same; JAX and NumPy partition, and ops.argsort is
# right everywhere.
# Seen:
#     the two smallest of 0.1, 0.3, 0.7 and 0.9, in 24 orders: argpartition 4 times, argsort 24 times
#     the two smallest of 1, 3, 7 and 9, in 24 orders: argpartition 24 times, argsort 24 times
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 numpy==2.4.6 torch==2.13.0
KERAS_BACKEND=torch "$here/venv/bin/python" - <<'PYTHON'
import itertools
import sys

import keras
import numpy as np


def found(function, numbers):
    """In how many orders of the numbers the function puts the two smallest first."""
    hits = 0
    for order in itertools.permutations(numbers):
        x = np.array(order, "float32")
        places = keras.ops.convert_to_numpy(function(x))
        hits += set(x[places[:2]]) == set(np.sort(x)[:2])
    return hits


def partitioned(x):
    return keras.ops.argpartition(x, 1)


seen = []
for numbers in ((0.1, 0.3, 0.7, 0.9), (1, 3, 7, 9)):
    seen.append((found(partitioned, numbers), found(keras.ops.argsort, numbers)))
    print("the two smallest of {}, {}, {} and {}, in 24 orders:".format(*numbers), end=" ")
    print("argpartition {} times, argsort {} times".format(*seen[-1]))
sys.exit(seen[0][0] == 24 or seen[0][1] != 24 or seen[1] != (24, 24))
PYTHON
