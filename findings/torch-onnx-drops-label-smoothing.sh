#!/usr/bin/env bash
# torch.onnx.export leaves out label smoothing and the divisor of an average pooling, silently.
#
# Versions: PyTorch 2.13.0, onnx 1.23.2, onnxscript 0.7.2, onnxruntime 1.32.0, Python 3.11, Linux on
# x86-64.
# Documented: CrossEntropyLoss: label_smoothing: targets become a mixture of the original ground
# truth and a uniform distribution; AvgPool2d: divisor_override: if specified, it will be used as
# divisor; torch.onnx.export: exports a model into ONNX format.
# Behaviour: the default exporter (dynamo=True) writes a SoftmaxCrossEntropyLoss and an AveragePool
# without either argument. For label smoothing the older exporter (dynamo=False) raises and says
# that ONNX does not support it; it loses the divisor too.
# Seen:
#     CrossEntropyLoss(label_smoothing=0.5): torch 2.4662 onnxruntime 2.7162
#     CrossEntropyLoss(): torch 2.7162 onnxruntime 2.7162
#     AvgPool2d(2, divisor_override=1): torch 4.0 onnxruntime 1.0
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


def ran(module, *inputs):
    """What onnxruntime answers for the module that torch exports."""
    program = torch.onnx.export(module.eval(), inputs, dynamo=True, verbose=False)
    saved = io.BytesIO()
    program.save(saved)
    session = onnxruntime.InferenceSession(saved.getvalue())
    names = [one.name for one in session.get_inputs()]
    return session.run(None, dict(zip(names, (one.numpy() for one in inputs), strict=True)))[0]


scores, classes = torch.tensor([[1.0, 2.0, 3.0], [0.0, 5.0, 1.0]]), torch.tensor([2, 0])
pairs = []
for name, module, inputs in (
    (
        "CrossEntropyLoss(label_smoothing=0.5)",
        torch.nn.CrossEntropyLoss(label_smoothing=0.5),
        (scores, classes),
    ),
    ("CrossEntropyLoss()", torch.nn.CrossEntropyLoss(), (scores, classes)),
    (
        "AvgPool2d(2, divisor_override=1)",
        torch.nn.AvgPool2d(2, divisor_override=1),
        (torch.ones(1, 1, 2, 2),),
    ),
):
    here, there = (
        round(float(one.reshape(())), 4) for one in (module(*inputs), ran(module, *inputs))
    )
    print(f"{name}: torch {here} onnxruntime {there}")
    pairs.append((here, there))
sys.exit(pairs != [(2.4662, 2.7162), (2.7162, 2.7162), (4.0, 1.0)])
PYTHON
