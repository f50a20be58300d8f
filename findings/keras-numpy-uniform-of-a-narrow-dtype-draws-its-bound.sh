#!/usr/bin/env bash
# keras.random.uniform of bfloat16 and float16 on NumPy draws the upper bound, which is excluded.
#
# Versions: Keras 3.15.1, NumPy 2.4.6, JAX 0.10.2 (which the NumPy backend imports), Python 3.11, Linux on x86-64.
# OpenVINO does the same; TensorFlow, torch and JAX never do.
# Documented: "The lower bound `minval` is included in the range, while the upper bound `maxval` is excluded."
# Behaviour: numbers are drawn in float64 and converted, which rounds up to 1 one in 500 of bfloat16 and one in 6,000
# of float16. A logarithm of 1 - x is then minus infinity.
# Seen:
#     bfloat16: of 131072 numbers 254 are 1; documented: none
#     float16: of 131072 numbers 22 are 1; documented: none
#     float32: of 131072 numbers 0 are 1; documented: none
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

counts = []
for dtype in ("bfloat16", "float16", "float32"):
    drawn = keras.random.uniform((512, 256), dtype=dtype, seed=7)
    counts.append(int((drawn == 1).sum()))
    print(f"{dtype}: of {drawn.size} numbers {counts[-1]} are 1; documented: none")
sys.exit(not (counts[0] > 100 and counts[1] > 5 and counts[2] == 0))
PYTHON
