#!/usr/bin/env bash
# Exported to ONNX from TensorFlow, a Keras model with gelu can't be loaded: ONNX has no Erfc.
#
# Versions: Keras 3.15.1, TensorFlow 2.21.0, tf2onnx 1.17.0, onnx 1.23.2, onnxruntime 1.32.0, Python
# 3.11, Linux on x86-64.
# Documented: the artifact can be served via e.g. ONNX Runtime; gelu is one of Keras's activations.
# Behaviour: tf2onnx has no conversion of TensorFlow's Erfc, logs so, and writes a node Erfc of
# ONNX's own domain, which has none. The export ends without an exception, and onnxruntime refuses
# the file. tf.nn.gelu has rested on erfc for some time; relu is exported, and so is gelu with
# approximate=True.
# Seen:
#     relu: loaded
#     gelu: InvalidGraph, No Op registered for Erfc
#     gelu, approximate: loaded
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


def approximate(x):
    return keras.activations.gelu(x, approximate=True)


seen = []
for name, activation in (("relu", "relu"), ("gelu", "gelu"), ("gelu, approximate", approximate)):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Activation(activation)])
    model(np.ones((1, 2), "float32"))
    path = os.path.join(os.environ["HERE"], "model.onnx")
    model.export(path, format="onnx", verbose=False)
    try:
        onnxruntime.InferenceSession(path)
        seen.append("loaded")
    except Exception as error:
        reason = "No Op registered for Erfc"
        seen.append(f"{type(error).__name__}, {reason if reason in str(error) else error}")
    print(f"{name}:", seen[-1])
sys.exit(seen != ["loaded", "InvalidGraph, No Op registered for Erfc", "loaded"])
PYTHON
