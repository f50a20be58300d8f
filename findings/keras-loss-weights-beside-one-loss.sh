#!/usr/bin/env bash
# One loss for all outputs of a Keras model takes no weights of the outputs.
#
# Versions: Keras 3.15.1, NumPy 2.4.6, PyTorch 2.13.0, Python 3.11, Linux on x86-64; the same on every backend.
# Documented: loss_weights, if a list, is expected to have a 1:1 mapping to the model's outputs; if
# a dict, it is expected to map output names to scalar coefficients. A single loss is applied to
# every output (guide to training with the built-in methods).
# Behaviour: CompileLoss holds the weights against the losses as they were given, of which there is
# one, and raises. With the loss once for each output the same weights are taken.
# Seen:
#     list: `loss_weights` must match the number of losses, got 1 losses and 2 weights.
#     dict: `loss_weights` must match the number of losses, got 1 losses and 2 weights.
#     a loss for each output: answered
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

x = keras.Input((3,))
left, right = keras.layers.Dense(1, name="left")(x), keras.layers.Dense(2, name="right")(x)
model = keras.Model(x, [left, right])
rows = np.ones((4, 3)), [np.ones((4, 1)), np.ones((4, 2))]
seen = []
for what, loss, weights in (
    ("list", "mse", [0.25, 2.0]),
    ("dict", "mse", {"left": 0.25, "right": 2.0}),
    ("a loss for each output", ["mse", "mse"], [0.25, 2.0]),
):
    model.compile(loss=loss, loss_weights=weights)
    try:
        model.test_on_batch(*rows)
        said = "answered"
    except ValueError as error:
        said = str(error)
    print(f"{what}: {said}")
    seen.append(said)
sys.exit(not ("got 1 losses" in seen[0] and "got 1 losses" in seen[1] and seen[2] == "answered"))
PYTHON
