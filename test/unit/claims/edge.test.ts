import { describe, expect, test } from 'vitest';
import { experiments } from '../../../src/experiments/index.ts';
import { lookSteps } from '../../../src/experiments/since/edgeStudy.ts';
import { testPlantedCases } from './plantedCases.ts';

const STUDIES = ['gradient-descent-edge', 'sharpness-of-batches'];
const claims = experiments.filter(({ study }) => study && STUDIES.includes(study.id));

test('all claims of the edge are registered', () => {
  expect(claims.map(({ id }) => id)).toEqual(['edge-of-stability', 'batch-sharpness']);
});

describe.each(claims.map((claim) => [claim.id, claim] as const))('%s', (_, claim) => testPlantedCases(claim));

test('half of the looks are in the last three tenths', () => {
  expect(lookSteps(1000, 8)).toEqual([1, 175, 350, 525, 775, 850, 925, 1000]);
  expect(lookSteps(100, 5)).toEqual([1, 35, 80, 90, 100]);
});
