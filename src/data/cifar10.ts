import { InputError } from '../host/inputError.ts';

const IMAGE_BYTES = 3 * 32 * 32;
const RECORD_BYTES = 1 + IMAGE_BYTES;
export const CIFAR10_CLASSES = 10;

/** Images [N, 3, 32, 32] as bytes, and a label for each. */
export interface Cifar10Batch {
  examples: number;
  x: Uint8Array;
  labels: Uint32Array;
}

/**
 * Reads a CIFAR-10 binary batch: records of 3,073 bytes, the label and then the image, channel by channel.
 * @throws InputError for a file that is not a whole number of records (at least one), or a label above 9
 */
export function readCifar10(file: string, bytes: Uint8Array): Cifar10Batch {
  const examples = bytes.length / RECORD_BYTES;
  if (examples === 0 || !Number.isInteger(examples)) {
    throw new InputError(
      file,
      'records',
      `the file has ${bytes.length} bytes, expected a positive multiple of ${RECORD_BYTES} (cut short?)`,
    );
  }
  const x = new Uint8Array(examples * IMAGE_BYTES);
  const labels = new Uint32Array(examples);
  for (let example = 0; example < examples; example++) {
    const begin = example * RECORD_BYTES;
    const label = bytes[begin] as number;
    if (label >= CIFAR10_CLASSES) {
      throw new InputError(file, `record ${example}`, `label ${label}, expected 0 to ${CIFAR10_CLASSES - 1}`);
    }
    labels[example] = label;
    x.set(bytes.subarray(begin + 1, begin + RECORD_BYTES), example * IMAGE_BYTES);
  }
  return { examples, x, labels };
}
