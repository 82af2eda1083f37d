import type { RunView } from './runView.ts';
import { sourceLines } from './sourceLine.ts';

/** Two lines at the foot of a chart, which stay with it as a file: where its numbers come from. */
export function Note({
  run,
  about,
  x,
  y,
}: {
  run: RunView | undefined;
  about?: string;
  x: number;
  y: number;
}) {
  const lines = run ? sourceLines(run) : ['', ''];
  return (
    <g class="note">
      <text x={x} y={y}>
        {[about, lines[0]].filter(Boolean).join(' · ')}
      </text>
      <text x={x} y={y + 14}>
        {lines[1]}
      </text>
    </g>
  );
}
