#!/usr/bin/env bash
# A Keras model with Resizing in front moves the statistics of BatchNormalization when it is called.
#
# Versions: Keras 3.15.1 on its NumPy backend (and on every other), NumPy 2.4.6, Python 3.11, Linux
# on x86-64.
# Documented: without a flag a layer is called for inference (training=False), and BatchNormalization
# then leaves its moving statistics alone. Resizing does the same in training and out of it.
# Behaviour: the image layers' call has training=True for its default. A model that is called without
# a flag takes that default over for every layer behind: it normalizes by the batch and moves its
# statistics at inference. The same model without Resizing doesn't.
# Seen:
#     behind Resizing: answers 0.0, moving mean 1.0
#     alone: answers 99.95004, moving mean 0.0
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


def called(*front):
    """What a constant image is answered with, and the moving mean that this leaves."""
    behind = keras.layers.BatchNormalization()
    model = keras.Sequential([keras.Input((2, 2, 1)), *front, behind])
    answer = np.asarray(model(np.full((1, 2, 2, 1), 100.0, "float32")))
    return float(answer.ravel()[0]), float(np.asarray(behind.moving_mean)[0])


led, alone = called(keras.layers.Resizing(2, 2)), called()
print("behind Resizing: answers {}, moving mean {}".format(*led))
print("alone: answers {:.5f}, moving mean {}".format(*alone))
sys.exit(not (led[0] == 0.0 and abs(led[1] - 1) < 1e-6 and alone[1] == 0.0 and alone[0] > 99))
PYTHON
