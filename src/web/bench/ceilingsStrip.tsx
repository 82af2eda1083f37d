import type { Ceiling, Ceilings, ClockInfo } from '../../bench/kernelsReport.ts';
import { formatNumber } from '../../present/formatNumber.ts';
import { Fold } from './fold.tsx';
import type { RunView } from './runView.ts';

const TILES: readonly (readonly [keyof Ceilings, string])[] = [
  ['copyBandwidth', 'Copy bandwidth'],
  ['fmaPeak', 'fma peak'],
  ['dispatchCost', 'A dispatch'],
  ['submitLatency', 'Submit to done'],
  ['readbackLatency', 'Read-back'],
];

/** What this adapter can do at most, as measured before the kernels. */
export function CeilingsStrip({ run }: { run: RunView | undefined }) {
  const ceilings = run?.ceilings;
  const most = [ceilings?.copyBandwidth, ceilings?.fmaPeak].flatMap((each) =>
    each ? `${formatNumber(each.median, 3)} ${each.unit}` : [],
  );
  return (
    <section class="ceilings" aria-label="Ceilings of this adapter">
      <Fold summary={`Ceilings: ${most.length > 0 ? most.join(', ') : 'not measured yet'}`}>
        <dl>
          {TILES.map(([key, label]) => (
            <Tile key={key} label={label} ceiling={ceilings?.[key]} />
          ))}
        </dl>
        <p class="hint clock">{run?.clock && clockText(run.clock)}</p>
      </Fold>
    </section>
  );
}

function Tile({ label, ceiling }: { label: string; ceiling: Ceiling | undefined }) {
  return (
    <div class="tile">
      <dt>{label}</dt>
      <dd class="value">
        {formatNumber(ceiling?.median, 3)} {ceiling && <span class="unit">{ceiling.unit}</span>}
      </dd>
      <dd class="range">
        {ceiling ? `${formatNumber(ceiling.q1, 3)} to ${formatNumber(ceiling.q3, 3)}` : 'not measured yet'}
      </dd>
      <dd class="by" title={ceiling?.by}>
        {ceiling?.by}
      </dd>
    </div>
  );
}

function clockText({ kind, grain, note }: ClockInfo): string {
  const by = kind === 'timestamp-query' ? 'timestamp queries' : 'the wall clock';
  return `Times by ${by}, in steps of ${formatNumber(1e6 * grain, 3)} ns. ${note ?? ''}`;
}
