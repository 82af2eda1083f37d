/** JSON, indented, with each list of plain values on one line: losses of ten thousand steps stay readable. */
export function formatJson(value: unknown, indent = ''): string {
  const inner = `${indent}  `;
  if (ArrayBuffer.isView(value)) return formatJson(Array.from(value as Float32Array), indent);
  if (Array.isArray(value)) {
    if (!value.some((item) => typeof item === 'object' && item !== null)) return JSON.stringify(value);
    return `[\n${value.map((item) => inner + formatJson(item, inner)).join(',\n')}\n${indent}]`;
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  if (entries.length === 0) return '{}';
  const lines = entries.map(([key, item]) => `${inner}${JSON.stringify(key)}: ${formatJson(item, inner)}`);
  return `{\n${lines.join(',\n')}\n${indent}}`;
}
