import type { SharpnessResult } from '../measure/sharpness/sharpnessResult.ts';
import { formatCount, formatNumber } from '../present/formatNumber.ts';

const HEADINGS = ['', 'φ', 'of first order', 'largest loss', 'by'];

/**
 * A point's sharpness for people: a line a box, then SAM's and ASAM's steps.
 * @param result as `basin sharpness` gives it as JSON
 */
export function sharpnessSummary(result: Readonly<Record<string, unknown>>): string {
  const { examples, parameters, mode, loss, gradNorm, keskar, sam, adaptive, warnings } =
    result as unknown as SharpnessResult;
  const rows = keskar.map(({ epsilon, subspace, phi, phiFirstOrder, maximum, solver }) => [
    `ε = ${formatNumber(epsilon)}${subspace === null ? '' : `, ${formatCount(subspace)} dimensions`}`,
    formatNumber(phi),
    formatNumber(phiFirstOrder),
    formatNumber(maximum),
    solver,
  ]);
  const table = [HEADINGS, ...rows];
  const widths = HEADINGS.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  return [
    `${formatCount(examples)} examples, ${formatCount(parameters)} parameters, ${mode} mode`,
    '',
    `  loss ${formatNumber(loss)}, |∇f| ${formatNumber(gradNorm)}`,
    '',
    ...table.map((row) =>
      `  ${row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')}`.trimEnd(),
    ),
    '',
    `  SAM, ρ = ${formatNumber(sam.rho)}: ${formatNumber(sam.value)}`,
    `  ASAM, ρ = ${formatNumber(adaptive.rho)}, η = ${formatNumber(adaptive.eta)}: ${formatNumber(adaptive.value)}`,
    '',
    ...warnings.map((warning) => `  note: ${warning}`),
    '  φ in percent of 1 + loss, a lower bound. All of it: --json, or --out <file>; displacements: --tensors <file>.',
  ].join('\n');
}
