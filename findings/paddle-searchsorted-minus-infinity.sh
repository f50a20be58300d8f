#!/usr/bin/env bash
# paddle.searchsorted places minus infinity behind every number.
#
# Versions: paddlepaddle 3.3.1, CPU, Linux on x86-64, Python 3.11.
# Documented: the index at which a value is inserted so that the sequence stays sorted, which is 0
# for minus infinity (NumPy, torch, JAX and TensorFlow say so).
# Behaviour: minus infinity gets the index of infinity, the length of the sequence; so does
# paddle.bucketize, and Keras's Discretization puts it into its last bin.
# Seen:
#     searchsorted: [2, 0, 0, 1, 2, 2]
#     expected:     [0, 0, 0, 1, 2, 2]
#
# Exits with 0 while this is so, with 1 where it is not.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet paddlepaddle==3.3.1
"$here/venv/bin/python" - <<'PYTHON'
import sys

import numpy as np
import paddle

edges, values = [0.0, 1.0], [-np.inf, -1e30, -1.0, 0.5, 2.0, np.inf]
seen = paddle.searchsorted(paddle.to_tensor(edges), paddle.to_tensor(values)).tolist()
expected = np.searchsorted(edges, values).tolist()
print("searchsorted:", seen)
print("expected:    ", expected)
sys.exit(0 if seen == [2, 0, 0, 1, 2, 2] and expected == [0, 0, 0, 1, 2, 2] else 1)
PYTHON
