#!/usr/bin/env bash
# keras.random.gamma and beta on OpenVINO draw by another law than theirs.
#
# Versions: Keras 3.15.1, OpenVINO 2026.4.1, SciPy 1.17.1, NumPy 2.4.6, Python 3.11, Linux on x86-64.
# Documented: "Draw random samples from the Gamma distribution", and "The values are drawn from a Beta distribution
# parametrized by alpha and beta".
# Behaviour: the numbers of Gamma(1), which has the variance 1, have 1.11, and more than twice too many of them are
# next to 0, whichever the seed. Of alpha 0.5 and 2.5 it is 2 % to 3 % too much. beta is made of two such numbers. The
# mean of gamma is right, and so is all of it on the other backends.
# Seen (262,144 numbers; the last digit may be another one elsewhere):
#     gamma(1.0,), seed 7: 1.11 times the variance, 2.4% below the law's first 1.0%
#     gamma(1.0,), seed 8: 1.11 times the variance, 2.5% below the law's first 1.0%
#     beta(1.0, 1.0), seed 7: 1.05 times the variance, 2.1% below the law's first 1.0%
#     beta(1.0, 1.0), seed 8: 1.05 times the variance, 2.2% below the law's first 1.0%
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 numpy==2.4.6 scipy==1.17.1 openvino==2026.4.1
KERAS_BACKEND=openvino "$here/venv/bin/python" - <<'PYTHON'
import sys

import keras
from scipy import stats

wrong = []
for name, parameters in (("gamma", (1.0,)), ("beta", (1.0, 1.0))):
    law = getattr(stats, name)(*parameters)
    for seed in (7, 8):
        draw = getattr(keras.random, name)
        drawn = keras.ops.convert_to_numpy(draw((512, 512), *parameters, seed=seed))
        variance = float(drawn.var() / law.var())
        least = float((drawn < law.ppf(0.01)).mean())
        print(f"{name}{parameters}, seed {seed}: {variance:.2f} times the variance, {least:.1%} below the law's first 1.0%")
        wrong.append(variance > 1.03 and least > 0.015)
sys.exit(not all(wrong))
PYTHON
