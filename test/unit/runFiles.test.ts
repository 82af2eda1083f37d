import { expect, test } from 'vitest';
import { writeSafetensors } from '../../src/data/safetensors.ts';
import type { HostTensor } from '../../src/host/hostTensor.ts';
import type { TrainSpec } from '../../src/jobs/trainSpec.ts';
import { runFiles } from '../../src/web/files/runFiles.ts';
import type { KeptEvent, RunRecord } from '../../src/web/runs/runRecord.ts';
import type { RunStore } from '../../src/web/runs/runStore.ts';

const tensor = (shape: number[]): HostTensor => ({
  dtype: 'F32',
  shape,
  data: new Float32Array(shape.reduce((product, extent) => product * extent, 1)),
});

const PERCEPTRON = writeSafetensors(
  new Map(
    [0, 1].flatMap((replica) => [
      [`replica.${replica}.0.weight`, tensor([8, 4])],
      [`replica.${replica}.0.bias`, tensor([8])],
      [`replica.${replica}.2.weight`, tensor([3, 8])],
      [`replica.${replica}.2.bias`, tensor([3])],
      [`replica.${replica}.swa.0.weight`, tensor([8, 4])],
    ]),
  ),
);

/** What a store keeps of one run. */
function kept(
  spec: Partial<TrainSpec>,
  files: Readonly<Record<string, BlobPart>>,
  accuracy: number | null = 0.5,
): [RunStore, RunRecord] {
  const event = {
    type: 'evaluation',
    step: 1,
    replica: 0,
    split: 'test',
    weights: 'last',
    loss: 1,
    accuracy,
  };
  const store = {
    file: async (_: string, name: string) => (name in files ? new Blob([files[name]!]) : undefined),
    events: async () => [{ seconds: 0, event } as KeptEvent],
  };
  const record = {
    id: '0123abcd-rest',
    name: 'clusters · ε = 0.1, 0.2',
    created: 0,
    spec: { data: 'gaussian-clusters', optimizer: { type: 'sgd', lr: 0.1 }, ...spec },
    files: Object.keys(files).filter((name) => name !== 'final.safetensors'),
  };
  return [store as unknown as RunStore, record as unknown as RunRecord];
}

const read = async (file: File): Promise<unknown> => JSON.parse(await file.text());

test('a perceptron in short form is completed by the shapes of its weights, its loss by what the run told', async () => {
  const spec = { model: { hidden: [8], activation: 'Tanh' as const } };
  const weights = { 'final.safetensors': PERCEPTRON as BlobPart };
  const { files, data } = await runFiles(...kept(spec, weights));
  expect(data).toBe('gaussian-clusters');
  expect(files.map(({ name }) => name)).toEqual([
    'clusters-ε-0.1-0.2-0123abcd.json',
    'clusters-ε-0.1-0.2-0123abcd.safetensors',
  ]);
  expect(await read(files[0]!)).toEqual({
    layers: [
      { type: 'Linear', in_features: 4, out_features: 8 },
      { type: 'Tanh' },
      { type: 'Linear', in_features: 8, out_features: 3 },
    ],
    loss: 'cross_entropy',
  });
  const regression = await runFiles(...kept(spec, weights, null));
  expect(await read(regression.files[0]!)).toMatchObject({ loss: 'mse' });
});

test('model and data that the run was given come with it, labels of IDX images too', async () => {
  const given = { 'net.json': '{}', 'train-images-idx3': 'x', 'train-labels-idx1': 'y', 'other.bin': 'z' };
  const { files } = await runFiles(
    ...kept(
      { model: 'net.json', data: 'train-images-idx3' },
      { ...given, 'final.safetensors': PERCEPTRON as BlobPart },
    ),
  );
  expect(files.map(({ name }) => name)).toEqual([
    'net.json',
    'train-images-idx3',
    'train-labels-idx1',
    'clusters-ε-0.1-0.2-0123abcd.safetensors',
  ]);
});

test('a run without final weights is refused by its name', async () => {
  await expect(runFiles(...kept({ model: { hidden: [8], activation: 'ReLU' } }, {}))).rejects.toThrow(
    'clusters · ε = 0.1, 0.2: it has no final weights, expected a run that is finished',
  );
});
