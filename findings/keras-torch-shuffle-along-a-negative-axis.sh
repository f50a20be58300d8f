#!/usr/bin/env bash
# keras.random.shuffle on torch loses numbers where the axis is counted from the end.
#
# Versions: Keras 3.15.1, PyTorch 2.13.0, NumPy 2.4.6, Python 3.11, Linux on x86-64.
# Documented: "Shuffle the elements of a tensor uniformly at random along an axis", of which the argument is an
# integer. Elsewhere in Keras, and here on every other backend, -1 is the last axis.
# Behaviour: the shape of the random order is worked out as x.shape[: axis + 1], which is that of no axis for -1. The
# order is one number, 0, and each line becomes its first number over and over. Along -2 it raises.
# Seen:
#     axis 1: as many of each number as before: True
#     axis -1: [[0, 0, 0, 0], [4, 4, 4, 4]] of [[0, 1, 2, 3], [4, 5, 6, 7]], whatever the seed: True
#     axis -2: IndexError
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

x = np.arange(8, dtype="float32").reshape(2, 4)


def shuffled(axis, seed=7):
    drawn = keras.ops.convert_to_numpy(keras.random.shuffle(x, axis=axis, seed=seed))
    return drawn.astype(int).tolist()


kept = [sorted(line) for line in shuffled(1)] == x.tolist()
print("axis 1: as many of each number as before:", kept)
last = [shuffled(-1, seed) for seed in range(20)]
always = all(one == last[0] for one in last)
print(f"axis -1: {last[0]} of {x.astype(int).tolist()}, whatever the seed: {always}")
try:
    shuffled(-2)
    told = "answered"
except IndexError as error:
    told = type(error).__name__
print("axis -2:", told)
lost = last[0] == [[0, 0, 0, 0], [4, 4, 4, 4]]
sys.exit(not (kept and lost and always and told == "IndexError"))
PYTHON
