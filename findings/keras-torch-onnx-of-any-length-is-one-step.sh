#!/usr/bin/env bash
# Keras on torch exports an LSTM of sequences of any length to ONNX as one of a single step.
#
# Versions: Keras 3.15.1, PyTorch 2.13.0, onnx 1.23.2, onnxscript 0.7.2, onnxruntime 1.32.0, Python
# 3.11, Linux on x86-64.
# Documented: export: the artifact contains the model's forward pass; input_signature is computed if
# it is not given. The page of export_onnx adds that every None is replaced with 1 on torch; that of
# Model.export, which is what one calls, doesn't.
# Behaviour: the model is traced with a sequence of length 1, and its input is declared to have any
# length. The recurrence is a loop of Python's and is traced once: a longer sequence is taken, and
# answered by its first step, without a word. Given the length, the export is right. A convolution
# with padding='same' and strides is padded as an image of one pixel is.
# Seen:
#     input ['batch', 'dim_0_1', 3]: the first step's answer True, the sequence's False
#     input ['batch', 5, 3]: the first step's answer False, the sequence's True
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 numpy==2.4.6 torch==2.13.0 onnx==1.23.2 onnxscript==0.7.2 onnxruntime==1.32.0
KERAS_BACKEND=torch HERE="$here" "$here/venv/bin/python" - <<'PYTHON'
import os
import sys
import warnings

import keras
import numpy as np
import onnxruntime

warnings.simplefilter("ignore")
keras.utils.set_random_seed(1)
x = np.random.default_rng(1).standard_normal((2, 5, 3)).astype("float32")
seen = []
for length in (None, 5):
    model = keras.Sequential([keras.Input((length, 3)), keras.layers.LSTM(2)])
    model(x)
    path = os.path.join(os.environ["HERE"], "model.onnx")
    model.export(path, format="onnx", verbose=False)
    session = onnxruntime.InferenceSession(path)
    given = session.get_inputs()[0]
    answer = session.run(None, {given.name: x})[0]
    step, whole = (
        bool(np.allclose(answer, keras.ops.convert_to_numpy(one), atol=1e-5))
        for one in (model.layers[0](x[:, :1]), model(x))
    )
    print(f"input {given.shape}: the first step's answer {step}, the sequence's {whole}")
    seen.append((step, whole))
sys.exit(seen != [(True, False), (False, True)])
PYTHON
