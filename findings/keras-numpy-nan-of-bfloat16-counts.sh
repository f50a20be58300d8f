#!/usr/bin/env bash
# On the NumPy backend of Keras, what leaves NaN out or replaces it doesn't where numbers are bfloat16.
#
# Versions: Keras 3.15.1, NumPy 2.4.6, ml_dtypes 0.6.0, JAX 0.10.2 (which the NumPy backend imports), Python 3.11,
# Linux on x86-64.
# Documented: nansum, nanmean, nanmax and nanargmax ignore NaN values; nan_to_num replaces NaN with zero by default.
# Of a dtype nothing is said, and bfloat16 is one of Keras's float types.
# Behaviour: NumPy asks whether a dtype is one of its own floats, and takes bfloat16 for something that has no NaN.
# The backend hands it on as it is. Nothing raises. nanmax is right, as are float16 and float32, and bfloat16 on every
# other backend.
# Seen (of 1, NaN and 3):
#     float16: nansum 4.0, nanmean 2.0, nanmax 3.0, nanargmax 2.0, nan_to_num 4.0
#     bfloat16: nansum nan, nanmean nan, nanmax 3.0, nanargmax 1.0, nan_to_num nan
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 numpy==2.4.6 jax==0.10.2 jaxlib==0.10.2 ml_dtypes==0.6.0
KERAS_BACKEND=numpy "$here/venv/bin/python" - <<'PYTHON'
import sys

import keras
import numpy as np

ops = keras.ops
functions = {
    "nansum": ops.nansum,
    "nanmean": ops.nanmean,
    "nanmax": ops.nanmax,
    "nanargmax": ops.nanargmax,
    "nan_to_num": lambda x: ops.sum(ops.nan_to_num(x)),
}
seen = {}
for dtype in ("float16", "bfloat16"):
    x = ops.convert_to_tensor([1.0, float("nan"), 3.0], dtype)
    seen[dtype] = {name: float(function(x)) for name, function in functions.items()}
    print(f"{dtype}:", ", ".join(f"{name} {value}" for name, value in seen[dtype].items()))
right = list(seen["float16"].values()) == [4.0, 2.0, 3.0, 2.0, 4.0]
narrow = seen["bfloat16"]
lost = all(np.isnan(narrow[name]) for name in ("nansum", "nanmean", "nan_to_num"))
sys.exit(not (right and lost and narrow["nanargmax"] == 1.0))
PYTHON
