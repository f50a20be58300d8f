#!/usr/bin/env bash
# Exported to ONNX, torch's scatter_reduce with 'mean' keeps the last number of each place.
#
# Versions: PyTorch 2.13.0, onnx 1.23.2, onnxscript 0.7.2, onnxruntime 1.32.0, Python 3.11, Linux on
# x86-64.
# Documented: reduce: the reduction operation to apply for non-unique indices ("sum", "prod",
# "mean", "amax", "amin").
# Behaviour: ONNX's ScatterElements has no mean. The default exporter (dynamo=True) takes it for no
# reduction, says nothing, and of several numbers for a place the last one overwrites the others.
# The other four reductions are right. The older exporter (dynamo=False) raises. Means of a graph's
# neighbours are made so.
# Seen:
#     sum: torch [4.0, 7.0] onnxruntime [4.0, 7.0]
#     mean: torch [2.0, 3.5] onnxruntime [3.0, 2.0]
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


class Scatter(torch.nn.Module):
    """Numbers put at places of an empty array, those of one place reduced."""

    def __init__(self, reduction):
        super().__init__()
        self.reduction = reduction

    def forward(self, x, places):
        empty = torch.zeros(2)
        return empty.scatter_reduce(0, places, x, self.reduction, include_self=False)


inputs = torch.tensor([1.0, 3.0, 5.0, 2.0]), torch.tensor([0, 0, 1, 1])
answers = {}
for reduction in ("sum", "mean"):
    module, saved = Scatter(reduction).eval(), io.BytesIO()
    torch.onnx.export(module, inputs, dynamo=True, verbose=False).save(saved)
    session = onnxruntime.InferenceSession(saved.getvalue())
    names = [one.name for one in session.get_inputs()]
    given = dict(zip(names, (one.numpy() for one in inputs), strict=True))
    there = session.run(None, given)[0].tolist()
    answers[reduction] = (module(*inputs).tolist(), there)
    print(f"{reduction}: torch {answers[reduction][0]} onnxruntime {there}")
sys.exit(answers != {"sum": ([4, 7], [4, 7]), "mean": ([2, 3.5], [3, 2])})
PYTHON
