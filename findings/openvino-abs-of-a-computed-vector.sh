#!/usr/bin/env bash
# OpenVINO drops Abs behind an element-wise operation on constants of one axis.
#
# Versions: OpenVINO 2026.4.1 on the CPU (AVX-512), NumPy 2.4.6, Keras 3.15.1 on OpenVINO, Python 3.11,
# Linux on x86-64.
# Documented: Abs: the absolute value of each number.
# Behaviour: in a model without parameters, Abs of a product, a sum or a Clamp of constants with one axis is
# the product, the sum or the clamped vector itself. Of two axes it is right, and so it is where the
# vector is a parameter, or is negated or reshaped first. Keras's OpenVINO backend computes arrays
# at hand by such models: keras.ops.abs(keras.ops.multiply(x, 0.5)) of a vector is negative.
# Seen:
#     one axis, product: [-2.0, -1.5, 1.0]
#     one axis, sum: [-3.5, -2.5, 2.5]
#     one axis, clamped: [-2.5, -2.5, 2.0]
#     two axes, product: [[2.0, 1.5, 1.0]]
#     a parameter, product: [2.0, 1.5, 1.0]
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
import openvino as ov
import openvino.opset16 as ops

VECTOR = np.array([-4.0, -3.0, 2.0], "float32")


def constant(values):
    return ops.constant(np.array(values, "float32"))


def computed(result, parameters=(), fed=()):
    model = ov.Model([result], list(parameters))
    return ov.compile_model(model, "CPU")(list(fed))[0].tolist()


half = constant(0.5)
found = {
    "one axis, product": computed(ops.absolute(ops.multiply(constant(VECTOR), half))),
    "one axis, sum": computed(ops.absolute(ops.add(constant(VECTOR), half))),
    "one axis, clamped": computed(ops.absolute(ops.clamp(constant(VECTOR), -2.5, 2.5))),
    "two axes, product": computed(ops.absolute(ops.multiply(constant(VECTOR[None]), half))),
}
fed = ops.parameter([3], np.float32)
found["a parameter, product"] = computed(ops.absolute(ops.multiply(fed, half)), [fed], [VECTOR])
for name, values in found.items():
    print(f"{name}: {values}")
lost = [min(found[f"one axis, {what}"]) < 0 for what in ("product", "sum", "clamped")]
right = found["two axes, product"] == [[2.0, 1.5, 1.0]]
sys.exit(not (all(lost) and right and found["a parameter, product"] == [2.0, 1.5, 1.0]))
PYTHON
