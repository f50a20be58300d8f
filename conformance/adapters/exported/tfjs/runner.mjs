// Runs models of TensorFlow.js's layers format for the adapters tfjs-layers (../node.py): reads
// frames from stdin, answers each with one on stdout, and ends with stdin. A frame is that of
// conformance/adapters/shared/wire.py: eight bytes of length, then one safetensors blob.

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';

const FRAME_LIMIT = 512 * 2 ** 20; // as the other side has them
const HEADER_LIMIT = 16 * 2 ** 20;
const PREFIX = 8;

// Whatever a library prints must not get into the frames.
console.log = console.info = console.debug = console.warn = console.error;

const [folder] = process.argv.slice(2);
const require = createRequire(pathToFileURL(path.join(folder, 'package.json')));
const tf = require('@tensorflow/tfjs');

const KINDS = {
  F32: { dtype: 'float32', bytes: 4, view: (buffer, count) => new Float32Array(buffer, 0, count) },
  I32: { dtype: 'int32', bytes: 4, view: (buffer, count) => new Int32Array(buffer, 0, count) },
  BOOL: { dtype: 'bool', bytes: 1, view: (buffer, count) => new Uint8Array(buffer, 0, count) },
};
const CODES = { float32: 'F32', int32: 'I32', bool: 'BOOL' };

let model = null; // the one that was loaded last
let number = 0; // of that model

/** Reads exactly as many bytes as are asked for, or null at the end of the stream. */
const take = (() => {
  const chunks = process.stdin[Symbol.asyncIterator]();
  let held = Buffer.alloc(0);
  return async (count) => {
    const parts = [held];
    let size = held.length;
    while (size < count) {
      const { value, done } = await chunks.next();
      if (done) return null;
      parts.push(value);
      size += value.length;
    }
    const all = Buffer.concat(parts, size);
    held = all.subarray(count);
    return all.subarray(0, count);
  };
})();

async function receive() {
  const prefix = await take(PREFIX);
  if (prefix === null) return null;
  const length = Number(prefix.readBigUInt64LE());
  if (length <= PREFIX || length > FRAME_LIMIT) throw new Error(`a frame of ${length} bytes`);
  const blob = await take(length);
  if (blob === null) return null;
  const size = Number(blob.readBigUInt64LE());
  if (size > Math.min(HEADER_LIMIT, length - PREFIX)) throw new Error(`a header of ${size} bytes`);
  const header = JSON.parse(blob.toString('utf8', PREFIX, PREFIX + size));
  const data = blob.subarray(PREFIX + size);
  const arrays = {};
  for (const [name, entry] of Object.entries(header)) {
    if (name !== '__metadata__') arrays[name] = arrayOf(entry, data);
  }
  return { message: JSON.parse(header.__metadata__.message), arrays };
}

function arrayOf({ dtype, shape, data_offsets: [start, stop] }, data) {
  const kind = KINDS[dtype];
  if (kind === undefined) throw new Error(`an array of ${dtype}`);
  const count = shape.reduce((product, size) => product * size, 1);
  if (stop > data.length || stop - start !== count * kind.bytes) {
    throw new Error(`an array of ${shape} that takes ${stop - start} bytes of ${data.length}`);
  }
  // A copy of its own: the blob's part need not begin where such numbers may.
  return { values: kind.view(Uint8Array.from(data.subarray(start, stop)).buffer, count), shape, kind };
}

function send(message, tensors) {
  const header = { __metadata__: { message: JSON.stringify(message) } };
  const parts = [];
  let offset = 0;
  const other = tensors.find((tensor) => !(tensor.dtype in CODES));
  if (other !== undefined) throw new Error(`an output of ${other.dtype} has no place in the frame`);
  // From the widest numbers to the narrowest, so that all are aligned.
  const widest = tensors.map((tensor, place) => ({ tensor, place })).sort(
    (a, b) => KINDS[CODES[b.tensor.dtype]].bytes - KINDS[CODES[a.tensor.dtype]].bytes,
  );
  for (const { tensor, place } of widest) {
    const values = tensor.dataSync();
    const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
    const data_offsets = [offset, offset + bytes.length];
    header[place] = { dtype: CODES[tensor.dtype], shape: tensor.shape, data_offsets };
    parts.push(bytes);
    offset += bytes.length;
  }
  let head = Buffer.from(JSON.stringify(header));
  head = Buffer.concat([head, Buffer.alloc((PREFIX - (head.length % PREFIX)) % PREFIX, ' ')]);
  const lengths = Buffer.alloc(2 * PREFIX);
  lengths.writeBigUInt64LE(BigInt(PREFIX + head.length + offset), 0);
  lengths.writeBigUInt64LE(BigInt(head.length), PREFIX);
  process.stdout.write(Buffer.concat([lengths, head, ...parts]));
}

/** Loads a folder as tfjs-node's own handler of files does: model.json, and the shards it lists. */
async function load({ folder: place }) {
  model?.dispose();
  model = null;
  number += 1;
  tf.disposeVariables(); // those of a model that was refused half-way
  const json = JSON.parse(await readFile(path.join(place, 'model.json'), 'utf8'));
  const read = async (manifest) => {
    const files = manifest.flatMap((group) => group.paths);
    const shards = await Promise.all(files.map((one) => readFile(path.join(place, path.basename(one)))));
    const bytes = shards.map((one) => Uint8Array.from(one).buffer);
    return [manifest.flatMap((group) => group.weights), tf.io.CompositeArrayBuffer.join(bytes)];
  };
  model = await tf.loadLayersModel({
    load: () => tf.io.getModelArtifactsForJSON(json, read),
  });
  return [{ number }, []];
}

/** Answers one call; arrays are named by their places in the model's list of inputs. */
function call({ number: asked }, arrays) {
  if (model === null || asked !== number) throw new Error('that model is gone');
  const given = Object.keys(arrays).length;
  if (given !== model.inputs.length) {
    throw new Error(`the model has ${model.inputs.length} inputs, and is fed ${given}`);
  }
  const inputs = model.inputs.map((_, place) => {
    const { values, shape, kind } = arrays[place];
    return tf.tensor(values, shape, kind.dtype);
  });
  const answer = tf.tidy(() => model.predict(inputs.length === 1 ? inputs[0] : inputs));
  tf.dispose(inputs);
  return [{}, Array.isArray(answer) ? answer : [answer]];
}

function hello() {
  const { version } = process;
  const versions = { node: version.replace(/^v/, ''), tfjs: tf.version.tfjs };
  return [{ versions, backend: tf.getBackend() }, []];
}

await tf.setBackend('cpu');
for (;;) {
  const received = await receive();
  if (received === null) break;
  const { message, arrays } = received;
  let answer;
  try {
    const does = { hello, load, call }[message.do];
    answer = await does(message, arrays);
    send(...answer);
    tf.dispose(answer[1]);
  } catch (error) {
    const type = error?.constructor?.name ?? typeof error;
    send({ error: { type, message: String(error?.message ?? error), stack: error?.stack ?? '' } }, []);
  }
}
process.exit(0);
