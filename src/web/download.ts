/** Hands text or bytes to the browser as a file to save. */
export function download(name: string, type: string, content: BlobPart): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken hold of the blob by the time of the next task.
  setTimeout(() => URL.revokeObjectURL(url));
}
