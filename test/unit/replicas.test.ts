import { expect, test } from 'vitest';
import { InputError } from '../../src/host/inputError.ts';
import { type GivenReplicas, replicaGrid } from '../../src/train/replicaGrid.ts';
import { type ReplicaSelection, selectReplica } from '../../src/train/selectReplica.ts';

const DEFAULTS = { momentum: 0, weightDecay: 0, seed: 0 };
const replicas = (given: GivenReplicas) => replicaGrid('train', given, DEFAULTS);

/** What refuses the work: its key and its reason. */
function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as Error).message;
  }
  throw new Error('not refused');
}

test('without lists there is one replica, with defaults for what is left out', () => {
  expect(replicas({ lr: 0.1 })).toEqual([{ lr: 0.1, momentum: 0, weightDecay: 0, seed: 0 }]);
  expect(replicas({ lr: 0.1, seed: 7, initSeed: 3, momentum: undefined, grid: {}, zip: undefined })).toEqual([
    { lr: 0.1, momentum: 0, weightDecay: 0, seed: 7, initSeed: 3 },
  ]);
});

test('a grid is every combination, the last key fastest', () => {
  const found = replicas({ momentum: 0.9, grid: { lr: [0.03, 0.1], seed: [0, 1, 2] } });
  expect(found.map(({ lr, seed }) => [lr, seed])).toEqual([
    [0.03, 0],
    [0.03, 1],
    [0.03, 2],
    [0.1, 0],
    [0.1, 1],
    [0.1, 2],
  ]);
  expect(found.every(({ momentum }) => momentum === 0.9)).toBe(true);
  // As it was written, not as the settings are ordered.
  const other = replicas({ grid: { seed: [0, 1], lr: [0.03, 0.1] } });
  expect(other.map(({ lr, seed }) => [lr, seed])).toEqual([
    [0.03, 0],
    [0.1, 0],
    [0.03, 1],
    [0.1, 1],
  ]);
});

test('lists that are zipped go together, and each row of them goes with every cell of a grid', () => {
  expect(replicas({ zip: { lr: [0.1, 0.2], momentum: [0.9, 0] } })).toEqual([
    { lr: 0.1, momentum: 0.9, weightDecay: 0, seed: 0 },
    { lr: 0.2, momentum: 0, weightDecay: 0, seed: 0 },
  ]);
  const both = replicas({ zip: { lr: [0.1, 0.2], momentum: [0.9, 0] }, grid: { seed: [4, 5] } });
  expect(both.map(({ lr, momentum, seed }) => [lr, momentum, seed])).toEqual([
    [0.1, 0.9, 4],
    [0.1, 0.9, 5],
    [0.2, 0, 4],
    [0.2, 0, 5],
  ]);
});

test('lists that do not say which replicas are meant are refused by their key', () => {
  for (const [given, message] of [
    [
      { lr: 0.1, grid: { lr: [0.1] } },
      'train: grid.lr: is given at the top as well, expected in one of the two',
    ],
    [{ lr: 0.1, seed: 1, zip: { seed: [1] } }, 'train: zip.seed: is given at the top as well'],
    [{ grid: { lr: [1] }, zip: { lr: [1] } }, 'train: zip.lr: is given in grid as well'],
    [{ grid: { lr: [] } }, 'train: grid.lr: is empty, expected at least one value'],
    [{ zip: { lr: [] } }, 'train: zip.lr: is empty'],
    [
      { zip: { lr: [0.1, 0.2], momentum: [0, 0.5, 0.9] } },
      'train: zip.momentum: has 3 values and zip.lr 2, expected lists of one length, which go together; those of grid are combined',
    ],
    [
      { grid: { seed: [0, 1] } },
      'train: lr: missing, expected a learning rate at the top, or several in grid or zip',
    ],
    [
      { grid: { lr: new Array(300).fill(0.1), seed: new Array(300).fill(0) } },
      'train: grid: comes to 90000 replicas, expected at most 65535',
    ],
  ] as [GivenReplicas, string][]) {
    expect(refusal(() => replicas(given))).toContain(message);
  }
});

const SWEEP = replicas({ grid: { lr: [0.03, 0.1], seed: [0, 1, 2] } });
const select = (selection?: unknown, of = SWEEP) => selectReplica(of, selection as ReplicaSelection);

test('a replica is selected by its place, by settings that it alone has, or by nothing where it is the only one', () => {
  expect(select(4)).toBe(4);
  expect(select({ lr: 0.1, seed: 0 })).toBe(3);
  expect(select({ lr: 0.03, seed: 2, momentum: 0 })).toBe(2);
  expect(select(undefined, [SWEEP[5]!])).toBe(0);
  expect(select({}, [SWEEP[5]!])).toBe(0);
  expect(select({ lr: 0.1, seed: undefined }, [SWEEP[0]!, SWEEP[4]!])).toBe(1);
});

test('a selection of none, of several or of what is no setting is refused, and says what would tell them apart', () => {
  for (const [selection, message] of [
    [6, 'run: replica: is 6, expected a whole number from 0 to 5'],
    [-1, 'run: replica: is -1'],
    [0.5, 'run: replica: is 0.5'],
    [Number.NaN, 'run: replica: is NaN'],
    [
      undefined,
      'run: replica: none is named, and there are 6: expected one, by lr (0.03, 0.1) and seed (0, 1, 2)',
    ],
    [
      { lr: 0.1 },
      'run: replica: { lr: 0.1 } is what 3 replicas have, and there are 6: expected one, by seed (0, 1, 2)',
    ],
    [{ lr: 0.2, seed: 9 }, 'none of 6 has; lr is 0.03, 0.1; seed is 0, 1, 2'],
    [{ initSeed: 1 }, 'run: replica: { initSeed: 1 } is what none of 6 has; initSeed is given to none'],
    [
      { learningRate: 0.1 },
      'run: replica.learningRate: is no setting of a replica, expected some of lr, momentum',
    ],
    ['0.1', 'run: replica: is "0.1", expected its place (from 0), or settings such as { lr: 0.03, seed: 0 }'],
    [null, 'run: replica: is null, expected its place'],
  ] as [unknown, string][]) {
    expect(refusal(() => select(selection))).toContain(message);
  }
  // Replicas of the same settings are told apart by their places alone.
  expect(refusal(() => select({ lr: 0.1 }, replicas({ grid: { lr: [0.1, 0.1] } })))).toContain(
    'is what 2 replicas have, and there are 2: expected one, by its place',
  );
  // A combination that no replica has, of values that occur.
  const zipped = replicas({ zip: { lr: [0.1, 0.2], momentum: [0.9, 0] } });
  expect(refusal(() => select({ lr: 0.1, momentum: 0 }, zipped))).toMatch(/is what none of 2 has$/);
});
