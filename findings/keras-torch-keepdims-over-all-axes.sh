#!/usr/bin/env bash
# keras.ops.sum, max, min and prod on torch ignore keepdims where no axis is given.
#
# Versions: Keras 3.15.1, PyTorch 2.13.0, Python 3.11, Linux on x86-64.
# Documented: keepdims: if it is True, the reduced axes are left in the result as dimensions with
# size one; axis=None reduces all.
# Behaviour: sum, max, min and prod answer a scalar; mean, var and any keep the axes. A symbolic
# call of each promises (1, 1), so a model's shape and its answer differ.
# Seen:
#     sum: () symbolic: (1, 1)
#     max: () symbolic: (1, 1)
#     min: () symbolic: (1, 1)
#     prod: () symbolic: (1, 1)
#     mean: (1, 1) symbolic: (1, 1)
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

found = {}
for name in ("sum", "max", "min", "prod", "mean"):
    function = getattr(keras.ops, name)
    eager = tuple(function(np.ones((2, 3), "float32"), keepdims=True).shape)
    symbolic = tuple(function(keras.KerasTensor((2, 3)), keepdims=True).shape)
    print(f"{name}:", eager, "symbolic:", symbolic)
    found[name] = (eager, symbolic)
lost = [name for name, (eager, symbolic) in found.items() if eager == () and symbolic == (1, 1)]
sys.exit(lost != ["sum", "max", "min", "prod"] or found["mean"][0] != (1, 1))
PYTHON
