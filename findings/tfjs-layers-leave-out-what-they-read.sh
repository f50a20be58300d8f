#!/usr/bin/env bash
# TensorFlow.js's layers read arguments of a Keras model and answer without them.
#
# Versions: @tensorflow/tfjs 4.22.0 on its CPU backend, Node 20, Linux on x86-64. The topologies are those
# that tf-keras 2.21.0 writes; what Keras answers of them was computed by hand, and tf-keras does.
# Documented: tfjs-layers "is modeled after Keras and tf.keras and can load models saved from those
# libraries" (its README).
# Behaviour, each silently:
#     constraint    a constraint is applied whenever a weight is written, and so at loading:
#                   a kernel of -2 with a constraint for training becomes 0
#     relu          negative_slope and threshold are not read
#     mask          a mask that the layer is called with by keyword is lost: the last step counts
#     mean          GlobalAveragePooling1D takes no notice of the mask of its input
#     keepdims      of GlobalMaxPooling1D is not read
#     channels      MaxPooling1D doesn't read data_format, and Conv1D answers with channels last
#     transposed    Conv2DTranspose reads neither output_padding nor dilation_rate
#     depthwise     DepthwiseConv2D doesn't hand dilation_rate on
#     axis          BatchNormalization of axis 1: statistics are taken one by one for numbers in a row
#     concatenate   any negative axis is the last one
#     upsampling    bilinear positions are taken from corners, not from centers
#     volumes       Conv3D and its kin begin too late where a stride is longer than the window
# Seen:
#     constraint     0           Keras: -2
#     relu           0,0.5,2     Keras: -1.5,-0.25,2
#     mask           0.99205     Keras: 0.76159
#     mean           1           Keras: 3
#     keepdims       1,2         Keras: 1,1,2
#     channels       1,1,8       Keras: 1,2,4
#     transposed     1,3,3,1     Keras: 1,4,4,1
#     depthwise      1,4,4,1     Keras: 1,3,3,1
#     axis           0,-1,0,0,1,0 Keras: 0,0,0,0,0,0
#     concatenate    1,2,4       Keras: 1,4,2
#     upsampling     0,2,4,4     Keras: 0,1,3,4
#     volumes        2           Keras: 1
#
# Exits with 0 while this is so, with 1 where it changes.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here"
npm install --silent --no-audit --no-fund --ignore-scripts @tensorflow/tfjs@4.22.0
cat > ask.cjs <<'JAVASCRIPT'
const tf = require('@tensorflow/tfjs');

const input = (name, shape, dtype = 'float32') => ({
  class_name: 'InputLayer', config: { batch_input_shape: [null, ...shape], dtype, name }, name, inbound_nodes: [],
});
const layer = (class_name, config) => ({ class_name, config: { name: class_name, ...config } });
const sequential = (shape, ...layers) => tf.models.modelFromJSON({
  class_name: 'Sequential', config: { name: 'model', layers: [input('x', shape), ...layers] },
});
const functional = (inputs, made, calls) => tf.models.modelFromJSON({
  class_name: 'Functional',
  config: {
    name: 'model',
    layers: [...inputs, { ...made, name: made.class_name, inbound_nodes: [calls] }],
    input_layers: inputs.map((one) => [one.name, 0, 0]),
    output_layers: [[made.class_name, 0, 0]],
  },
});
const ones = { class_name: 'Ones', config: {} };
const numbers = (tensor) => Array.from(tensor.dataSync(), (one) => Number(one.toFixed(5)));

const asks = {
  constraint: [async () => {
    const nonNegative = { class_name: 'NonNeg', config: {} };
    const dense = layer('Dense', { units: 1, use_bias: false, kernel_constraint: nonNegative });
    const model = await sequential([1], dense);
    model.setWeights([tf.tensor([[-2]])]);
    return numbers(model.getWeights()[0]);
  }, '0'],
  relu: [async () => {
    const model = await sequential([3], layer('ReLU', { negative_slope: 0.5, threshold: 1, max_value: 2 }));
    return numbers(model.predict(tf.tensor([[-2, 0.5, 3]])));
  }, '0,0.5,2'],
  mask: [async () => {
    const rnn = layer('SimpleRNN', { units: 1, kernel_initializer: ones, recurrent_initializer: ones });
    const model = await functional(
      [input('x', [2, 1]), input('k', [2], 'bool')], rnn, [['x', 0, 0, { mask: ['k', 0, 0] }]],
    );
    return numbers(model.predict([tf.tensor([[[1], [2]]]), tf.tensor([[1, 0]], [1, 2], 'bool')]));
  }, '0.99205'],
  mean: [async () => {
    const model = await sequential(
      [3, 1], layer('Masking', { mask_value: 0 }), layer('GlobalAveragePooling1D', {}),
    );
    return numbers(model.predict(tf.tensor([[[3], [0], [0]]])));
  }, '1'],
  keepdims: [async () => {
    const model = await sequential([4, 2], layer('GlobalMaxPooling1D', { keepdims: true }));
    return model.predict(tf.ones([1, 4, 2])).shape;
  }, '1,2'],
  channels: [async () => {
    const pooling = { pool_size: [2], strides: [2], padding: 'valid', data_format: 'channels_first' };
    const model = await sequential([2, 8], layer('MaxPooling1D', pooling));
    return model.predict(tf.ones([1, 2, 8])).shape;
  }, '1,1,8'],
  transposed: [async () => {
    const dilated = { filters: 1, kernel_size: [2, 2], strides: [1, 1], dilation_rate: [2, 2] };
    const model = await sequential([2, 2, 1], layer('Conv2DTranspose', dilated));
    return model.predict(tf.ones([1, 2, 2, 1])).shape;
  }, '1,3,3,1'],
  depthwise: [async () => {
    const dilated = { kernel_size: [2, 2], dilation_rate: [2, 2] };
    const model = await sequential([5, 5, 1], layer('DepthwiseConv2D', dilated));
    return model.predict(tf.ones([1, 5, 5, 1])).shape;
  }, '1,4,4,1'],
  axis: [async () => {
    const model = await sequential([2, 3], layer('BatchNormalization', { axis: 1, epsilon: 0 }));
    model.setWeights([tf.tensor([1, 1]), tf.tensor([0, 0]), tf.tensor([1, 2]), tf.tensor([1, 1])]);
    return numbers(model.predict(tf.tensor([[[1, 1, 1], [2, 2, 2]]])));
  }, '0,-1,0,0,1,0'],
  concatenate: [async () => {
    const calls = [['x', 0, 0, {}], ['x', 0, 0, {}]];
    const model = await functional([input('x', [2, 2])], layer('Concatenate', { axis: -2 }), calls);
    return model.predict(tf.ones([1, 2, 2])).shape;
  }, '1,2,4'],
  upsampling: [async () => {
    const model = await sequential([1, 2, 1], layer('UpSampling2D', { size: [1, 2], interpolation: 'bilinear' }));
    return numbers(model.predict(tf.tensor([[[[0], [4]]]])));
  }, '0,2,4,4'],
  volumes: [async () => {
    const strided = {
      filters: 1, kernel_size: [1, 1, 1], strides: [3, 1, 1], padding: 'same', kernel_initializer: ones,
    };
    const model = await sequential([3, 1, 1, 1], layer('Conv3D', strided));
    return numbers(model.predict(tf.tensor([1, 2, 3], [1, 3, 1, 1, 1])));
  }, '2'],
};
const keras = {
  constraint: '-2', relu: '-1.5,-0.25,2', mask: '0.76159', mean: '3', keepdims: '1,1,2', channels: '1,2,4',
  transposed: '1,4,4,1', depthwise: '1,3,3,1', axis: '0,0,0,0,0,0', concatenate: '1,4,2',
  upsampling: '0,1,3,4', volumes: '1',
};
(async () => {
  let same = true;
  for (const [name, [ask, seen]] of Object.entries(asks)) {
    const told = String((await ask()).map((one) => one + 0)); // no minus in front of a zero
    console.log(`${name.padEnd(14)} ${told.padEnd(11)} Keras: ${keras[name]}`);
    same &&= told === seen;
  }
  process.exit(same ? 0 : 1);
})();
JAVASCRIPT
node ask.cjs 2> log
