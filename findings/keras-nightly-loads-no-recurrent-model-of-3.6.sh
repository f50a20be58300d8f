#!/usr/bin/env bash
# A recurrent model that Keras 3.6 saved can be loaded by Keras 3.15.1, and by the nightly no more.
#
# Versions: Keras 3.6.0, Keras 3.15.1 and keras-nightly 3.16.0.dev2026102704, each on NumPy (3.6 wants jax beside it), Python 3.11, Linux on x86-64.
# Behaviour: a .keras file of 3.6 names the initializer of the recurrent kernel, the default, OrthogonalInitializer, as the
# class was called then. Keras 3.7 to 3.15.1 find it; the nightly looks among public names alone, and load_model raises.
# Seen:
#     3.6.0 saves; 3.15.1 loads: True; 3.16.0.dev2026102704 loads: False (OrthogonalInitializer)
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
export KERAS_BACKEND=numpy
for package in keras==3.6.0 keras==3.15.1 keras-nightly==3.16.0.dev2026102704; do
  python3 -m venv "$here/$package"
  "$here/$package/bin/pip" install --quiet "$package" numpy==2.3.5 scipy==1.17.1 jax==0.9.1 jaxlib==0.9.1
done
"$here/keras==3.6.0/bin/python" - "$here/model.keras" <<'PYTHON'
import sys

import keras

keras.Sequential([keras.Input((3, 2)), keras.layers.LSTM(2)]).save(sys.argv[1])
PYTHON
loads() {
  "$here/$1/bin/python" - "$here/model.keras" <<'PYTHON'
import sys

import keras

try:
    keras.saving.load_model(sys.argv[1])
except Exception as error:
    print("False", "(OrthogonalInitializer)" if "OrthogonalInitializer" in str(error) else type(error))
else:
    print("True")
PYTHON
}
seen="3.6.0 saves; 3.15.1 loads: $(loads keras==3.15.1); 3.16.0.dev2026102704 loads: $(loads keras-nightly==3.16.0.dev2026102704)"
echo "$seen"
[ "$seen" = "3.6.0 saves; 3.15.1 loads: True; 3.16.0.dev2026102704 loads: False (OrthogonalInitializer)" ]
