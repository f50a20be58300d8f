#!/usr/bin/env bash
# softplus of 89 is 89, and infinity once TensorFlow has converted it for LiteRT.
#
# Versions: TensorFlow 2.21.0 as the converter, ai-edge-litert 2.3.0, NumPy 2.4.6, Python 3.11,
# Linux on x86-64.
# Documented: tf.math.softplus: "a smooth approximation of relu"; it is stable in TensorFlow itself.
# Behaviour: the file holds EXP, ADD and LOG, so that the answer is infinity from 89 on, and 0 below
# -17, where e to that power is right. log_sigmoid, which is -softplus(-x), is minus infinity below
# -89: a crossentropy of logits that is made of it, too.
# Seen:
#     x     TensorFlow LiteRT
#     -20.0 2.061e-09  0
#     88.0  88         88
#     89.0  89         inf
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet tensorflow==2.21.0 ai-edge-litert==2.3.0 numpy==2.4.6
"$here/venv/bin/python" - 2>"$here/log" <<'PYTHON' || { tail -n 5 "$here/log" >&2; exit 1; }
import sys

import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

x = np.array([-20, 88, 89], "float32")
traced = tf.function(tf.math.softplus).get_concrete_function(tf.TensorSpec(x.shape, "float32"))
file = Interpreter(
    model_content=tf.lite.TFLiteConverter.from_concrete_functions([traced]).convert()
)
file.allocate_tensors()
file.set_tensor(file.get_input_details()[0]["index"], x)
file.invoke()
answer = file.get_tensor(file.get_output_details()[0]["index"])
own = tf.math.softplus(x).numpy()
print("x     TensorFlow LiteRT")
for row in zip(x, own, answer, strict=True):
    print("{:<5} {:<10.4g} {:.4g}".format(*map(float, row)))
right = np.allclose(own, [np.exp(-20.0), 88, 89])
sys.exit(not (right and answer[0] == 0 and np.allclose(answer[1], 88) and answer[2] == np.inf))
PYTHON
