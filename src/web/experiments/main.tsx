import { render } from 'preact';
import { KERNEL_EDIT } from '../../build/kernelEdit.ts';
import { ExperimentSession } from './experimentSession.ts';
import { ExperimentsApp } from './experimentsApp.tsx';

const root = document.getElementById('app');
if (!root) throw new Error('the page has no element "app"');
root.replaceChildren();
const session = new ExperimentSession();
render(<ExperimentsApp session={session} />, root);
void session.findAdapter();
// The worker holds the kernel as it was.
import.meta.hot?.on(KERNEL_EDIT, () => location.reload());
