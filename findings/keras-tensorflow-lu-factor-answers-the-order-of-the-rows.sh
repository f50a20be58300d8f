#!/usr/bin/env bash
# keras.ops.lu_factor on TensorFlow answers the order that the rows end in, in the place of the pivots.
#
# Versions: Keras 3.15.1, TensorFlow 2.21.0, Python 3.11, Linux on x86-64.
# Documented: "a tensor of shape `(..., M)` containing the pivots": with which row each one was exchanged, as
# scipy.linalg.lu_factor and the other four backends answer.
# Behaviour: TensorFlow's answer is a permutation, which Keras hands on as pivots. Who exchanges rows by it gets
# another matrix than L·U.
# Seen:
#     answer: [2, 1, 0] the pivots are: [2, 1, 2]
#     L·U is x with rows exchanged as by pivots: False x in that order: True
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

x = np.array([[1.0, 2.0, 5.0], [3.0, 4.0, 7.0], [5.0, 1.0, 2.0]], "float32")
factors, answer = (keras.ops.convert_to_numpy(one) for one in keras.ops.lu_factor(x))
product = (np.tril(factors, -1) + np.eye(3)) @ np.triu(factors)
exchanged = x.copy()
for row, other in enumerate(answer):
    exchanged[[row, other]] = exchanged[[other, row]]
pivots, order = bool(np.allclose(exchanged, product)), bool(np.allclose(x[answer], product))
print("answer:", answer.tolist(), "the pivots are:", [2, 1, 2])
print("L·U is x with rows exchanged as by pivots:", pivots, "x in that order:", order)
sys.exit(not (order and not pivots))
PYTHON
