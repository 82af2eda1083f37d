import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { runCampaign } from './campaign.ts';
import { fuzzDevice } from './fuzzDevice.ts';
import { weighted } from './steps/steps.ts';

/**
 * The fuzz by itself, under Node: `node .fuzz/fuzz.js --graphs 100000 --seed 1 --json out.json`, or a part of it, `--shard 0/4`.
 * `--seed` and `--path` of a failure repeat its graph; `--steps` and `--invalid` (or `--invalid none`) draw from fewer.
 */
const { values: options } = parseArgs({
  options: {
    graphs: { type: 'string', default: '2000' },
    seed: { type: 'string' },
    shard: { type: 'string', default: '0/1' },
    json: { type: 'string' },
    failures: { type: 'string', default: '5' },
    steps: { type: 'string' },
    invalid: { type: 'string' },
    path: { type: 'string' },
    'shrink-for': { type: 'string', default: '60' },
  },
});

const seed = options.seed === undefined ? (Math.random() * 2 ** 31) | 0 : Number(options.seed);
const [shard, shards] = options.shard.split('/').map(Number) as [number, number];
const gpu = await fuzzDevice();
const { vendor, architecture, description } = gpu.info;
console.log(`fuzz: seed ${seed}, shard ${shard} of ${shards}, on ${vendor} ${architecture} ${description}`);

const names = (list: string | undefined): string[] | undefined => (list === 'none' ? [] : list?.split(','));
const steps = names(options.steps);
const campaign = await runCampaign(gpu, {
  graphs: Math.ceil(Number(options.graphs) / shards),
  // Far apart, so that what follows a failure in one shard is drawn by no other.
  seed: (seed + 1_000_003 * shard) | 0,
  restriction: {
    steps: steps && weighted.filter((name) => steps.includes(name)),
    invalid: names(options.invalid),
  },
  path: options.path,
  shrinkFor: 1000 * Number(options['shrink-for']),
  mostFailures: Number(options.failures),
  onProgress: ({ graphs }) => {
    if (graphs % 1000 === 0) console.log(`fuzz: ${graphs} graphs`);
  },
});

const { statistics, failures, seconds } = campaign;
const report = {
  adapter: { vendor, architecture, description },
  seed,
  shard: options.shard,
  seconds,
  ...statistics,
  undecidedShare: statistics.undecided / Math.max(1, statistics.elements),
  traced: Object.fromEntries([...statistics.traced].sort()),
  dispatched: Object.fromEntries([...statistics.dispatched].sort()),
  failures,
};
if (options.json) await writeFile(options.json, JSON.stringify(report, null, 2));
for (const { message, path, seed: own, after } of failures) {
  console.log(`\nfailure after ${after} graphs (seed ${own}, path ${path}):\n${message}`);
}
console.log(
  `fuzz: ${statistics.graphs} graphs (${statistics.refused} refused) in ${seconds.toFixed(1)} s, ` +
    `${statistics.elements} elements, undecided ${(100 * report.undecidedShare).toFixed(3)} %, ` +
    `largest error ${statistics.largestShare.toFixed(3)} of its bound, ${failures.length} failures`,
);
gpu.dispose();
process.exitCode = failures.length > 0 ? 1 : 0;
