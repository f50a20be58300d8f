#!/usr/bin/env bash
# Keras's ScheduleFreeAdamW on TensorFlow sets a model's weights to zero in the first step of fit.
#
# Versions: Keras 3.15.1, TensorFlow 2.21.0, Python 3.11, Linux on x86-64.
# Documented: the optimizer maintains a sequence where gradient updates are applied, and the
# averaged one; during training, the model parameters are set to an interpolation between the two.
# The docstring's example is compile and fit.
# Behaviour: build lets the first sequence begin at the weights by an assignment. Within fit it is
# called while the step is traced, so the assignment becomes part of a graph that doesn't run, and
# the sequence begins at 0. The first step sets the weights to it: a pretrained model is gone after
# one batch, even where every gradient is 0. An optimizer that was built before fit begins at the
# weights, and so does each on torch and JAX.
# Seen:
#     built by fit: weights 5.0 -> 0.0, gradient 0
#     built before: weights 5.0 -> 5.0, gradient 0
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 tensorflow==2.21.0
KERAS_BACKEND=tensorflow "$here/venv/bin/python" - <<'PYTHON'
import sys

import keras
import numpy as np

# With inputs of 0 no gradient flows to the kernel, so no step may change it.
x, y = np.zeros((4, 1), "float32"), np.zeros((4, 1), "float32")
ends = []
for name in ("built by fit", "built before"):
    five = keras.initializers.Constant(5.0)
    dense = keras.layers.Dense(1, kernel_initializer=five, use_bias=False)
    model = keras.Sequential([keras.Input((1,)), dense])
    optimizer = keras.optimizers.ScheduleFreeAdamW(0.01)
    model.compile(optimizer, "mse")
    if name == "built before":
        optimizer.build(model.trainable_variables)
    model.fit(x, y, epochs=1, verbose=0)
    ends.append(round(float(model.get_weights()[0][0, 0]), 4))
    print(f"{name}: weights 5.0 -> {ends[-1]}, gradient 0")
sys.exit(ends != [0.0, 5.0])
PYTHON
