#!/usr/bin/env bash
# keras.ops.image.gaussian_blur exchanges height and width, and takes no default for data_format.
#
# Versions: Keras 3.15.1 on NumPy 2.4.6 and on JAX 0.10.2 (PyTorch as JAX; TensorFlow and OpenVINO
# as NumPy), Python 3.11, Linux on x86-64.
# Documented: kernel_size and sigma are (height, width); without data_format,
# keras.config.image_data_format() is taken.
# Behaviour: a point is blurred along its column where it should be along its row. Without
# data_format, JAX reads images as channels_first whatever is configured: a point is blurred along
# its row and its channels, and not along its column.
# Seen:
#     numpy: sigma=(0.1, 100) blurs a point along its column: [0.33, 0.33, 0.33], row: [0.0, 0.33, 0.0]
#     jax: image_data_format is channels_last; told so, the column of a point is [0.12, 0.2, 0.12],
#          told nothing, [0.0, 0.33, 0.0]
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
export KERAS_HOME=$here
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 numpy==2.4.6 jax==0.10.2 scipy==1.17.1
for backend in numpy jax; do
  KERAS_BACKEND=$backend "$here/venv/bin/python" - <<'PYTHON'
import sys

import keras
import numpy as np

point = np.zeros((1, 5, 5, 2), "float32")
point[0, 2, 2] = 1


def blurred(sigma, **told):
    seen = keras.ops.image.gaussian_blur(point, (3, 3), sigma, **told)
    seen = keras.ops.convert_to_numpy(seen)[0, 1:4, 1:4, 0].astype(float).round(2)
    return seen[:, 1].tolist(), seen[1].tolist()


if keras.config.backend() == "numpy":
    column, row = blurred((0.1, 100.0))
    print(f"numpy: sigma=(0.1, 100) blurs a point along its column: {column}, row: {row}")
    sys.exit((column, row) != ([0.33, 0.33, 0.33], [0.0, 0.33, 0.0]))
configured = keras.config.image_data_format()
told, _ = blurred((1.0, 1.0), data_format=configured)
untold, _ = blurred((1.0, 1.0))
print(f"jax: image_data_format is {configured}; told so, the column of a point is {told},")
print(f"     told nothing, {untold}")
sys.exit((configured, told, untold) != ("channels_last", [0.12, 0.2, 0.12], [0.0, 0.33, 0.0]))
PYTHON
done
