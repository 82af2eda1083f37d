import { useEffect, useState } from 'preact/hooks';
import type { EditTarget } from '../../../bench/edit/kernelEditReport.ts';
import { placeKnobs } from '../../../bench/edit/placeKnobs.ts';
import type { KernelText } from '../../../gpu/kernelSource.ts';
import type { BenchSession } from '../benchSession.ts';
import { kernelText } from '../kernelTexts.ts';

/** A kernel that is open for editing. */
export interface OpenedKernel {
  readonly target: EditTarget;
  /** The shipped text as WGSL, with the knobs that are planned for the row. */
  readonly text: string;
}

/** The kernel of a row; undefined while it is on its way. @param edits another number after each edit of a file */
export function useOpenedKernel(
  session: BenchSession,
  row: string,
  kernel: string | undefined,
  quick: boolean,
): { readonly opened: OpenedKernel | undefined; readonly error: string | undefined } {
  const [found, setFound] = useState<{ key: string; opened?: OpenedKernel; error?: string }>();
  const { edits } = session;
  const ready = session.adapter !== undefined;
  const key = `${row} ${kernel} ${quick} ${edits}`;
  useEffect(() => {
    if (!ready) return;
    let gone = false;
    const open = async (): Promise<OpenedKernel> => {
      const target = await session.kernelToEdit({ row, kernel, quick });
      const text = await kernelText(target.kernel);
      return { target, text: placeKnobs(text, plainText(text), target.knobs) };
    };
    open().then(
      (opened) => !gone && setFound({ key, opened }),
      (error: Error) => !gone && setFound({ key, error: error.message }),
    );
    return () => {
      gone = true;
    };
  }, [key, ready]);
  const current = found?.key === key ? found : undefined;
  return { opened: current?.opened, error: current?.error };
}

/** The file as it was written where that is WGSL; else as it was linked, which prints it anew. */
function plainText({ written, linked }: KernelText): string {
  return /^\s*import\s|@(if|else)\b/m.test(written) ? linked : written;
}
