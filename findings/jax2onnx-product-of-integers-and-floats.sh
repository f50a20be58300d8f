#!/usr/bin/env bash
# jax2onnx writes a product of integers and floats that no runtime loads.
#
# Versions: jax2onnx 0.17.1, JAX 0.10.2, onnx 1.23.2, onnxruntime 1.32.0, NumPy 2.4.6, Python 3.11,
# Linux on x86-64.
# Documented: JAX: matmul promotes its arguments; of int32 and float32 the product is float32. ONNX:
# both factors of MatMul have one type.
# Behaviour: the promotion isn't written. MatMul is given int32 and float32, the conversion ends as
# if nothing was wrong, and onnxruntime refuses the file. With a cast in front all is well: a layer
# that is fed whole numbers must cast them itself. Addition and multiplication are promoted.
# Seen:
#     matmul(x, w)                   refused
#     matmul(x.astype("float32"), w) answers
#     x * w[:, 0]                    answers
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet jax2onnx==0.17.1 jax==0.10.2 jaxlib==0.10.2 onnx==1.23.2 \
  onnxruntime==1.32.0 numpy==2.4.6
"$here/venv/bin/python" - 2>"$here/log" <<'PYTHON' || { tail -n 5 "$here/log" >&2; exit 1; }
import sys

import jax
import jax.numpy as jnp
import numpy as np
import onnxruntime
from jax2onnx import to_onnx

onnxruntime.set_default_logger_severity(4)
x = np.arange(8, dtype="int32").reshape(2, 4)
w = np.linspace(0, 1, 8, dtype="float32").reshape(4, 2)


def told(function):
    """What becomes of a function of whole numbers."""
    model = to_onnx(function, [jax.ShapeDtypeStruct(x.shape, x.dtype)])
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString())
    except Exception as error:
        assert "bound to different types" in str(error), error
        return "refused"
    answer = session.run(None, {session.get_inputs()[0].name: x})[0]
    return "answers" if np.allclose(answer, function(jnp.asarray(x)), atol=1e-5) else "wrong"


seen = {
    "matmul(x, w)": told(lambda x: jnp.matmul(x, w)),
    'matmul(x.astype("float32"), w)': told(lambda x: jnp.matmul(x.astype("float32"), w)),
    "x * w[:, 0]": told(lambda x: x * w[:, 0]),
}
for name, what in seen.items():
    print(f"{name:<30}", what)
sys.exit(list(seen.values()) != ["refused", "answers", "answers"])
PYTHON
