#!/usr/bin/env bash
# ScheduleFreeAdamW of Keras on torch and TensorFlow takes the new point for the one before the step.
#
# Versions: Keras 3.15.1, PyTorch 2.13.0, NumPy 2.4.6, Python 3.11, Linux on x86-64.
# Documented: the paper that it refers to: z moves by the gradient, x is the mean of all z, and the
# weights are (1 - beta) * z + beta * x.
# Behaviour: x is found from the weights and the z before the step. That z is kept as
# momentum.value, which on torch is the variable's tensor itself, and is written into before it is
# read; on TensorFlow it is the variable. The mean lags behind, and steps are about a tenth shorter here.
# JAX's arrays can't be written into, and are right.
# Seen:
#     Keras: [0.95, 0.925, 0.9, 0.875]
#     paper: [0.95, 0.9225, 0.895, 0.8675]
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
import torch

rate, beta = 0.05, 0.9
w = keras.Variable([1.0])
optimizer = keras.optimizers.ScheduleFreeAdamW(rate, beta_1=beta)
optimizer.build([w])
seen, paper, points = [], [], []
for step in range(1, 5):
    optimizer.apply([torch.ones(1)], [w])
    seen.append(round(float(w.value.detach()[0]), 4))
    # Of a gradient of 1, Adam's denominator is 1 in every step.
    points.append(1 - rate * step)
    mean = sum(points) / len(points)
    paper.append(round((1 - beta) * points[-1] + beta * mean, 4))
print("Keras:", seen)
print("paper:", paper)
sys.exit(seen != [0.95, 0.925, 0.9, 0.875] or paper != [0.95, 0.9225, 0.895, 0.8675])
PYTHON
