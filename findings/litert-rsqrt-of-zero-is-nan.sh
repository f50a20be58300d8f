#!/usr/bin/env bash
# LiteRT's reciprocal square root of zero is NaN where its default kernels compute it.
#
# Versions: ai-edge-litert 2.3.0, TensorFlow 2.21.0 as the converter, NumPy 2.4.6, Python 3.11,
# Linux on x86-64 (AVX2, AVX-512).
# Documented: tf.math.rsqrt: the reciprocal of the square root; of 0 it is infinity, and so it is in
# LiteRT's own kernels. By default XNNPACK's are taken where there are some.
# Behaviour: with the default kernels it is NaN of zero. A bound on it, which normalizing layers
# have against just this (minimum of rsqrt(sum of squares) and 1e12), then bounds nothing: a row of
# zeros is normalized to NaN. Division by zero and sqrt(0) are right.
# Seen:
#     kernels  rsqrt(0) rsqrt(1) min(rsqrt(0), 1e12)
#     default  nan      1        nan
#     own      inf      1        1e+12
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet tensorflow==2.21.0 ai-edge-litert==2.3.0 numpy==2.4.6
"$here/venv/bin/python" - 2>"$here/log" <<'PYTHON' || { tail -n 5 "$here/log" >&2; exit 1; }
import sys

import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter, OpResolverType

KERNELS = {
    "default": OpResolverType.AUTO,
    "own": OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
}


def answered(function, kernels, x):
    """What LiteRT answers for one function of TensorFlow."""
    traced = tf.function(function).get_concrete_function(tf.TensorSpec(x.shape, "float32"))
    content = tf.lite.TFLiteConverter.from_concrete_functions([traced]).convert()
    file = Interpreter(model_content=content, experimental_op_resolver_type=KERNELS[kernels])
    file.allocate_tensors()
    file.set_tensor(file.get_input_details()[0]["index"], x)
    file.invoke()
    return file.get_tensor(file.get_output_details()[0]["index"])


x = np.array([0, 1], "float32")
seen = {
    kernels: [
        *answered(tf.math.rsqrt, kernels, x),
        answered(lambda x: tf.minimum(tf.math.rsqrt(x), 1e12), kernels, x)[0],
    ]
    for kernels in KERNELS
}
print("kernels  rsqrt(0) rsqrt(1) min(rsqrt(0), 1e12)")
for kernels, numbers in seen.items():
    print("{:<8} {:<8.4g} {:<8.4g} {:.4g}".format(kernels, *map(float, numbers)))
expected = {"default": [np.nan, 1, np.nan], "own": [np.inf, 1, np.float32(1e12)]}
sys.exit(not all(np.allclose(seen[one], expected[one], equal_nan=True) for one in KERNELS))
PYTHON
