import { InputError } from '../host/inputError.ts';
import type { CellEvidence, Experiment, Statistic } from './experiment.ts';
import type { Figure } from './figure.ts';
import { canonicalJson, type KeptCell } from './keptCell.ts';
import type { PlannedCell } from './plannedCells.ts';
import type { Protocol } from './protocol.ts';

/** What the first units of a protocol come to while others are still measured: no verdict, but where it is going. */
export interface ResultSoFar {
  /** Whose cells are all there. */
  readonly units: number;
  /** That the protocol asks for. */
  readonly of: number;
  readonly statistics: readonly Statistic[];
  readonly figure: Figure;
}

/** What protocols call the number of their units of replication. */
const UNIT_PARTS = ['units', 'trunks', 'seeds'];

/**
 * What the cells that are there come to, by as many of the first units as they make whole: as if the protocol had asked for no more.
 * @returns null where they make no two units, or the experiment has no such part
 */
export function resultSoFar(
  experiment: Experiment,
  protocol: Protocol,
  planned: readonly PlannedCell[],
  kept: ReadonlyMap<string, KeptCell>,
): ResultSoFar | null {
  const part = UNIT_PARTS.find((name) => typeof protocol[name] === 'number');
  if (part === undefined) return null;
  const of = protocol[part] as number;
  const evidence = new Map(
    planned.flatMap(({ cell, name }) => {
      const found = kept.get(name);
      return found ? [[canonicalJson(cell), found.evidence] as const] : [];
    }),
  );
  for (let units = of - 1; units >= 2; units--) {
    const fewer = { ...protocol, [part]: units };
    const cells = cellsOf(experiment, fewer);
    if (!cells) return null;
    const found = cells.flatMap((cell): CellEvidence<object, unknown>[] => {
      const key = canonicalJson(cell);
      return evidence.has(key) ? [{ cell, evidence: evidence.get(key) }] : [];
    });
    if (found.length < cells.length) continue;
    const outcome = experiment.judge(found, fewer);
    return { units, of, statistics: outcome.statistics, figure: experiment.figure(outcome) };
  }
  return null;
}

/** Null where the experiment refuses so few units. */
function cellsOf(experiment: Experiment, protocol: Protocol): readonly object[] | null {
  try {
    return experiment.cells(protocol);
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}
