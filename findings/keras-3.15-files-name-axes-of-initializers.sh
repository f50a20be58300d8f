#!/usr/bin/env bash
# A model with a Dense layer that Keras 3.15 saved can't be loaded by any earlier release of Keras.
#
# Versions: Keras 3.15.1 (saves), 3.15.1 and 3.14.1 (load), JAX 0.10.2, NumPy 2.4.6, Python 3.11, Linux on x86-64.
# Every backend shares the code.
# Documented: load_model loads a model saved via Model.save. Of releases it says nothing: that an earlier one reads
# the files of a later one is neither promised nor denied.
# Behaviour: the config of every initializer that scales its numbers has input_axes and output_axes since 3.15, None
# as they are by default, and the constructors of earlier releases refuse them. GlorotUniform, the default of Dense,
# of convolutions and recurrent layers, is one. A model whose layers start at zeros is read.
# Seen:
#     saved by 3.15.1 with a kernel of zeros: 3.15.1 loaded, 3.14.1 loaded
#     saved by 3.15.1 with a kernel of glorot_uniform: 3.15.1 loaded, 3.14.1 TypeError (input_axes)
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 numpy==2.4.6 jax==0.10.2 jaxlib==0.10.2
export KERAS_BACKEND=jax JAX_PLATFORMS=cpu
"$here/venv/bin/python" - "$here" <<'PYTHON'
import sys

import keras

for kernel in ("zeros", "glorot_uniform"):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, kernel_initializer=kernel)])
    model.save(f"{sys.argv[1]}/{kernel}.keras")
PYTHON
loads() {
  "$here/venv/bin/python" - "$here/$1.keras" <<'PYTHON'
import sys

import keras

try:
    keras.models.load_model(sys.argv[1])
except TypeError as error:
    print(type(error).__name__, "(input_axes)" if "input_axes" in str(error) else error)
else:
    print("loaded")
PYTHON
}
zeros="3.15.1 $(loads zeros)"
glorot="3.15.1 $(loads glorot_uniform)"
"$here/venv/bin/pip" install --quiet --no-deps keras==3.14.1
zeros+=", 3.14.1 $(loads zeros)"
glorot+=", 3.14.1 $(loads glorot_uniform)"
echo "saved by 3.15.1 with a kernel of zeros: $zeros"
echo "saved by 3.15.1 with a kernel of glorot_uniform: $glorot"
[ "$zeros" = "3.15.1 loaded, 3.14.1 loaded" ]
[ "$glorot" = "3.15.1 loaded, 3.14.1 TypeError (input_axes)" ]
