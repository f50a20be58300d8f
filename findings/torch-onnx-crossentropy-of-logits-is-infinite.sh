#!/usr/bin/env bash
# Exported to ONNX, binary_cross_entropy_with_logits is infinite where a model is sure and right.
#
# Versions: PyTorch 2.13.0, onnx 1.23.2, onnxscript 0.7.2, onnxruntime 1.32.0, Python 3.11, Linux on
# x86-64.
# Documented: BCEWithLogitsLoss is more numerically stable than a sigmoid followed by a BCELoss as,
# by combining the operations into one layer, it takes advantage of the log-sum-exp trick.
# Behaviour: both exporters write the logarithm of ONNX's Sigmoid, so the trick is gone;
# onnxruntime's Sigmoid is 0 below -18. The loss of a logit of -20, whatever the target, is
# infinite; with an exact sigmoid it would be from -104 on. logsigmoid is minus infinity for the
# same reason. In logcumsumexp what lies 104 below the largest number of all is lost, wherever that
# one stands.
# Seen:
#     loss of a logit of 20: torch [20.0] onnxruntime [20.0]
#     loss of a logit of -20: torch [0.0] onnxruntime [inf]
#     logsigmoid of -20: torch [-20.0] onnxruntime [-inf]
#     logcumsumexp of 1, 2, 110: torch [1.0, 2.313, 110.0] onnxruntime [-inf, -inf, 110.0]
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
functional = torch.nn.functional


class Module(torch.nn.Module):
    """A function as a module, which can be exported."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def loss(x):
    return functional.binary_cross_entropy_with_logits(x, torch.zeros_like(x))


seen = []
for name, function, numbers in (
    ("loss of a logit of 20", loss, [20.0]),
    ("loss of a logit of -20", loss, [-20.0]),
    ("logsigmoid of -20", functional.logsigmoid, [-20.0]),
    ("logcumsumexp of 1, 2, 110", lambda x: torch.logcumsumexp(x, 0), [1.0, 2.0, 110.0]),
):
    module, x, saved = Module(function).eval(), torch.tensor(numbers), io.BytesIO()
    torch.onnx.export(module, (x,), dynamo=True, verbose=False).save(saved)
    session = onnxruntime.InferenceSession(saved.getvalue())
    answer = session.run(None, {session.get_inputs()[0].name: x.numpy()})[0]
    here, there = ([round(float(one), 3) for one in y.reshape(-1)] for y in (module(x), answer))
    print(f"{name}: torch {here} onnxruntime {there}")
    seen.append(there[0])
sys.exit(seen != [20.0, float("inf"), float("-inf"), float("-inf")])
PYTHON
