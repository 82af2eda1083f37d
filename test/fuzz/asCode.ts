import { State } from '../../src/gpu/state.ts';
import { Graph, type Tensor } from '../../src/ops/graph.ts';

/** Names of tensors, states and other results, as the printed code has them. */
export type Names = Map<object, string>;

/** An argument as code that makes it. */
export function argumentAsCode(value: unknown, names: Names): string {
  if (value instanceof Graph) return 'graph';
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value !== 'object') return JSON.stringify(value);
  const name = names.get(value);
  if (name) return name;
  if (value instanceof State || isTensor(value)) throw new Error('asCode: an argument that no call has made');
  if (Array.isArray(value)) return `[${value.map((item) => argumentAsCode(item, names)).join(', ')}]`;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return `{ ${entries.map(([key, item]) => `${key}: ${argumentAsCode(item, names)}`).join(', ')} }`;
}

export function isTensor(value: unknown): value is Tensor {
  return typeof value === 'object' && value !== null && 'node' in value && 'dtype' in value;
}

/** Calls `visit` with every tensor of a result, but for the nodes of a trace that it holds, and how it is reached from the result's name. */
export function eachTensor(
  value: unknown,
  name: string,
  visit: (tensor: Tensor, name: string) => void,
): void {
  if (isTensor(value)) visit(value, name);
  else if (Array.isArray(value))
    for (const [i, item] of value.entries()) eachTensor(item, `${name}[${i}]!`, visit);
  else if (
    value &&
    typeof value === 'object' &&
    Object.getPrototypeOf(value) === Object.prototype &&
    !('op' in value)
  ) {
    for (const [key, item] of Object.entries(value)) eachTensor(item, `${name}.${key}`, visit);
  }
}

/** A test that one can paste beside the others of `test/gpu`: the trace, and how it is run. */
export function testAsCode(body: readonly string[], replicas: number, runs: number, note: string): string {
  return [
    "test('…', async () => {",
    '  const gpu = await testGpu();',
    '  const graph = new Graph();',
    ...body.map((line) => `  ${line}`),
    `  const program = await compile(gpu, graph, { label: 'fuzz', replicas: ${replicas}, arena: new Arena(gpu) });`,
    `  for (let run = 0; run < ${runs}; run++) program.run();`,
    `  // ${note.split('\n').join('\n  // ')}`,
    '});',
  ].join('\n');
}
