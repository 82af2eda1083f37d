import { render } from 'preact';
import { KERNEL_EDIT, type KernelEdit } from '../../build/kernelEdit.ts';
import { BenchApp } from './benchApp.tsx';
import { BenchSession } from './benchSession.ts';
import { RunLibrary } from './runLibrary.ts';

const root = document.getElementById('app');
if (!root) throw new Error('the page has no element "app"');
root.replaceChildren();
const session = new BenchSession();
render(<BenchApp session={session} library={new RunLibrary()} />, root);
void session.findAdapter();
import.meta.hot?.on(KERNEL_EDIT, (edit: KernelEdit) => void session.kernelEdited(edit));
