#!/usr/bin/env bash
# CosineDecayRestarts of Keras with alpha and m_mul begins its restarts above what they promise.
#
# Versions: Keras 3.15.1 on JAX 0.10.2 (and on every other backend), NumPy 2.4.6, Python 3.11, Linux
# on x86-64.
# Documented: each new warm restart runs with m_mul times initial learning rate as the new learning
# rate; alpha: minimum learning rate value as a fraction of the initial_learning_rate.
# Behaviour: a restart begins at (1 - alpha) * m_mul + alpha of the initial rate, so that it is
# neither m_mul times what the one before began with, nor falls on for long: it settles at alpha.
# Seen:
#     restart 0 1 2 3
#     alpha=0    1.0 0.5 0.25 0.125
#     alpha=0.25 1.0 0.625 0.4375 0.3438
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

first, seen = [], {}
print("restart", *range(4))
for alpha in (0, 0.25):
    schedule = keras.optimizers.schedules.CosineDecayRestarts(1.0, 4, 1.0, m_mul=0.5, alpha=alpha)
    seen[alpha] = [round(float(schedule(4 * restart)), 4) for restart in range(4)]
    print(f"{f'alpha={alpha}':10}", *seen[alpha])
sys.exit(seen[0] != [1, 0.5, 0.25, 0.125] or seen[0.25][1] != 0.625)
PYTHON
