#!/usr/bin/env bash
# keras.ops.segment_sum on TensorFlow raises where a segment has no entries.
#
# Versions: Keras 3.15.1, TensorFlow 2.21.0, Python 3.11, Linux on x86-64.
# Documented: num_segments: if not specified, it is inferred from the maximum value in segment_ids.
# Behaviour: it is how many different numbers there are, so with a gap among them the largest is out
# of range. segment_max, segment_min and segment_prod take the maximum. JAX refuses
# num_segments=None; torch and NumPy answer.
# Seen:
#     segment_max: [1.0, -3.4028234663852886e+38, 3.0]
#     segment_sum: InvalidArgumentError
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

data, segments = np.array([1.0, 2.0, 3.0], "float32"), np.array([0, 2, 2])
largest = keras.ops.convert_to_numpy(keras.ops.segment_max(data, segments)).tolist()
print("segment_max:", largest)
try:
    seen = str(keras.ops.convert_to_numpy(keras.ops.segment_sum(data, segments)).tolist())
except Exception as error:
    seen = type(error).__name__
print("segment_sum:", seen)
sys.exit(len(largest) != 3 or seen != "InvalidArgumentError")
PYTHON
