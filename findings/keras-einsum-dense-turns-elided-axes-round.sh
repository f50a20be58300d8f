#!/usr/bin/env bash
# The symbolic shape of an EinsumDense with an ellipsis on the left has its elided axes in reverse order.
#
# Versions: Keras 3.15.1, NumPy 2.4.6, JAX 0.10.2 (which the NumPy backend imports), Python 3.11, Linux on x86-64; the
# same on every backend.
# Documented: with the ellipsis, "the layer can handle any number of sequence dimensions", by an example whose output
# has the axes of its input, the last one apart.
# Behaviour: the sizes of the elided axes are inserted into the output shape one after the other, each at place 1.
# From two of them on behind the batch, the shape that a model is built by is not that of its answers. What has
# weights for those axes is built wrong and raises when it is called. Equal sizes hide it.
# Seen (input (None, 2, 3, 5)):
#     EinsumDense: stated (None, 3, 2, 4), answered (1, 2, 3, 4)
#     PReLU behind it: weights of (3, 2, 4), called: ValueError
#     PReLU behind Dense: weights of (2, 3, 4), called: (1, 2, 3, 4)
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 numpy==2.4.6 jax==0.10.2 jaxlib==0.10.2
KERAS_BACKEND=numpy "$here/venv/bin/python" - <<'PYTHON'
import sys

import keras
import numpy as np

x = np.ones((1, 2, 3, 5), "float32")


def einsum_dense():
    return keras.layers.EinsumDense("...x,xy->...y", output_shape=4)


model = keras.Sequential([keras.Input((2, 3, 5)), einsum_dense()])
stated, answered = model.output_shape, model(x).shape
print(f"EinsumDense: stated {stated}, answered {answered}")
seen = []
for layer in (einsum_dense(), keras.layers.Dense(4)):
    behind = keras.layers.PReLU()
    model = keras.Sequential([keras.Input((2, 3, 5)), layer, behind])
    try:
        told = model(x).shape
    except ValueError as error:
        told = type(error).__name__
    seen.append((tuple(behind.alpha.shape), told))
    print(f"PReLU behind {'it' if len(seen) == 1 else 'Dense'}: weights of {seen[-1][0]}, called: {told}")
right = (1, 2, 3, 4)
wrong = stated == (None, 3, 2, 4) and answered == right
sys.exit(not (wrong and seen == [((3, 2, 4), "ValueError"), ((2, 3, 4), right)]))
PYTHON
