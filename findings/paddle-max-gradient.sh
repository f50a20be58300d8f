#!/usr/bin/env bash
# The gradient of paddle.max over several axes of an array of rank 5 is memory that nobody wrote.
#
# Versions: paddlepaddle 3.3.1, CPU, Linux on x86-64, Python 3.11.
# Documented: the gradient of max goes to the largest elements: 1 there, 0 elsewhere. It does with
# arrays of rank 4, over one axis, and over all axes.
# Behaviour: of rank 5 and above, over two axes or more, what comes out is whatever the memory held
# before: numbers of an array that was freed, zeros, 1e34. paddle.amax and paddle.min do the same.
# No error, no warning; GlobalMaxPooling3D can't be trained through.
# Seen:
#     rank 4: [0. 0. 0. 1. 0. 0. 0. 1.]
#     rank 5: [-4.6355655e+16 3.0705252e-41 7. 7. 7. 7. 7. 7.], or zeros; never the above
#
# Exits with 0 while this is so, with 1 where rank 5 is right or rank 4 is not.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet paddlepaddle==3.3.1
"$here/venv/bin/python" - <<'PYTHON'
import sys

import numpy as np
import paddle


def gradient(*shape):
    x = paddle.arange(8.0).reshape(shape)
    x.stop_gradient = False
    sevens = [paddle.full(shape, 7.0) for _ in range(50)]
    del sevens  # what they leave behind is what may be seen
    return paddle.grad(paddle.max(x, axis=[1, 2]).sum(), [x])[0].numpy().ravel()


expected = np.array([0, 0, 0, 1, 0, 0, 0, 1], "float32")
four, five = gradient(2, 2, 2, 1), [gradient(2, 2, 2, 1, 1) for _ in range(4)]
print("paddlepaddle", paddle.__version__)
print("rank 4:", four)
for one in five:
    print("rank 5:", one)
wrong = all(not np.array_equal(one, expected) for one in five)
sys.exit(0 if np.array_equal(four, expected) and wrong else 1)
PYTHON
