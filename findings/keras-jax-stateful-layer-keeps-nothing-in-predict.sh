#!/usr/bin/env bash
# A stateful recurrent layer keeps no state from batch to batch in predict on JAX.
#
# Versions: Keras 3.15.1, JAX 0.10.2, Python 3.11, Linux on x86-64. TensorFlow and torch keep it.
# Documented: "stateful: … If `True`, the last state for each sample at index i in a batch will be used as initial
# state for the sample of index i in the following batch."
# Behaviour: the states are not among the layer's variables, which are all that predict, evaluate and fit hand in and
# take back on JAX. The model called by itself keeps them.
# Seen (does a second call with the same batch answer otherwise?):
#     predict: the state is lost
#     call: the state is kept
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 numpy==2.4.6 jax==0.10.2 jaxlib==0.10.2
KERAS_BACKEND=jax "$here/venv/bin/python" - <<'PYTHON'
import sys

import keras
import numpy as np

keras.utils.set_random_seed(1)
x = np.ones((2, 3, 3), "float32")
model = keras.Sequential([keras.Input((3, 3), batch_size=2), keras.layers.LSTM(4, stateful=True)])
calls = {
    "predict": lambda: model.predict(x, batch_size=2, verbose=0),
    "call": lambda: keras.ops.convert_to_numpy(model(x)),
}
kept = {}
for name, call in calls.items():
    first, second = call(), call()
    kept[name] = bool(np.abs(first - second).max() > 1e-3)
    print(f"{name}: {'the state is kept' if kept[name] else 'the state is lost'}")
sys.exit(kept != {"predict": False, "call": True})
PYTHON
