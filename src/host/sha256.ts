/** SHA-256 of bytes (FIPS 180-4), in hexadecimal; of a text those of its UTF-8. */
export async function sha256(content: string | ArrayBufferView): Promise<string> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as BufferSource));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
