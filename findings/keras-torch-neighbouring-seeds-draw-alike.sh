#!/usr/bin/env bash
# Generators and layers with neighbouring seeds draw the same numbers on torch, one call apart.
#
# Versions: Keras 3.15.1, PyTorch 2.13.0, Python 3.11, Linux on x86-64.
# Documented: SeedGenerator: "Generates variable seeds upon each call to a function generating random numbers";
# Dropout: "seed: A Python integer to use as random seed." Another seed is another draw.
# Behaviour: the seed and the count of calls are added up to seed torch's generator, so that the second call with 7 is
# the first with 8. Two layers whose seeds are numbered one by one drop in step with each other.
# Seen:
#     generator: first with 8 is first with 7: False, second with 7: True
#     dropout: first with 8 is first with 7: False, second with 7: True
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
import numpy as np

x = np.ones((1, 64), "float32")


def generator(seed):
    seeds = keras.random.SeedGenerator(seed)
    return lambda: keras.random.normal((64,), seed=seeds)


def dropout(seed):
    layer = keras.layers.Dropout(0.5, seed=seed)
    return lambda: layer(x, training=True)


alike = []
for make in (generator, dropout):
    draws = [[keras.ops.convert_to_numpy(draw()) for _ in range(2)] for draw in (make(7), make(8))]
    alike.append([bool((draws[0][call] == draws[1][0]).all()) for call in range(2)])
    print(f"{make.__name__}: first with 8 is first with 7: {alike[-1][0]}, second with 7: {alike[-1][1]}")
sys.exit(alike != [[False, True]] * 2)
PYTHON
