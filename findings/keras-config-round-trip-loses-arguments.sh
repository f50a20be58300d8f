#!/usr/bin/env bash
# Some losses and initializers of Keras forget their arguments in get_config.
#
# Versions: Keras 3.15.1 on JAX 0.10.2 (and on every other backend), NumPy 2.4.6, Python 3.11, Linux
# on x86-64.
# Documented: the guide to saving: get_config returns what is needed to build the object anew, and
# from_config does that; clone_model and load_model rest on it.
# Behaviour: Identity loses its gain, Huber its delta, CosineSimilarity (the loss and the metric)
# and SparseCategoricalCrossentropy their axis, each silently: what is rebuilt has the default. A
# saved model that was compiled with Huber(delta=0.5) is evaluated with a delta of 1 once it is
# loaded.
# Seen:
#     Huber {'delta': 0.5} -> 1.0, loss of an error of 3: 1.375 -> 2.5
#     Identity {'gain': 2.0} -> 1.0
#     loss CosineSimilarity {'axis': 0}: lost
#     metric CosineSimilarity {'axis': 0}: lost
#     SparseCategoricalCrossentropy {'axis': 1}: lost
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

true, predicted = np.array([[3.0]], "float32"), np.array([[0.0]], "float32")
huber = keras.losses.Huber(delta=0.5)
again = keras.losses.Huber.from_config(huber.get_config())
losses = [float(one(true, predicted)) for one in (huber, again)]
delta = again._fn_kwargs["delta"]
print("Huber {'delta': 0.5} ->", delta, end=", ")
print("loss of an error of 3:", losses[0], "->", losses[1])
identity = keras.initializers.Identity(gain=2.0)
gain = keras.initializers.Identity.from_config(identity.get_config()).gain
print("Identity {'gain': 2.0} ->", gain)
lost = []
for name, made, key in (
    ("loss CosineSimilarity {'axis': 0}", keras.losses.CosineSimilarity(axis=0), "axis"),
    ("metric CosineSimilarity {'axis': 0}", keras.metrics.CosineSimilarity(axis=0), "axis"),
    (
        "SparseCategoricalCrossentropy {'axis': 1}",
        keras.losses.SparseCategoricalCrossentropy(axis=1),
        "axis",
    ),
):
    lost.append(key not in made.get_config())
    print(name + ":", "lost" if lost[-1] else "kept")
sys.exit(not (losses == [1.375, 2.5] and gain == 1.0 and all(lost)))
PYTHON
