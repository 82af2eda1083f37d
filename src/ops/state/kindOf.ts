import { showShape } from '../../host/showShape.ts';

/** What a tensor or a state is, in words: `shared f32 [2, 3]`. */
export function kindOf(of: {
  readonly replicated: boolean;
  readonly dtype: string;
  readonly shape: readonly number[];
}): string {
  return `${of.replicated ? 'replicated' : 'shared'} ${of.dtype} ${showShape(of.shape)}`;
}
