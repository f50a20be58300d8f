#!/usr/bin/env bash
# keras.ops.stft on TensorFlow has a symmetric window where its length is odd, and a periodic one where it is even.
#
# Versions: Keras 3.15.1, TensorFlow 2.21.0, Python 3.11, Linux on x86-64.
# Documented: by the docstring's own example, stft of 0 to 4 with a sequence_length of 3: "array([[0.75, -0.375],
# [3.75, -1.875], [5.25, -2.625]])" are the real parts, which the periodic window of Hann gives.
# Behaviour: tf.signal.hann_window and hamming_window are periodic for even lengths alone. The example comes out
# otherwise.
# Seen:
#     keras-tensorflow:           [[0.0, 0.0], [2.0, -1.0], [4.0, -2.0]]
#     numpy, the periodic window: [[0.75, -0.375], [3.75, -1.875], [5.25, -2.625]]
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

x = np.arange(5, dtype="float32")
seen = keras.ops.convert_to_numpy(keras.ops.stft(keras.ops.convert_to_tensor(x), 3, 2, 3)[0])
window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(3) / 3)
rows = np.pad(x, 1, mode="reflect")[np.arange(3)[:, None] * 2 + np.arange(3)]
periodic = np.fft.rfft(rows * window).real
print("keras-tensorflow:          ", seen.round(3).tolist())
print("numpy, the periodic window:", periodic.round(3).tolist())
documented = [[0.75, -0.375], [3.75, -1.875], [5.25, -2.625]]
symmetric = np.fft.rfft(rows * np.array([0, 1, 0])).real
sys.exit(not (np.allclose(periodic, documented) and np.allclose(seen, symmetric, atol=1e-5)))
PYTHON
