#!/usr/bin/env bash
# keras.ops.cholesky_inverse documents that it inverts a matrix, and takes it for its Cholesky factor.
#
# Versions: Keras 3.15.1 on JAX 0.10.2 (and on every other backend), NumPy 2.4.6, Python 3.11, Linux
# on x86-64.
# Documented: computes the inverse of a symmetric positive-definite matrix; x: input tensor; returns
# a tensor representing the inverse of x; ValueError if x is not a symmetric positive-definite
# matrix.
# Behaviour: what is answered is the inverse of t @ t.T, t being the lower triangle of x, as
# torch.cholesky_inverse does it for a factor. No error tells: a matrix that isn't symmetric, or has
# negative numbers on its diagonal, is answered too.
# Seen:
#     cholesky_inverse([[4]]) = 0.0625, inv([[4]]) = 0.25
#     cholesky_inverse(a) @ a = [[0.25, 0.014], [0.0, 0.222]]
#     cholesky_inverse(cholesky(a)) @ a = [[1.0, 0.0], [0.0, 1.0]]
#     cholesky_inverse([[-1, 5], [0, -1]]) = [[1.0, 0.0], [0.0, 1.0]]
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 numpy==2.4.6 jax==0.10.2
KERAS_BACKEND=jax "$here/venv/bin/python" - <<'PYTHON'
import sys

import keras
import numpy as np

ops = keras.ops


def inverted(x):
    return ops.convert_to_numpy(ops.cholesky_inverse(np.array(x, "float32")))


def shown(x):
    return (x.astype("float64").round(3) + 0.0).tolist()


four = float(inverted([[4]])[0, 0])
inverse = float(ops.inv(np.array([[4]], "float32"))[0, 0])
print(f"cholesky_inverse([[4]]) = {four}, inv([[4]]) = {inverse}")
a = np.array([[4, 2], [2, 3]], "float32")
of_matrix, of_factor = inverted(a) @ a, inverted(ops.cholesky(a)) @ a
print("cholesky_inverse(a) @ a =", shown(of_matrix))
print("cholesky_inverse(cholesky(a)) @ a =", shown(of_factor))
refused = inverted([[-1, 5], [0, -1]])
print("cholesky_inverse([[-1, 5], [0, -1]]) =", shown(refused))
wrong = four == 0.0625 and inverse == 0.25 and not np.allclose(of_matrix, np.eye(2), atol=0.1)
sys.exit(not (wrong and np.allclose(of_factor, np.eye(2), atol=1e-4) and refused[0, 0] == 1))
PYTHON
