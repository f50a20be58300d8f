#!/usr/bin/env bash
# onnxruntime's optimizer makes a cubic Resize of a valid model one that its own kernel refuses.
#
# Versions: onnxruntime 1.32.0, onnx 1.23.2, NumPy 2.4.6, Python 3.11, Linux on x86-64.
# Documented: ONNX: Resize resizes an N-dimensional tensor, with cubic interpolation over the axes
# that sizes changes. onnxruntime: optimizations keep a graph's semantics.
# Behaviour: an image with its channels last is transposed, resized and transposed back, as
# exporters write it for Keras and TensorFlow. With all optimizations, which is the default, the two
# transpositions are moved away and the image is resized as it lies. Where that makes it smaller
# along an axis, the session is made without complaint, and the first call ends in "'Cubic' mode
# only supports". Without optimizations, or with the basic ones, the same model is answered; so it
# is by linear interpolation, and where no axis becomes smaller.
# Seen:
#     size     none    basic   all
#     (10, 4)  answers answers refused
#     (4, 4)   answers answers refused
#     (10, 10) answers answers answers
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
from onnx import TensorProto, checker, helper

LEVELS = {
    "none": onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL,
    "basic": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC,
    "all": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL,
}


def model(size):
    """An image of 7 by 5 with two channels, which are last, resized."""
    nodes = [
        helper.make_node("Transpose", ["x"], ["first"], perm=[0, 3, 1, 2]),
        helper.make_node("Resize", ["first", "", "", "sizes"], ["resized"], mode="cubic"),
        helper.make_node("Transpose", ["resized"], ["y"], perm=[0, 2, 3, 1]),
    ]
    graph = helper.make_graph(
        nodes,
        "resizing",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 7, 5, 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, *size, 2])],
        [helper.make_tensor("sizes", TensorProto.INT64, [4], [1, 2, *size])],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    checker.check_model(made, full_check=True)
    return made.SerializeToString()


def told(size, level):
    """What one level of optimization makes of it."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = LEVELS[level]
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model(size), options)
    x = np.random.default_rng(0).random((1, 7, 5, 2), "float32")
    try:
        session.run(None, {"x": x})
    except Exception as error:
        assert "'Cubic' mode only supports" in str(error), error
        return "refused"
    return "answers"


seen = {size: [told(size, level) for level in LEVELS] for size in [(10, 4), (4, 4), (10, 10)]}
print("size    ", *(f"{level:<7}" for level in LEVELS))
for size, answers in seen.items():
    print(f"{size!s:<8}", *answers)
smaller = ["answers", "answers", "refused"]
sys.exit(seen != {(10, 4): smaller, (4, 4): smaller, (10, 10): ["answers"] * 3})
PYTHON
