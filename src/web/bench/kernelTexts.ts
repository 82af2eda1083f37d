import { kernelTexts } from 'virtual:kernelTexts';
import type { KernelText } from '../../gpu/kernelSource.ts';

const replaced = new Map<string, KernelText>();

/**
 * A kernel with its comments, for reading; loaded when one is first looked at.
 * @param name family and kernel
 * @throws if there is no such kernel here: a report may come from another version
 */
export async function kernelText(name: string): Promise<KernelText> {
  const edited = replaced.get(name);
  if (edited) return edited;
  const load = kernelTexts[name];
  if (!load) throw new Error(`there is no kernel ${name} in this version of Basin`);
  return (await load()).default;
}

/** Takes a kernel as it was written since the page was opened. */
export function replaceText(text: KernelText): void {
  replaced.set(text.name, text);
}
