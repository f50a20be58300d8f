#!/usr/bin/env bash
# OpenVINO answers zeros where an input of open size is only converted to the type that it has.
#
# Versions: OpenVINO 2026.4.1, NumPy 2.4.6, Python 3.11, Linux on x86-64, CPU plugin.
# Documented: Convert changes the element type of a tensor; its values stay where the types are the
# same. Sizes that are -1 may change from call to call.
# Behaviour: of one compiled model, the first call is right. A second one with one row after three
# is answered with zeros (or with what lay there), and the calls after that are right again. Without
# the Convert all are right. It is what becomes of Keras's Dropout and other layers that do nothing
# at rest, on torch, by Model.export(format="openvino").
# Seen:
#     without: right, right, right
#     with: right, wrong, right
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet openvino==2026.4.1 numpy==2.4.6
"$here/venv/bin/python" - <<'PYTHON'
import sys

import numpy as np
import openvino
from openvino import opset13

seen = {}
for name in ("without", "with"):
    given = opset13.parameter([-1, 3], np.float32, name="x")
    answer = opset13.convert(given, "f32") if name == "with" else given
    model = openvino.Model([opset13.result(answer)], [given], name)
    compiled = openvino.Core().compile_model(model, "CPU")
    seen[name] = []
    for rows in (3, 1, 2):
        x = np.arange(1, 3 * rows + 1, dtype=np.float32).reshape(rows, 3)
        seen[name].append("right" if np.array_equal(compiled([x])[0], x) else "wrong")
    print(f"{name}:", ", ".join(seen[name]))
sys.exit(seen != {"without": ["right"] * 3, "with": ["right", "wrong", "right"]})
PYTHON
