#!/usr/bin/env bash
# MultiHeadAttention takes the mask off the tensor that it is called on: a residual sum has none.
#
# Versions: Keras 3.15.1 on torch 2.13.0 and on JAX 0.10.2, Python 3.11, Linux on x86-64.
# Documented (Masking and padding): a mask goes with the tensor through the network.
# Behaviour: where layers are called one by one (a model with a call() of its own), query, value and key
# have no masks any more once the layer was called on them. Add()([x, attention(x, x)]) has none then, and
# pooling behind it counts the padding. The same layers as a Functional model pool the padding out.
# Seen:
#     torch: mask before: True, after: False, of the sum: False; pooled as the Functional model: False
#     jax: mask before: True, after: False, of the sum: False; pooled as the Functional model: False
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
tokens = np.array([[3, 4, 0, 0]], "int32")
table, attention = layers.Embedding(5, 4, mask_zero=True), layers.MultiHeadAttention(2, 2)
add, pool = layers.Add(), layers.GlobalAveragePooling1D()

x = table(tokens)
has = [getattr(x, "_keras_mask", None) is not None]
summed = add([x, attention(x, x)])
has += [getattr(one, "_keras_mask", None) is not None for one in (x, summed)]
by_hand = keras.ops.convert_to_numpy(pool(summed))

given = keras.Input((None,), dtype="int32")
embedded = table(given)
model = keras.Model(given, pool(add([embedded, attention(embedded, embedded)])))
same = bool(np.abs(keras.ops.convert_to_numpy(model(tokens)) - by_hand).max() < 1e-6)
print(
    f"{keras.backend.backend()}: mask before: {has[0]}, after: {has[1]}, of the sum: {has[2]}; "
    f"pooled as the Functional model: {same}"
)
sys.exit([*has, same] != [True, False, False, False])
PYTHON
done
