#!/usr/bin/env bash
# keras.random.randint over two billion numbers draws the lowest 295 million half as often again on JAX.
#
# Versions: Keras 3.15.1, JAX 0.10.2, NumPy 2.4.6, Python 3.11, Linux on x86-64.
# Documented: "Draw random integers from a uniform distribution."
# Behaviour: JAX takes 32 random bits modulo the width of the range; 2**32 is 2.15 times 2·10⁹, so the numbers
# below the remainder, 294,967,296 of them, come three times where the others come twice. Keras hands the range on
# as it is; its NumPy backend draws evenly.
# Seen:
#     jax: 0.206 numpy: 0.148 evenly: 0.147
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet keras==3.15.1 numpy==2.4.6 scipy==1.17.1 jax==0.10.2 jaxlib==0.10.2
cat > "$here/drawn.py" <<'PYTHON'
import keras

low, high = -1_000_000_000, 1_000_000_000
drawn = keras.ops.convert_to_numpy(keras.random.randint((2**20,), low, high, seed=7))
print(f"{(drawn < low + 2**32 % (high - low)).mean():.3f}")
PYTHON
jax=$(KERAS_BACKEND=jax JAX_PLATFORMS=cpu "$here/venv/bin/python" "$here/drawn.py")
numpy=$(KERAS_BACKEND=numpy "$here/venv/bin/python" "$here/drawn.py")
echo "jax: $jax numpy: $numpy evenly: 0.147"
"$here/venv/bin/python" - "$jax" "$numpy" <<'PYTHON'
import sys

jax, numpy = map(float, sys.argv[1:])
sys.exit(not (abs(jax - 0.206) < 0.003 and abs(numpy - 0.147) < 0.003))
PYTHON
