#!/usr/bin/env bash
# MultiHeadAttention takes the mask off the tensor that it is called on: the next attention counts the padding.
#
# Versions: Keras 3.15.1 on torch 2.13.0 and on JAX 0.10.2, Python 3.11, Linux on x86-64.
# Documented (Masking and padding): a mask goes with the tensor through the network.
# Behaviour: query, value and key have no masks any more once the layer was called on them.
# In a Functional model, two of these layers attend to one masked sequence, as in every decoder of more
# than one layer: the one that runs first heeds the mask (here the one that was made last); the other attends
# to the padding, so that it answers otherwise for a padded sequence than for the same one without padding.
# Where layers are called one by one (a model with a call() of its own), Add()([x, attention(x, x)]) has no
# mask, and pooling behind it counts the padding.
# Seen:
#     torch: padded as without padding: first False, second True; mask before: True, after: False, of the sum: False
#     jax: padded as without padding: first False, second True; mask before: True, after: False, of the sum: False
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 torch==2.13.0 jax==0.10.2 jaxlib==0.10.2
for backend in torch jax; do
  KERAS_BACKEND=$backend "$here/venv/bin/python" - <<'PYTHON'
import sys

import keras
import numpy as np

layers = keras.layers
keras.utils.set_random_seed(1)

target = keras.Input((2, 6))
tokens = keras.Input((None,), dtype="int32")
source = layers.Embedding(5, 6, mask_zero=True)(tokens)
first = layers.MultiHeadAttention(2, 3)(target, source)
second = layers.MultiHeadAttention(2, 3)(target, source)
model = keras.Model([target, tokens], [first, second])
x = np.random.default_rng(0).normal(size=(1, 2, 6)).astype("float32")
padded, plain = (
    model.predict([x, np.array([row], "int32")], verbose=0) for row in ([3, 4, 0, 0, 0], [3, 4])
)
same = [bool(np.abs(a - b).max() < 1e-5) for a, b in zip(padded, plain)]

x = layers.Embedding(5, 4, mask_zero=True)(np.array([[3, 4, 0, 0]], "int32"))
has = [getattr(x, "_keras_mask", None) is not None]
summed = layers.Add()([x, layers.MultiHeadAttention(2, 2)(x, x)])
has += [getattr(one, "_keras_mask", None) is not None for one in (x, summed)]
print(
    f"{keras.backend.backend()}: padded as without padding: first {same[0]}, second {same[1]}; "
    f"mask before: {has[0]}, after: {has[1]}, of the sum: {has[2]}"
)
sys.exit([*same, *has] != [False, True, True, False, False])
PYTHON
done
