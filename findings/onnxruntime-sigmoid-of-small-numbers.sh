#!/usr/bin/env bash
# onnxruntime's Sigmoid is 0 below -18, and larger at -17 than at -16.
#
# Versions: onnxruntime 1.32.0, onnx 1.23.2, NumPy 2.4.6, Python 3.11, Linux on x86-64 (AVX2,
# AVX-512).
# Documented: ONNX: the sigmoid function, y = 1 / (1 + exp(-x)), is applied to the tensor
# elementwise.
# Behaviour: on the CPU it is a rational function of x, which is cut at -18 and 18. It is near 1/2
# to the last digit and has an error of 6e-8 everywhere, so that below -14 no digit is right. Its
# logarithm, as exporters write a crossentropy of logits, is minus infinity from -18 on. Softmax of
# [0, x] has all digits.
# Seen:
#     x     Sigmoid   Softmax   NumPy
#     -10.0 4.539e-05 4.54e-05  4.54e-05
#     -16.0 5.96e-08  1.125e-07 1.125e-07
#     -17.0 8.941e-08 4.14e-08  4.14e-08
#     -18.5 0         9.237e-09 9.237e-09
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
"$here/venv/bin/python" - <<'PYTHON'
import sys

import numpy as np
import onnxruntime
from onnx import TensorProto, helper


def answered(function, x):
    """What onnxruntime answers for one function of ONNX."""
    node = helper.make_node(function, ["x"], ["y"])
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [None] * x.ndim) for name in "xy"
    ]
    graph = helper.make_graph([node], "one", ends[:1], ends[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(None, {"x": x})[0]


x = np.array([-10, -16, -17, -18.5], "float32")
sigmoid = answered("Sigmoid", x)
softmax = answered("Softmax", np.stack([np.zeros_like(x), x], -1))[:, 1]
right = 1 / (1 + np.exp(-x.astype("float64")))
print("x     Sigmoid   Softmax   NumPy")
for row in zip(x, sigmoid, softmax, right, strict=True):
    print("{:<5} {:<9.4g} {:<9.4g} {:.4g}".format(*map(float, row)))
sys.exit(
    not (sigmoid[3] == 0 and sigmoid[2] > sigmoid[1] and np.allclose(softmax, right, rtol=1e-5))
)
PYTHON
