/**
 * Data sets and tensors in host memory: files of the formats that Basin reads, synthetic sets whose statistics are known.
 * @module
 */

export { type DataOptions, withDataOptions } from '../data/dataOptions.ts';
export { type Dataset, datasetFromTensors, type Targets } from '../data/dataset.ts';
export { datasetFromArrays, type ExampleArrays } from '../data/datasetFromArrays.ts';
export { builtinNames, loadDataset } from '../data/loadDataset.ts';
export { readNpz } from '../data/npz.ts';
export { readSafetensors, writeSafetensors } from '../data/safetensors.ts';
export { syntheticDataset, syntheticNames } from '../data/synthetic.ts';
export { type ResidentExamples, uploadExamples } from '../data/uploadExamples.ts';
export type { ByteSource, Found } from '../host/byteSource.ts';
export type { Dtype, HostArray, HostTensor } from '../host/hostTensor.ts';
