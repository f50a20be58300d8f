#!/usr/bin/env bash
# A model that was compiled and saved on Keras's torch backend can't be trained on another one.
#
# Versions: Keras 3.15.1, torch 2.13.0, jax 0.10.2, Python 3.11, Linux on x86-64.
# Documented: keras.optimizers.SGD, and .keras files that any backend reads. A file that JAX or TensorFlow
# wrote names `keras.optimizers`, and torch trains it.
# Behaviour: config.json names the module of torch's own subclass, keras.src.backend.torch.optimizers. On
# JAX load_model imports that (torch has to be installed for it), says nothing, and the first train_on_batch
# raises in torch's code. compile=False, and compiling anew, helps.
# Seen:
#     torch writes keras.src.backend.torch.optimizers.torch_sgd
#     jax loads it as an optimizer of torch, and training raises TypeError
#     jax writes keras.optimizers
#     torch trains it
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 torch==2.13.0 jax==0.10.2 jaxlib==0.10.2
cat > "$here/try.py" <<'PYTHON'
import json
import sys
import zipfile

import keras
import numpy as np

what, path = sys.argv[1:]
backend = keras.backend.backend()
if what == "save":
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.save(path)
    config = json.loads(zipfile.ZipFile(path).read("config.json"))
    module = config["compile_config"]["optimizer"]["module"]
    print(f"{backend} writes {module}")
    wanted = "keras.src.backend.torch.optimizers.torch_sgd" if backend == "torch" else "keras.optimizers"
    sys.exit(module != wanted)
model = keras.models.load_model(path)
whose = type(model.optimizer).__module__
try:
    model.train_on_batch(np.ones((1, 2)), np.ones((1, 1)))
except TypeError:
    print(f"{backend} loads it as an optimizer of torch, and training raises TypeError")
    sys.exit(not (backend == "jax" and ".torch." in whose))
print(f"{backend} trains it")
sys.exit(backend != "torch")
PYTHON
run() { KERAS_BACKEND=$1 "$here/venv/bin/python" "$here/try.py" "$2" "$here/$3.keras"; }
run torch save torch
run jax load torch
run jax save jax
run torch load jax
