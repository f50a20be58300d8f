#!/usr/bin/env bash
# The momentum of Keras's Nadam is warm after fifty steps; that of the paper takes thousands.
#
# Versions: Keras 3.15.1 (every backend), PyTorch 2.13.0, NumPy 2.4.6, Python 3.11, Linux on x86-64.
# Documented: Nadam refers to Dozat's paper, which has the momentum beta_1 * (1 - 0.96**(t / 250) / 2)
# at step t. So has torch.optim.NAdam (momentum_decay=0.004), and so had Keras 2's older optimizer
# (schedule_decay=0.004).
# Behaviour: Keras 3 has 0.96**t: it lacks the division by 250. Momentum begins at half of beta_1,
# and is 0.84 in the place of 0.45 after fifty steps.
# Seen:
#     steps Keras torch paper (momentum)
#     2     0.485 0.450 0.450
#     50    0.842 0.454 0.454
#     100   0.892 0.457 0.457
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 numpy==2.4.6 torch==2.13.0
KERAS_BACKEND=torch "$here/venv/bin/python" - <<'PYTHON'
import sys

import keras
import torch

of_keras = keras.Variable([0.0])
nadam = keras.optimizers.Nadam(learning_rate=1e-3)
nadam.build([of_keras])
of_torch = torch.nn.Parameter(torch.zeros(1))
torch_nadam = torch.optim.NAdam([of_torch], lr=1e-3)


def products():
    """What the momenta of all steps so far multiply to: each optimizer keeps it."""
    return float(nadam._u_product), float(torch_nadam.state[of_torch]["mu_product"])


before, wrong = (1.0, 1.0), []
print("steps Keras torch paper (momentum)")
for step in range(1, 101):
    nadam.apply([torch.ones(1)], [of_keras])
    of_torch.grad = torch.ones(1)
    torch_nadam.step()
    after = products()
    seen = [late / early for late, early in zip(after, before, strict=True)]
    before = after
    paper = 0.9 * (1 - 0.96 ** (step / 250) / 2)
    if step in (2, 50, 100):
        print(f"{step:<5} {seen[0]:.3f} {seen[1]:.3f} {paper:.3f}")
        wrong.append(abs(seen[1] - paper) < 1e-3 and seen[0] - paper > 0.03)
sys.exit(not all(wrong))
PYTHON
