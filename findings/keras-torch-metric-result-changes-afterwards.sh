#!/usr/bin/env bash
# What a metric of Keras on torch answered becomes another number with the metric's next update.
#
# Versions: Keras 3.15.1, PyTorch 2.13.0, NumPy 2.4.6, Python 3.11, Linux on x86-64.
# Documented: result computes and returns the scalar metric value tensor.
# Behaviour: result of Sum, TruePositives and the three like it is the tensor of the metric's
# variable, and assign writes into it in place. A list of the results of the epochs holds the last
# number as often as there are epochs, and zeros after reset_state. Metrics that divide, like Mean,
# answer a new tensor, and JAX and TensorFlow always do.
# Seen:
#     Sum: answered 3.0, afterwards 13.0
#     TruePositives: answered 1.0, afterwards 2.0
#     Mean: answered 1.5, afterwards 1.5
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 numpy==2.4.6 torch==2.13.0
KERAS_BACKEND=torch "$here/venv/bin/python" - <<'PYTHON'
import sys

import keras

seen = []
for name, first, second in (
    ("Sum", ([1.0, 2.0],), ([10.0],)),
    ("TruePositives", ([1.0], [1.0]), ([1.0], [1.0])),
    ("Mean", ([1.0, 2.0],), ([10.0],)),
):
    metric = getattr(keras.metrics, name)()
    metric.update_state(*first)
    result = metric.result()
    answered = float(result)
    metric.update_state(*second)
    seen.append((answered, float(result)))
    print(f"{name}: answered {answered}, afterwards {float(result)}")
sys.exit(seen != [(3.0, 13.0), (1.0, 2.0), (1.5, 1.5)])
PYTHON
