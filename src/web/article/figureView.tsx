import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Panel } from '../../experiments/figure.ts';
import { adapterName } from '../../present/adapterName.ts';
import { formatNumber } from '../../present/formatNumber.ts';
import { Formula } from '../formula.tsx';
import { Picture } from '../picture.tsx';
import { changeUrlState } from '../urlState.ts';
import { useSession } from '../useSession.ts';
import type { ArticleSession } from './articleSession.ts';
import type { FigureState } from './figureState.ts';
import { markCurve } from './markCurve.ts';
import { ValueSlider } from './valueSlider.tsx';

/** How far below the window a figure is made ready. */
const NEAR = '600px';

/** A figure of the article: its slider, its charts, what they show in a sentence, and where that comes from. */
export function FigureView({ session, state }: { session: ArticleSession; state: FigureState }) {
  useSession(session);
  const place = useRef<HTMLDivElement>(null);
  const near = useNear(place);
  const { figure, value, marked } = state;
  const { slider } = figure;

  useEffect(() => {
    if (!near) return;
    void session.load(state);
    session.want(state);
  }, [near, session, state]);

  const panels = useMemo((): readonly Panel[] => {
    const shown = near ? state.shown({ growing: true }) : undefined;
    return shown ? figure.panels(shown, value).map((panel) => markCurve(panel, marked)) : [];
  }, [figure, state, value, marked, near, state.changes]);
  const known = state.shown({ growing: false });
  const title = `figure-${figure.id}`;
  return (
    <div ref={place} class="figure">
      <div class="figure-head">
        <h3 id={title}>{figure.title}</h3>
        <ValueSlider
          slider={slider}
          value={value}
          onChange={(chosen) => {
            session.set(state, chosen);
            const text = chosen === slider.first ? undefined : `${chosen}`;
            changeUrlState({ values: { [figure.id]: text } });
          }}
        />
      </div>
      <div class={`panels of-${figure.id}`}>
        {panels.map((panel, i) => (
          <Picture key={i} of={panel} draw={({ drawChart }, look) => drawChart(panel, look)} />
        ))}
      </div>
      <p class="finding">
        <Formula text={(known && figure.sentence(known, value)) ?? ''} />
      </p>
      <p class="provenance">
        <Provenance session={session} state={state} />
      </p>
    </div>
  );
}

/** Where the numbers that are drawn come from. */
function Provenance({ session, state }: { session: ArticleSession; state: FigureState }) {
  const { adapter, adapterError } = session;
  const { bundled, problem } = state;
  const live = state.live.get(state.run);
  const own = adapter && adapterName(adapter);
  if (live) {
    return (
      <>
        Computed here on {own} in {formatNumber(live.seconds, 2)} s.{' '}
        <button type="button" onClick={() => session.again(state)}>
          Compute again
        </button>
      </>
    );
  }
  const came = bundled && `Came with the page, computed on ${bundled.adapter}, ${bundled.date}.`;
  if (problem !== undefined) {
    return (
      <>
        {came} <span class="error">Computing it here failed: {problem}</span>{' '}
        <button type="button" onClick={() => session.again(state)}>
          Try again
        </button>
      </>
    );
  }
  if (adapterError !== undefined)
    return (
      <>
        {came} There is no WebGPU adapter to compute it anew: <a href="./lab.html">what to do</a>.
      </>
    );
  if (state.growing?.run === state.run) return <>Computing on {own} …</>;
  return <>{came ?? 'Loading …'}</>;
}

/** Whether an element is in the window or not far below it, or once was. */
function useNear(place: { readonly current: HTMLElement | null }): boolean {
  const [near, setNear] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
        setNear(true);
        observer.disconnect();
      },
      { rootMargin: NEAR },
    );
    observer.observe(place.current!);
    return () => observer.disconnect();
  }, [place]);
  return near;
}
