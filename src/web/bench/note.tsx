/** Lines at the foot of a chart, which stay with it as a file: where its numbers come from. See `sourceLines`. */
export function Note({ lines, x, y }: { lines: readonly string[]; x: number; y: number }) {
  return (
    <g class="note">
      {lines.map((line, i) => (
        <text key={line} x={x} y={y + i * NOTE_LINE}>
          {line}
        </text>
      ))}
    </g>
  );
}

/** Height of a line. */
export const NOTE_LINE = 14;
