#!/usr/bin/env bash
# fake_quant_with_min_max_vars(x, …, axis=0) of a square array takes each row's ends for a column's, in silence.
#
# Versions: Keras 3.15.1, NumPy 2.4.6, JAX 0.10.2 (which the NumPy backend imports), Python 3.11, Linux on x86-64.
# Seen on the NumPy backend; JAX, torch and OpenVINO share the code.
# Documented: "axis: Optional integer specifying the axis along which to perform quantization."
# Behaviour: the ends, one for each row, are broadcast along the last axis whatever axis says. Of an array that is
# not square that raises; of a square one 30 within the ends -100 and 100 of its row becomes 1, an end of column 0.
# Seen:
#     axis=0: 1.0, by the ends of its row: within a step of 0.8 of 30
#     axis=1 of the transposed: 29.8
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

low, high = np.array([-1.0, -100.0], "float32"), np.array([1.0, 100.0], "float32")
x = np.array([[0.3, 0.3], [30.0, 30.0]], "float32")
quantized = keras.quantizers.fake_quant_with_min_max_vars
rows = float(quantized(x, low, high, axis=0)[1, 0])
columns = float(quantized(x.T, low, high, axis=1)[0, 1])
print(f"axis=0: {rows:.1f}, by the ends of its row: within a step of 0.8 of 30")
print(f"axis=1 of the transposed: {columns:.1f}")
sys.exit(not (abs(rows - 1) < 0.01 and abs(columns - 30) < 0.8))
PYTHON
