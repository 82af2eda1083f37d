import { useEffect, useRef, useState } from 'preact/hooks';
import type { EditProblem } from '../../../bench/edit/kernelEditReport.ts';
import type { Editor } from './codeMirror.ts';

interface CodeEditorProps {
  label: string;
  /** The text from outside: it replaces what is there when it is another. */
  text: string;
  problems: readonly EditProblem[];
  /** A line to go to; another object each time. */
  goTo: { readonly line: number } | undefined;
  onChange(text: string): void;
  onRun(): void;
}

/** WGSL that is written here; the editor itself is loaded when it is first wanted. */
export function CodeEditor({ label, text, problems, goTo, onChange, onRun }: CodeEditorProps) {
  const place = useRef<HTMLDivElement>(null);
  const handlers = useRef({ onChange, onRun });
  handlers.current = { onChange, onRun };
  const written = useRef(text);
  const wanted = useRef(text);
  wanted.current = text;
  const [editor, setEditor] = useState<Editor>();
  const [failed, setFailed] = useState<string>();

  useEffect(() => {
    let gone = false;
    let opened: Editor | undefined;
    import('./codeMirror.ts').then(
      ({ openEditor }) => {
        if (gone || !place.current) return;
        written.current = wanted.current;
        opened = openEditor(place.current, wanted.current, label, {
          onChange: (now) => {
            written.current = now;
            handlers.current.onChange(now);
          },
          onRun: () => handlers.current.onRun(),
        });
        setEditor(opened);
      },
      (error: Error) => !gone && setFailed(error.message),
    );
    return () => {
      gone = true;
      opened?.destroy();
      setEditor(undefined);
    };
  }, [label]);

  useEffect(() => {
    if (editor && written.current !== text) editor.setText(text);
  }, [editor, text]);
  useEffect(() => editor?.setProblems(problems), [editor, problems]);
  useEffect(() => {
    if (goTo) editor?.goTo(goTo.line);
  }, [editor, goTo]);

  if (failed !== undefined) return <p class="error">The editor cannot be loaded: {failed}</p>;
  return <div class="code-editor" ref={place} data-ready={editor !== undefined} />;
}
