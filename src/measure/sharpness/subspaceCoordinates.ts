import { compile } from '../../autograd/compile.ts';
import { Arena } from '../../gpu/arena.ts';
import type { Gpu } from '../../gpu/device.ts';
import type { Program } from '../../gpu/program.ts';
import { Scope } from '../../gpu/scope.ts';
import { State } from '../../gpu/state.ts';
import { submitAhead } from '../../gpu/submitAhead.ts';
import { InputError } from '../../host/inputError.ts';
import { Graph } from '../../ops/graph.ts';
import { read } from '../../ops/leaf.ts';
import { matmul } from '../../ops/matmul.ts';
import { accumulate } from '../../ops/state/accumulate.ts';
import { advance } from '../../ops/state/advance.ts';
import { store } from '../../ops/state/store.ts';
import { columnsBlock } from '../../ops/subspace/columns.ts';
import { expand } from '../../ops/subspace/expand.ts';
import { project } from '../../ops/subspace/project.ts';
import type { RandomSubspace } from '../../ops/subspace/subspace.ts';
import { subtract } from '../../ops/subtract.ts';
import { MANY } from '../curvature/samples.ts';
import { solveLinear } from '../statistics/solveLinear.ts';

/** Rows of A that are in memory at one time, all columns of them: for AᵀA alone. */
const BLOCK = 2048;

/** Corrections of A⁺θ by the residual: each leaves about the rounding of float32 of what the last one left. */
const CORRECTIONS = 2;

/**
 * A⁺θ = (AᵀA)⁻¹Aᵀθ, the coordinates of θ in a random subspace. AᵀA [p, p] is summed on the device from blocks of columns, and solved in
 * float64 on the host; what float32 rounded of it is corrected by Aᵀ(θ − A A⁺θ).
 * @param theta flat [P], zero where the subspace's mask is
 * @throws InputError where the columns are linearly dependent to rounding
 */
export function subspaceCoordinates(gpu: Gpu, theta: State, subspace: RandomSubspace): Promise<Float64Array> {
  const { columns } = subspace;
  return Scope.within(async (scope) => {
    const arena = scope.own(new Arena(gpu));
    const state = (label: string, shape: readonly number[], dtype?: 'u32'): State =>
      scope.own(new State(gpu, { label, shape, dtype }));
    const program = async (label: string, trace: (graph: Graph) => void): Promise<Program> => {
      const graph = new Graph(label);
      trace(graph);
      return scope.own(await compile(gpu, graph, { label, replicas: 1, arena }));
    };

    const width = Math.min(BLOCK, theta.elements);
    const gram = state('AᵀA', [columns, columns]);
    const counters = state('blocks of columns', [3], 'u32');
    const addBlock = await program('AᵀA', (graph) => {
      const block = columnsBlock(graph, subspace, counters, width);
      accumulate(gram, matmul('NT', block, block));
      advance(graph, counters, 1, MANY);
    });
    for (let from = 0; from < theta.elements; from += width) await submitAhead(gpu, [addBlock]);

    const found = state('A⁺θ', [columns]);
    const residual = state('Aᵀ(θ − A A⁺θ)', [columns]);
    const left = await program('residual of A⁺θ', (graph) => {
      const rest = subtract(read(graph, theta), expand(read(graph, found), subspace));
      store(residual, project(rest, subspace));
    });
    const matrix = await gram.read();
    const coordinates = new Float64Array(columns);
    for (let i = 0; i <= CORRECTIONS; i++) {
      await submitAhead(gpu, [left]);
      const correction = solveLinear(matrix, await residual.read(), columns);
      if (!correction?.every(Number.isFinite)) {
        const reason = `its ${columns} columns are linearly dependent to rounding; take fewer dimensions or another seed`;
        throw new InputError('sharpness', 'subspace', reason);
      }
      for (const [c, value] of correction.entries()) coordinates[c]! += value;
      found.write(Float32Array.from(coordinates));
    }
    return coordinates;
  });
}
