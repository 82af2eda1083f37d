import { expect, test } from 'vitest';
import { parseLandscapeSpec } from '../../src/jobs/landscape/landscapeSpec.ts';
import { commandLine } from '../../src/web/commandLine.ts';
import { type Field, initialValue } from '../../src/web/fields/field.ts';
import type { GivenWeights } from '../../src/web/files/givenFile.ts';
import { describeJob, KINDS } from '../../src/web/landscape/kinds.ts';

const given: readonly GivenWeights[] = [
  { label: 'a.safetensors', file: 'a.safetensors' },
  { label: 'b.safetensors', file: 'b.safetensors' },
  { label: 'c.safetensors', file: 'c.safetensors' },
  { label: 'a.safetensors: swa', file: 'a.safetensors', prefix: 'swa.' },
  { label: 'b.safetensors: swa', file: 'b.safetensors', prefix: 'swa.' },
  { label: 'b.safetensors: ema', file: 'b.safetensors', prefix: 'ema.' },
  { label: 'a-20.safetensors', file: 'a-20.safetensors' },
  { label: 'a-3.safetensors', file: 'a-3.safetensors' },
];
const files = { model: 'model.json', data: 'mnist', test: '' };

/** The form's fields as they are at first, but for some. */
function filled(values: Readonly<Record<string, string>> = {}): (field: Field) => string {
  return (field) => {
    if (field.input.is === 'weights') return given[field.input.place!]!.label;
    return values[field.key] ?? initialValue(field);
  };
}

test('a plane of the page marks all other weights, those of one prefix in two files by both names', () => {
  const { spec, trajectories } = describeJob('plane', files, filled({ mark: 'all other weights' }), given);
  expect(spec).toEqual({
    job: 'landscape',
    kind: 'plane',
    model: 'model.json',
    data: 'mnist',
    through: ['a.safetensors', 'b.safetensors', 'c.safetensors'],
    mark: {
      'a.safetensors: swa': { weights: 'a.safetensors', prefix: 'swa.' },
      'b.safetensors: swa': { weights: 'b.safetensors', prefix: 'swa.' },
      ema: { weights: 'b.safetensors', prefix: 'ema.' },
      'a-20': 'a-20.safetensors',
      'a-3': 'a-3.safetensors',
    },
  });
  expect(trajectories).toEqual([]);
  expect(commandLine(spec!)).toBe(
    'basin landscape plane --model model.json --data mnist --through a.safetensors b.safetensors c.safetensors --mark ' +
      "'a.safetensors: swa=a.safetensors#swa.' 'b.safetensors: swa=b.safetensors#swa.' ema=b.safetensors#ema. " +
      'a-20=a-20.safetensors a-3=a-3.safetensors',
  );
});

test('a trajectory goes through files by the numbers in their names, and ends in the one without', () => {
  const asked = filled({ mark: 'all other weights, as trajectories' });
  expect(describeJob('plane', files, asked, given).trajectories).toEqual([['a-3', 'a-20', '1']]);
});

test('what a form leaves as it is the job has by itself', () => {
  for (const kind of KINDS) {
    const { spec } = describeJob(kind, files, filled(), given);
    const described = describeJob(
      kind,
      files,
      filled({ points: kind === 'plane' ? '3, 4' : '7', seed: '5' }),
      given,
    );
    const { job: _, ...minimal } = spec as { job: string } & Record<string, unknown>;
    expect(Object.keys(minimal).sort()).toEqual(
      [
        'data',
        'kind',
        'model',
        ...{ line: ['from', 'to'], plane: ['through'], rays: ['weights'] }[kind],
      ].sort(),
    );
    // What the fields show is what the job takes.
    const defaults = parseLandscapeSpec(spec as never);
    const shown = { line: 25, plane: [21, 21], rays: 21 }[kind];
    expect(defaults.points).toEqual(shown);
    expect(parseLandscapeSpec(described.spec as never)).toMatchObject({
      points: kind === 'plane' ? [3, 4] : 7,
    });
  }
});

test('what is wrong is told by field', () => {
  const { errors } = describeJob(
    'line',
    { model: undefined, data: ' ', test: '' },
    filled({ range: '1', points: '1' }),
    given,
  );
  expect(errors).toEqual({
    files: 'Expected a model.json.',
    data: 'Expected a built-in data set or the name of a given file.',
    range: 'Expected two numbers, found 1.',
    points: 'Expected a whole number of at least 2, found 1.',
  });
});
