#!/usr/bin/env bash
# In the nightly before Keras 3.16, a recurrent layer that answers a sequence hands its mask on no more.
#
# Versions: keras-nightly 3.16.0.dev2026072005 (right) and 3.16.0.dev2026072104 and
# 3.16.0.dev2026102704 (wrong), JAX 0.10.2, Python 3.11.
# Documented: the guide to masking: a mask travels with the data to every layer that can use it.
# Behaviour: RNN, Bidirectional and TimeDistributed set supports_masking to False. Behind one of them a
# second recurrent layer counts padding as steps, and a loss takes padding into its mean.
# Seen:
#     3.16.0.dev2026072005 GRU: [[True, True, False]] Bidirectional: [[True, True, False]]
#     3.16.0.dev2026072104 GRU: None Bidirectional: None
#     3.16.0.dev2026102704 GRU: None Bidirectional: None
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet jax==0.10.2 keras-nightly==3.16.0.dev2026102704
for release in 3.16.0.dev2026072005 3.16.0.dev2026072104 3.16.0.dev2026102704; do
  "$here/venv/bin/pip" install --quiet --no-deps keras-nightly==$release
  KERAS_BACKEND=jax "$here/venv/bin/python" - "$release" <<'PYTHON'
import sys

import keras
import numpy as np

release = sys.argv[1]
x = np.array([[[1.0], [2.0], [0.0]]], "float32")
masked = keras.layers.Masking()(x)
masks = []
for layer in (
    keras.layers.GRU(2, return_sequences=True),
    keras.layers.Bidirectional(keras.layers.GRU(2, return_sequences=True)),
):
    mask = getattr(layer(masked), "_keras_mask", None)
    masks.append(mask if mask is None else np.asarray(mask).tolist())
print(keras.__version__, "GRU:", masks[0], "Bidirectional:", masks[1])
right = [[True, True, False]]
sys.exit(masks != ([right, right] if release.endswith("072005") else [None, None]))
PYTHON
done
