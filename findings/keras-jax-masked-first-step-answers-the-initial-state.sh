#!/usr/bin/env bash
# A recurrent layer on JAX and NumPy answers its initial state at a masked first step; unrolled, it answers zeros.
#
# Versions: Keras 3.15.1 on JAX 0.10.2 and on NumPy 2.4.6, Python 3.11, Linux on x86-64.
# Documented: "unroll: … If `True`, the network will be unrolled, else a symbolic loop will be used": a matter of
# speed and memory. What the answer at a masked step before the first one that counts is stands nowhere; at later ones
# it is the last answer.
# Behaviour: the loops of both backends begin with the initial state as the last answer, the unrolled ones with zeros,
# as TensorFlow and torch do in either case. So the flag changes the numbers.
# Seen (GRU, one masked step, an initial state of 1):
#     jax: as a loop [[1.0]], unrolled [[0.0]]
#     numpy: as a loop [[1.0]], unrolled [[0.0]]
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 numpy==2.4.6 jax==0.10.2
for backend in jax numpy; do
  KERAS_BACKEND=$backend "$here/venv/bin/python" - <<'PYTHON'
import sys

import keras
import numpy as np

x, mask, state = np.ones((1, 1, 1), "float32"), np.array([[False]]), np.ones((1, 1), "float32")
answers = []
for unroll in (False, True):
    y = keras.layers.GRU(1, unroll=unroll)(x, mask=mask, initial_state=[state])
    answers.append(keras.ops.convert_to_numpy(y).tolist())
print(f"{keras.backend.backend()}: as a loop {answers[0]}, unrolled {answers[1]}")
sys.exit(answers != [[[1.0]], [[0.0]]])
PYTHON
done
