import type { Figure, Table } from '../../experiments/figure.ts';
import type { SharpnessResult } from '../../measure/sharpness/sharpnessResult.ts';
import { densityFigure } from '../../present/figures/densityFigure.ts';
import { eigenvaluesFigure } from '../../present/figures/eigenvaluesFigure.ts';
import { examplesFigure } from '../../present/figures/examplesFigure.ts';
import { histogramFigure } from '../../present/figures/histogramFigure.ts';
import { sharpnessFigure } from '../../present/figures/sharpnessFigure.ts';
import { MATRICES, type MeasureResult, spectrumOf } from './measureResult.ts';

/** A figure by the name of its file. */
export interface NamedFigure {
  readonly name: string;
  readonly figure: Figure;
}

/** What of a measurement is drawn. */
export function measureFigures(result: MeasureResult): NamedFigure[] {
  const figures: NamedFigure[] = [];
  const found = spectrumOf(result);
  if (found) {
    const { eigenvalues: largest, smallest, density } = found.spectrum;
    const of = MATRICES[found.key];
    if (largest || smallest) {
      figures.push({ name: 'eigenvalues', figure: eigenvaluesFigure({ largest, smallest }, of) });
    }
    if (density) figures.push({ name: 'density', figure: densityFigure(density, of) });
  }
  if (result.gradientHistogram) {
    figures.push({ name: 'histogram', figure: histogramFigure(result.gradientHistogram) });
  }
  if (result.examples > 1) {
    const { perExampleLoss: losses, perExampleGradNormSq, units } = result;
    const gradNormSq = units === undefined ? perExampleGradNormSq : null;
    figures.push({ name: 'examples', figure: examplesFigure({ losses, gradNormSq }) });
  }
  return figures;
}

export function sharpnessFigures(result: SharpnessResult): NamedFigure[] {
  return [{ name: 'sharpness', figure: sharpnessFigure(result) }];
}

/** Numbers that are read as tables: by parameter, and all eigenvalues. */
export function measureTables(result: MeasureResult): Table[] {
  const found = spectrumOf(result);
  const pairs = found && [
    ...(found.spectrum.eigenvalues ?? []).map((pair, i) => ({ rank: `λ${i + 1}`, ...pair })),
    ...(found.spectrum.smallest ?? []).map((pair, i, all) => ({
      rank: i === 0 ? 'smallest' : `smallest, ${i + 1} of ${all.length}`,
      ...pair,
    })),
  ];
  return [
    {
      title: 'By parameter',
      columns: ['parameter', '|ḡ|²', 'tr Σ', 'B_simple'],
      rows: Object.entries(result.layers).map(([name, layer]) => [
        name,
        layer.gradNormSq ?? null,
        layer.traceCovariance ?? null,
        layer.bSimple ?? null,
      ]),
    },
    ...(pairs && pairs.length > 0
      ? [
          {
            title: `Eigenvalues of the ${MATRICES[found.key]}`,
            columns: ['rank', 'λ', 'residual |Hv − λv|'],
            rows: pairs.map(({ rank, value, residual }) => [rank, value, residual]),
          },
        ]
      : []),
  ];
}

export function sharpnessTables({ keskar }: SharpnessResult): Table[] {
  return [
    {
      title: 'Keskar’s φ',
      columns: ['space', 'ε', 'φ (%)', 'to first order (%)', 'largest loss', 'gradients', 'solver'],
      rows: keskar.map(({ subspace, epsilon, phi, phiFirstOrder, maximum, evaluations, solver }) => [
        subspace === null ? 'full' : `${subspace} dimensions`,
        epsilon,
        phi,
        phiFirstOrder,
        maximum,
        evaluations,
        solver,
      ]),
    },
  ];
}
