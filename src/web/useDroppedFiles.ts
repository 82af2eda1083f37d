import { useEffect } from 'preact/hooks';

/** Takes files that are dropped anywhere on the page, which shows that it would while they are over it. */
export function useDroppedFiles(onFiles: (files: readonly File[]) => void): void {
  useEffect(() => {
    const { dataset } = document.body;
    const over = (event: DragEvent) => {
      event.preventDefault();
      if (event.dataTransfer?.types.includes('Files')) dataset.dropping = '';
    };
    const leave = ({ relatedTarget }: DragEvent) => {
      if (!relatedTarget) delete dataset.dropping;
    };
    const drop = (event: DragEvent) => {
      event.preventDefault();
      delete dataset.dropping;
      const files = [...(event.dataTransfer?.files ?? [])];
      if (files.length > 0) onFiles(files);
    };
    document.addEventListener('dragover', over);
    document.addEventListener('dragleave', leave);
    document.addEventListener('drop', drop);
    return () => {
      document.removeEventListener('dragover', over);
      document.removeEventListener('dragleave', leave);
      document.removeEventListener('drop', drop);
    };
  });
}
