#!/usr/bin/env bash
# Exported to OpenVINO from TensorFlow, Keras models with one output have two.
#
# Versions: Keras 3.15.1, TensorFlow 2.21.0, OpenVINO 2026.4.1, SciPy 1.17.1 (without it the export
# raises ModuleNotFoundError: nothing declares it), Python 3.11, Linux on x86-64.
# Documented: the exported model contains only the forward pass, the model's call().
# Behaviour: what a layer computes beside its answer, of shapes or of a mask, and what nothing of
# the model uses, comes out of the converter as a further output behind the model's own. The same
# models from the torch backend have one output.
# Seen:
#     Dense: 1
#     Masking: 2
#     GroupNormalization: 2
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 tensorflow==2.21.0 openvino==2026.4.1 scipy==1.17.1
KERAS_BACKEND=tensorflow HERE="$here" "$here/venv/bin/python" - <<'PYTHON'
import os
import sys

import keras
import numpy as np
import openvino

seen = []
layers = keras.layers.Dense(2), keras.layers.Masking(), keras.layers.GroupNormalization(2)
for layer in layers:
    model = keras.Sequential([keras.Input((4, 4)), layer])
    model(np.ones((1, 4, 4), "float32"))
    path = os.path.join(os.environ["HERE"], "model.xml")
    model.export(path, format="openvino", verbose=False)
    seen.append(len(openvino.Core().read_model(path).outputs))
    print(f"{type(layer).__name__}:", seen[-1])
sys.exit(seen != [1, 2, 2])
PYTHON
