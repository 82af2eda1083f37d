/** Width of a letter of a note, about. */
const LETTER = 5.9;

/** Lines of a chart's note, broken between words so that they fit a width in pixels; a word that is longer by itself stays whole. */
export function foldLines(lines: readonly string[], width: number): string[] {
  const most = Math.max(1, Math.floor(width / LETTER));
  return lines.flatMap((line) => {
    const found = [''];
    for (const word of line.split(' ')) {
      const last = found.at(-1)!;
      if (last === '') found[found.length - 1] = word;
      else if (last.length + 1 + word.length <= most) found[found.length - 1] = `${last} ${word}`;
      else found.push(word);
    }
    return found;
  });
}
