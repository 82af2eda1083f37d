/**
 * What a compiler says of a kernel that it refuses: each of its errors, with the line of the text that was compiled.
 * @param otherwise where it gives no error
 */
export async function kernelRefusal(
  module: GPUShaderModule,
  code: string,
  otherwise: Error,
): Promise<string> {
  const { messages } = await module.getCompilationInfo();
  const lines = code.split('\n');
  const found = messages.filter(({ type }) => type === 'error').map((message) => showMessage(message, lines));
  return found.length > 0 ? found.map((text) => `\n  ${text}`).join('') : ` ${otherwise.message}`;
}

/** A message of the compiler's with the line that it is about: the text is a variant's, whose lines may be counted otherwise than the file's. */
function showMessage({ lineNum, linePos, message }: GPUCompilationMessage, lines: readonly string[]): string {
  const line = lines[lineNum - 1];
  if (line === undefined) return message;
  const text = line.trimStart();
  const column = Math.max(0, linePos - 1 - (line.length - text.length));
  return `line ${lineNum}: ${message}\n    ${text.trimEnd()}\n    ${' '.repeat(column)}^`;
}
