#!/usr/bin/env bash
# Exported to ONNX from TensorFlow, a Keras model with Normalization asks its caller for the mean.
#
# Versions: Keras 3.15.1, TensorFlow 2.21.0, tf2onnx 1.17.0, onnx 1.23.2, onnxruntime 1.32.0, Python
# 3.11, Linux on x86-64.
# Documented: the guide to export_onnx: the artifact is entirely standalone; an example that runs
# the session on the model's own inputs.
# Behaviour: mean and standard deviation of the layer, whether given or adapted, are constants of
# the traced function and become inputs of the ONNX model beside the model's own, with names of
# TensorFlow's and without values: the numbers are in no part of the file. Rescaling and
# BatchNormalization are exported as they should be. Any constant array in a model's functions does
# the same. On torch and on JAX the exports are complete.
# Seen:
#     Rescaling: 1 input(s), 0 of constants
#     Normalization: 3 input(s), 2 of constants
#     running it on the model's own input: ValueError
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 tensorflow==2.21.0 tf2onnx==1.17.0 onnx==1.23.2 onnxruntime==1.32.0
KERAS_BACKEND=tensorflow HERE="$here" "$here/venv/bin/python" - <<'PYTHON'
import os
import sys
import warnings

import keras
import numpy as np
import onnxruntime

warnings.simplefilter("ignore")
x = np.array([[1.0, 2.0], [3.0, 4.0]], "float32")
counts, error = [], None
for layer in (
    keras.layers.Rescaling(2.0),
    keras.layers.Normalization(mean=[1.0, 2.0], variance=[4.0, 9.0]),
):
    model = keras.Sequential([keras.Input((2,)), layer])
    model(x)
    path = os.path.join(os.environ["HERE"], "model.onnx")
    model.export(path, format="onnx", verbose=False)
    session = onnxruntime.InferenceSession(path)
    own, *others = [one.name for one in session.get_inputs()]
    print(f"{type(layer).__name__}: {1 + len(others)} input(s), {len(others)} of constants")
    counts.append(len(others))
    try:
        session.run(None, {own: x})
    except ValueError as raised:
        error = type(raised).__name__
print("running it on the model's own input:", error)
sys.exit(counts != [0, 2] or error != "ValueError")
PYTHON
