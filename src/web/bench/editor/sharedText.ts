import { deflateSync, inflateSync, strFromU8, strToU8 } from 'fflate';

/** Bytes that a text in an address stays below. */
const LONGEST = 2 ** 18;

/** A text as an address can hold it. */
export function packText(text: string): string {
  const bytes = deflateSync(strToU8(text), { level: 9 });
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** @throws where the address was cut, or holds something else */
export function unpackText(packed: string): string {
  const text = inflated(packed);
  if (text !== undefined) return text;
  throw new Error('the text in the address cannot be read: it was cut, or changed on its way');
}

function inflated(packed: string): string | undefined {
  try {
    const binary = atob(packed.replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
    // Into room that does not grow: an address may hold what unfolds to gigabytes.
    const text = inflateSync(bytes, { out: new Uint8Array(LONGEST) });
    return text.length < LONGEST ? strFromU8(text) : undefined;
  } catch {
    return undefined;
  }
}
