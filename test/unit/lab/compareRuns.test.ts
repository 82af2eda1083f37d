import { expect, test } from 'vitest';
import type { TrainSpec } from '../../../src/jobs/trainSpec.ts';
import { Recording } from '../../../src/web/lab/recording.ts';
import { comparePanels, pairedEffects, settingsDifferences } from '../../../src/web/runs/compareRuns.ts';

const SPEC: TrainSpec = {
  data: 'mnist',
  model: { hidden: [4] },
  batch_size: 8,
  steps: 2,
  optimizer: { lr: 0.1 },
};

/** Seeds 0, 1, …, of which each has a last loss. */
function run(name: string, spec: TrainSpec, losses: readonly number[]) {
  const replicas = losses.map((_, seed) => ({ lr: 0.1, seed }));
  const recording = new Recording({ ...spec, replicas });
  const at = (step: number, loss: (replica: number) => number) =>
    losses.map((_, replica) => ({
      replica,
      step,
      batchSize: 8,
      learningRate: 0.1,
      temperature: 0.1 / 8,
      loss: loss(replica),
    }));
  recording.take({ type: 'readings', readings: at(1, () => 3) }, 1);
  recording.take({ type: 'readings', readings: at(2, (replica) => losses[replica]!) }, 2);
  losses.forEach((loss, replica) => {
    const end = { step: 2, replica, split: 'test', weights: 'last', accuracy: null } as const;
    recording.take({ type: 'evaluation', ...end, loss: 2 * loss }, 3);
  });
  return { name, recording };
}

test('runs that share seeds are compared seed by seed, with the interval of the paired differences', () => {
  const a = run('a', SPEC, [1, 2, 3]);
  const b = run('b', { ...SPEC, batch_size: 16 }, [1.5, 2.7, 3.6, 9]);
  const { rows } = pairedEffects(a, b)!;
  const [late, test] = rows;
  expect([late![0], late![3]]).toEqual(['loss of the last twentieth of its steps', 2]);
  expect(late![4]).toBeCloseTo(2.6, 12);
  // Differences 0.5, 0.7, 0.6: mean 0.6, standard deviation 0.1, and t of two degrees of freedom is 4.303.
  const difference = late![1] as { value: number; interval: [number, number] };
  expect(difference.value).toBeCloseTo(0.6, 12);
  expect(difference.interval[1] - 0.6).toBeCloseTo((4.3027 * 0.1) / Math.sqrt(3), 4);
  expect(late![2]).toBe(3);
  expect([test![0], test![3]]).toEqual(['final test loss', 4]);
  const apart = { name: 'c', recording: new Recording({ ...SPEC, seed: 7 }) };
  expect(pairedEffects(a, apart)).toBeNull();
});

test('their curves lie over each other, a name each, and only settings that differ are listed', () => {
  const [a, b] = [run('a', SPEC, [1, 2]), run('b', { ...SPEC, batch_size: 16 }, [3])];
  const loss = comparePanels([a, b], 'steps').find(({ title }) => title === 'Training loss')!;
  expect(loss.marks.map(({ name }) => name)).toEqual(['a', 'b']);
  expect(loss.y.log).toBe(true);
  const spec = { ...SPEC, batch_size: 16, optimizer: { lr: 0.1, momentum: 0.9 } };
  const { columns, rows } = settingsDifferences([
    { name: 'a', spec: SPEC },
    { name: 'b', spec },
  ]);
  expect(columns).toEqual(['', 'a', 'b']);
  expect(rows).toEqual([
    ['batch_size', '8', '16'],
    ['optimizer.momentum', null, '0.9'],
  ]);
});
