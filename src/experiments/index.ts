import { batchControl } from './batchControl/index.ts';
import { criticalBatch } from './criticalBatch/index.ts';
import type { Experiment } from './experiment.ts';
import { optimalStep } from './optimalStep/index.ts';

/** All experiments, as command line and page show them: a new one is a line here. */
export const experiments: readonly Experiment[] = [optimalStep, criticalBatch, batchControl];
