import { expect, test } from 'vitest';
import type { Gpu } from '../../src/gpu/device.ts';
import { opTable } from '../../src/ops/op.ts';
import { type Campaign, runCampaign } from './campaign.ts';
import { fuzzDevice } from './fuzzDevice.ts';

/** What repeats a run: the seed that it prints, and the path of a failure. */
const seed = Number(process.env.BASIN_FUZZ_SEED ?? (Math.random() * 2 ** 31) | 0);
const path = process.env.BASIN_FUZZ_PATH;

/** Ops that no rule differentiates are in no table. */
const OTHERS = [
  'accumulate',
  'adam',
  'advance',
  'append',
  'augment',
  'average',
  'capture',
  'captureMean',
  'convHistogram',
  'convMoments',
  'convUnitMoments',
  'convWeightNorms',
  'correct',
  'denseMoments',
  'denseNorms',
  'gather',
  'groupGram',
  'histogram',
  'joinRows',
  'lookupMoments',
  'lookupNorms',
  'lookupRows',
  'matmulHalf',
  'mergeMoments',
  'randomSigns',
  'record',
  'restart',
  'runningStatistics',
  'sampleIndices',
  'sgd',
  'swag',
  'take',
  'toHalf',
  'tridiagonalTop',
  'unitVector',
];

/** What the compiler makes of several ops. */
const FUSED = [
  'conv2dFused',
  'conv2dInputGradientFused',
  'convGradientAndNorms',
  'matmulColumnSum',
  'matmulFused',
  'normalizeAffine',
  'softmaxCrossEntropyWithGradient',
  'standardizeAffine',
];

/** What makes the rarer of them: of all steps they come two to seven times in 2,000 graphs, of these 30 times in 400 and more. */
const RARER = { graphs: 400, steps: ['normalize', 'conv2d', 'conv2dInputGradient', 'standardize'] };

function failOn({ failures }: Campaign, steps = ''): void {
  for (const failure of failures) {
    expect.fail(
      `BASIN_FUZZ_SEED=${failure.seed} BASIN_FUZZ_PATH=${failure.path}${steps} repeats this graph, the ` +
        `${failure.after}th:\n${failure.message}`,
    );
  }
}

/** Draws so many graphs and holds each against the interpreter; `metEverything`: every op and every fused one among them. */
export function testGraphs(graphs: number, metEverything: boolean): void {
  test(`${graphs} random graphs are as an interpreter in float64 has them, or refused`, {
    timeout: 600_000 + 100 * graphs,
  }, async () => {
    const gpu = await fuzzDevice();
    console.info(`fuzz: BASIN_FUZZ_GRAPHS=${graphs} BASIN_FUZZ_SEED=${seed} repeats this run`);
    const campaign = await runCampaign(gpu, { graphs, seed, path });
    const { elements, undecided, largestShare, refused } = campaign.statistics;
    console.info(
      `fuzz: ${campaign.statistics.graphs} graphs, ${refused} of them refused, in ${campaign.seconds.toFixed(0)} s; ` +
        `${elements} elements, ${((100 * undecided) / elements).toFixed(2)} % undecided, ` +
        `largest error ${largestShare.toFixed(2)} of its bound`,
    );
    failOn(campaign);
    if (path === undefined) {
      expect(campaign.statistics.graphs).toBe(graphs);
      expect(undecided / elements).toBeLessThan(0.03);
      if (metEverything) await expectEverything(gpu, campaign);
    }
    gpu.dispose();
  });
}

async function expectEverything(gpu: Gpu, { statistics: { traced, dispatched } }: Campaign): Promise<void> {
  expect([...opTable().keys(), ...OTHERS].filter((name) => !traced.has(name))).toEqual([]);
  const rarer = await runCampaign(gpu, {
    graphs: RARER.graphs,
    seed,
    restriction: { steps: RARER.steps, invalid: [] },
  });
  failOn(rarer, ` with the steps ${RARER.steps}`);
  const met = new Set([...dispatched.keys(), ...rarer.statistics.dispatched.keys()]);
  expect(FUSED.filter((name) => !met.has(name))).toEqual([]);
}
