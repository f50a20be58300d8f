#!/usr/bin/env bash
# keras.ops.rearrange of a model's input raises, as its batch has no size yet.
#
# Versions: Keras 3.15.1, NumPy 2.4.6 and JAX 0.10.2, Python 3.11, Linux on x86-64; the same on
# TensorFlow, PyTorch, JAX and OpenVINO.
# Documented: "Rearranges the axes of a Keras tensor according to a specified pattern, einops-style",
# with images (BHWC) to BCHW as the first example; keras.Input leaves the size of the batch None.
# Behaviour: its symbolic call multiplies the sizes of all axes. keras.ops.transpose takes the same.
# Seen:
#     transpose: (None, 3, 4, 6)
#     rearrange: TypeError unsupported operand type(s) for *=: 'int' and 'NoneType'
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

images = keras.Input((4, 6, 3))
moved = keras.ops.transpose(images, (0, 3, 1, 2)).shape
print("transpose:", moved)
try:
    answer = str(keras.ops.rearrange(images, "b h w c -> b c h w").shape)
except TypeError as error:
    answer = f"{type(error).__name__} {error}"
print("rearrange:", answer)
sys.exit(moved != (None, 3, 4, 6) or not answer.startswith("TypeError"))
PYTHON
