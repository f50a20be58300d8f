#!/usr/bin/env bash
# A model with bilinear resizing can be exported to LiteRT by keras-torch once in a process, and not again.
#
# Versions: Keras 3.15.1, litert-torch 0.10.0, litert-converter 0.5.0, ai-edge-litert 2.3.0, PyTorch
# 2.13.0 on the CPU, NumPy 2.4.6, Python 3.11, Linux on x86-64.
# Documented: Model.export(path, format="litert") writes a file; nothing is said of one for a process.
# Behaviour: litert_torch switches JAX's 64 bits on where it is imported, which it needs. Keras imports
# it inside the export and puts the setting back afterwards, so only the first export has it. Models
# with bilinear resizing are refused from the second on: the indices that are traced are of 64 bits, and
# the function for them of 32. With litert_torch imported before, both exports are well.
# Seen:
#     litert_torch not imported before: exported, operand type mismatch
#     litert_torch imported before:     exported, exported
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6
"$here/venv/bin/pip" install --quiet keras==3.15.1 litert-torch==0.10.0 litert-converter==0.5.0 \
  ai-edge-litert==2.3.0 torch==2.13.0 numpy==2.4.6
cd "$here"
cat >twice.py <<'PYTHON'
import contextlib
import io
import os
import sys

os.environ["KERAS_BACKEND"] = "torch"
if sys.argv[1] == "before":
    import litert_torch
import keras

layer = keras.layers.UpSampling2D(2, interpolation="bilinear")
model = keras.Sequential([keras.Input((2, 3, 1)), layer])
said = []
for _ in range(2):
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            model.export("model.tflite", format="litert", verbose=False)
        said.append("exported")
    except RuntimeError as error:
        assert "operand type mismatch" in str(error), error
        said.append("operand type mismatch")
print(", ".join(said))
PYTHON
late=$("$here/venv/bin/python" twice.py late 2>log) || { tail -n 5 log >&2; exit 1; }
before=$("$here/venv/bin/python" twice.py before 2>log) || { tail -n 5 log >&2; exit 1; }
echo "litert_torch not imported before: $late"
echo "litert_torch imported before:     $before"
[[ "$late" == "exported, operand type mismatch" && "$before" == "exported, exported" ]]
