#!/usr/bin/env bash
# keras.ops.image.gaussian_blur exchanges height and width on NumPy, and scrambles its kernel on JAX.
#
# Versions: Keras 3.15.1 on NumPy 2.4.6 and on JAX 0.10.2 (PyTorch as JAX; TensorFlow and OpenVINO
# as NumPy), Python 3.11, Linux on x86-64.
# Documented: kernel_size and sigma are (height, width); each channel is blurred by itself.
# Behaviour: on NumPy a point is blurred along its column where it should be along its row. On JAX
# the weights of two channels are laid out for another order of the axes: a point is blurred along
# its row alone, whatever sigma is.
# Seen:
#     numpy: sigma=(0.1, 100) blurs a point along its column: [0.33, 0.33, 0.33], row: [0.0, 0.33, 0.0]
#     jax: sigma=1 of two channels, column of a point: [0.0, 0.33, 0.0], row: [0.2, 0.33, 0.2]
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 numpy==2.4.6 jax==0.10.2 scipy==1.17.1
for backend in numpy jax; do
  KERAS_BACKEND=$backend "$here/venv/bin/python" - <<'PYTHON'
import sys

import keras
import numpy as np

point = np.zeros((1, 5, 5, 2), "float32")
point[0, 2, 2] = 1


def blurred(kernel, sigma):
    seen = keras.ops.image.gaussian_blur(point, kernel, sigma)
    seen = keras.ops.convert_to_numpy(seen)[0, 1:4, 1:4, 0].astype(float).round(2)
    return seen[:, 1].tolist(), seen[1].tolist()


if keras.config.backend() == "numpy":
    column, row = blurred((3, 3), (0.1, 100.0))
    print(f"numpy: sigma=(0.1, 100) blurs a point along its column: {column}, row: {row}")
    sys.exit((column, row) != ([0.33, 0.33, 0.33], [0.0, 0.33, 0.0]))
column, row = blurred((3, 3), (1.0, 1.0))
print(f"jax: sigma=1 of two channels, column of a point: {column}, row: {row}")
sys.exit((column, row) != ([0.0, 0.33, 0.0], [0.2, 0.33, 0.2]))
PYTHON
done
