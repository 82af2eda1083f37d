import type { BenchSession } from '../benchSession.ts';
import type { BenchState } from '../benchState.ts';
import { EditorPanel } from './editorPanel.tsx';
import type { KeptKernel, KeptKernels } from './keptKernels.ts';
import { KeptList } from './keptList.tsx';
import { packText } from './sharedText.ts';
import { useOpenedKernel } from './useOpenedKernel.ts';

/** What is open before anything was chosen: registers and a knob or two, and no barrier. */
const FIRST = 'matmul ladder 4';

export type EditState = Pick<BenchState, 'edit' | 'kernel' | 'gridX' | 'gridY' | 'text' | 'quick'>;

interface EditorViewProps {
  session: BenchSession;
  kept: KeptKernels;
  state: EditState;
  onState(change: Partial<EditState>): void;
}

/** A kernel's WGSL, to be changed and tried here. */
export function EditorView({ session, kept, state, onState }: EditorViewProps) {
  const row = state.edit ?? FIRST;
  const { opened, error } = useOpenedKernel(session, row, state.kernel, state.quick);
  const rows = session.catalogue?.rows ?? [];
  const open = ({ row: edit, kernel, text, grid: [gridX, gridY] }: KeptKernel) =>
    onState({ edit, kernel, gridX, gridY, text: packText(text) });
  return (
    <div class="editor-view">
      <div class="tools">
        <label class="picker">
          <span>Kernel</span>
          <select
            value={row}
            onInput={(event) =>
              onState({
                edit: event.currentTarget.value,
                kernel: undefined,
                gridX: '',
                gridY: '',
                text: undefined,
              })
            }
          >
            {!rows.some((each) => each.row === row) && <option value={row}>{row}</option>}
            {rows.map(({ row: each, title }) => (
              <option key={each} value={each}>
                {each.includes(title) ? each : `${each}: ${title}`}
              </option>
            ))}
          </select>
        </label>
        {opened && opened.target.kernels.length > 1 && (
          <label class="picker">
            <span>Pass</span>
            <select
              value={opened.target.kernel}
              onInput={(event) =>
                onState({ kernel: event.currentTarget.value, gridX: '', gridY: '', text: undefined })
              }
            >
              {opened.target.kernels.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
        )}
      </div>
      {error !== undefined && (
        <p class="error" role="alert">
          {error}
        </p>
      )}
      {opened ? (
        <EditorPanel
          key={`${opened.target.row} ${opened.target.kernel}`}
          session={session}
          kept={kept}
          opened={opened}
          state={state}
          onState={onState}
        />
      ) : (
        error === undefined && (
          <p class="empty card">
            {session.adapterError === undefined
              ? 'Opening the kernel …'
              : 'A kernel is edited where it can run: without a WebGPU adapter there is only its text, under Kernels and Ladders.'}
          </p>
        )
      )}
      <KeptList kept={kept} onOpen={open} />
    </div>
  );
}
