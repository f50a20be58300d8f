#!/usr/bin/env bash
# LayerNormalization of Keras answers whole numbers with whole numbers: next to nothing is left.
#
# Versions: Keras 3.15.1 on its NumPy backend (and on every other), NumPy 2.4.6, Python 3.11, Linux
# on x86-64.
# Documented: the answer has the layer's dtype, float32, in which whole numbers are taken; that is
# what BatchNormalization, GroupNormalization and RMSNormalization do.
# Behaviour: the layer works in float32 and casts its answer back to the input's dtype before it casts
# it to its own: -1.22 becomes -1.
# Seen:
#     LayerNormalization of int32 [1, 2, 3]: [-1.0, 0.0, 1.0] float32
#     LayerNormalization of float32 [1, 2, 3]: [-1.2238, 0.0, 1.2238] float32
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

answers = []
for dtype in ("int32", "float32"):
    answer = np.asarray(keras.layers.LayerNormalization()(np.array([[1, 2, 3]], dtype)))[0]
    answers.append(answer)
    rounded = [round(float(one), 4) for one in answer]
    print(f"LayerNormalization of {dtype} [1, 2, 3]: {rounded} {answer.dtype}")
sys.exit(not (answers[0].tolist() == [-1.0, 0.0, 1.0] and abs(answers[1][2] - 1.2238) < 1e-3))
PYTHON
