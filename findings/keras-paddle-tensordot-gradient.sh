#!/usr/bin/env bash
# keras-paddle computes ops.tensordot in NumPy: no gradient passes through it, and nothing says so.
#
# Versions: keras-paddle 0.0.1, paddlepaddle 3.3.1, keras-nightly 3.16.0.dev2026102704, Python 3.11.
# Documented: ops.tensordot is an op as ops.matmul is; on TensorFlow, JAX and torch gradients pass.
# Behaviour: the answer has stop_gradient=True. A weight in front of it gets no gradient and is never
# trained. So do ops.trace and ops.correlate; ops.matmul, which computes the same here, is right.
# Seen:
#     matmul: [4.0, 2.0] gradient: [[1.0, 1.0]]
#     tensordot: [4.0, 2.0] gradient: None
#
# keras-paddle 0.0.1 imports `standardize_dtype` from `keras.src.backend`, where this nightly no
# longer has it; the name is put back where Python looks for it.
# Exits with 0 while this is so, with 1 where tensordot has a gradient or matmul has none.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet paddlepaddle==3.3.1 keras-nightly==3.16.0.dev2026102704
"$here/venv/bin/pip" install --quiet --no-deps keras-paddle==0.0.1
KERAS_BACKEND=paddle "$here/venv/bin/python" - <<'PYTHON'
import sys

sys.modules["keras.src.backend.standardize_dtype"] = lambda x: keras.backend.standardize_dtype(x)
import keras
import paddle

kernel = paddle.to_tensor([[1.0, 0.0], [1.0, 1.0]])
seen = {}
for op in (keras.ops.matmul, lambda x, y: keras.ops.tensordot(x, y, axes=1)):
    x = paddle.to_tensor([[2.0, 2.0]])
    x.stop_gradient = False
    y = op(x, kernel)
    if not y.stop_gradient:
        y[0, 0].backward()
    name = "tensordot" if seen else "matmul"
    seen[name] = None if x.grad is None else x.grad.numpy().tolist()
    print(f"{name}: {y[0].numpy().tolist()} gradient: {seen[name]}")
sys.exit(0 if seen == {"matmul": [[1.0, 1.0]], "tensordot": None} else 1)
PYTHON
