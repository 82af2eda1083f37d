import { expect, it } from 'vitest';
import { basinSweep } from '../../src/bench/sweep/basinSweep.ts';
import { SWEEP_CASES, sweepTask } from '../../src/bench/sweep/sweepCase.ts';
import { perceptronLosses } from '../../src/reference/perceptron.ts';
import { testGpu } from './device.ts';

const cases = SWEEP_CASES.filter(({ replicas }) => replicas === 1 || replicas === 4);

it.each(cases.map(({ key }) => key))('%s has the losses of float64 loops', async (key) => {
  const task = sweepTask(key);
  const job = await basinSweep(await testGpu(), task);
  try {
    await job.run(1);
    await job.run(task.times - 1);
    const found = await job.read();
    expect(found).toHaveLength(task.replicas);
    for (const [r, loss] of found.entries()) {
      const wanted = perceptronLosses(task, r, task.times).at(-1)!;
      expect(Math.abs(loss - wanted)).toBeLessThanOrEqual(task.tolerance * wanted);
    }
  } finally {
    job.dispose();
  }
});

it('takes no more steps than it has rates for', async () => {
  const job = await basinSweep(await testGpu(), sweepTask('sweep 196-32-10 B=32 R=4'));
  try {
    await expect(async () => job.run(2 ** 17)).rejects.toThrow('a run of this sweep has 32768 steps');
  } finally {
    job.dispose();
  }
});
