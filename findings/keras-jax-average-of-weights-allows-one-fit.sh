#!/usr/bin/env bash
# A Keras model on JAX whose optimizer has use_ema can be fitted once; the second fit destroys it.
#
# Versions: Keras 3.15.1, JAX 0.10.2, NumPy 2.4.6, Python 3.11, Linux on x86-64.
# Documented: use_ema: a moving average of the weights is computed and overwrites them; when using
# the built-in fit() training loop, this happens automatically after the last epoch. A model may be
# fitted again.
# Behaviour: at the end of fit the weight is assigned its average, and both are one array of JAX
# from then on. The next step of training donates its arguments' memory, this one twice, which JAX
# refuses. train_on_batch says so; fit raises a TypeError about None, after which the weights are
# gone, so the model can't be saved any more. TensorFlow and torch go on.
# Seen:
#     use_ema=False: second fit answered, weights afterwards answered
#     use_ema=True: second fit TypeError, weights afterwards TypeError
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
import numpy as np

x, y = np.ones((8, 3), "float32"), np.ones((8, 1), "float32")
seen = {}
for average in (False, True):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.05, use_ema=average), "mse")
    model.fit(x, y, verbose=0)
    told = []
    for step in (lambda model=model: model.fit(x, y, verbose=0), model.get_weights):
        try:
            step()
            told.append("answered")
        except Exception as error:
            told.append(type(error).__name__)
    print(f"use_ema={average}: second fit {told[0]}, weights afterwards {told[1]}")
    seen[average] = told
sys.exit(seen != {False: ["answered"] * 2, True: ["TypeError"] * 2})
PYTHON
