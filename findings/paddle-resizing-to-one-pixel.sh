#!/usr/bin/env bash
# paddle's interpolate answers the first pixel where one pixel is asked for.
#
# Versions: paddlepaddle 3.3.1, CPU, Linux on x86-64, Python 3.11.
# Documented: with align_corners=False pixels are areas, and the middle of one answer pixel is the
# middle of the picture. torch, JAX and TensorFlow answer 1.5 for a picture of 0, 1, 2, 3.
# Behaviour: with a size of 1 along an axis the first row or column is answered; 2 is right.
# Seen:
#     to 1 x 1: [0.0]
#     to 2 x 1: [0.0, 2.0]
#
# Exits with 0 while this is so, with 1 where it is not.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet paddlepaddle==3.3.1
"$here/venv/bin/python" - <<'PYTHON'
import sys

import paddle

x = paddle.arange(4.0).reshape([1, 1, 2, 2])
seen = []
for size in ([1, 1], [2, 1]):
    y = paddle.nn.functional.interpolate(x, size=size, mode="bilinear", align_corners=False)
    seen.append(y.numpy().ravel().tolist())
    print(f"to {size[0]} x {size[1]}:", seen[-1])
print("expected: [1.5], then [0.5, 2.5]")
sys.exit(0 if seen == [[0.0], [0.0, 2.0]] else 1)
PYTHON
