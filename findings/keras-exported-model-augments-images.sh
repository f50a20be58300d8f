#!/usr/bin/env bash
# A Keras model that is exported for inference goes on augmenting its images.
#
# Versions: Keras 3.15.1, TensorFlow 2.21.0, ai-edge-litert 2.3.0, Python 3.11, Linux on x86-64.
# Documented: Model.export writes an artifact for inference; the layers for augmenting images are
# active during training only.
# Behaviour: the SavedModel's endpoint is traced without training=False, and the call of these
# layers trains where nothing is said. Each call of the artifact draws anew, and its user has no flag
# to stop it. predict, and the same model exported to LiteRT, where training=False is said, answer
# the images as they are. RandomFlip, RandomCrop, RandomRotation and the others do the same.
# Seen:
#     predict: as given
#     LiteRT: as given
#     SavedModel: changed
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
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

here = os.environ["HERE"]
x = np.full((1, 2, 2, 3), 100, "float32")
model = keras.Sequential([keras.Input((2, 2, 3)), keras.layers.RandomBrightness(0.5, seed=3)])
model.export(f"{here}/saved", verbose=False)
model.export(f"{here}/model.tflite", format="litert", verbose=False)

interpreter = Interpreter(f"{here}/model.tflite")
interpreter.allocate_tensors()
interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x)
interpreter.invoke()
artifact = tf.saved_model.load(f"{here}/saved")
answers = {
    "predict": model.predict(x, verbose=0),
    "LiteRT": interpreter.get_tensor(interpreter.get_output_details()[0]["index"]),
    "SavedModel": artifact.serve(x).numpy(),
}
seen = {name: "as given" if (one == x).all() else "changed" for name, one in answers.items()}
for name, told in seen.items():
    print(f"{name}: {told}")
sys.exit(seen != {"predict": "as given", "LiteRT": "as given", "SavedModel": "changed"})
PYTHON
