#!/usr/bin/env bash
# A SpatialDropout's configuration holds float32 in the place of its dtype policy.
#
# Versions: Keras 3.15.1, NumPy 2.4.6, JAX 0.10.2 (which the NumPy backend imports), Python 3.11, Linux on x86-64.
# Seen on the NumPy backend; every backend shares the code.
# Documented: of a layer's dtype: "Can also be a `keras.DTypePolicy`, which allows the computation and weight dtype to
# differ"; a layer that is made of its configuration is the same, as Dropout is.
# Behaviour: get_config writes self.dtype, the dtype of variables, so that a layer of mixed_float16 computes in
# float32 once it was saved, cloned or rebuilt.
# Seen (what a layer of mixed_float16 computes in, before and after):
#     Dropout: float16 float16
#     SpatialDropout1D: float16 float32
#     SpatialDropout2D: float16 float32
#     SpatialDropout3D: float16 float32
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 numpy==2.4.6 jax==0.10.2
KERAS_BACKEND=numpy "$here/venv/bin/python" - <<'PYTHON'
import sys

import keras

layers, seen = keras.layers, []
kinds = layers.Dropout, layers.SpatialDropout1D, layers.SpatialDropout2D, layers.SpatialDropout3D
for kind in kinds:
    layer = kind(0.5, dtype="mixed_float16")
    again = kind.from_config(layer.get_config())
    seen.append((layer.compute_dtype, again.compute_dtype))
    print(f"{kind.__name__}:", *seen[-1])
sys.exit(seen != [("float16", "float16")] + [("float16", "float32")] * 3)
PYTHON
