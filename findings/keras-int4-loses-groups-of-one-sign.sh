#!/usr/bin/env bash
# Weights of one sign, quantized by Keras to int4 in groups, become about as large as their range.
#
# Versions: Keras 3.15.1, PyTorch 2.13.0, NumPy 2.4.6, Python 3.11, Linux on x86-64.
# Documented: quantize(config=Int4QuantizationConfig(block_size=n)) has a scale and a zero point for
# each group of n weights, so each weight stays within a step of the group's range.
# Behaviour: the zero point of a group that holds no zero and no two signs is cut off at -8 or 7,
# and the weights are cut off after it: those between 1.18 and 1.32 become 0.14, with a step of 0.0093.
# Seen:
#     both signs: was 1.32, is 1.33 (within a step: True)
#     one sign: was 1.32, is 0.14 (within a step: False)
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

seen = []
for name, other in (("both signs", -1.18), ("one sign", 1.18)):
    layer = keras.layers.Dense(1, use_bias=False)
    model = keras.Sequential([keras.Input((2,)), layer])
    layer.set_weights([np.array([[1.32], [other]], "float32")])
    model.quantize(config=keras.quantizers.Int4QuantizationConfig(block_size=2))
    after = float(model(np.array([[1.0, 0.0]], "float32"))[0, 0])
    within = abs(after - 1.32) <= float(layer.kernel_scale[0, 0])
    seen.append((round(after, 2), within))
    print(f"{name}: was 1.32, is {after:.2f} (within a step: {within})")
sys.exit(seen != [(1.33, True), (0.14, False)])
PYTHON
