import 'uplot/dist/uPlot.min.css';
import { render } from 'preact';
import { KERNEL_EDIT } from '../build/kernelEdit.ts';
import { App } from './app.tsx';
import { Session } from './session.ts';

const root = document.getElementById('app');
if (!root) throw new Error('the page has no element "app"');
root.replaceChildren();
const session = new Session();
render(<App session={session} />, root);
void session.findAdapter();
// The worker holds the kernel as it was.
import.meta.hot?.on(KERNEL_EDIT, () => location.reload());
