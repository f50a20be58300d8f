#!/usr/bin/env bash
# train_on_batch of Keras before 3.15 answers the mean of the losses of all batches so far, not the batch's.
#
# Versions: Keras 3.14.1 (wrong) and 3.15.1 (right), JAX 0.10.2, NumPy 2.4.6, Python 3.11, Linux on x86-64. Every
# backend shares the code.
# Documented: "Runs a single gradient update on a single batch of data", and returns "A scalar loss value".
# Behaviour: the loss is kept by a metric of means, which nothing resets between two calls. A loss that is 0 from the
# second batch on falls as 1 / n.
# Seen:
#     3.14.1: [1.0, 0.5, 0.3333, 0.25], the batches' losses: [1.0, 0.0, 0.0, 0.0]
#     3.15.1: [1.0, 0.0, 0.0, 0.0], the batches' losses: [1.0, 0.0, 0.0, 0.0]
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.14.1 numpy==2.4.6 jax==0.10.2 jaxlib==0.10.2
for release in 3.14.1 3.15.1; do
  "$here/venv/bin/pip" install --quiet --no-deps keras==$release
  KERAS_BACKEND=jax JAX_PLATFORMS=cpu "$here/venv/bin/python" - $release <<'PYTHON'
import sys

import keras
import numpy as np

release = sys.argv[1]
model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, kernel_initializer="ones")])
model.compile(keras.optimizers.SGD(0.25), "mse")
x, y = np.ones((1, 1), "float32"), np.zeros((1, 1), "float32")
seen = [round(float(model.train_on_batch(x, y)), 4) for _ in range(4)]
print(f"{keras.__version__}: {seen}, the batches' losses: {[1.0, 0.0, 0.0, 0.0]}")
sys.exit(seen != ([1.0, 0.5, 0.3333, 0.25] if release == "3.14.1" else [1.0, 0.0, 0.0, 0.0]))
PYTHON
done
