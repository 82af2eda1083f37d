import { type ComponentChild, render } from 'preact';
import { KERNEL_EDIT, type KernelEdit } from '../build/kernelEdit.ts';
import { keepOffline } from './keepOffline.ts';

/**
 * Puts a page into its element.
 * @param onKernelEdit where a kernel was written under `npm run dev`: the page is loaded again, since its worker holds the kernel as it was
 */
export function mountPage(
  page: ComponentChild,
  onKernelEdit: (edit: KernelEdit) => void = () => location.reload(),
): void {
  const root = document.getElementById('app');
  if (!root) throw new Error('the page has no element "app"');
  root.replaceChildren();
  render(page, root);
  keepOffline();
  import.meta.hot?.on(KERNEL_EDIT, onKernelEdit);
}
