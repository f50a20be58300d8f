#!/usr/bin/env bash
# Exported to a SavedModel from JAX, a Keras model that factors a matrix can't be run by TensorFlow.
#
# Versions: Keras 3.15.1, JAX 0.10.2, TensorFlow 2.21.0, Python 3.11, Linux on x86-64, on the CPU.
# Documented: Model.export writes an artifact that is loaded with tf.saved_model.load and served
# without Keras.
# Behaviour: jax2tf writes a call of LAPACK by the name that JAX has registered it under, and
# TensorFlow has nothing of that name: what serves the file raises NotFoundError. Neither export nor
# tf.saved_model.load says anything. A determinant of three rows is written without LAPACK.
# Seen:
#     det: served
#     solve: No FFI handler registered for lapack_sgetrf_ffi
#     inv: No FFI handler registered for lapack_sgetrf_ffi
#     cholesky: No FFI handler registered for lapack_spotrf_ffi
#     qr: No FFI handler registered for lapack_sgeqrf_ffi
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 jax==0.10.2 tensorflow==2.21.0
KERAS_BACKEND=jax HERE="$here" "$here/venv/bin/python" - <<'PYTHON'
import os
import sys

import keras
import numpy as np
import tensorflow as tf

functions = {
    "det": keras.ops.det,
    "solve": lambda x: keras.ops.solve(x, x),
    "inv": keras.ops.inv,
    "cholesky": keras.ops.cholesky,
    "qr": lambda x: keras.ops.qr(x)[1],
}


class Function(keras.layers.Layer):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def call(self, x):
        return self.function(x)


x = 2 * np.eye(3, dtype="float32")[None]
refused = []
for name, function in functions.items():
    model = keras.Sequential([keras.Input((3, 3)), Function(function)])
    model(x)
    path = f"{os.environ['HERE']}/{name}"
    model.export(path, verbose=False)
    artifact = tf.saved_model.load(path)
    try:
        artifact.serve(x)
        print(f"{name}: served")
    except tf.errors.NotFoundError as error:
        refused.append(name)
        told = next(line for line in str(error).splitlines() if "FFI" in line)
        print(f"{name}:", told.split(" on a platform")[0])
sys.exit(refused != ["solve", "inv", "cholesky", "qr"])
PYTHON
