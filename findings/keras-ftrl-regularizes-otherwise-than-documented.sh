#!/usr/bin/env bash
# Ftrl counts its L2 regularization twice, and leaves the shrinkage out of its accumulator.
#
# Versions: Keras 3.15.1, NumPy 2.4.6, JAX 0.10.2 (which the NumPy backend imports), Python 3.11, Linux on x86-64.
# Seen on the NumPy backend; every backend shares the code.
# Documented: "w = (sgn(z) * lambda_1 - z) / ((beta + sqrt(n)) / alpha + lambda_2)", lambda_2 being the L2
# regularization strength; "n = n + g ** 2", and with shrinkage, an "L2 penalty to the loss function", the "gradient
# is replaced with a gradient with shrinkage".
# Behaviour: the divisor has twice the strength, and n is made of the gradient without shrinkage. A strength of 0.5
# does what 1.0 is documented to do.
# Seen (one step of a gradient of 1 with a learning rate of 1):
#     L2 of 0.5: weight -0.5000, documented: -0.6667
#     shrinkage of 0.25 at a weight of 1: n = 1.0000, documented: 2.2500
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


def stepped(weight, **config):
    weight = keras.Variable(np.array([weight], "float32"))
    ftrl = keras.optimizers.Ftrl(learning_rate=1.0, initial_accumulator_value=0.0, **config)
    ftrl.build([weight])
    ftrl.apply([np.ones(1, "float32")], [weight])
    return float(ftrl._accumulators[0].numpy()[0]), float(weight.numpy()[0])


weight = stepped(0.0, l2_regularization_strength=0.5)[1]
print(f"L2 of 0.5: weight {weight:.4f}, documented: {-1 / (1 + 0.5):.4f}")
squares = stepped(1.0, l2_shrinkage_regularization_strength=0.25)[0]
print(f"shrinkage of 0.25 at a weight of 1: n = {squares:.4f}, documented: {(1 + 2 * 0.25 * 1) ** 2:.4f}")
sys.exit(not (abs(weight + 0.5) < 1e-4 and abs(squares - 1) < 1e-4))
PYTHON
