import { compile } from '../../src/autograd/compile.ts';
import type { Arena } from '../../src/gpu/arena.ts';
import type { Gpu } from '../../src/gpu/device.ts';
import { build, type Expectation } from './build.ts';
import { compare, compareBits } from './compare.ts';
import type { GraphCase } from './graphArbitrary.ts';
import { runStates } from './runStates.ts';
import { Tracing } from './tracing.ts';

/** How often an op was met, by name: of the traces, and of the programs that became of them. */
export interface Statistics {
  graphs: number;
  refused: number;
  elements: number;
  undecided: number;
  largestShare: number;
  readonly traced: Map<string, number>;
  readonly dispatched: Map<string, number>;
}

export function noStatistics(): Statistics {
  return {
    graphs: 0,
    refused: 0,
    elements: 0,
    undecided: 0,
    largestShare: 0,
    traced: new Map(),
    dispatched: new Map(),
  };
}

/** A graph that the engine has got wrong; the message is a test that shows it. */
export class FuzzFailure extends Error {
  override name = 'FuzzFailure';
}

/** What compiles a trace; a test plants faults here. */
export type Compile = typeof compile;

/**
 * Traces a case, compiles and runs it, and holds it against the interpreter.
 * @throws FuzzFailure where it differs, or the engine throws what is no refusal of its own.
 */
export async function fuzzGraph(
  gpu: Gpu,
  drawn: GraphCase,
  arena: Arena,
  statistics: Statistics,
  compileTrace: Compile = compile,
): Promise<void> {
  statistics.graphs++;
  const tracing = new Tracing(gpu, drawn.replicas);
  const fail: Fail = (note, error) => {
    const stack = error?.stack ? `\n${error.stack}` : '';
    throw new FuzzFailure(`${note}${stack}\n\n${tracing.asCode(drawn.runs, note)}`);
  };
  try {
    const expectation = traced(tracing, drawn, fail);
    for (const { op } of tracing.graph.nodes) count(statistics.traced, op.name);
    const error = expectation.kind === 'refused' ? expectation.error : null;
    const program = error ?? (await compiled(gpu, tracing, arena, compileTrace));
    if (program instanceof Error) {
      if (expectation.kind === 'runs') fail(`refused: ${program.message}`, program);
      const names = expectation.kind === 'refused' ? expectation.names : [];
      if (!isRefusal(program, names)) {
        fail(`refused without naming ${names.join(' or ')}: ${program.message}`, program);
      }
      statistics.refused++;
      return;
    }
    try {
      if (expectation.kind === 'refused')
        fail(`taken, where ${expectation.names.join(', ')} must be refused`);
      for (const { label } of program.dispatches) count(statistics.dispatched, label);
      const runs = await runStates(gpu, program, tracing.states, drawn.runs).catch((error: Error) =>
        fail(error.message),
      );
      const found = compare(tracing.graph, tracing.states, runs[0], drawn.replicas);
      statistics.elements += found.elements;
      statistics.undecided += found.undecided;
      statistics.largestShare = Math.max(statistics.largestShare, found.largestShare);
      const differences = [...found.differences, ...compareBits(tracing.states, runs)];
      if (differences.length > 0) fail(differences.slice(0, 8).join('\n'));
      if (gpu.errors.length > 0)
        fail(`the device reported: ${gpu.errors.map(({ message }) => message).join('; ')}`);
    } finally {
      program.dispose();
    }
  } finally {
    tracing.dispose();
  }
}

type Fail = (note: string, error?: Error) => never;

function traced(tracing: Tracing, drawn: GraphCase, fail: Fail): Expectation {
  try {
    return build(tracing, drawn);
  } catch (thrown) {
    return fail(`tracing threw: ${(thrown as Error).message}`, thrown as Error);
  }
}

async function compiled(gpu: Gpu, tracing: Tracing, arena: Arena, compileTrace: Compile) {
  const { graph, replicas } = tracing;
  try {
    return await compileTrace(gpu, graph, { label: 'fuzz', replicas, arena });
  } catch (thrown) {
    return thrown as Error;
  }
}

/** An error of the engine's own that names one of the ops; not one of JavaScript's, or of WebGPU's validation. */
function isRefusal(error: Error, names: readonly string[]): boolean {
  const own = !(
    error instanceof TypeError ||
    error instanceof ReferenceError ||
    / - While /.test(error.message)
  );
  return own && (names.length === 0 || names.some((name) => error.message.includes(name)));
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
