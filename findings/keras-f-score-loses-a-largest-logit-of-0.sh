#!/usr/bin/env bash
# F1Score and FBetaScore take no class for predicted where the largest logit is 0.
#
# Versions: Keras 3.15.1, NumPy 2.4.6, JAX 0.10.2 (which the NumPy backend imports), Python 3.11, Linux on x86-64.
# Seen on the NumPy backend; every backend shares the code.
# Documented: "If `threshold` is `None`, the argmax of `y_pred` is converted to 1, and the rest to 0."
# Behaviour: a prediction counts only where abs(y_pred) > 1e-9, so that a row whose largest number is 0, as logits and
# the outputs of relu have, says no class. The same numbers with 1 added score otherwise.
# Seen (two samples, both of which are predicted rightly):
#     logits [[0.0, -1.0], [-2.0, -0.5]], largest at [0, 1]: 0.6667
#     logits + 1 [[1.0, 0.0], [-1.0, 0.5]], largest at [0, 1]: 1.0000
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

labels, logits = np.array([[1, 0], [0, 1]]), np.array([[0.0, -1.0], [-2.0, -0.5]], "float32")
scores = []
for name, numbers in (("logits", logits), ("logits + 1", logits + 1)):
    metric = keras.metrics.F1Score(average="micro")
    metric.update_state(labels, numbers)
    scores.append(float(metric.result()))
    print(f"{name} {numbers.tolist()}, largest at {numbers.argmax(1).tolist()}: {scores[-1]:.4f}")
sys.exit(not np.allclose(scores, [2 / 3, 1], atol=1e-4))
PYTHON
