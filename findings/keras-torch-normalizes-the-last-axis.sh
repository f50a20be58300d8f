#!/usr/bin/env bash
# Layer and RMS normalization of Keras on torch normalize the last axis, whichever one is named.
#
# Versions: Keras 3.15.1, PyTorch 2.13.0, NumPy 2.4.6, Python 3.11, Linux on x86-64.
# Documented: axis: the axis or axes along which to perform normalization.
# Behaviour: torch's functions are told sizes and take the last axes that have them. Of a square
# array the size of axis 0 is the last one's, so axis 0 answers what axis 1 does, with its gradient.
# The layer LayerNormalization(axis=1), of channels first where there are as many as columns, does
# so too, silently. Where sizes differ both raise.
# Seen:
#     layer_normalization, axis 0: [[-1.0, 1.0], [1.0, -1.0]] right: [[-1.0, 0.0], [1.0, 0.0]]
#     rms_normalization, axis 0: [[0.632, 1.265], [1.313, 0.525]] right: [[0.277, 1.0], [1.387, 1.0]]
#     LayerNormalization(axis=1): a mean of 0.222 along axis 1, 0.0 along the last
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

x = np.array([[1.0, 2.0], [5.0, 2.0]], "float32")
centred = x - x.mean(0)
right = {
    "layer_normalization": centred / np.sqrt((centred**2).mean(0) + 1e-7),
    "rms_normalization": x / np.sqrt((x**2).mean(0)),
}
wrong = []
for name, expected in right.items():
    seen = []
    for axis in (0, 1):
        answer = keras.ops.convert_to_numpy(getattr(keras.ops, name)(x, axis=axis))
        seen.append(answer.astype("float64").round(3).tolist())
    expected = expected.astype("float64").round(3)
    print(f"{name}, axis 0:", seen[0], "right:", expected.tolist())
    wrong.append(seen[0] == seen[1] and not np.allclose(seen[0], expected, atol=0.1))
image = np.array([[[[1, 2, 3], [4, 6, 5]], [[3, 9, 1], [2, 2, 7]], [[8, 1, 1], [5, 3, 2]]]])
answer = keras.layers.LayerNormalization(axis=1)(image.astype("float32"))
answer = keras.ops.convert_to_numpy(answer)
named, last = (round(float(abs(answer.mean(axis)).max()), 3) for axis in (1, -1))
print(f"LayerNormalization(axis=1): a mean of {named} along axis 1, {last} along the last")
sys.exit(not all(wrong) or named < 0.1 or last > 0.001)
PYTHON
