#!/usr/bin/env bash
# A layer that Keras quantizes to float8 rounds its bias to bfloat16, though all else stays float32.
#
# Versions: Keras 3.15.1, NumPy 2.4.6, JAX 0.10.2 (which the NumPy backend imports), Python 3.11, Linux on x86-64; the
# same on every backend.
# Documented: quantize quantizes the weights of a model, by the mode that is named. A bias is quantized in no mode,
# and that of a layer in float8 is a variable of float32; nothing says that it counts with three digits.
# Behaviour: outside of training too, the bias is cast to bfloat16 and back before it is added, so that XLA can fuse
# the sum, as a comment in the source has it. int8 and int4 add it as it is. EinsumDense does the same.
# Seen (a kernel of zeros, a bias of 1.001):
#     int8: bias 1.001 float32, answer 1.001
#     int4: bias 1.001 float32, answer 1.001
#     float8: bias 1.001 float32, answer 1.0
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 numpy==2.4.6 jax==0.10.2 jaxlib==0.10.2
KERAS_BACKEND=numpy "$here/venv/bin/python" - <<'PYTHON'
import sys

import keras
import numpy as np

seen = {}
for mode in ("int8", "int4", "float8"):
    layer = keras.layers.Dense(1)
    layer.build((None, 2))
    layer.set_weights([np.zeros((2, 1)), np.array([1.001])])
    layer.quantize(mode)
    answer = layer(np.zeros((1, 2), "float32"))
    seen[mode] = round(float(answer[0, 0]), 6)
    print(f"{mode}: bias {float(layer.bias[0]):.6g} {layer.bias.dtype}, answer {seen[mode]}")
sys.exit(seen != {"int8": 1.001, "int4": 1.001, "float8": 1.0})
PYTHON
