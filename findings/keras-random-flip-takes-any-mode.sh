#!/usr/bin/env bash
# RandomFlip takes any word as its mode, and then flips nothing.
#
# Versions: Keras 3.15.1 on torch 2.13.0 and on JAX 0.10.2, Python 3.11, Linux on x86-64.
# Documented (RandomFlip): mode can be "horizontal", "vertical" or "horizontal_and_vertical".
# Behaviour: "horizontally" is taken without a word. In training no image of a thousand is flipped.
# Seen:
#     torch: flipped by "horizontal": about half: True, by "horizontally": 0
#     jax: flipped by "horizontal": about half: True, by "horizontally": 0
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 torch==2.13.0 jax==0.10.2 jaxlib==0.10.2
for backend in torch jax; do
  KERAS_BACKEND=$backend "$here/venv/bin/python" - <<'PYTHON'
import sys

import keras
import numpy as np

images = np.random.default_rng(0).random((1000, 2, 2, 3)).astype("float32")


def flipped(mode):
    layer = keras.layers.RandomFlip(mode, seed=1)
    answer = keras.ops.convert_to_numpy(layer(images, training=True))
    return int((answer != images).any(axis=(1, 2, 3)).sum())


half, none = flipped("horizontal"), flipped("horizontally")
print(
    f'{keras.backend.backend()}: flipped by "horizontal": about half: {400 < half < 600}, '
    f'by "horizontally": {none}'
)
sys.exit(not (400 < half < 600 and none == 0))
PYTHON
done
