import { compileOptimised } from '../autograd/compile.ts';
import { type Hoisted, hoist } from '../autograd/hoist.ts';
import type { Gpu } from '../gpu/device.ts';
import type { Program } from '../gpu/program.ts';
import { Scope } from '../gpu/scope.ts';
import { aligned, State } from '../gpu/state.ts';
import { size } from '../ops/graph.ts';
import { Pass, type Point } from './pass.ts';
import type { TracedBatch } from './tracedBatch.ts';

/** The most that is kept between runs: 256 MiB. */
const MOST_KEPT = 2 ** 28;

/** The most micro-batches whose results are kept: each has two programs of its own. */
const MOST_BATCHES = 256;

/** What a micro-batch does once at a point, and what at every run. */
interface Parts {
  readonly invariant: Program;
  readonly varying: Program;
}

/**
 * A pass over all examples that is run again and again while some states vary, as the directions of Hessian products do.
 * From the second run at one point on, what depends on none of them (the batches, the primal activations, the output cotangents) is
 * not computed again but kept on the device: the kernels, their order and all bits are those of a `Pass`.
 *
 * Parameters, running statistics and data may be written between two runs: by the versions of these states a run
 * knows, and then computes all. What would take more memory than 256 MiB is not kept.
 */
export class RepeatedPass {
  readonly #gpu: Gpu;
  readonly #scope: Scope;
  readonly #pass: Pass;
  /** Of each micro-batch; null where its results are not to be kept. */
  readonly #hoisted: readonly Hoisted[] | null;
  readonly #takes: readonly State[];
  readonly #replicas: number;
  #parts: Promise<readonly Parts[]> | null = null;
  /** The versions of what the last run took, and those of what the invariant parts took. */
  #last: string | null = null;
  #kept: string | null = null;

  private constructor(gpu: Gpu, scope: Scope, pass: Pass, varying: readonly State[], replicas: number) {
    this.#gpu = gpu;
    this.#replicas = replicas;
    this.#scope = scope;
    this.#pass = pass;
    const ofTrace = new Map([...new Set(pass.traces)].map((trace) => [trace, hoist(trace, varying)]));
    const hoisted = pass.traces.map((trace) => ofTrace.get(trace)!);
    const bytes = hoisted.reduce((total, { kept }) => total + bytesOf(kept), 0);
    const isWorth = bytes > 0 && bytes <= MOST_KEPT && hoisted.length <= MOST_BATCHES;
    this.#hoisted = isWorth ? hoisted : null;
    this.#takes = [...new Set(hoisted.flatMap(({ takes }) => takes))];
  }

  /**
   * @param varying the states that are written between runs, and those that the runs themselves write
   * @param trace what is done with each micro-batch, appended to its trace
   * @param replicas of the states that vary, where they are replicated
   * @throws RangeError for parameters of several replicas
   */
  static open(
    gpu: Gpu,
    label: string,
    point: Point,
    varying: readonly State[],
    trace: (batch: TracedBatch) => void,
    replicas = 1,
  ): Promise<RepeatedPass> {
    return Scope.make(async (scope) => {
      const pass = scope.own(await Pass.open(gpu, label, point, trace, { replicas, rowsApart: true }));
      return new RepeatedPass(gpu, scope, pass, varying, replicas);
    });
  }

  /**
   * Submits a run over all examples, without waiting for it.
   * @param then programs that run after it, in its last submit
   */
  async run(then: readonly Program[] = []): Promise<void> {
    const versions = this.#takes.map(({ version }) => version).join();
    const isSame = versions === this.#last;
    this.#last = versions;
    if (!this.#hoisted || !isSame) {
      await this.#pass.run(then);
      return;
    }
    this.#parts ??= this.#makeParts(this.#hoisted);
    const parts = await this.#parts.catch((error: unknown) => {
      // Another run may have the memory that this one had not.
      this.#parts = null;
      throw error;
    });
    const isKept = versions === this.#kept;
    this.#kept = null;
    await this.#pass.run(
      then,
      parts.map(({ invariant, varying }) => (isKept ? [varying] : [invariant, varying])),
    );
    this.#kept = versions;
  }

  async #makeParts(hoisted: readonly Hoisted[]): Promise<Parts[]> {
    const { label, arena } = this.#pass;
    const made: Parts[] = [];
    for (const [i, { kept, split }] of hoisted.entries()) {
      const states = kept.map(({ shape, dtype, node }) =>
        this.#scope.own(new State(this.#gpu, { label: `${label} kept ${node.op.name} ${i}`, shape, dtype })),
      );
      const { invariant, varying } = split(states);
      const record = async (part: string, graph: typeof invariant): Promise<Program> => {
        const options = { label: `${label} ${i} ${part}`, replicas: this.#replicas, arena };
        return this.#scope.own(await compileOptimised(this.#gpu, graph, options));
      };
      made.push({
        invariant: await record('once', invariant),
        varying: await record('at every run', varying),
      });
    }
    return made;
  }

  dispose(): void {
    this.#scope.dispose();
  }
}

function bytesOf(tensors: Hoisted['kept']): number {
  return tensors.reduce((total, { shape }) => total + 4 * aligned(size(shape)), 0);
}
