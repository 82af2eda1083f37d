import { render } from 'preact';
import { KERNEL_EDIT } from '../../build/kernelEdit.ts';
import { AdapterLine } from '../adapterBanner.tsx';
import { keepOffline } from '../keepOffline.ts';
import { readUrlState } from '../urlState.ts';
import { useSession } from '../useSession.ts';
import { ArticleSession } from './articleSession.ts';
import { bindSymbols } from './bindSymbols.ts';
import { FIGURES } from './figures/index.ts';
import { FigureView } from './figureView.tsx';

const session = new ArticleSession(FIGURES);
// The device opens while the page is drawn, and the first figure is computed as soon as it has.
void session.findAdapter();
const { place, values } = readUrlState();
const states = [...session.figures.values()];
for (const state of states) {
  const value = Number(values[state.figure.id]);
  if (state.figure.slider.values.includes(value)) state.value = value;
}
session.want(states[0]!);

for (const state of states) {
  const { id } = state.figure;
  const element = document.querySelector(`[data-figure="${id}"]`);
  if (!element) throw new Error(`the article has no place for the figure ${id}`);
  render(<FigureView session={session} state={state} />, element);
  for (const equation of document.querySelectorAll<HTMLElement>(`.equation[data-of="${id}"]`))
    bindSymbols(equation, (curve) => session.mark(state, curve));
}
render(<Head />, document.getElementById('adapter')!);
// A browser finds no place in an address that holds values as well.
if (place !== '' && Object.keys(values).length > 0) document.getElementById(place)?.scrollIntoView();
keepOffline();
import.meta.hot?.on(KERNEL_EDIT, () => location.reload());

/** What the page computes on, and for those who cannot watch, what it is doing. */
function Head() {
  useSession(session);
  return (
    <>
      <AdapterLine session={session} />
      <p class="visually-hidden" role="status">
        {session.announcement}
      </p>
    </>
  );
}
