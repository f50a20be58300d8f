#!/usr/bin/env bash
# A recurrent layer of Keras 3 loses the mask that comes with its input, once it is given an initial state.
#
# Versions: Keras 3.15.1 on torch 2.13.0 and on JAX 0.10.2, Python 3.11, Linux on x86-64. Keras 2
# (tf-keras 2.21.0) is right.
# Documented (Masking and padding): a mask goes with the tensor through the network to every layer that
# can use it.
# Behaviour: the mask is looked for only where the call has one tensor. With initial_state=, as in every
# decoder that starts from its encoder's states, padded steps count, without a word. Given by mask= it
# is heeded. The states below are zeros, from which the layer starts anyhow, so all three should agree.
# Seen (difference from the answer without initial_state):
#     torch: initial_state alone: differs; with mask= as well: the same
#     jax: initial_state alone: differs; with mask= as well: the same
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

tokens, states = np.array([[3, 4, 0, 0]], "int32"), [np.zeros((1, 2), "float32")] * 2
x = keras.layers.Embedding(5, 2, mask_zero=True)(tokens)
layer = keras.layers.LSTM(2)


def numbers(y):
    return keras.ops.convert_to_numpy(y)


alone = numbers(layer(x))
beside = np.abs(numbers(layer(x, initial_state=states)) - alone).max()
told = np.abs(numbers(layer(x, initial_state=states, mask=tokens != 0)) - alone).max()
said = ["the same" if one < 1e-6 else "differs" for one in (beside, told)]
print(f"{keras.backend.backend()}: initial_state alone: {said[0]}; with mask= as well: {said[1]}")
sys.exit(said != ["differs", "the same"])
PYTHON
done
