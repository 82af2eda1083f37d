import { readFileSync } from 'node:fs';

/** The tensors of a safetensors file by name: type with shape, bytes, and values where they are float32 or integers. */
export function readTensors(path) {
  const file = readFileSync(path);
  const start = 8 + Number(file.readBigUInt64LE(0));
  const tensors = new Map();
  for (const [name, { dtype, shape, data_offsets }] of Object.entries(
    JSON.parse(file.toString('utf8', 8, start)),
  )) {
    if (name === '__metadata__') continue;
    const [begin, end] = data_offsets;
    const bytes = file.subarray(start + begin, start + end);
    tensors.set(name, { type: `${dtype} [${shape}]`, bytes, values: valuesOf(dtype, bytes) });
  }
  return tensors;
}

function valuesOf(dtype, bytes) {
  const aligned = new Uint8Array(bytes).buffer;
  if (dtype === 'F32') return [...new Float32Array(aligned)];
  if (dtype === 'I64') return [...new BigInt64Array(aligned)].map(Number);
  if (dtype === 'I32') return [...new Int32Array(aligned)];
  return [...bytes];
}

/** A safetensors file of float32 and int32 tensors, `{ name: { data, shape } }`. */
export function encodeTensors(tensors) {
  const header = {};
  let end = 0;
  for (const [name, { data, shape }] of Object.entries(tensors)) {
    const begin = end;
    end += data.byteLength;
    header[name] = { dtype: data instanceof Int32Array ? 'I32' : 'F32', shape, data_offsets: [begin, end] };
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, ...Object.values(tensors).map(({ data }) => Buffer.from(data.buffer))]);
}
