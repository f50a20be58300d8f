#!/usr/bin/env bash
# keras.random.binomial on OpenVINO draws rounded numbers of what is meant for a normal law.
#
# Versions: Keras 3.15.1, OpenVINO 2026.4.1, NumPy 2.4.6, Python 3.11, Linux on x86-64.
# Documented: "The values are drawn from a Binomial distribution with specified trial count and probability of
# success."
# Behaviour: of more than one trial, a number of the law's mean and deviation is made of two uniform ones by Box and
# Muller's transform, and rounded. The two uniform numbers come from the operation's seeds 0 and 1, which OpenVINO
# takes for one, so it is not normal either: no success at all, which 2.8 % should have, never comes.
# Seen (shares of 0 to 10 successes of ten trials at 0.3):
#     drawn:    0.000 0.168 0.234 0.309 0.130 0.058 0.058 0.034 0.007 0.001 0.000
#     binomial: 0.028 0.121 0.233 0.267 0.200 0.103 0.037 0.009 0.001 0.000 0.000
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 numpy==2.4.6 scipy==1.17.1 openvino==2026.4.1
KERAS_BACKEND=openvino "$here/venv/bin/python" - <<'PYTHON'
import math
import sys

import keras
import numpy as np

drawn = keras.ops.convert_to_numpy(keras.random.binomial((256, 256), 10, 0.3, seed=7)).astype(int)
seen = np.bincount(drawn.ravel(), minlength=11) / drawn.size
law = [math.comb(10, k) * 0.3**k * 0.7 ** (10 - k) for k in range(11)]
print("drawn:   ", *(f"{share:.3f}" for share in seen))
print("binomial:", *(f"{share:.3f}" for share in law))
sys.exit(not (seen[0] < 0.001 and max(abs(seen - law)) > 0.02))
PYTHON
