#!/usr/bin/env bash
# A Keras model exported to LiteRT lists its outputs in another order, and zeros become NaN.
#
# Versions: Keras 3.15.1, TensorFlow 2.21.0, ai-edge-litert 2.3.0, Python 3.11, Linux on x86-64.
# Documented: Model.export shows that a file is run by get_input_details and get_output_details. A
# vector of zeros has no direction: Keras's UnitNormalization answers zeros, on every backend.
# Behaviour: of two outputs the second is listed first; the signature's names output_0 and output_1
# tell which is which. tf.math.l2_normalize, with its epsilon, becomes LiteRT's L2_NORMALIZATION,
# which divides by the length alone.
# Seen:
#     sizes of the outputs: the model 2, 4; the file's list 4, 2; by the signature 2, 4
#     zeros, normalized: the model 0, the file nan
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 tensorflow==2.21.0 ai-edge-litert==2.3.0
KERAS_BACKEND=tensorflow HERE="$here" "$here/venv/bin/python" - <<'PYTHON'
import os
import sys

import keras
import numpy as np
from ai_edge_litert.interpreter import Interpreter

zeros = np.zeros((1, 3), "float32")


def exported(model):
    path = os.path.join(os.environ["HERE"], "model.tflite")
    model.export(path, format="litert", verbose=False)
    return path


def listed(path):
    interpreter = Interpreter(path)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], zeros)
    interpreter.invoke()
    return [interpreter.get_tensor(one["index"]) for one in interpreter.get_output_details()]


x = keras.Input((3,), name="x")
path = exported(keras.Model(x, [keras.layers.Dense(size)(x) for size in (2, 4)]))
in_list = [answer.shape[1] for answer in listed(path)]
named = Interpreter(path).get_signature_runner()(x=zeros)
by_name = [named[name].shape[1] for name in ("output_0", "output_1")]
print(f"sizes of the outputs: the model 2, 4; the file's list {in_list}; by the signature {by_name}")
model = keras.Model(x, keras.layers.UnitNormalization()(x))
kept = bool((np.asarray(model(zeros)) == 0).all())
lost = bool(np.isnan(listed(exported(model))[0]).all())
print(f"zeros, normalized: the model {0 if kept else '?'}, the file {'nan' if lost else '?'}")
sys.exit(not (in_list == [4, 2] and by_name == [2, 4] and kept and lost))
PYTHON
