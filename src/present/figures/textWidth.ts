/** Sizes of a figure's letters, in pixels. */
export const TEXT_SIZE = { title: 14, label: 12, note: 11 } as const;

/** Widths of a wide sans serif face, in parts of its size; the font that is there is narrower, or about as wide. */
const NARROW = 0.36;
const WIDE = 0.9;
const OTHER = 0.64;

/** What a text takes at most, in pixels: nothing can be measured where there is no page, and a figure is the same everywhere. */
export function textWidth(text: string, size: number): number {
  let width = 0;
  for (const letter of text) {
    width += /[ijlrtfI.,:;'|()[\]\s]/.test(letter) ? NARROW : /[mwMW%@—]/.test(letter) ? WIDE : OTHER;
  }
  return size * width;
}

/** A text in lines that are no wider than so many pixels, broken between words. */
export function wrapText(text: string, size: number, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && textWidth(longer, size) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}
