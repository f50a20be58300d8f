#!/usr/bin/env bash
# A negative attention_axes of Keras 2's MultiHeadAttention is counted from the end of another array.
#
# Versions: tf-keras 2.21.0, TensorFlow 2.21.0, Python 3.11, Linux on x86-64. Keras 3.15.1 is right.
# Documented: "attention_axes: axes over which the attention is applied." Of a query of four axes -2 is its axis 2.
# Behaviour: it is counted from the end of the projected query, which has an axis more, that of the heads: -2 is taken
# for 3.
# Seen:
#     -2 from 2: 0.425 at most; 2 from 2: 0.000
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet tf-keras==2.21.0 tensorflow==2.21.0
"$here/venv/bin/python" - <<'PYTHON'
import sys

import numpy as np
import tf_keras

x = np.random.default_rng(0).normal(size=(1, 3, 2, 4)).astype("float32")


def answer(axes):
    tf_keras.utils.set_random_seed(1)
    return tf_keras.layers.MultiHeadAttention(1, 2, attention_axes=axes)(x, x).numpy()


two, minus, again = answer(2), answer(-2), answer(2)
apart, same = float(np.abs(two - minus).max()), float(np.abs(two - again).max())
print(f"-2 from 2: {apart:.3f} at most; 2 from 2: {same:.3f}")
sys.exit(not (apart > 0.05 and same < 1e-6))
PYTHON
