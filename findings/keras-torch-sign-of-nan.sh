#!/usr/bin/env bash
# keras.ops.sign on torch makes 0 of NaN, as torch.sign does.
#
# Versions: Keras 3.15.1, PyTorch 2.13.0, Python 3.11, Linux on x86-64.
# Documented: by the array API standard and NumPy, whose functions keras.ops implements: NaN for
# NaN, as on every other backend.
# Behaviour: 0: a NaN goes by unseen.
# Seen:
#     keras-torch: [0.0, 1.0, -1.0]
#     numpy:       [nan, 1.0, -1.0]
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

x = np.array([np.nan, np.inf, -2.0], "float32")
seen = keras.ops.convert_to_numpy(keras.ops.sign(x)).tolist()
expected = np.sign(x).tolist()
print("keras-torch:", seen)
print("numpy:      ", expected)
sys.exit(seen != [0.0, 1.0, -1.0] or not np.isnan(expected[0]))
PYTHON
