/**
 * The first key that occurs twice in one object of a JSON text, or undefined. `JSON.parse` keeps the last one in
 * silence, so a file could show one tensor to one reader and another to the next.
 *
 * @param text valid JSON: checked by JSON.parse before
 */
export function duplicateJsonKey(text: string): string | undefined {
  const objects: (Set<string> | null)[] = [];
  let previous = '';
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]/g)) {
    const keys = objects.at(-1);
    if (token === '{') objects.push(new Set());
    else if (token === '[') objects.push(null);
    else if (token === '}' || token === ']') objects.pop();
    else if (token.startsWith('"') && keys && (previous === '{' || previous === ',')) {
      const key = JSON.parse(token) as string;
      if (keys.has(key)) return key;
      keys.add(key);
    }
    previous = token;
  }
  return undefined;
}
