#!/usr/bin/env bash
# fit on JAX doesn't normalize the kernel that SpectralNormalization wraps.
#
# Versions: Keras 3.15.1, JAX 0.10.2, NumPy 2.4.6, Python 3.11, Linux on x86-64.
# Documented: the wrapper constrains the spectral norm of the weights of its layer, in training. What it assigns is
# that kernel divided by its largest singular value, which is 1 then.
# Behaviour: the kernel is a trainable variable that is assigned during the call. fit runs the model by stateless_call
# there, which hands back the variables that are not trainable alone, so the divided kernel is thrown away in each
# step. A call with training=True outside of fit divides it, and so does fit on torch and TensorFlow.
# Seen (the kernel's largest singular value, 3 at first; a learning rate of 0):
#     after a call in training: 1.0
#     after fit: 3.0
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 numpy==2.4.6 jax==0.10.2 jaxlib==0.10.2
KERAS_BACKEND=jax JAX_PLATFORMS=cpu "$here/venv/bin/python" - <<'PYTHON'
import sys

import keras
import numpy as np

x, y = np.ones((4, 3), "float32"), np.ones((4, 2), "float32")
seen = []
for what in ("a call in training", "fit"):
    layer = keras.layers.SpectralNormalization(keras.layers.Dense(2, use_bias=False), power_iterations=20)
    model = keras.Sequential([keras.Input((3,)), layer])
    layer.layer.kernel.assign([[3.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    if what == "fit":
        model.compile(keras.optimizers.SGD(0.0), "mse")
        model.fit(x, y, epochs=5, verbose=0)
    else:
        for step in range(5):
            layer(x, training=True)
    kernel = keras.ops.convert_to_numpy(layer.layer.kernel)
    seen.append(round(float(np.linalg.norm(kernel, 2)), 3))
    print(f"after {what}: {seen[-1]}")
sys.exit(seen != [1.0, 3.0])
PYTHON
