#!/usr/bin/env bash
# Exported to ONNX from PyTorch, a Keras layer that goes backwards over its steps can't be loaded.
#
# Versions: Keras 3.15.1, PyTorch 2.13.0, onnx 1.23.2, onnxscript 0.7.2, onnxruntime 1.32.0, Python
# 3.11, Linux on x86-64.
# Documented: the artifact can be served via e.g. ONNX Runtime; go_backwards is an argument of every
# recurrent layer.
# Behaviour: Keras's loop over the steps takes torch.max(…, dim=0) of the number of steps, which has
# no axis. torch takes that; its tracer writes a ReduceMax along axis 0, which the file's own shape
# inference refuses. The export ends without an exception. An LSTM with default activations goes by
# torch's own kernel and is loaded.
# Seen:
#     forwards: loaded
#     backwards: Fail, axis must be in [-rank, rank-1]
#     backwards, LSTM: loaded
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
seen = []
for name, layer in (
    ("forwards", keras.layers.SimpleRNN(2)),
    ("backwards", keras.layers.SimpleRNN(2, go_backwards=True)),
    ("backwards, LSTM", keras.layers.LSTM(2, go_backwards=True)),
):
    model = keras.Sequential([keras.Input((4, 3)), layer])
    model(np.ones((1, 4, 3), "float32"))
    path = os.path.join(os.environ["HERE"], "model.onnx")
    model.export(path, format="onnx", verbose=False)
    try:
        onnxruntime.InferenceSession(path)
        seen.append("loaded")
    except Exception as error:
        reason = "axis must be in [-rank, rank-1]"
        seen.append(f"{type(error).__name__}, {reason if reason in str(error) else error}")
    print(f"{name}:", seen[-1])
sys.exit(seen != ["loaded", "Fail, axis must be in [-rank, rank-1]", "loaded"])
PYTHON
