#!/usr/bin/env bash
# A mask of samples hides columns of a ConvLSTM's images on JAX and NumPy.
#
# Versions: Keras 3.15.1 on JAX 0.10.2 and on NumPy 2.4.6, Python 3.11, Linux on x86-64. OpenVINO shares the fault.
# Documented: "mask: Binary tensor of shape `(samples, timesteps)` indicating whether a given timestep should be
# masked."
# Behaviour: the loop broadcasts a step's mask of (samples, 1) against states of (samples, columns, filters), where it
# goes along the columns. With as many columns as samples that is silent: the mask of sample 0 hides column 0 of every
# sample. Of other sizes it raises.
# Seen:
#     jax: sample 1, masked nowhere, as alone in its columns: [False, True, True]
#     numpy: sample 1, masked nowhere, as alone in its columns: [False, True, True]
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 numpy==2.4.6 jax==0.10.2
for backend in jax numpy; do
  KERAS_BACKEND=$backend "$here/venv/bin/python" - <<'PYTHON'
import sys

import keras
import numpy as np

keras.utils.set_random_seed(1)
x = np.ones((3, 2, 3, 1), "float32")
mask = np.array([[True, False], [True, True], [True, True]])
layer = keras.layers.ConvLSTM1D(1, 1)
together = keras.ops.convert_to_numpy(layer(x, mask=mask))[1, :, 0]
alone = keras.ops.convert_to_numpy(layer(x[1:2]))[0, :, 0]
same = np.isclose(together, alone, atol=1e-6).tolist()
print(f"{keras.backend.backend()}: sample 1, masked nowhere, as alone in its columns: {same}")
sys.exit(same != [False, True, True])
PYTHON
done
