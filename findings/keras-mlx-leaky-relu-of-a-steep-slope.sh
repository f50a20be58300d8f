#!/usr/bin/env bash
# LeakyReLU with a negative_slope above 1 has its two branches exchanged on keras-mlx.
#
# Versions: keras-mlx 0.0.1, keras-nightly 3.16.0.dev2026102704, mlx 0.31.2 on the CPU (mlx-cpu), Python 3.11, Linux
# on x86-64.
# Documented: negative_slope * x below 0, x from 0 on; negative_slope is a float from 0 upwards.
# Behaviour: keras-mlx calls mlx.nn.leaky_relu, which is the larger of x and negative_slope * x. Up to a slope of 1
# that is the same; above it, numbers above 0 are multiplied and those below are not.
# Seen (of -1 and 1):
#     slope 0.5: mlx [-0.5, 1.0], documented [-0.5, 1.0]
#     slope 1.5: mlx [-1.0, 1.5], documented [-1.5, 1.0]
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras-nightly==3.16.0.dev2026102704 numpy==2.4.6 'mlx[cpu]==0.31.2'
"$here/venv/bin/pip" install --quiet --no-deps keras-mlx==0.0.1
KERAS_BACKEND=mlx "$here/venv/bin/python" - <<'PYTHON'
import sys

import keras
import mlx.core as mx
import numpy as np

mx.set_default_device(mx.cpu)
x = np.array([-1.0, 1.0], "float32")
seen, documented = [], []
for slope in (0.5, 1.5):
    seen.append(np.array(keras.layers.LeakyReLU(slope)(x)).tolist())
    documented.append(np.where(x < 0, slope * x, x).tolist())
    print(f"slope {slope}: mlx {seen[-1]}, documented {documented[-1]}")
sys.exit(seen[0] != documented[0] or seen[1] != [-1.0, 1.5])
PYTHON
