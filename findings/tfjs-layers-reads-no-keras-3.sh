#!/usr/bin/env bash
# TensorFlow.js's layers read no model that Keras 3 writes.
#
# Versions: Keras 3.15.1, tf-keras 2.21.0 with TensorFlow 2.21.0, @tensorflow/tfjs 4.22.0, Python 3.11,
# Node 20, Linux on x86-64.
# Documented: loadLayersModel says that a topology is "consistent with the format of the return value
# of keras.Model.to_json()".
# Behaviour: every model of Keras 3 begins with an InputLayer, whose size Keras 3 writes as
# batch_shape; tfjs asks for batch_input_shape, as Keras 2 wrote it. Were that read, a functional
# model's inbound_nodes would be the next: they are objects, and tfjs takes lists alone. tfjs's
# converter takes away a few keys that are new (module, registered_name) and translates none.
# Seen:
#     Keras 3, Sequential: ValueError: An InputLayer should be passed either a `batchInputShape` or an `inputShape`.
#     Keras 3, functional: ValueError: An InputLayer should be passed either a `batchInputShape` or an `inputShape`.
#     Keras 2, Sequential: [null,3] to [null,2]
#     Keras 2, functional: [null,3] to [null,2]
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv venv
venv/bin/pip install --quiet keras==3.15.1 tf-keras==2.21.0 tensorflow==2.21.0
npm install --silent --no-audit --no-fund --ignore-scripts @tensorflow/tfjs@4.22.0
cat > write.py <<'PYTHON'
import json
import sys

import keras
import tf_keras

told = {}
for name, module in (("Keras 3", keras), ("Keras 2", tf_keras)):
    x = module.Input((3,), name="x")
    functional = module.Model(x, module.layers.Dense(2, name="dense")(x))
    sequential = module.Sequential([module.Input((3,), name="x"), module.layers.Dense(2)])
    told[f"{name}, Sequential"] = json.loads(sequential.to_json())
    told[f"{name}, functional"] = json.loads(functional.to_json())
json.dump(told, sys.stdout)
PYTHON
venv/bin/python write.py > told.json 2> log || { cat log >&2; exit 1; }
cat > read.cjs <<'JAVASCRIPT'
const tf = require('@tensorflow/tfjs');
(async () => {
  const seen = [];
  for (const [name, topology] of Object.entries(require('./told.json'))) {
    try {
      const model = await tf.models.modelFromJSON(topology);
      seen.push(`${JSON.stringify(model.inputs[0].shape)} to ${JSON.stringify(model.outputs[0].shape)}`);
    } catch (error) {
      seen.push(`${error.constructor.name}: ${error.message}`);
    }
    console.log(`${name}: ${seen.at(-1)}`);
  }
  const refused = 'ValueError: An InputLayer should be passed either a `batchInputShape` or an `inputShape`.';
  const read = '[null,3] to [null,2]';
  process.exit(seen.join('|') === [refused, refused, read, read].join('|') ? 0 : 1);
})();
JAVASCRIPT
node read.cjs 2> log
