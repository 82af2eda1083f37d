import type { KernelEditResult, KernelEditSpec } from '../../../bench/edit/kernelEditReport.ts';

/** What came of a text that was checked; neither of both where it was stopped, or failed otherwise. */
export interface EditAnswer {
  readonly of: Pick<KernelEditSpec, 'row' | 'kernel' | 'text' | 'grid'>;
  readonly result: KernelEditResult | undefined;
  /** It did not answer: its worker was ended. */
  readonly hung: string | undefined;
}

/** How a text did, in a word or two. */
export function outcomeTitle({ result, hung }: Pick<EditAnswer, 'result' | 'hung'>): string {
  if (hung !== undefined) return 'No answer';
  switch (result?.outcome) {
    case undefined:
      return 'Not checked';
    case 'refused':
      return 'Does not compile';
    case 'races':
      return 'Races';
    case 'endless':
      return 'Does not end';
    case 'wrong':
      return 'Wrong';
    case 'timed': {
      const { shipped } = result.ratios;
      if (!shipped) return 'Right';
      if (shipped.within) return 'Right, and as fast';
      return shipped.value < 1 ? 'Right, and faster' : 'Right, but slower';
    }
  }
}
