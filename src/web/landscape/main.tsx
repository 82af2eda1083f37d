import { render } from 'preact';
import { KERNEL_EDIT } from '../../build/kernelEdit.ts';
import { LandscapeApp } from './landscapeApp.tsx';
import { LandscapeSession } from './landscapeSession.ts';

const root = document.getElementById('app');
if (!root) throw new Error('the page has no element "app"');
root.replaceChildren();
const session = new LandscapeSession();
render(<LandscapeApp session={session} />, root);
void session.findAdapter();
// The worker holds the kernel as it was.
import.meta.hot?.on(KERNEL_EDIT, () => location.reload());
