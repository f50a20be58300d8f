#!/usr/bin/env bash
# keras.ops.take without an axis on torch counts negative indices from the end of the first axis.
#
# Versions: Keras 3.15.1, PyTorch 2.13.0, Python 3.11, Linux on x86-64.
# Documented: axis: by default, the flattened input tensor is used; negative indices count from the
# end, as numpy.take's do.
# Behaviour: the size of the first axis is added to a negative index, not that of the flattened
# array: another number comes out, silently. An array of one axis is right.
# Seen:
#     keras-torch: [1.0, 0.0]
#     numpy:       [5.0, 4.0]
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

x, indices = np.arange(6, dtype="float32").reshape(2, 3), np.array([-1, -2])
seen = keras.ops.convert_to_numpy(keras.ops.take(x, indices)).tolist()
expected = np.take(x, indices).tolist()
print("keras-torch:", seen)
print("numpy:      ", expected)
sys.exit(seen != [1.0, 0.0] or expected != [5.0, 4.0])
PYTHON
