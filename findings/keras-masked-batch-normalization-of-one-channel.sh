#!/usr/bin/env bash
# A call of keras.layers.BatchNormalization in training with a mask raises where there is one channel.
#
# Versions: Keras 3.15.1, JAX 0.10.2, NumPy 2.4.6, Python 3.11, Linux on x86-64.
# Documented: mask: binary tensor of shape broadcastable to inputs, indicating the positions for which
# mean and variance are computed. The answer has the shape of the input.
# Behaviour: the mean, of which all axes are kept, is squeezed, and with one channel no axis is left:
# IndexError. PyTorch and NumPy do the same; TensorFlow answers. Without a mask, and of two channels,
# it is right.
# Seen:
#     2 channels: (1, 2, 2), masked: (1, 2, 2)
#     1 channel: (1, 2, 1), masked: IndexError
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 numpy==2.4.6 jax==0.10.2
KERAS_BACKEND=jax "$here/venv/bin/python" - <<'PYTHON'
import sys

import keras
import numpy as np


def shape(channels, **masked):
    x = np.ones((1, 2, channels), "float32")
    try:
        return str(tuple(keras.layers.BatchNormalization()(x, training=True, **masked).shape))
    except IndexError as error:
        return type(error).__name__


mask = np.array([[True, False]])
seen = [(shape(count), shape(count, mask=mask)) for count in (2, 1)]
print(f"2 channels: {seen[0][0]}, masked: {seen[0][1]}")
print(f"1 channel: {seen[1][0]}, masked: {seen[1][1]}")
sys.exit(seen != [("(1, 2, 2)", "(1, 2, 2)"), ("(1, 2, 1)", "IndexError")])
PYTHON
