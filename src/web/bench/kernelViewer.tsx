import { useEffect, useMemo, useState } from 'preact/hooks';
import type { RowDispatch } from '../../bench/kernelsReport.ts';
import type { KernelSource } from '../../gpu/kernelSource.ts';
import { specialise } from '../../gpu/specialise.ts';
import { formatCount } from '../../present/formatNumber.ts';
import { ButtonGroup } from './buttonGroup.tsx';
import { wgslTokens } from './highlight.ts';
import { kernelSource } from './kernelSources.ts';
import { ScrollRegion } from './scrollRegion.tsx';

interface ViewerProps {
  /** What ran, in order; or the kernel alone where nothing has. */
  dispatches: readonly RowDispatch[];
  kernel?: string;
  /** Another number after each edit of a file. */
  edits: number;
  /** What is wrong with files as they were last written. */
  refused: ReadonlyMap<string, string>;
}

/** A kernel's WGSL beside what it takes: bindings, workgroup memory, registers, grid. */
export function KernelViewer({ dispatches, kernel, edits, refused }: ViewerProps) {
  const [chosen, setChosen] = useState(0);
  const [asRun, setAsRun] = useState(false);
  const at = Math.min(chosen, Math.max(0, dispatches.length - 1));
  const dispatch = dispatches[at];
  const name = dispatch?.kernel ?? kernel;
  const [loaded, setLoaded] = useState<{ source?: KernelSource; error?: string }>({});

  useEffect(() => {
    let gone = false;
    if (name === undefined) return;
    kernelSource(name).then(
      (source) => !gone && setLoaded({ source }),
      (error: Error) => !gone && setLoaded({ error: error.message }),
    );
    return () => {
      gone = true;
    };
  }, [name, edits]);

  if (name === undefined) return null;
  const source = loaded.source?.name === name ? loaded.source : undefined;
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
        <code class="file">shaders/{name}.wgsl</code>
        <ButtonGroup
          legend="Text"
          look="segmented"
          options={[
            { value: 'written', label: 'as written' },
            { value: 'compiled', label: 'as compiled', disabled: !dispatch },
          ]}
          isOn={(text) => (text === 'compiled') === asRun}
          onPress={(text) => setAsRun(text === 'compiled')}
        />
      </div>
      {refused.has(name) && (
        <p class="error" role="alert">
          The file as it was last written is refused: {refused.get(name)}
        </p>
      )}
      {loaded.error !== undefined && <p class="error">{loaded.error}</p>}
      {source && (
        <>
          <Facts source={source} dispatch={dispatch} />
          <Code source={source} dispatch={dispatch} asRun={asRun && dispatch !== undefined} />
        </>
      )}
    </section>
  );
}

function Facts({ source, dispatch }: { source: KernelSource; dispatch: RowDispatch | undefined }) {
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
  source,
  dispatch,
  asRun,
}: {
  source: KernelSource;
  dispatch: RowDispatch | undefined;
  asRun: boolean;
}) {
  const { lines, tokens } = useMemo(() => {
    const code = (asRun ? textAsRun(source, dispatch) : source.code).trimEnd();
    return { lines: code.split('\n').length, tokens: wgslTokens(code) };
  }, [source, dispatch, asRun]);
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
function textAsRun(source: KernelSource, dispatch: RowDispatch | undefined): string {
  try {
    return specialise(source, dispatch?.knobs);
  } catch (error) {
    return `// ${(error as Error).message}`;
  }
}
