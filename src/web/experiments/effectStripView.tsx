import { effectStrip, type StripEffect } from '../../present/figures/effectStrip.ts';

/** How a verdict is marked, in form and colour. */
export const VERDICT_LOOKS: Readonly<Record<string, string>> = {
  reproduced: 'yes',
  'not reproduced': 'no',
};

/** An effect with its interval against its margin's band, on a line of its own scale; its numbers stand beside it. */
export function EffectStripView({ effect, look }: { effect: StripEffect; look: string }) {
  const strip = effectStrip(effect);
  if (!strip) return <span class="strip" aria-hidden="true" />;
  const { band, bar, open, mark } = strip;
  const span = ({ left, width }: { left: number; width: number }) => ({
    left: `${left.toFixed(2)}%`,
    width: `${width.toFixed(2)}%`,
  });
  const ends = open.map((isOpen, i) => (isOpen ? ` open-${i}` : '')).join('');
  return (
    <span class="strip" aria-hidden="true">
      {band && <i class="band" style={span(band)} />}
      {bar && <i class={`bar${ends}`} style={span(bar)} />}
      {mark !== null && <i class={`mark ${look}`} style={{ left: `${mark.toFixed(2)}%` }} />}
    </span>
  );
}

/** A verdict in words, marked as in the pictures. */
export function VerdictBadge({ verdict }: { verdict: string }) {
  return <span class={`verdict ${VERDICT_LOOKS[verdict] ?? 'open'}`}>{verdict}</span>;
}
