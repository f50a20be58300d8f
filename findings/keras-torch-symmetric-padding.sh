#!/usr/bin/env bash
# keras.ops.pad(mode='symmetric') on torch repeats the edge in the place of turning round at it.
#
# Versions: Keras 3.15.1, PyTorch 2.13.0, Python 3.11, Linux on x86-64.
# Documented: mode is one of those of numpy.pad, and the torch backend supports 'symmetric':
# reflected along the edge of the array.
# Behaviour: 'symmetric' is handed to torch.nn.functional.pad as 'replicate', which is the same for
# a width of 1 only. Wider paddings hold wrong numbers, silently, and have wrong gradients.
# Seen:
#     keras-torch: [1.0, 1.0, 1.0, 2.0, 3.0, 3.0, 3.0]
#     numpy:       [2.0, 1.0, 1.0, 2.0, 3.0, 3.0, 2.0]
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

x, width = np.array([1.0, 2.0, 3.0], "float32"), ((2, 2),)
seen = keras.ops.convert_to_numpy(keras.ops.pad(x, width, mode="symmetric")).tolist()
expected = np.pad(x, width, mode="symmetric").tolist()
print("keras-torch:", seen)
print("numpy:      ", expected)
sys.exit(seen != [1.0, 1.0, 1.0, 2.0, 3.0, 3.0, 3.0] or expected != [2.0, 1.0, 1.0, 2.0, 3.0, 3.0, 2.0])
PYTHON
