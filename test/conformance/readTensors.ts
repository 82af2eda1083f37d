export interface Tensor {
  shape: number[];
  data: Float32Array;
}

/**
 * The tensors of a safetensors file, by name: float32, and counts of batches, int64. Written for the tests alone, so that the reader under test does
 * not vouch for itself. Throws on any other dtype and on a tensor that does not fill its shape.
 */
export function readTensors(bytes: Uint8Array): Map<string, Tensor> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = 8 + Number(view.getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start))) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  const tensors = new Map<string, Tensor>();
  for (const [name, { dtype, shape, data_offsets: offsets }] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const [from, to] = offsets;
    const size = shape.reduce((product, length) => product * length, 1);
    const wanted = name.endsWith('num_batches_tracked') ? 'I64' : 'F32';
    if (dtype !== wanted) throw new Error(`${name}: dtype ${dtype}, expected ${wanted}`);
    const bytesEach = dtype === 'I64' ? 8 : 4;
    if (to - from !== bytesEach * size)
      throw new Error(`${name}: ${to - from} bytes, expected ${bytesEach * size}`);
    const data = new Float32Array(size);
    for (let i = 0; i < size; i++) {
      const at = start + from + bytesEach * i;
      data[i] = dtype === 'I64' ? Number(view.getBigInt64(at, true)) : view.getFloat32(at, true);
    }
    tensors.set(name, { shape, data });
  }
  return tensors;
}
