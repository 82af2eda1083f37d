import { useMemo, useState } from 'preact/hooks';
import { adapterName } from '../../../present/adapterName.ts';
import { JobProgress } from '../../jobProgress.tsx';
import type { BenchSession } from '../benchSession.ts';
import { Quick } from '../quick.tsx';
import { CodeEditor } from './codeEditor.tsx';
import { EditOutcome } from './editOutcome.tsx';
import type { EditState } from './editorView.tsx';
import { GridFields } from './gridFields.tsx';
import { KeepForm } from './keepForm.tsx';
import type { KeptKernels } from './keptKernels.ts';
import { useDraft } from './useDraft.ts';
import type { OpenedKernel } from './useOpenedKernel.ts';

interface PanelProps {
  session: BenchSession;
  kept: KeptKernels;
  opened: OpenedKernel;
  state: EditState;
  onState(change: Partial<EditState>): void;
}

/** The text, what is done with it, and what came of it. */
export function EditorPanel({ session, kept, opened, state, onState }: PanelProps) {
  const { target, text: shipped } = opened;
  const { gridX, gridY } = state;
  const draft = useDraft(shipped, state.text, (text) => onState({ text }));
  const [goTo, setGoTo] = useState<{ line: number }>();
  const [copied, setCopied] = useState('');
  const busy = session.state !== 'idle';
  const { answer } = session;
  const ours = answer?.of.row === target.row && answer.of.kernel === target.kernel ? answer : undefined;
  const stale =
    ours !== undefined &&
    (ours.of.text !== draft.text || ours.of.grid[0] !== gridX || ours.of.grid[1] !== gridY);
  const problems = useMemo(() => (ours && !stale ? (ours.result?.problems ?? []) : []), [ours, stale]);
  const changed = draft.text !== shipped || gridX !== '' || gridY !== '';

  const run = () => {
    if (busy) return;
    draft.settle();
    const { row, kernel, scale } = target;
    void session.checkText({ row, kernel, scale, text: draft.text, grid: [gridX, gridY] });
  };
  const share = async () => {
    draft.settle();
    try {
      await navigator.clipboard.writeText(location.href);
      setCopied('The link is copied: it holds the text.');
    } catch {
      setCopied('The link is this page’s address, which holds the text: copy it from there.');
    }
  };

  return (
    <div class="editor-panel">
      <p class="about-kernel">
        <strong>{target.title}</strong>, {target.shape}: <code>{target.kernel}</code>. The text takes the
        shipped kernel’s place in this row; its bindings and parameters stay. Knobs that you leave as they are
        follow the plan of each shape.
      </p>
      <div class="tools">
        <button type="button" class="primary" disabled={busy} onClick={run}>
          Check and time
        </button>
        <button type="button" disabled={!busy} onClick={() => void session.stop()}>
          {session.state === 'stopping' ? 'Stop at once' : 'Stop checking'}
        </button>
        <button
          type="button"
          disabled={!changed}
          onClick={() => {
            draft.write(shipped);
            onState({ gridX: '', gridY: '', text: undefined });
          }}
        >
          Back to the shipped text
        </button>
        <button type="button" onClick={() => void share()}>
          Copy link
        </button>
        <Quick quick={state.quick} disabled={busy} onQuick={(quick) => onState({ quick })} />
        <span class="hint" role="status">
          {copied}
        </span>
      </div>
      <GridFields target={target} x={gridX} y={gridY} onChange={onState} />
      {draft.error !== undefined && (
        <p class="error" role="alert">
          {draft.error}. The shipped text is shown.
        </p>
      )}
      <div class="split">
        <CodeEditor
          label={`WGSL of ${target.kernel}`}
          text={draft.text}
          problems={problems}
          goTo={goTo}
          onChange={draft.write}
          onRun={run}
        />
        <div class="beside">
          <JobProgress session={session} />
          {ours && <EditOutcome answer={ours} stale={stale} onLine={(line) => setGoTo({ line })} />}
          {ours?.result?.outcome === 'timed' && !stale && (
            <KeepForm
              kept={kept}
              result={ours.result}
              text={{ text: draft.text, grid: [gridX, gridY] }}
              adapter={session.adapter ? adapterName(session.adapter) : ''}
            />
          )}
          {!ours && !busy && (
            <p class="empty card">
              “Check and time” (Ctrl or ⌘ with Enter in the text) compiles it, follows it with a race
              detector, compares it with float64 at odd shapes, and times it in alternation with the shipped
              kernel and your last right version.
            </p>
          )}
        </div>
      </div>
    </div>
  );
}
