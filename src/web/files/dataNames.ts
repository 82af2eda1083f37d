import type { GivenFile } from './givenFile.ts';

/**
 * What a job calls the data among given files: a file by its name, IDX images without their labels, which follow from the name, and
 * several CIFAR-10 batches as one list.
 */
export function dataNames(given: readonly GivenFile[]): string[] {
  const names = given.filter(({ is }) => is === 'data').map(({ name }) => name);
  const isBatch = (name: string): boolean => /\.bin$/i.test(name);
  const batches = names.filter(isBatch).sort();
  const hasImages = (name: string): boolean =>
    names.includes(name.replace('labels', 'images').replace('idx1', 'idx3'));
  return [
    ...names.filter((name) => !isBatch(name) && !(name.includes('labels') && hasImages(name))),
    ...(batches.length > 1 ? [batches.join(',')] : batches),
  ];
}
