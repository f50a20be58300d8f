#!/usr/bin/env bash
# On OpenVINO keras.random.randint and binomial draw with the seed 0 what they draw with the seed 1.
#
# Versions: Keras 3.15.1, OpenVINO 2026.4.1, NumPy 2.4.6, Python 3.11, Linux on x86-64.
# Documented: "seed: Optional Python integer or instance of keras.random.SeedGenerator. By default, the seed
# argument is None, and an internal global keras.random.SeedGenerator is used." Another seed is another draw.
# Behaviour: the seed becomes the seed of OpenVINO's operation, for which 0 and 1 are one.
# Seen:
#     randint: 0 and 1 alike, 1 and 2 not
#     binomial: 0 and 1 alike, 1 and 2 not
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

DRAWS = {
    "randint": lambda seed: keras.random.randint((64,), 0, 9, seed=seed),
    "binomial": lambda seed: keras.random.binomial((64,), 8.0, 0.5, seed=seed),
}
alike = True
for name, draw in DRAWS.items():
    zero, one, two = (keras.ops.convert_to_numpy(draw(seed)) for seed in range(3))
    same, other = bool((zero == one).all()), bool((one == two).all())
    print(f"{name}: 0 and 1 {'alike' if same else 'not alike'}, 1 and 2 {'alike' if other else 'not'}")
    alike = alike and same and not other
sys.exit(not alike)
PYTHON
