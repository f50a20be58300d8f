#!/usr/bin/env bash
# keras.ops.log1p and expm1 on OpenVINO lose small numbers.
#
# Versions: Keras 3.15.1, OpenVINO 2026.4.1, NumPy 2.4.6, Python 3.11, Linux on x86-64.
# Documented: log1p is the natural logarithm of one plus the x, and expm1 exp(x) - 1, element-wise:
# functions that are there to keep the digits near zero, as on every other backend.
# Behaviour: they are computed as log(1 + x) and exp(x) - 1 in float32: 0 below 6e-8, and four
# digits at 1e-4. -0.0 loses its sign.
# Seen:
#     log1p: [0.0, 0.00010001159535022452] numpy: [9.999999717180685e-10, 9.999499889090657e-05]
#     expm1: [0.0, 0.00010001659393310547] numpy: [9.999999717180685e-10, 0.00010000499605666846]
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 numpy==2.4.6 scipy==1.17.1 openvino==2026.4.1
KERAS_BACKEND=openvino "$here/venv/bin/python" - <<'PYTHON'
import sys

import keras
import numpy as np

x = np.array([1e-9, 1e-4], "float32")
wrong = []
for name in ("log1p", "expm1"):
    seen = keras.ops.convert_to_numpy(getattr(keras.ops, name)(x))
    expected = getattr(np, name)(x)
    print(f"{name}:", seen.tolist(), "numpy:", expected.tolist())
    wrong.append(seen[0] == 0.0 and abs(seen[1] - expected[1]) > 1e-5 * expected[1])
sys.exit(not all(wrong))
PYTHON
