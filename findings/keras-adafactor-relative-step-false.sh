#!/usr/bin/env bash
# Adafactor(relative_step=False) of Keras lowers the learning rate with 1 / sqrt(step) all the same.
#
# Versions: Keras 3.15.1 on JAX 0.10.2 (and on every other backend), NumPy 2.4.6, Python 3.11, Linux
# on x86-64.
# Documented: if learning_rate is a constant and relative_step=True, learning rate will be adjusted
# based on current iterations.
# Behaviour: the flag is looked at, and some lines below the minimum with 1 / sqrt(step) is taken
# again without it. A learning rate of 0.9 is 0.5 in the fourth step with the flag and without, and
# a schedule that rises doesn't rise above the bound either. A run with the usual rate of 0.001
# reaches it after a million steps.
# Seen:
#     relative_step=True: [0.9, 0.7071, 0.5774, 0.5]
#     relative_step=False: [0.9, 0.7071, 0.5774, 0.5]
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

rates = {}
for relative in (True, False):
    w = keras.Variable(np.full(2, 100.0, "float32"))
    adafactor = keras.optimizers.Adafactor(learning_rate=0.9, relative_step=relative)
    adafactor.build([w])
    rates[relative] = []
    for _ in range(4):
        before = np.array(w)
        adafactor.apply([np.ones(2, "float32")], [w])
        # Adafactor's step is the rate times the size of the weights.
        rates[relative].append(round(float(1 - np.array(w)[0] / before[0]), 4))
    print(f"relative_step={relative}:", rates[relative])
bound = [0.9, 0.7071, 0.5774, 0.5]
sys.exit(rates[True] != bound or rates[False] != bound)
PYTHON
