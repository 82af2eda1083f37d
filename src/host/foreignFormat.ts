/** Files that are often given in place of what a reader takes, by their first bytes. */
const FORMATS: readonly { begins: string; is: string }[] = [
  {
    begins: 'version https://git-lfs',
    is: 'is a Git LFS pointer, not the file itself; fetch it with "git lfs pull"',
  },
  { begins: 'PK\x03\x04', is: 'is a zip archive' },
  { begins: '\x80\x02', is: 'is a Python pickle' },
  { begins: '\x1f\x8b', is: 'is packed by gzip' },
  { begins: '\x89HDF', is: 'is an HDF5 file' },
  { begins: '\x93NUMPY', is: 'is a single NumPy array (.npy)' },
  { begins: '<!DOCTYPE', is: 'is a web page' },
  { begins: '<html', is: 'is a web page' },
];

/** What the file is in truth, for the message of a reader that cannot read it; undefined where that is not known. */
export function foreignFormat(bytes: Uint8Array): string | undefined {
  const first = new TextDecoder('latin1').decode(bytes.subarray(0, 32)).toLowerCase();
  return FORMATS.find(({ begins }) => first.startsWith(latin1(begins).toLowerCase()))?.is;
}

/** TextDecoder's "latin1" is windows-1252, which moves 0x80 to 0x9f. */
function latin1(text: string): string {
  return new TextDecoder('latin1').decode(Uint8Array.from(text, (character) => character.charCodeAt(0)));
}
