#!/usr/bin/env bash
# A transposed convolution of keras-tensorflow comes out as ONNX with another length, or not at all.
#
# Versions: Keras 3.15.1, TensorFlow 2.21.0, tf2onnx 1.17.0, onnx 1.23.2, onnxruntime 1.32.0,
# NumPy 2.4.6, Python 3.11, Linux on x86-64.
# Documented: Model.export(format="onnx"): the model's forward pass as an ONNX file. ONNX: the pads
# of ConvTranspose are at least 0.
# Behaviour: with the channels first, a Conv1DTranspose answers with as many steps as its windows
# have: what Keras cuts off or fills up for "same" and output_padding is cut off another axis. A
# Conv2DTranspose of "same" whose strides are larger than its kernel is written with pads of -1,
# which no runtime loads. Neither export says anything. With the channels last, the first is right.
# Seen:
#     Conv1DTranspose, channels first 16 steps of 15
#     Conv1DTranspose, channels last  15 steps of 15
#     Conv2DTranspose, kernel 2, strides 3: pads of [0, 0, -1, -1], not loaded
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 tensorflow==2.21.0 tf2onnx==1.17.0 \
  onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cd "$here"
KERAS_BACKEND=tensorflow "$here/venv/bin/python" - 2>log <<'PYTHON' || { tail -n 5 log >&2; exit 1; }
import sys

import keras
import numpy as np
import onnx
import onnxruntime

onnxruntime.set_default_logger_severity(4)


def exported(layer, shape):
    """A model of one layer and an input for it, written as model.onnx."""
    model = keras.Sequential([keras.Input(shape), layer])
    x = np.ones((1, *shape), "float32")
    model(x)
    model.export("model.onnx", format="onnx", verbose=False)
    return model, x


steps = {}
for layout, shape, axis in (("first", (2, 5), 2), ("last", (5, 2), 1)):
    layer = keras.layers.Conv1DTranspose(
        3, 4, strides=3, padding="same", data_format=f"channels_{layout}"
    )
    model, x = exported(layer, shape)
    session = onnxruntime.InferenceSession("model.onnx")
    answer = session.run(None, {session.get_inputs()[0].name: x})[0]
    steps[layout] = (answer.shape[axis], model(x).shape[axis])
    print(f"Conv1DTranspose, channels {layout:<5} {steps[layout][0]} steps of {steps[layout][1]}")

exported(keras.layers.Conv2DTranspose(3, 2, strides=3, padding="same"), (3, 4, 2))
(node,) = (one for one in onnx.load("model.onnx").graph.node if one.op_type == "ConvTranspose")
(pads,) = (list(one.ints) for one in node.attribute if one.name == "pads")
try:
    onnxruntime.InferenceSession("model.onnx")
    loaded = True
except Exception as error:
    assert "must not contain negative values" in str(error), error
    loaded = False
how = "" if loaded else "not "
print(f"Conv2DTranspose, kernel 2, strides 3: pads of {pads}, {how}loaded")
sys.exit(steps != {"first": (16, 15), "last": (15, 15)} or min(pads) >= 0 or loaded)
PYTHON
