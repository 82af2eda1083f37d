import { useEffect, useMemo, useState } from 'preact/hooks';
import type { RowDispatch } from '../../bench/kernelsReport.ts';
import type { KernelText } from '../../gpu/kernelSource.ts';
import { specialise } from '../../gpu/specialise.ts';
import { formatCount } from '../../present/formatNumber.ts';
import { ButtonGroup } from '../buttonGroup.tsx';
import { ScrollRegion } from '../scrollRegion.tsx';
import { wgslTokens } from './highlight.ts';
import { kernelText } from './kernelTexts.ts';

/** The file as it is; with what it imports; and with a dispatch's knobs put in, loops written out. */
type TextForm = 'written' | 'linked' | 'compiled';

interface ViewerProps {
  /** What ran, in order; or the kernel alone where nothing has. */
  dispatches: readonly RowDispatch[];
  kernel?: string;
  /** Another number after each edit of a file. */
  edits: number;
  /** What is wrong with files as they were last written. */
  refused: ReadonlyMap<string, string>;
  /** Opens the kernel in the editor. */
  onEdit(kernel: string): void;
}

/** A kernel's WGSL beside what it takes: bindings, workgroup memory, registers, grid. */
export function KernelViewer({ dispatches, kernel, edits, refused, onEdit }: ViewerProps) {
  const [chosen, setChosen] = useState(0);
  const [form, setForm] = useState<TextForm>('written');
  const at = Math.min(chosen, Math.max(0, dispatches.length - 1));
  const dispatch = dispatches[at];
  const name = dispatch?.kernel ?? kernel;
  const [loaded, setLoaded] = useState<{ text?: KernelText; error?: string }>({});

  useEffect(() => {
    let gone = false;
    if (name === undefined) return;
    kernelText(name).then(
      (text) => !gone && setLoaded({ text }),
      (error: Error) => !gone && setLoaded({ error: error.message }),
    );
    return () => {
      gone = true;
    };
  }, [name, edits]);

  if (name === undefined) return null;
  const text = loaded.text?.name === name ? loaded.text : undefined;
  const shown = form === 'compiled' && !dispatch ? 'linked' : form;
  return (
    <section class="viewer" aria-label={`Source of ${name}`}>
      {dispatches.length > 1 && (
        <ButtonGroup
          legend="Passes"
          look="pills"
          options={dispatches.map(({ kernel: pass }, i) => ({ value: i, label: `${i + 1} ${pass}` }))}
          isOn={(i) => i === at}
          onPress={setChosen}
        />
      )}
      <div class="viewer-head">
        <code class="file">
          shaders/{text?.file ?? name}.wgsl
          {text && text.conditions.length > 0 && ` (${text.conditions.join(' ')})`}
        </code>
        <ButtonGroup
          legend="Text"
          look="segmented"
          options={[
            { value: 'written', label: 'as written' },
            { value: 'linked', label: 'as linked' },
            { value: 'compiled', label: 'as compiled', disabled: !dispatch },
          ]}
          isOn={(form) => form === shown}
          onPress={setForm}
        />
        <button type="button" class="small" aria-label={`Edit ${name}`} onClick={() => onEdit(name)}>
          Edit
        </button>
      </div>
      {refused.has(name) && (
        <p class="error" role="alert">
          The file as it was last written is refused: {refused.get(name)}
        </p>
      )}
      {loaded.error !== undefined && <p class="error">{loaded.error}</p>}
      {text && (
        <>
          <Facts source={text} dispatch={dispatch} />
          <Code text={text} dispatch={dispatch} form={shown} />
        </>
      )}
    </section>
  );
}

function Facts({ source, dispatch }: { source: KernelText; dispatch: RowDispatch | undefined }) {
  const size = dispatch?.workgroupSize ?? source.workgroupSize;
  const knobs = Object.entries(source.knobs).map(([knob, { value }]) => {
    const given = dispatch?.knobs[knob];
    return {
      knob,
      value: given === undefined ? value.replace(/u$/, '') : String(given),
      given: given !== undefined,
    };
  });
  return (
    <div class="facts">
      <dl class="fact-list">
        {dispatch && (
          <div>
            <dt>Grid</dt>
            <dd>{dispatch.grid.map(formatCount).join(' × ')} workgroups</dd>
          </div>
        )}
        <div>
          <dt>Workgroup</dt>
          <dd>{size.join(' × ')} invocations</dd>
        </div>
        <div>
          <dt>Workgroup memory</dt>
          <dd>{formatCount(dispatch?.workgroupBytes ?? source.workgroupBytes)} B</dd>
        </div>
        {dispatch && (
          <div>
            <dt>Accumulators</dt>
            <dd>{dispatch.accumulators} × f32 an invocation</dd>
          </div>
        )}
        {knobs.length > 0 && (
          <div class="wide">
            <dt>Knobs</dt>
            <dd class="knobs">
              {knobs.map(({ knob, value, given }) => (
                <code key={knob} class={given ? 'given' : undefined}>
                  {knob} = {value}
                </code>
              ))}
            </dd>
          </div>
        )}
      </dl>
      <ScrollRegion label="Bindings" look="">
        <table class="bindings">
          <thead>
            <tr>
              <th scope="col">binding</th>
              <th scope="col">name</th>
              <th scope="col">access</th>
              <th scope="col">element</th>
            </tr>
          </thead>
          <tbody>
            <tr>
              <td>0</td>
              <th scope="row">params</th>
              <td>uniform</td>
              <td>{source.paramsBytes} B</td>
            </tr>
            {source.bindings.map(({ binding, name, access, element }) => (
              <tr key={binding}>
                <td>{binding}</td>
                <th scope="row">{name}</th>
                <td>{access}</td>
                <td>{element}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
    </div>
  );
}

function Code({
  text,
  dispatch,
  form,
}: {
  text: KernelText;
  dispatch: RowDispatch | undefined;
  form: TextForm;
}) {
  const { lines, tokens } = useMemo(() => {
    const code = (form === 'compiled' ? textAsRun(text, dispatch) : text[form]).trimEnd();
    return { lines: code.split('\n').length, tokens: wgslTokens(code) };
  }, [text, dispatch, form]);
  return (
    <ScrollRegion label={`WGSL, ${lines} lines`} look="code">
      <pre class="line-numbers" aria-hidden="true">
        {Array.from({ length: lines }, (_, i) => i + 1).join('\n')}
      </pre>
      <pre>
        <code>
          {tokens.map(({ kind, text }, i) =>
            kind === 'plain' ? (
              text
            ) : (
              <span key={i} class={`wgsl-${kind}`}>
                {text}
              </span>
            ),
          )}
        </code>
      </pre>
    </ScrollRegion>
  );
}

/** The variant's text; a report of another version may name knobs that the file has no more. */
function textAsRun(text: KernelText, dispatch: RowDispatch | undefined): string {
  try {
    return specialise(text, text.linked, dispatch?.knobs);
  } catch (error) {
    return `// ${(error as Error).message}`;
  }
}
