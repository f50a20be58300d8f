#!/usr/bin/env bash
# A Keras model with RandomBrightness or one of its kin can't be saved as .h5.
#
# Versions: Keras 3.15.1 with TensorFlow 2.21.0, h5py 3, Python 3.11, Linux on x86-64; likewise on
# NumPy and PyTorch.
# Documented: Model.save writes the legacy HDF5 format where the path ends in .h5.
# Behaviour: these layers answer get_config with the very list that they keep, value_range, which Keras
# has wrapped to watch it. The model's config is copied deeply, and what watches the list refers to a
# module, which can't be. The .keras format has the config serialized first, and is not concerned.
# Seen:
#     RandomBrightness: .keras saved, .h5 TypeError: cannot pickle 'module' object
#     RandomSaturation: .keras saved, .h5 TypeError: cannot pickle 'module' object
#     Solarization: .keras saved, .h5 TypeError: cannot pickle 'module' object
#     RandomContrast: .keras saved, .h5 saved
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 tensorflow==2.21.0 'h5py<4'
KERAS_BACKEND=tensorflow HERE="$here" "$here/venv/bin/python" - 2> "$here/log" <<'PYTHON'
import os
import sys

import keras

layers = keras.layers


def saved(layer, ending):
    model = keras.Sequential([keras.Input((4, 4, 3)), layer])
    try:
        model.save(os.path.join(os.environ["HERE"], f"model{ending}"))
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "saved"


refused = "TypeError: cannot pickle 'module' object"
same = True
for layer, expected in (
    (layers.RandomBrightness(0.3), refused),
    (layers.RandomSaturation(0.5), refused),
    (layers.Solarization(), refused),
    (layers.RandomContrast(0.3), "saved"),
):
    keras_3, h5 = saved(layer, ".keras"), saved(layer, ".h5")
    print(f"{type(layer).__name__}: .keras {keras_3}, .h5 {h5}")
    same = same and (keras_3, h5) == ("saved", expected)
sys.exit(not same)
PYTHON
