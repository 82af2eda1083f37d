export const SOURCES: readonly string[];
export function fingerprint(root: string): string;
export function isBuiltOf(dist: string, root: string): boolean;
export function writeStamp(dist: string, before: string): void;
