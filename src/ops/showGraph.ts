import { State } from '../gpu/state.ts';
import { showShape } from '../host/showShape.ts';
import { showTable } from '../host/showTable.ts';
import type { Graph, Tensor } from './graph.ts';

/** Items of a list, and members of a record, that a line shows of an attribute. */
const SHOWN = 4;
const DEEPEST = 2;

/**
 * A trace as text: a line a node, `%3: f32[64, 10] = linear(%0, %1, %2)`; what each replica has its own of is marked `× R`. The states that a
 * node reads, writes or is are named as its attributes.
 */
export function showGraph({ label, nodes }: Graph): string {
  const numbers = new Map<Tensor, number>();
  const name = (tensor: Tensor): string => `%${numbers.get(tensor) ?? '?'}`;
  const rows = nodes.map(({ op, inputs, attributes, outputs }) => {
    for (const output of outputs) numbers.set(output, numbers.size);
    const results = outputs.map(
      (of) => `${name(of)}: ${of.dtype}${showShape(of.shape)}${of.replicated ? ' × R' : ''}`,
    );
    const given = Object.entries(attributes).flatMap(([key, value]) => {
      const text = key === 'graph' ? null : show(value, 0);
      return text === null ? [] : [value instanceof State ? text : `${key} ${text}`];
    });
    return [
      results.join(', '),
      `${outputs.length > 0 ? '= ' : ''}${op.name}(${[...inputs.map(name), ...given].join(', ')})`,
    ];
  });
  return [`trace ${label}`, ...showTable(rows).map((line) => `  ${line}`)].join('\n');
}

/** An attribute; null where it says nothing. */
function show(value: unknown, depth: number): string | null {
  if (value === undefined || value === null || value === false || typeof value === 'function') return null;
  if (value instanceof State) return value.label;
  if (typeof value !== 'object') return String(value);
  if (depth >= DEEPEST) return '…';
  const list = Array.isArray(value);
  const shown: string[] = [];
  const items = Object.entries(value);
  for (const [key, item] of items.slice(0, SHOWN)) {
    const text = show(item, depth + 1);
    if (text !== null) shown.push(list ? text : `${key} ${text}`);
  }
  if (items.length > SHOWN) shown.push('…');
  return list ? `[${shown.join(', ')}]` : `{${shown.join(', ')}}`;
}
