#!/usr/bin/env bash
# A model that Keras 3.13 quantized to int4 and saved can't be loaded by Keras 3.14 and later.
#
# Versions: Keras 3.13.2 (saves), 3.13.2, 3.14.1 and 3.15.1 (load), JAX 0.10.2, NumPy 2.4.6, Python 3.11, Linux on
# x86-64. Every backend shares the code.
# Documented: Model.save stores a model's architecture and its weights, and load_model restores both; quantized models
# are among those that are saved. Nowhere is said that int4 of an earlier release is no longer read.
# Behaviour: up to 3.13 a byte holds two rows of the kernel, since 3.14 two columns. A file says which of the two it
# has by nothing but what is missing in it, and is read by today's scheme, whose shapes don't fit. A file of int8 is
# read by all of them.
# Seen:
#     int8, saved by 3.13.2: 3.13.2 as saved, 3.14.1 as saved, 3.15.1 as saved
#     int4, saved by 3.13.2: 3.13.2 as saved, 3.14.1 ValueError, 3.15.1 ValueError
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.13.2 numpy==2.4.6 jax==0.10.2 jaxlib==0.10.2
export KERAS_BACKEND=jax JAX_PLATFORMS=cpu
"$here/venv/bin/python" - "$here" <<'PYTHON'
import sys

import keras
import numpy as np

for mode in ("int8", "int4"):
    layer = keras.layers.Dense(3, use_bias=False)
    model = keras.Sequential([keras.Input((6,)), layer])
    layer.set_weights([np.linspace(-1, 1, 18).reshape(6, 3)])
    model.quantize(mode)
    model.save(f"{sys.argv[1]}/{mode}.keras")
    np.save(f"{sys.argv[1]}/{mode}.npy", model(np.ones((1, 6), "float32")))
PYTHON
declare -A seen=([int8]="int8, saved by 3.13.2:" [int4]="int4, saved by 3.13.2:")
for release in 3.13.2 3.14.1 3.15.1; do
  "$here/venv/bin/pip" install --quiet --no-deps keras==$release
  for mode in int8 int4; do
    told=$("$here/venv/bin/python" - "$here/$mode" <<'PYTHON'
import sys

import keras
import numpy as np

try:
    model = keras.models.load_model(sys.argv[1] + ".keras")
except ValueError as error:
    assert "could not be loaded" in str(error), error
    print("ValueError")
else:
    y = model(np.ones((1, 6), "float32"))
    print("as saved" if np.allclose(y, np.load(sys.argv[1] + ".npy"), atol=1e-5) else f"other numbers {y}")
PYTHON
)
    seen[$mode]+=" $release $told,"
  done
done
printf '%s\n' "${seen[int8]%,}" "${seen[int4]%,}"
[ "${seen[int8]}" = "int8, saved by 3.13.2: 3.13.2 as saved, 3.14.1 as saved, 3.15.1 as saved," ]
[ "${seen[int4]}" = "int4, saved by 3.13.2: 3.13.2 as saved, 3.14.1 ValueError, 3.15.1 ValueError," ]
