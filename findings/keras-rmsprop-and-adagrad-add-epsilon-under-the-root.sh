#!/usr/bin/env bash
# RMSprop and Adagrad add epsilon under the root: of small gradients it is a floor of its own root.
#
# Versions: Keras 3.15.1, NumPy 2.4.6, JAX 0.10.2 (which the NumPy backend imports), Python 3.11, Linux on x86-64.
# Seen on the NumPy backend; every backend shares the code.
# Documented: RMSprop: "This epsilon is "epsilon hat" in the Kingma and Ba paper (in the formula just before Section
# 2.1)", where it is added to the root. Adagrad says nothing of the place; the paper that it cites adds the constant
# to the root as well.
# Behaviour: the step is g / sqrt(g**2 + epsilon). With the default of 1e-7 that is a floor of 3e-4 under the
# gradients' size. torch.optim.RMSprop and torch.optim.Adagrad do as documented.
# Seen (one step of a gradient of 1e-3 with an epsilon of 1e-4):
#     RMSprop: 0.0995, by g / (sqrt(g**2) + epsilon): 0.9091
#     Adagrad: 0.0995, by g / (sqrt(g**2) + epsilon): 0.9091
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

gradient, epsilon = 1e-3, 1e-4
expected = gradient / (gradient + epsilon)
steps = []
for name, more in (("RMSprop", {"rho": 0.0}), ("Adagrad", {"initial_accumulator_value": 0.0})):
    weight = keras.Variable(np.zeros(1, "float32"))
    optimizer = getattr(keras.optimizers, name)(learning_rate=1.0, epsilon=epsilon, **more)
    optimizer.build([weight])
    optimizer.apply([np.array([gradient], "float32")], [weight])
    steps.append(-float(keras.ops.convert_to_numpy(weight)[0]))
    print(f"{name}: {steps[-1]:.4f}, by g / (sqrt(g**2) + epsilon): {expected:.4f}")
sys.exit(not np.allclose(steps, gradient / np.sqrt(gradient**2 + epsilon), rtol=1e-3))
PYTHON
