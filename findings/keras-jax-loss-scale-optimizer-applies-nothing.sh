#!/usr/bin/env bash
# LossScaleOptimizer.apply raises on JAX, whatever the gradient is.
#
# Versions: Keras 3.15.1, JAX 0.10.2, NumPy 2.4.6, Python 3.11, Linux on x86-64.
# Documented: apply updates the trainable variables according to the gradients that it is given, of any optimizer. Of
# this one: a step with a gradient that is not finite is skipped and the loss scale halved; all others are taken.
# Behaviour: apply assigns variables inside the two branches of keras.ops.cond, and JAX traces both. It raises, and
# one variable of the optimizer is left with a tracer, so that it can't be read any more. stateless_apply, by which
# fit trains on JAX, is right.
# Seen:
#     SGD.apply: weight -0.5
#     LossScaleOptimizer.apply: UnexpectedTracerError, all variables can be read: False
#     LossScaleOptimizer.stateless_apply: weight -0.5
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 numpy==2.4.6 jax==0.10.2 jaxlib==0.10.2
KERAS_BACKEND=jax JAX_PLATFORMS=cpu "$here/venv/bin/python" - <<'PYTHON'
import sys

import jax
import keras
import numpy as np

gradient = [np.ones(1, "float32")]
seen = []
for what in ("SGD.apply", "LossScaleOptimizer.apply", "LossScaleOptimizer.stateless_apply"):
    w = keras.Variable(np.zeros(1, "float32"))
    optimizer = keras.optimizers.SGD(0.5)
    if what.startswith("Loss"):
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=1.0)
    optimizer.build([w])
    try:
        if what.endswith("stateless_apply"):
            state = [v.value for v in optimizer.variables]
            (value,), _ = optimizer.stateless_apply(state, gradient, [w.value])
        else:
            optimizer.apply(gradient, [w])
            value = w.value
        told = f"weight {float(value[0])}"
    except jax.errors.UnexpectedTracerError as error:
        told = type(error).__name__
        try:
            for variable in [w, *optimizer.variables]:
                np.asarray(variable.value)
            readable = True
        except jax.errors.TracerArrayConversionError:
            readable = False
        told += f", all variables can be read: {readable}"
    print(f"{what}: {told}")
    seen.append(told)
refused = "UnexpectedTracerError, all variables can be read: False"
sys.exit(seen != ["weight -0.5", refused, "weight -0.5"])
PYTHON
