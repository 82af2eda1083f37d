import { expect, test } from 'vitest';
import { noiseScaleText } from '../../src/cli/noiseScaleText.ts';
import type { Reading } from '../../src/jobs/job.ts';
import type { TrainSpec } from '../../src/jobs/trainSpec.ts';
import { formatEstimate } from '../../src/present/formatInterval.ts';
import { quantities } from '../../src/present/quantities.ts';
import { Recording } from '../../src/web/lab/recording.ts';
import { recordingCsv } from '../../src/web/lab/recordingFile.ts';

const bSimple = quantities.find(({ id }) => id === 'bSimple')!;

function reading(step: number, measured: Partial<Reading> = {}): Reading {
  return { replica: 0, step, batchSize: 64, learningRate: 0.1, temperature: 0.1 / 64, loss: 1, ...measured };
}

const SPEC: TrainSpec = {
  data: 'mnist',
  model: { hidden: [4] },
  optimizer: { lr: 0.1 },
  measure: { every: 2 },
};

const RESOLVED = {
  gradNormSq: 1,
  bSimple: 236,
  bSimpleStderr: 30,
  bSimpleInterval: [180, 320],
  bSimpleResolved: true,
} as const;
const OPEN = {
  gradNormSq: 1,
  bSimple: 253_970,
  bSimpleStderr: 73_642_355,
  bSimpleInterval: [1200, null],
  bSimpleResolved: false,
} as const;

test('an estimate whose interval is open is told by the interval alone, for people and for programs', () => {
  for (const [interval, value, text, plain] of [
    [[180, 320], 236, '236 (180 to 320)', '236 (180–320)'],
    [[1200, null], 253_970, '≥ 1200', '≥1200'],
    [[1200, null], -400, '≥ 1200', '≥1200'],
    [[0, 0.5], 0.1, '≤ 0.5', '≤0.5'],
    [[0, null], 3, 'not known', 'not known'],
    [[null, null], -7, '∞', '∞'],
    [null, 12, '12', '–'],
  ] as const) {
    expect(formatEstimate(value, interval)).toBe(text);
    const resolved = interval?.[1] === 320;
    expect(noiseScaleText({ bSimple: value, bSimpleInterval: interval, bSimpleResolved: resolved })).toBe(
      plain,
    );
  }
  expect(noiseScaleText(undefined)).toBe('–');
});

test('what is drawn at a step is what is known at it: no number where the interval is open, but the interval', () => {
  const recording = new Recording(SPEC);
  recording.take({ type: 'readings', readings: [reading(1, RESOLVED), reading(2), reading(3, OPEN)] }, 1);
  const table = recording.table(bSimple);
  expect(table.steps).toEqual([1, 3]);
  expect(table.columns('bSimple')).toEqual([[236, null]]);
  expect(table.intervals('bSimple')).toEqual([
    [
      [180, 320],
      [1200, null],
    ],
  ]);
  expect(table.intervals('gradNormSq')).toEqual([]);
});

test('the table of readings has the standard error and both ends, Infinity for an open one', () => {
  const recording = new Recording(SPEC);
  recording.take({ type: 'readings', readings: [reading(1, RESOLVED), reading(2), reading(3, OPEN)] }, 1);
  const [head, ...lines] = recordingCsv(recording)
    .trim()
    .split('\r\n')
    .map((line) => line.split(','));
  const cells = (line: string[]) =>
    ['bSimple', 'bSimpleStderr', 'bSimpleLow', 'bSimpleHigh', 'bSimpleResolved'].map(
      (key) => line[head!.indexOf(key)],
    );
  expect(cells(lines[0]!)).toEqual(['236', '30', '180', '320', 'true']);
  expect(cells(lines[1]!)).toEqual(['', '', '', '', '']);
  expect(cells(lines[2]!)).toEqual(['253970', '73642355', '1200', 'Infinity', 'false']);
});
