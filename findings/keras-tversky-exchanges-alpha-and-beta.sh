#!/usr/bin/env bash
# Keras's Tversky loss weighs false negatives by alpha and false positives by beta.
#
# Versions: Keras 3.15.1 on JAX 0.10.2 (and on every other backend), NumPy 2.4.6, Python 3.11, Linux
# on x86-64.
# Documented: alpha: the coefficient controlling incidence of false positives; beta: of false
# negatives, as in the paper of Salehi et al. that it refers to.
# Behaviour: what is named fp in the source is sum((1 - y_pred) * y_true): what was there and was
# not predicted. Whoever follows the paper and sets beta=0.7 to miss less, misses more. With 0.5 of
# both, the default, nothing shows.
# Seen:
#     a false positive: alpha=1: 0.0 beta=1: 0.5
#     a false negative: alpha=1: 0.5 beta=1: 0.0
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 numpy==2.4.6 jax==0.10.2
KERAS_BACKEND=jax "$here/venv/bin/python" - <<'PYTHON'
import sys

import keras
import numpy as np

one, both = np.array([[1.0, 0.0]], "float32"), np.array([[1.0, 1.0]], "float32")
seen = []
for name, true, predicted in (("positive", one, both), ("negative", both, one)):
    losses = []
    for alpha, beta in ((1.0, 0.0), (0.0, 1.0)):
        loss = keras.losses.Tversky(alpha=alpha, beta=beta)(true, predicted)
        losses.append(round(abs(float(loss)), 4))
    print(f"a false {name}:", "alpha=1:", losses[0], "beta=1:", losses[1])
    seen.append(losses)
sys.exit(seen != [[0.0, 0.5], [0.5, 0.0]])
PYTHON
