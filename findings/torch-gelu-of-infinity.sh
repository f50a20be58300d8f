#!/usr/bin/env bash
# torch.nn.functional.gelu of infinity is NaN, unless it is asked for a single number.
#
# Versions: PyTorch 2.13.0 on the CPU, NumPy 2.4.6, Python 3.11, Linux on x86-64.
# Documented: GELU(x) = x * Φ(x), where Φ is the cumulative distribution function of the normal
# distribution: of infinity it is infinity times 1.
# Behaviour: of one number it is infinity, of two or more it is NaN in every place that is infinite,
# where the processor has AVX-512; where AVX2 is all that it has, infinity.
# With approximate="tanh" it is infinity in every place, and of 1e38 it is 1e38.
# Seen on a processor with AVX-512 (on one without: "2 numbers: inf inf"):
#     1 number: inf
#     2 numbers: nan nan
#     2 numbers, tanh: inf inf
#     2 numbers of 1e38: right
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet numpy==2.4.6 torch==2.13.0
"$here/venv/bin/python" - <<'PYTHON'
import sys

import torch

gelu = torch.nn.functional.gelu


def told(array):
    return " ".join(map(str, array.tolist()))


def infinite(count):
    return torch.full((count,), float("inf"))


one, two = told(gelu(infinite(1))), told(gelu(infinite(2)))
approximated = told(gelu(infinite(2), approximate="tanh"))
large = torch.full((2,), 1e38)
finite = torch.equal(gelu(large), large)
print("1 number:", one)
print("2 numbers:", two)
print("2 numbers, tanh:", approximated)
print("2 numbers of 1e38:", "right" if finite else "wrong")
wide = torch.backends.cpu.get_cpu_capability() == "AVX512"
expected = ("inf", "nan nan" if wide else "inf inf", "inf inf", True)
sys.exit((one, two, approximated, finite) != expected)
PYTHON
