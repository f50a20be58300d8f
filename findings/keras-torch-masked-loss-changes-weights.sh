#!/usr/bin/env bash
# A loss of Keras on torch that has a mask multiplies the sample weights that it is given in place.
#
# Versions: Keras 3.15.1, PyTorch 2.13.0, NumPy 2.4.6, Python 3.11, Linux on x86-64.
# Documented: sample_weight acts as a coefficient for the loss; if it has shape [batch_size, 1] or
# can be broadcast to what the loss answers, each element is scaled by its weight.
# Behaviour: apply_mask in keras/src/losses/loss.py says sample_weight *= float_mask. A tensor of
# float32 is the caller's own, which is another one afterwards. A class to ignore makes a mask as
# well: a weight for each row of labels, which weighs it without that class, then raises, as it
# does on NumPy's backend. JAX and TensorFlow do neither.
# Seen:
#     Circle: weights afterwards [1.5, 1.5, 0.0]
#     without a class to ignore: 1.0397
#     with one: output with shape [2, 1] doesn't match the broadcast shape [2, 2]
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
import torch

weights = torch.ones(3)
vectors = torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]])
keras.losses.Circle()(torch.tensor([0, 0, 1]), vectors, sample_weight=weights)
changed = weights.tolist()
print("Circle: weights afterwards", changed)

labels, predictions = np.array([[0, 1], [1, 0]]), np.full((2, 2, 2), 0.5, "float32")
rows = np.array([[1.0], [2.0]], "float32")
plain = keras.losses.SparseCategoricalCrossentropy()
answered = round(float(plain(labels, predictions, sample_weight=rows)), 4)
print("without a class to ignore:", answered)
said = ""
try:
    ignoring = keras.losses.SparseCategoricalCrossentropy(ignore_class=1)
    ignoring(labels, predictions, sample_weight=rows)
except RuntimeError as error:
    said = str(error)
print("with one:", said)
sys.exit(changed != [1.5, 1.5, 0.0] or answered != 1.0397 or "broadcast" not in said)
PYTHON
