import type { z } from 'zod';
import type { Gpu } from '../gpu/device.ts';
import type { ByteSource } from '../host/byteSource.ts';
import type {
  CellCost,
  CellEvent,
  CellEvidence,
  Check,
  ClaimRecord,
  Experiment,
  Outcome,
  Truth,
} from './experiment.ts';
import type { Axes, Figure, Panel, Table } from './figure.ts';
import type { Protocol } from './protocol.ts';
import { decide } from './verdict/decide.ts';
import { effectPanels } from './verdict/effectPanels.ts';
import { judgeEffects } from './verdict/judgeEffects.ts';
import type { Control, Measured, Variant } from './verdict/measured.ts';

/** Cells of one kind and what is measured in each: what several claims can be judged by. */
export interface Study<P extends Protocol, Cell extends object, Evidence> {
  readonly id: string;
  /** Of what is measured: a change of it is another version. */
  readonly version: number;
  readonly presets: Experiment<P>['presets'];
  readonly parts: Experiment<P>['parts'];
  readonly series?: Readonly<Record<string, Axes>>;
  readonly evidence: z.ZodType<Evidence>;
  /** @throws InputError for a protocol that cannot be */
  cells(protocol: P): readonly Cell[];
  cost(cell: Cell): CellCost;
  /** As an experiment's `run`. */
  run(gpu: Gpu, cell: Cell, host: ByteSource): AsyncGenerator<CellEvent, Evidence, void>;
}

/** A claim as it is written: its record, and what its study's evidence comes to. Its verdict follows. */
export interface ClaimDefinition<P extends Protocol, Cell extends object, Evidence> extends ClaimRecord {
  /** As on the command line. */
  readonly id: string;
  /** Of protocol, effects and margins: a change of any is another version. */
  readonly version: number;
  readonly statement: string;
  readonly source: string;
  readonly study: Study<P, Cell, Evidence>;
  /** What the claim is about, by unit. At least one effect has a margin. */
  effects(found: readonly CellEvidence<Cell, Evidence>[], protocol: P): readonly Measured[];
  /** The same with the claimed cause removed, one at least. */
  controls(found: readonly CellEvidence<Cell, Evidence>[], protocol: P): readonly Control[];
  /** Rows that the verdict must survive: other tolerances, windows, matched losses. */
  sensitivity?(found: readonly CellEvidence<Cell, Evidence>[], protocol: P): readonly Variant[];
  /** What is planted, in words: `a quadratic whose B_noise doubles`, `one where it stays`. */
  readonly plantedAs: Readonly<Record<Truth, string>>;
  plant(truth: Truth, protocol: P, seed: number): readonly CellEvidence<Cell, Evidence>[];
  /** Charts of what was measured, beside those of the effects against their margins. */
  panels?(found: readonly CellEvidence<Cell, Evidence>[], protocol: P): readonly Panel[];
  tables?(found: readonly CellEvidence<Cell, Evidence>[], protocol: P): readonly Table[];
}

/** What is drawn and told of a claim beside its verdict. JSON. */
export interface ClaimDetail {
  readonly panels: readonly Panel[];
  readonly tables: readonly Table[];
}

/** Seeds of planted evidence in an outcome: a single one would misjudge a claim as often as its power lets it. `--planted` takes many more. */
const PLANTED_SEEDS = [7, 8, 9, 10, 11];
/** Of them an effect is to be found in more than half; a null in one at the most, as chance may have it. */
const FOUND = 3;
const CHANCE = 1;

/** The experiment of a claim: judged by the one verdict function, its control and planted cases too. */
export function claim<P extends Protocol, Cell extends object, Evidence>(
  definition: ClaimDefinition<P, Cell, Evidence>,
): Experiment<P, Cell, Evidence, ClaimDetail> {
  const { id, version, statement, source, study, plantedAs } = definition;
  const { paper, population, unit, prediction, refutedBy, power, lookedInto, earlier } = definition;
  const verdictOf = (found: readonly CellEvidence<Cell, Evidence>[], protocol: P) =>
    judgeEffects(definition.effects(found, protocol)).verdict;
  // Of the standard protocol's size: a quick run has too few units to tell anything, planted or not.
  const plantedChecks = (): Check[] =>
    (['effect', 'null'] as const).map((truth): Check => {
      const { standard } = study.presets;
      const count = PLANTED_SEEDS.filter(
        (seed) => verdictOf(definition.plant(truth, standard, seed), standard) === 'reproduced',
      ).length;
      const bound = truth === 'effect' ? `at least ${FOUND}` : `at most ${CHANCE}`;
      return {
        name: plantedAs[truth],
        expected: `reproduced in ${bound} of ${PLANTED_SEEDS.length}`,
        found: `reproduced in ${count} of ${PLANTED_SEEDS.length}`,
        holds: truth === 'effect' ? count >= FOUND : count <= CHANCE,
      };
    });
  return {
    id,
    version,
    statement,
    source,
    record: {
      paper,
      population,
      unit,
      prediction,
      refutedBy,
      power,
      ...(lookedInto === undefined ? {} : { lookedInto }),
      ...(earlier ? { earlier } : {}),
    },
    study: { id: study.id, version: study.version },
    presets: study.presets,
    parts: study.parts,
    series: study.series ?? {},
    evidence: study.evidence,
    cells: (protocol) => study.cells(protocol),
    cost: (cell) => study.cost(cell),
    run: (gpu, cell, host) => study.run(gpu, cell, host),
    plant: (truth, protocol, seed) => definition.plant(truth, protocol, seed),
    verdictOf,
    judge(found, protocol): Outcome<ClaimDetail> {
      const effects = definition.effects(found, protocol);
      return {
        ...decide({
          effects,
          controls: definition.controls(found, protocol),
          planted: plantedChecks(),
          variants: definition.sensitivity?.(found, protocol) ?? [],
        }),
        effects,
        detail: {
          panels: definition.panels?.(found, protocol) ?? [],
          tables: definition.tables?.(found, protocol) ?? [],
        },
      };
    },
    figure: ({ statistics, effects = [], detail }): Figure => ({
      caption: `${statement}: what was measured, and each effect with its 95 % interval over the units against its margin`,
      panels: [...detail.panels, ...effectPanels(effects, statistics)],
    }),
    tables: ({ detail }) => detail.tables,
  };
}
