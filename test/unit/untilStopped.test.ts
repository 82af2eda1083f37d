import { expect, test } from 'vitest';
import { RunControl } from '../../src/host/runControl.ts';
import { untilStopped } from '../../src/jobs/untilStopped.ts';

test('what a job tells goes on until it is stopped, and its work ends with it', async () => {
  const ended: string[] = [];
  async function* work(name: string): AsyncGenerator<number, string, void> {
    try {
      for (let done = 1; done <= 3; done++) yield done;
      return name;
    } finally {
      ended.push(name);
    }
  }
  const events = (name: string, control?: RunControl) =>
    untilStopped(work(name), (done) => ({ type: 'progress', done, total: 3, unit: 'points' }), control);
  const whole = events('whole');
  for (const done of [1, 2, 3]) expect((await whole.next()).value).toMatchObject({ done });
  expect(await whole.next()).toEqual({ done: true, value: 'whole' });

  const control = new RunControl();
  const stopped = events('stopped', control);
  expect((await stopped.next()).value).toMatchObject({ done: 1 });
  control.stop();
  expect(await stopped.next()).toEqual({ done: true, value: null });
  expect(ended).toEqual(['whole', 'stopped']);
});
