#!/usr/bin/env bash
# TensorFlow.js's CenterCrop, CategoryEncoding and Resizing can't be called in a model, and the cell of
# an RNN answers a smaller batch with rows of an earlier one.
#
# Versions: @tensorflow/tfjs 4.22.0 on its CPU backend, Node 20, Linux on x86-64.
# Documented: layers are put into models, which are called with batches of any size.
# Behaviour: computeOutputShape of the first two writes into the shape that it is given, which is that
# of the model's input: predict then asks for an array of the output's size. Resizing resizes the list
# of tensors that a model hands it. A cell with dropout keeps the mask of ones that it made for its first
# batch, though nothing is dropped at rest.
# Seen:
#     CenterCrop, sizes of the input: [null,2,2,1], though they are [null,4,4,1]
#     CategoryEncoding, sizes of the input: [null,3], though they are [null,2]
#     Resizing: Error in resizeBilinear: x must be rank 3 or 4, but got rank 1.
#     a cell's answers to three rows and to one: 3 and 3 rows
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here"
npm install --silent --no-audit --no-fund --ignore-scripts @tensorflow/tfjs@4.22.0
cat > ask.cjs <<'JAVASCRIPT'
const tf = require('@tensorflow/tfjs');

const sizes = (made, inputShape, dtype) => {
  const given = tf.input({ shape: inputShape, dtype });
  return JSON.stringify(tf.model({ inputs: given, outputs: made.apply(given) }).inputs[0].shape);
};
const crop = sizes(tf.layers.centerCrop({ height: 2, width: 2 }), [4, 4, 1], 'float32');
console.log(`CenterCrop, sizes of the input: ${crop}, though they are [null,4,4,1]`);
const encoding = sizes(tf.layers.categoryEncoding({ numTokens: 3, outputMode: 'multiHot' }), [2], 'int32');
console.log(`CategoryEncoding, sizes of the input: ${encoding}, though they are [null,2]`);

const resizing = tf.sequential({ layers: [tf.layers.resizing({ height: 2, width: 2, inputShape: [4, 4, 1] })] });
let refused = 'nothing';
try {
  resizing.predict(tf.ones([1, 4, 4, 1]));
} catch (error) {
  refused = error.message;
}
console.log(`Resizing: ${refused}`);

const cell = tf.layers.simpleRNNCell({ units: 1, dropout: 0.5 });
const rnn = tf.sequential({ layers: [tf.layers.rnn({ cell, inputShape: [2, 1] })] });
const [three, one] = [3, 1].map((rows) => rnn.predict(tf.ones([rows, 2, 1])).shape[0]);
console.log(`a cell's answers to three rows and to one: ${three} and ${one} rows`);

const same = crop === '[null,2,2,1]' && encoding === '[null,3]' && three === 3 && one === 3;
process.exit(same && refused.includes('x must be rank 3 or 4, but got rank 1') ? 0 : 1);
JAVASCRIPT
node ask.cjs 2> log
