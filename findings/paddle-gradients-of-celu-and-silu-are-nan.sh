#!/usr/bin/env bash
# Far from zero the gradients of Paddle's celu and silu are NaN, and keras-paddle's log_sigmoid is minus infinity.
#
# Versions: paddlepaddle 3.3.1, keras-paddle 0.0.1, keras-nightly 3.16.0.dev2026102704, CPU, Python 3.11, Linux on
# x86-64.
# Documented: celu is max(0, x) + min(0, alpha * (exp(x / alpha) - 1)), silu x / (1 + exp(-x)), and log_sigmoid log(1
# / (1 + exp(-x))): of the numbers below, the first two have the slopes 1 and 0, and the last is -100.
# Behaviour: exp overflows in the gradients of Paddle's own celu and silu, and infinity times zero is NaN: one number
# above 88 in front of a celu, or below -88 in front of a silu, spoils a step of training. keras.ops.log_sigmoid takes
# the logarithm of the sigmoid, which is 0 there; paddle.nn.functional.log_sigmoid is right.
# Seen:
#     gradient of celu at 50: 1.0, at 100: nan
#     gradient of silu at -50: -0.0, at -100: nan
#     log_sigmoid at -100: paddle -100.0, keras-paddle -inf
#
# keras-paddle 0.0.1 imports `standardize_dtype` from `keras.src.backend`, where this nightly no
# longer has it; the name is put back where Python looks for it.
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet paddlepaddle==3.3.1 keras-nightly==3.16.0.dev2026102704
"$here/venv/bin/pip" install --quiet --no-deps keras-paddle==0.0.1
KERAS_BACKEND=paddle "$here/venv/bin/python" - <<'PYTHON'
import math
import sys

sys.modules["keras.src.backend.standardize_dtype"] = lambda x: keras.backend.standardize_dtype(x)
import keras
import paddle
from paddle.nn import functional


def gradient(function, number):
    x = paddle.to_tensor([number])
    x.stop_gradient = False
    return paddle.grad(function(x), [x])[0].item()


celu = gradient(functional.celu, 50.0), gradient(functional.celu, 100.0)
silu = gradient(functional.silu, -50.0), gradient(functional.silu, -100.0)
print("gradient of celu at 50: {}, at 100: {}".format(*celu))
print("gradient of silu at -50: {:.1f}, at -100: {}".format(*silu))
own = functional.log_sigmoid(paddle.to_tensor(-100.0)).item()
taken = keras.ops.log_sigmoid(-100.0).item()
print(f"log_sigmoid at -100: paddle {own}, keras-paddle {taken}")
near = celu[0] == 1 and abs(silu[0]) < 1e-6
far = math.isnan(celu[1]) and math.isnan(silu[1])
sys.exit(not (near and far and own == -100 and taken == -math.inf))
PYTHON
