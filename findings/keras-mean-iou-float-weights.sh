#!/usr/bin/env bash
# keras.metrics.MeanIoU cuts float weights off to integers; the example of its own docstring fails.
#
# Versions: Keras 3.15.1 on JAX 0.10.2 (and on every other backend), NumPy 2.4.6, Python 3.11, Linux
# on x86-64.
# Documented: the docstring: predictions are accumulated in a confusion matrix, weighted by
# sample_weight, and an example of weights 0.3, 0.3, 0.3 and 0.1 whose result is 0.23809525.
# Behaviour: without a dtype the matrix is one of integers, and weights are cast to it: 0.3 is 0.
# The result of the example is 0. A list of weights goes without the warning that an array of floats
# is answered with. With dtype='float32' the result is right.
# Seen:
#     documented: 0.23809525
#     by default: 0.0
#     dtype='float32': 0.2381
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


def result(**options):
    metric = keras.metrics.MeanIoU(num_classes=2, **options)
    metric.update_state([0, 0, 1, 1], [0, 1, 0, 1], sample_weight=[0.3, 0.3, 0.3, 0.1])
    return float(metric.result())


default, floats = result(), result(dtype="float32")
print("documented: 0.23809525")
print("by default:", default)
print("dtype='float32':", round(floats, 4))
sys.exit(not (default == 0.0 and abs(floats - 0.23809525) < 1e-6))
PYTHON
