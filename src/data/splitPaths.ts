/** A list of more commas than this is not tried. */
const MOST_COMMAS = 16;

/** Every run of neighbouring parts of a list separated by commas: what may be one path, since paths may hold commas. */
export function candidatePaths(list: string): string[] {
  const parts = list.split(',');
  if (parts.length > MOST_COMMAS + 1) return [];
  return parts.flatMap((_, begin) =>
    parts.slice(begin).map((_, length) => parts.slice(begin, begin + length + 1).join(',')),
  );
}

/**
 * A list of paths separated by commas as the files that exist: "a,b.gz,c.gz" is a,b.gz and c.gz where those two are files.
 * Longer names win.
 * @returns undefined where it is no list of files
 */
export function splitPaths(list: string, isFile: (path: string) => boolean): string[] | undefined {
  const parts = list.split(',');
  if (parts.length > MOST_COMMAS + 1) return undefined;
  // Of the parts from each one on, the last first.
  const split: (string[] | undefined)[] = Array(parts.length + 1).fill(undefined);
  split[parts.length] = [];
  for (let begin = parts.length - 1; begin >= 0; begin--) {
    for (let end = parts.length; end > begin && !split[begin]; end--) {
      const path = parts.slice(begin, end).join(',');
      const rest = split[end];
      if (rest && isFile(path)) split[begin] = [path, ...rest];
    }
  }
  return split[0];
}
