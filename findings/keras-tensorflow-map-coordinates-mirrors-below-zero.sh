#!/usr/bin/env bash
# keras.ops.image.map_coordinates with 'reflect' on TensorFlow mirrors at the lower edge.
#
# Versions: Keras 3.15.1, TensorFlow 2.21.0, Python 3.11, Linux on x86-64.
# Documented: "reflect": `(d c b a | a b c d | d c b a)`; "mirror": `(c d c b | a b c d | c b a b)`.
# Behaviour: below 0 the edge is shown once, as of 'mirror'; beyond the upper end it is shown twice, as it should.
# Seen:
#     keras-tensorflow: [4.0, 3.0, 2.0, 1.0, 2.0, 3.0, 4.0, 4.0, 3.0, 2.0]
#     documented:       [3.0, 2.0, 1.0, 1.0, 2.0, 3.0, 4.0, 4.0, 3.0, 2.0]
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 tensorflow==2.21.0
KERAS_BACKEND=tensorflow "$here/venv/bin/python" - <<'PYTHON'
import sys

import keras
import numpy as np

x = np.array([1.0, 2.0, 3.0, 4.0], "float32")
places = np.arange(-3.0, 7.0, dtype="float32")[None]
at = keras.ops.image.map_coordinates(
    keras.ops.convert_to_tensor(x), keras.ops.convert_to_tensor(places), 1, "reflect"
)
seen = keras.ops.convert_to_numpy(at).tolist()
expected = np.pad(x, 3, mode="symmetric").tolist()  # NumPy's name of what is documented as "reflect"
print("keras-tensorflow:", seen)
print("documented:      ", expected)
sys.exit(not (seen[:3] == [4.0, 3.0, 2.0] and seen[3:] == expected[3:] and expected[:3] == [3.0, 2.0, 1.0]))
PYTHON
