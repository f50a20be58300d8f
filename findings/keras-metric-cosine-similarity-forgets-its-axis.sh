#!/usr/bin/env bash
# The configuration of Keras's metric CosineSimilarity holds no axis.
#
# Versions: Keras 3.15.1, NumPy 2.4.6, PyTorch 2.13.0, Python 3.11, Linux on x86-64; the same on every backend.
# Documented: get_config returns the serializable config of the metric, from_config makes it anew.
# Behaviour: get_config of keras.metrics.CosineSimilarity is its name and its dtype; what is made of
# it, or loaded with a compiled model, goes along the last axis whatever axis it had.
# Seen:
#     axis=0: 0.8279
#     made of its config: 0.7071
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 numpy==2.4.6 torch==2.13.0
KERAS_BACKEND=torch "$here/venv/bin/python" - <<'PYTHON'
import sys

import keras
import numpy as np

metric = keras.metrics.CosineSimilarity(axis=0)
again = keras.metrics.CosineSimilarity.from_config(metric.get_config())
y, p = np.array([[1.0, 0.0], [1.0, 1.0]]), np.array([[1.0, 1.0], [0.0, 3.0]])
seen = []
for what, one in (("axis=0", metric), ("made of its config", again)):
    one.update_state(y, p)
    seen.append(round(float(one.result()), 4))
    print(f"{what}: {seen[-1]}")
sys.exit(seen != [0.8279, 0.7071])
PYTHON
