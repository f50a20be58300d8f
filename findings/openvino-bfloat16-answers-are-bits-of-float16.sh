#!/usr/bin/env bash
# OpenVINO's Python API hands out numbers of bfloat16 as an array of float16 that has their bits: 1.5 is read as 1.9375.
#
# Versions: OpenVINO 2026.4.1, NumPy 2.4.6, Python 3.11, Linux on x86-64, on the CPU.
# Documented: a compiled model is called with arrays and answers arrays of its outputs' numbers.
# Behaviour: the output is declared bfloat16, which NumPy lacks. Nothing raises or warns: the array says float16, and
# whoever computes with it has other numbers. View it as uint16 and shift it by 16 bits to have the right ones.
# Seen:
#     declared: bf16; answered: float16 [1.9375, 2.125]; expected: [1.5, 3.0]
#     its bits, as bfloat16: [1.5, 3.0]
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
from openvino import opset13 as ops

x = ops.parameter([2], ov.Type.f32)
compiled = ov.compile_model(ov.Model([ops.convert(x, "bf16")], [x]), "CPU")
declared = compiled.output(0).get_element_type().to_string()
answer = compiled(np.array([1.5, 3.0], "float32"))[0]
read = (answer.view("uint16").astype("uint32") << 16).view("float32")
print(f"declared: {declared}; answered: {answer.dtype} {answer.tolist()}; expected: [1.5, 3.0]")
print(f"its bits, as bfloat16: {read.tolist()}")
sys.exit(not (answer.dtype == "float16" and answer.tolist() == [1.9375, 2.125] and read.tolist() == [1.5, 3.0]))
PYTHON
