#!/usr/bin/env bash
# Exported to ONNX, keras.ops.floor_divide truncates: on torch always, on TensorFlow of whole numbers.
#
# Versions: Keras 3.15.1, TensorFlow 2.21.0, tf2onnx 1.17.0, PyTorch 2.13.0, onnx 1.23.2,
# onnxruntime 1.32.0, Python 3.11, Linux on x86-64.
# Documented: floor_divide returns the largest integer smaller or equal to the division of the inputs;
# what is exported is the model's forward pass.
# Behaviour: torch.onnx.export(dynamo=False), which Keras takes for a batch of any size, writes
# torch's floor_divide as a division that rounds towards zero, as torch itself did before 1.13, and
# a shift as the same division. tf2onnx writes FloorDiv and FloorMod of integers with ONNX's Div,
# which truncates, and leaves out the floor. Positive numbers are right, negative ones are one off,
# or have the wrong sign. torch.onnx.export(dynamo=True) is right.
# Seen:
#     tensorflow: floor_divide int32 [-2, -2, 0, 1] float32 [-3, -2, -1, 1] mod int32 [-1, 0, -1, 3]
#     torch: floor_divide int32 [-2, -2, 0, 1] float32 [-2, -2, 0, 1] mod int32 [3, 0, 3, 3]
#     Keras: floor_divide int32 [-3, -2, -1, 1] float32 [-3, -2, -1, 1] mod int32 [3, 0, 3, 3]
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 tensorflow==2.21.0 torch==2.13.0 tf2onnx==1.17.0 onnx==1.23.2 onnxscript==0.7.2 onnxruntime==1.32.0
for backend in tensorflow torch; do
    KERAS_BACKEND=$backend HERE="$here" "$here/venv/bin/python" - <<'PYTHON'
import os
import sys
import warnings

import keras
import numpy as np
import onnxruntime

warnings.simplefilter("ignore")
backend = keras.backend.backend()
floors, remainders, cut = [-3, -2, -1, 1], [3, 0, 3, 3], [-2, -2, 0, 1]


def answered(function, dtype):
    """What Keras and onnxruntime answer for -9, -8, -1 and 7, divided by 4."""
    x = np.array([[-9, -8, -1, 7]], dtype)
    given = keras.Input((4,), dtype=dtype)
    model = keras.Model(given, function(given, 4))
    here = keras.ops.convert_to_numpy(model(x))
    path = os.path.join(os.environ["HERE"], "model.onnx")
    model.export(path, format="onnx", verbose=False)
    session = onnxruntime.InferenceSession(path)
    there = session.run(None, {session.get_inputs()[0].name: x})[0]
    return [[int(number) for number in answer.ravel()] for answer in (here, there)]


own, exported = zip(
    answered(keras.ops.floor_divide, "int32"),
    answered(keras.ops.floor_divide, "float32"),
    answered(keras.ops.mod, "int32"),
    strict=True,
)
for name, three in ((backend, exported), ("Keras", own)):
    print("{}: floor_divide int32 {} float32 {} mod int32 {}".format(name, *three))
wrong = {
    "tensorflow": (cut, floors, [-1, 0, -1, 3]),
    "torch": (cut, cut, remainders),
}
sys.exit(own != (floors, floors, remainders) or exported != wrong[backend])
PYTHON
done
