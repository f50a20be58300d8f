#!/usr/bin/env bash
# After y += b, computing anything from y makes the gradient through it zero.
#
# Versions: tinygrad 0.13.0 on the CPU, which wants clang, Linux on x86-64, Python 3.11.
# Documented: Tensor.gradient answers the gradient of a loss with respect to other tensors. What else has
# been computed meanwhile has no say in it, and none where y = y + b is written.
# Behaviour: the gradient is zero, without a warning. keras-tinygrad 0.1.0 computes the loss's metric before
# the gradients, and Keras's GRU adds its recurrent bias in place: the recurrent kernel never moves.
# Seen:
#     y = y + 1: [[10.0, 14.0], [10.0, 14.0]]
#     y += 1:    [[0.0, 0.0], [0.0, 0.0]]
#     y += 1, nothing computed before: [[10.0, 14.0], [10.0, 14.0]]
#
# Exits with 0 while this is so, with 1 where it is not.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet tinygrad==0.13.0
DEV=CPU "$here/venv/bin/python" - <<'PYTHON'
import sys

from tinygrad import Tensor


def gradient(in_place, computed_before):
    w = Tensor([[1.0, 2.0], [3.0, 4.0]]).realize()
    y = Tensor([[1.0, 1.0]]) @ w
    if in_place:
        y += 1.0
    else:
        y = y + 1.0
    loss = (y * y).sum()
    if computed_before:
        (loss + 1.0).realize()
    return loss.gradient(w)[0].tolist()


right, lost, kept = gradient(False, True), gradient(True, True), gradient(True, False)
print("y = y + 1:", right)
print("y += 1:   ", lost)
print("y += 1, nothing computed before:", kept)
wanted = [[10.0, 14.0], [10.0, 14.0]]
sys.exit(0 if right == kept == wanted and lost == [[0.0, 0.0], [0.0, 0.0]] else 1)
PYTHON
