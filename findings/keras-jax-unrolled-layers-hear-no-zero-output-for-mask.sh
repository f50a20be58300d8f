#!/usr/bin/env bash
# Unrolled on JAX and NumPy, a recurrent layer of Keras answers at masked steps what it answered before, not zeros.
#
# Versions: Keras 3.15.1, JAX 0.10.2, NumPy 2.4.6, Python 3.11, Linux on x86-64.
# Documented: of zero_output_for_mask, "Whether the output should use zeros for the masked timesteps"; of unroll, that
# the network is unrolled in place of a symbolic loop, which is faster and takes more memory.
# Behaviour: the unrolled loop doesn't look at zero_output_for_mask. Bidirectional, which sets it on its layers,
# merges other numbers as soon as they are unrolled. TensorFlow and torch put the zeros there.
# Seen (which of four outputs are zero, the mask letting the first and the third step through):
#     jax: unroll=False [0, 1, 0, 1], unroll=True [0, 0, 0, 0]
#     numpy: unroll=False [0, 1, 0, 1], unroll=True [0, 0, 0, 0]
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 numpy==2.4.6 jax==0.10.2 jaxlib==0.10.2
for backend in jax numpy; do
  KERAS_BACKEND=$backend JAX_PLATFORMS=cpu "$here/venv/bin/python" - <<'PYTHON'
import sys

import keras
import numpy as np

x, mask = np.ones((1, 4, 1), "float32"), np.array([[True, False, True, False]])
seen = []
for unroll in (False, True):
    cell = keras.layers.GRUCell(1, kernel_initializer="ones")
    layer = keras.layers.RNN(cell, return_sequences=True, zero_output_for_mask=True, unroll=unroll)
    y = keras.ops.convert_to_numpy(layer(x, mask=mask))
    seen.append((y.ravel() == 0).astype(int).tolist())
print(f"{keras.backend.backend()}: unroll=False {seen[0]}, unroll=True {seen[1]}")
sys.exit(seen != [[0, 1, 0, 1], [0, 0, 0, 0]])
PYTHON
done
