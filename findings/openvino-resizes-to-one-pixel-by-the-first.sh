#!/usr/bin/env bash
# A torch model that resizes to one pixel, bilinearly, answers the first pixel once OpenVINO has converted it.
#
# Versions: OpenVINO 2026.4.1, PyTorch 2.13.0, NumPy 2.4.6, Python 3.11, Linux on x86-64, on the CPU.
# Documented: interpolate(align_corners=False) takes half pixels, so that one pixel of an even picture is its middle.
# Behaviour: OpenVINO converts to the mode pytorch_half_pixel, by whose rule the place is 0 where a side of one is
# wanted. torch itself has no such exception. Sides of two and more are right.
# Seen:
#     torch:    to 1 x 1: [9.5], to 1 x 2: [8.5, 10.5]
#     OpenVINO: to 1 x 1: [0.0], to 1 x 2: [0.5, 2.5]
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet openvino==2026.4.1 numpy==2.4.6 torch==2.13.0
"$here/venv/bin/python" - <<'PYTHON'
import sys

import openvino as ov
import torch


class Resize(torch.nn.Module):
    def __init__(self, *size):
        super().__init__()
        self.size = size

    def forward(self, x):
        return torch.nn.functional.interpolate(
            x, size=self.size, mode="bilinear", align_corners=False
        )


x = torch.arange(20.0).reshape(1, 1, 5, 4)
models = [Resize(1, 1).eval(), Resize(1, 2).eval()]
own = [model(x).ravel().tolist() for model in models]
settings = {"INFERENCE_PRECISION_HINT": "f32"}
compiled = [
    ov.compile_model(ov.convert_model(model, example_input=x), "CPU", settings) for model in models
]
theirs = [model(x.numpy())[0].ravel().tolist() for model in compiled]
print(f"torch:    to 1 x 1: {own[0]}, to 1 x 2: {own[1]}")
print(f"OpenVINO: to 1 x 1: {theirs[0]}, to 1 x 2: {theirs[1]}")
sys.exit(not (own[0] == [9.5] and theirs[0] == [0.0]))
PYTHON
