#!/usr/bin/env bash
# keras.ops.top_k and keras.ops.where answer int64 where their symbolic calls promise int32.
#
# Versions: Keras 3.15.1, PyTorch 2.13.0 and NumPy 2.4.6, Python 3.11, Linux on x86-64.
# Documented: the example of top_k shows indices of dtype int32, and compute_output_spec says so;
# where's compute_output_spec has the dtype of Keras's promotion, in which int32 and int64 meet in
# int32 on all backends but TensorFlow.
# Behaviour: on torch and NumPy the indices of top_k are int64 (argmax and argsort cast theirs to
# int32); where on torch is torch.where, and answers int64. On NumPy where answers int32.
# Seen:
#     torch top_k: int64 symbolic: int32
#     torch where: int64 symbolic: int32
#     numpy top_k: int64 symbolic: int32
#     numpy where: int32 symbolic: int32
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 numpy==2.4.6 torch==2.13.0 jax==0.10.2
for backend in torch numpy; do
  KERAS_BACKEND=$backend "$here/venv/bin/python" - <<'PYTHON'
import sys

import keras
import numpy as np

backend = keras.config.backend()
kind = keras.backend.standardize_dtype
x = np.array([3.0, 1.0, 2.0], "float32")
places = kind(keras.ops.top_k(x, 2)[1].dtype)
promised = kind(keras.ops.top_k(keras.KerasTensor((3,)), 2)[1].dtype)
print(backend, "top_k:", places, "symbolic:", promised)
given = (np.array([True]), np.array([1], "int32"), np.array([2], "int64"))
met = kind(keras.ops.where(*given).dtype)
specs = [keras.KerasTensor((1,), dtype) for dtype in ("bool", "int32", "int64")]
said = kind(keras.ops.where(*specs).dtype)
print(backend, "where:", met, "symbolic:", said)
expected = ["int64", "int32", "int64" if backend == "torch" else "int32", "int32"]
sys.exit([places, promised, met, said] != expected)
PYTHON
done
