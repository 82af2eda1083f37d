import { showBytes } from '../host/showBytes.ts';
import { showShape } from '../host/showShape.ts';
import { showTable } from '../host/showTable.ts';
import type { Placement, Recorded } from './program.ts';

/**
 * A program as text: a line a dispatch with its op, kernel and knobs, operands (the kernel's name of it, the state if it is one, one replica's
 * shape), workgroups, and the bytes of all replicas that it reads and writes; then the totals. What a kernel changes in place counts as
 * written.
 */
export function showProgram(label: string, dispatches: readonly Recorded[]): string {
  const rows = dispatches.map((dispatch, i) => {
    const read = bound(dispatch, 'read');
    const written = bound(dispatch, 'read_write');
    const operands = [read, written].map((of) =>
      of.map(([name, place]) => showOperand(name, place)).join(', '),
    );
    return {
      cells: [
        `${i}`,
        dispatch.label,
        [dispatch.kernel, ...knobs(dispatch)].join(' '),
        operands.filter((text) => text !== '').join(' → '),
        dispatch.grid.join(' × '),
      ],
      bytes: [read, written].map((of) =>
        of.reduce((sum, [, place]) => sum + bytes(place, dispatch.grid[2]), 0),
      ),
    };
  });
  const table = [
    ['', 'op', 'kernel', 'operands', 'workgroups', 'reads', 'writes'],
    ...rows.map(({ cells, bytes: of }) => [...cells, ...of.map(showBytes)]),
  ];
  const [read, written] = [0, 1].map((i) => showBytes(rows.reduce((sum, row) => sum + row.bytes[i]!, 0)));
  const kernels = new Set(dispatches.map(({ pipeline }) => pipeline)).size;
  const total =
    `${count(dispatches.length, 'dispatch', 'es')} of ${count(kernels, 'pipeline')} read ${read} and write ${written} a run, ` +
    `${memory(dispatches)}`;
  return [`program ${label}`, ...showTable(table, [0, 5, 6]).map((line) => `  ${line}`), total].join('\n');
}

function bound({ source, operands }: Recorded, access: 'read' | 'read_write'): [string, Placement][] {
  return source.bindings.flatMap((of) => {
    const place = operands[of.name];
    return place && of.access === access ? [[of.name, place]] : [];
  });
}

function showOperand(name: string, { shape, state }: Placement): string {
  const whose = state && state.label !== name ? `${name} = ${state.label}` : name;
  return shape ? `${whose} ${showShape(shape)}` : whose;
}

/** Of the knobs only those with another value than the file's. */
function knobs({ source, knobs: given }: Recorded): string[] {
  return Object.entries(given).flatMap(([name, value]) => {
    if (`${value}` === source.knobs[name]?.value.replace(/u$/, '')) return [];
    return value === true ? [name] : [`${name}=${value}`];
  });
}

function bytes({ shape = [], replicaStride, buffer }: Placement, replicas: number): number {
  const each = 4 * shape.reduce((product, extent) => product * extent, 1);
  return Math.min(buffer.size, each * (replicaStride > 0 ? replicas : 1));
}

function memory(dispatches: readonly Recorded[]): string {
  const places = dispatches.flatMap(({ operands }) => Object.values(operands));
  const states = new Set(places.flatMap(({ state }) => (state ? [state.buffer] : [])));
  const between = new Set(places.map(({ buffer }) => buffer).filter((buffer) => !states.has(buffer)));
  const size = (buffers: Set<GPUBuffer>): string =>
    showBytes([...buffers].reduce((sum, { size }) => sum + size, 0));
  return `in ${count(states.size, 'state')} of ${size(states)} and ${count(between.size, 'buffer')} of ${size(between)} between them`;
}

function count(n: number, what: string, plural = 's'): string {
  return `${n} ${what}${n === 1 ? '' : plural}`;
}
