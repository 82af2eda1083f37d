import { expect, test } from 'vitest';
import { instrumentFrom } from '../../src/measure/instruments.ts';
import { neverDueWarning } from '../../src/train/neverDueWarning.ts';

test('an instrument whose steps all lie beyond the run is told of, and no other', () => {
  const of = (schedule: object, type = 'distance') => instrumentFrom('t', 'i', { type, ...schedule });
  const never = [of({ at: [11, 20] }), of({ at: [12] }, 'batch_sharpness')];
  expect(neverDueWarning([of({ at: [10] }), of({ every: 50 }), of({ log: 1 })], 10)).toBeUndefined();
  expect(neverDueWarning([of({ every: 5 }), ...never], 10)).toBe(
    'distance, batch_sharpness: measured at no step, since all of "at" are beyond the 10 steps of the run',
  );
});
