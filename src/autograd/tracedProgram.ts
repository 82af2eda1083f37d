import type { DispatchTime, Program } from '../gpu/program.ts';
import type { Scope } from '../gpu/scope.ts';
import type { State } from '../gpu/state.ts';
import type { Graph } from '../ops/graph.ts';

/** A state for every result of a traced function. */
export type ResultStates<Results> = Results extends object
  ? { readonly [name in keyof Results]: State }
  : Readonly<Record<never, State>>;

interface Parts<Results> {
  readonly graph: Graph;
  readonly program: Program;
  readonly replicas: number;
  readonly results: Results;
  readonly states: readonly State[];
}

/**
 * A program made of a function by `trace`. It owns its results and the memory between them; the states that it reads and stores into belong to
 * whoever made them, and may be shared by several programs: what one stores the next one reads.
 */
export class TracedProgram<
  Results extends Readonly<Record<string, State>> = Readonly<Record<string, State>>,
> {
  readonly label: string;
  /** What was traced, before it was fused: `String(program.graph)` lists it. */
  readonly graph: Graph;
  /** R, of every replicated tensor. */
  readonly replicas: number;
  /** What the function returned, as of the last run; zeros before the first one. `await results.loss.item()`, `await results.g.read(replica)`. */
  readonly results: Results;
  readonly #program: Program;
  readonly #scope: Scope;
  readonly #states: readonly State[];

  /** `trace` makes it. */
  constructor(scope: Scope, { graph, program, replicas, results, states }: Parts<Results>) {
    this.#scope = scope;
    this.#program = program;
    this.#states = states;
    this.label = program.label;
    this.graph = graph;
    this.replicas = replicas;
    this.results = results;
  }

  /**
   * Runs so many times over, in few submits, and does not wait: what is read from a state afterwards is read after all of it. Of very many
   * runs read something now and then, so that the device is not given hours of work at once.
   * @throws InputError if `times` is no whole number
   * @throws if the program, or a state that it works on, is disposed of
   */
  run(times = 1): void {
    this.#requireStates();
    this.#program.run(times);
  }

  /**
   * Appends one run to a compute pass of one's own.
   * @throws if the program is disposed of
   */
  encode(pass: GPUComputePassEncoder): void {
    this.#program.encode(pass);
  }

  /**
   * Runs once with a timestamp at both ends of every dispatch: milliseconds of each, whose shares are right; their sum is more than a run takes.
   * @throws if the adapter has no timestamp queries, or the program or a state is disposed of
   */
  async profile(): Promise<DispatchTime[]> {
    this.#requireStates();
    return this.#program.profile();
  }

  /** A line a dispatch: op, kernel with its knobs, operands, workgroups, bytes; then the totals. */
  toString(): string {
    return this.#program.toString();
  }

  #requireStates(): void {
    const gone = this.#states.find(({ disposed }) => disposed);
    if (gone) throw new Error(`program ${this.label}: run after its state ${gone.label} was disposed of`);
  }

  /** Frees the results and the memory between them. A second call does nothing. */
  dispose(): void {
    this.#scope.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
