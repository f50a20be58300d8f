#!/usr/bin/env bash
# In a functional model of Keras the model's training flag replaces what a layer's own call was told.
#
# Versions: Keras 3.15.1 on its NumPy backend (and on every other), NumPy 2.4.6, Python 3.11, Linux
# on x86-64.
# Documented: the guide to transfer learning and the comments of Layer.__call__: the training argument
# of a layer's own call comes first, so that base_model(x, training=False) keeps its statistics while
# the model around it is trained, and Dropout(0.5)(x, training=True) drops in predict.
# Behaviour: both are undone in silence; predict drops nothing. Called without a flag the model does
# what its layer was told.
# Seen:
#     dropped by predict: 0 of 1000
#     dropped by a call: 490 to 510 of 1000 (drawn)
#     dropped by a call with training=False: 0 of 1000
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

inputs = keras.Input((1000,))
model = keras.Model(inputs, keras.layers.Dropout(0.5)(inputs, training=True))
ones = np.ones((1, 1000), "float32")
answers = (
    ("predict", model.predict(ones, verbose=0)),
    ("a call", model(ones)),
    ("a call with training=False", model(ones, training=False)),
)
dropped = [int((np.asarray(answer) == 0).sum()) for _, answer in answers]
for (way, _), count in zip(answers, dropped):
    print(f"dropped by {way}: {count} of 1000")
sys.exit(not (dropped[0] == 0 and 300 < dropped[1] < 700 and dropped[2] == 0))
PYTHON
