#!/usr/bin/env bash
# Exported to ONNX, torch.atan2(0, -1) is minus pi.
#
# Versions: PyTorch 2.13.0, onnx 1.23.2, onnxscript 0.7.2, onnxruntime 1.32.0, Python 3.11, Linux on
# x86-64.
# Documented: torch.atan2: the element-wise arctangent of input / other with consideration of the
# quadrant; pi for 0 and -1, as torch, NumPy and C say.
# Behaviour: ONNX has no atan2. What both exporters write asks for y > 0 where it should ask for y
# >= 0: the phase of a negative number is off by a whole turn, and beside it, a little above and a
# little below, it is right. Of 0 and -0.0, which torch says pi of, 0 comes out, or NaN of
# dynamo=False.
# Seen:
#     y=0 x=-1.0: torch 3.1416 onnxruntime -3.1416
#     y=1e-30 x=-1.0: torch 3.1416 onnxruntime 3.1416
#     y=-1e-30 x=-1.0: torch -3.1416 onnxruntime -3.1416
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6 onnx==1.23.2 onnxscript==0.7.2 onnxruntime==1.32.0
"$here/venv/bin/python" - <<'PYTHON'
import io
import sys
import warnings

import onnxruntime
import torch

warnings.simplefilter("ignore")


class Angle(torch.nn.Module):
    """The angle of a point."""

    def forward(self, y, x):
        return torch.atan2(y, x)


y, x = torch.tensor([0.0, 1e-30, -1e-30]), torch.full((3,), -1.0)
saved = io.BytesIO()
torch.onnx.export(Angle(), (y, x), dynamo=True, verbose=False).save(saved)
session = onnxruntime.InferenceSession(saved.getvalue())
names = [one.name for one in session.get_inputs()]
there = session.run(None, dict(zip(names, (y.numpy(), x.numpy()), strict=True)))[0].tolist()
here = torch.atan2(y, x).tolist()
signs = []
for one, mine, other in zip(y.tolist(), here, there, strict=True):
    print(f"y={one:.3g} x=-1.0: torch {mine:.4f} onnxruntime {other:.4f}")
    signs.append((mine > 3, other > 3))
sys.exit(signs != [(True, False), (True, True), (False, False)])
PYTHON
