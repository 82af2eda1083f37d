import { expect, test } from 'vitest';
import { writeSafetensors } from '../../src/data/safetensors.ts';
import { RunControl } from '../../src/host/runControl.ts';
import { runJob } from '../../src/jobs/job.ts';
import { initialStateDict } from '../../src/nn/init.ts';
import { parseModel, stateDictLayout } from '../../src/nn/modelSpec.ts';
import { stateDictTensors } from '../../src/nn/stateDict.ts';
import { testGpu } from './device.ts';

test('a job of sharpness ends between two boxes where it is stopped, without a result', async () => {
  const model = parseModel('m', {
    layers: [{ type: 'Linear', in_features: 4, out_features: 3 }],
    loss: 'cross_entropy',
  });
  const values = new Map([...initialStateDict(model, 0)].map(([name, { data }]) => [name, data]));
  const files = new Map([
    ['model.json', new TextEncoder().encode(JSON.stringify(model))],
    ['w.safetensors', writeSafetensors(stateDictTensors(values, stateDictLayout(model)))],
  ]);
  const host = { read: async (path: string): Promise<Uint8Array> => files.get(path)! };
  const spec = {
    job: 'sharpness' as const,
    model: 'model.json',
    weights: 'w.safetensors',
    data: 'gaussian-clusters?examples=20&classes=3&dims=4',
    iterations: 1,
  };
  const told = async (stopAfter: number): Promise<string[]> => {
    const control = new RunControl();
    const types: string[] = [];
    for await (const event of runJob(await testGpu(), spec, host, control)) {
      if (event.type === 'progress' && event.done === stopAfter) control.stop();
      if (event.type === 'progress' || event.type === 'result') types.push(event.type);
    }
    return types;
  };
  expect(await told(1)).toEqual(['progress']);
  expect(await told(3)).toEqual(['progress', 'progress', 'result']);
});
