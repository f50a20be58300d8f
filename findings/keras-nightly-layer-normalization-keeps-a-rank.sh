#!/usr/bin/env bash
# In the nightly before Keras 3.16, LayerNormalization along the last axis keeps the rank that it was
# built with: called with another rank it raises on JAX, and on torch it may normalize another axis.
#
# Versions: keras-nightly 3.16.0.dev2026073104 (right) and 3.16.0.dev2026080604 and
# 3.16.0.dev2026102704 (wrong), JAX 0.10.2, Python 3.11.
# Documented: axis=-1 is the last axis; nothing ties a layer to the rank of its first input.
# Behaviour: build() turns -1 into an axis counted from the front and call() uses that.
# Seen:
#     3.16.0.dev2026073104 (2, 4)
#     3.16.0.dev2026080604 IndexError
#     3.16.0.dev2026102704 IndexError
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet jax==0.10.2 keras-nightly==3.16.0.dev2026102704
for release in 3.16.0.dev2026073104 3.16.0.dev2026080604 3.16.0.dev2026102704; do
  "$here/venv/bin/pip" install --quiet --no-deps keras-nightly==$release
  KERAS_BACKEND=jax "$here/venv/bin/python" - "$release" <<'PYTHON'
import sys

import keras
import numpy as np

layer = keras.layers.LayerNormalization()
layer(np.ones((2, 3, 4), "float32"))
try:
    said = str(tuple(layer(np.ones((2, 4), "float32")).shape))
except IndexError as error:
    said = type(error).__name__
print(keras.__version__, said)
sys.exit(said != ("(2, 4)" if sys.argv[1].endswith("073104") else "IndexError"))
PYTHON
done
