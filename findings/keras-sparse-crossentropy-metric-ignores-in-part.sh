#!/usr/bin/env bash
# keras.metrics.SparseCategoricalCrossentropy counts samples of the class to ignore in its mean.
#
# Versions: Keras 3.15.1 on JAX 0.10.2 (and on every other backend), NumPy 2.4.6, Python 3.11, Linux
# on x86-64.
# Documented: ignore_class: "Class to ignore." The loss of the same name and arguments leaves such
# samples out of its mean.
# Behaviour: the metric adds 0 for each of them and counts it: with one sample of four left, the mean
# is a quarter of that sample's crossentropy. The loss's function puts a mask on the numbers that it
# answers, and MeanMetricWrapper looks for one on the predictions.
# Seen:
#     the loss: 0.6931
#     the metric: 0.1733
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

labels, predictions = np.array([1, -1, -1, -1]), np.full((4, 2), 0.5, "float32")
loss = float(keras.losses.SparseCategoricalCrossentropy(ignore_class=-1)(labels, predictions))
metric = keras.metrics.SparseCategoricalCrossentropy(ignore_class=-1)
metric.update_state(labels, predictions)
print("the loss:", round(loss, 4))
print("the metric:", round(float(metric.result()), 4))
sys.exit(not (abs(loss - 0.6931) < 1e-3 and abs(float(metric.result()) - 0.1733) < 1e-3))
PYTHON
