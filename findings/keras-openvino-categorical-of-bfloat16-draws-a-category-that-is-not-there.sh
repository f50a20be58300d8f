#!/usr/bin/env bash
# On OpenVINO keras.random.categorical of four bfloat16 logits draws category 4, of 0 to 3, once in some 400 draws.
#
# Versions: Keras 3.15.1, OpenVINO 2026.4.1, NumPy 2.4.6, Python 3.11, Linux on x86-64.
# Documented: "Draws samples from a categorical distribution. This function takes as input logits, a 2-D input
# tensor with shape (batch_size, num_classes). Each row of the input represents a categorical distribution".
# Behaviour: probabilities and their running sum are computed in bfloat16, where they may add up to less than 1. A
# uniform number above the sum is given the number of classes as its class. In float32 none is seen.
# Seen:
#     bfloat16: largest 4, 78 of 32768 beyond the last class
#     float32: largest 3, 0 of 32768 beyond the last class
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 numpy==2.4.6 scipy==1.17.1 openvino==2026.4.1
KERAS_BACKEND=openvino "$here/venv/bin/python" - <<'PYTHON'
import sys

import keras

largest = {}
for dtype in ("bfloat16", "float32"):
    logits = keras.ops.convert_to_tensor([[0.0, 1.0, -1.0, 0.5]], dtype=dtype)
    drawn = keras.ops.convert_to_numpy(keras.random.categorical(logits, 32768, seed=7))
    largest[dtype] = int(drawn.max())
    beyond = int((drawn > 3).sum())
    print(f"{dtype}: largest {largest[dtype]}, {beyond} of {drawn.size} beyond the last class")
sys.exit(largest != {"bfloat16": 4, "float32": 3})
PYTHON
