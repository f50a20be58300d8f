#!/usr/bin/env bash
# jax2onnx writes a Keras MaxPooling2D as a pooling of four axes, which ONNX Runtime doesn't run.
#
# Versions: Keras 3.15.1, jax 0.10.2, jax2onnx 0.17.1, onnx 1.23.2, onnxruntime 1.32.0, Python 3.11,
# Linux on x86-64.
# Documented: the artifact can be served via e.g. ONNX Runtime.
# Behaviour: on JAX a pooling is a window over all axes, (1, 2, 2, 1) with channels last. jax2onnx
# unsqueezes two axes and hands the window on as it is: kernel_shape has four sizes. The export ends
# without an exception, and so does loading; the first call raises. Pooling of one axis and average
# pooling answer.
# Seen:
#     MaxPooling1D: answers
#     MaxPooling2D: Unsupported pooling size
#     MaxPooling2D, channels first: Unsupported pooling size
#     AveragePooling2D: answers
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 jax==0.10.2 jaxlib==0.10.2 jax2onnx==0.17.1 onnx==1.23.2 onnxruntime==1.32.0
KERAS_BACKEND=jax HERE="$here" "$here/venv/bin/python" - <<'PYTHON'
import os
import sys

import keras
import numpy as np
import onnxruntime

layers = keras.layers
seen = {}
for name, layer, shape in (
    ("MaxPooling1D", layers.MaxPooling1D(), (4, 2)),
    ("MaxPooling2D", layers.MaxPooling2D(), (4, 4, 2)),
    ("MaxPooling2D, channels first", layers.MaxPooling2D(data_format="channels_first"), (2, 4, 4)),
    ("AveragePooling2D", layers.AveragePooling2D(2), (4, 4, 2)),
):
    x = np.ones((1, *shape), "float32")
    model = keras.Sequential([keras.Input(shape), layer])
    model(x)
    path = os.path.join(os.environ["HERE"], "model.onnx")
    model.export(path, format="onnx", verbose=False)
    session = onnxruntime.InferenceSession(path)
    try:
        session.run(None, {session.get_inputs()[0].name: x})
        seen[name] = "answers"
    except Exception as error:
        reason = "Unsupported pooling size"
        seen[name] = reason if reason in str(error) else str(error)
    print(f"{name}: {seen[name]}")
refused = "Unsupported pooling size"
sys.exit(list(seen.values()) != ["answers", refused, refused, "answers"])
PYTHON
