const UNITS = ['B', 'kB', 'MB', 'GB'];

/** A number of bytes as messages and listings print it: 256 B, 1.5 kB, 12 MB (powers of 1000). */
export function showBytes(bytes: number): string {
  const power = bytes < 1000 ? 0 : Math.min(3, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${power > 0 && value < 10 ? value.toFixed(1) : Math.round(value)} ${UNITS[power]}`;
}
