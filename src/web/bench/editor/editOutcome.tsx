import type { EditProblem, EditVersion, KernelEditResult } from '../../../bench/edit/kernelEditReport.ts';
import { digits, timeText } from '../../../bench/kernelsTable.ts';
import { formatNumber } from '../../../present/formatNumber.ts';
import { ScrollRegion } from '../../scrollRegion.tsx';
import { NumberHead } from '../numberHead.tsx';
import { RooflineBar } from '../rooflineBar.tsx';
import { Spread } from '../spread.tsx';
import { type EditAnswer, outcomeTitle } from './editAnswer.ts';

const VERSIONS: readonly (readonly [EditVersion, string])[] = [
  ['shipped', 'shipped'],
  ['last', 'your last'],
  ['edited', 'this text'],
];

interface OutcomeProps {
  answer: EditAnswer;
  /** The text has been changed since. */
  stale: boolean;
  onLine(line: number): void;
}

/** What came of a text: how far it came, at which lines, and how fast it is beside the others. */
export function EditOutcome({ answer, stale, onLine }: OutcomeProps) {
  const { result, hung } = answer;
  const good = result?.outcome === 'timed';
  return (
    <section
      class={good ? 'edit-outcome card good' : 'edit-outcome card bad'}
      data-outcome={result?.outcome ?? 'hung'}
      aria-labelledby="edit-outcome-title"
    >
      <h3 id="edit-outcome-title">{outcomeTitle(answer)}</h3>
      {stale && <p class="hint">The text has been changed since.</p>}
      <p class="said">{hung ?? result?.verdict}</p>
      {result && <Problems problems={result.problems} onLine={onLine} />}
      {result && Object.keys(result.rows).length > 0 && <Versions result={result} />}
      {result && result.profile.length > 0 && <Profile lines={result.profile} />}
      {result && <Checks result={result} />}
    </section>
  );
}

function Problems({ problems, onLine }: { problems: readonly EditProblem[]; onLine(line: number): void }) {
  if (problems.length === 0) return null;
  return (
    <ul class="edit-problems">
      {problems.map(({ kind, line, message }, i) => (
        <li key={i} class={kind}>
          {line > 0 && (
            <button type="button" class="link" onClick={() => onLine(line)}>
              line {line}
            </button>
          )}{' '}
          {message}
        </li>
      ))}
    </ul>
  );
}

function Versions({ result: { rows, ratios, shape } }: { result: KernelEditResult }) {
  const shown = VERSIONS.flatMap(([version, name]) => {
    const row = rows[version];
    return row ? [{ version, name, row }] : [];
  });
  return (
    <ScrollRegion label="Versions" look="">
      <table class="versions">
        <caption>
          <span class="caption-body">At {shape}, timed in alternation</span>
        </caption>
        <thead>
          <tr>
            <th scope="col">Version</th>
            <NumberHead>Time, ms</NumberHead>
            <NumberHead>this text’s over it</NumberHead>
            <NumberHead>GFLOP/s</NumberHead>
            <NumberHead>GB/s</NumberHead>
            <th scope="col">Of the roofline</th>
            <NumberHead>Compile, ms</NumberHead>
            <NumberHead>Workgroup</NumberHead>
            <NumberHead>Its memory, B</NumberHead>
            <NumberHead>Accumulators</NumberHead>
          </tr>
        </thead>
        <tbody>
          {shown.map(({ version, name, row }) => {
            const ratio = version === 'edited' ? undefined : ratios[version];
            const dispatch = row.dispatches.at(-1);
            return (
              <tr key={version} data-version={version}>
                <th scope="row">{name}</th>
                <td class="number">{row.time && <Spread text={timeText(row.time)} />}</td>
                <td class="number">
                  {ratio && (
                    <span
                      class={ratio.within ? 'change' : ratio.value < 1 ? 'change faster' : 'change slower'}
                    >
                      {ratio.value.toFixed(3)} ± {digits(ratio.spread)}
                    </span>
                  )}
                </td>
                <td class="number">{formatNumber(row.gflops, 3)}</td>
                <td class="number">{formatNumber(row.gbs, 3)}</td>
                <td>{row.roofline && <RooflineBar {...row.roofline} />}</td>
                <td class="number">{formatNumber(row.compile, 3)}</td>
                <td class="number">{dispatch?.workgroupSize.join(' × ')}</td>
                <td class="number">{dispatch?.workgroupBytes}</td>
                <td class="number">{dispatch?.accumulators}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </ScrollRegion>
  );
}

function Profile({ lines }: { lines: KernelEditResult['profile'] }) {
  return (
    <table class="versions">
      <caption>
        <span class="caption-body">Profile: each dispatch by timestamps, in a pass of its own</span>
      </caption>
      <thead>
        <tr>
          <th scope="col">Kernel</th>
          <NumberHead>shipped, ms</NumberHead>
          <NumberHead>with this text, ms</NumberHead>
        </tr>
      </thead>
      <tbody>
        {lines.map(({ kernel, shipped, edited }, i) => (
          <tr key={i}>
            <th scope="row">{kernel}</th>
            <td class="number">{formatNumber(shipped, 3)}</td>
            <td class="number">{formatNumber(edited, 3)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Checks({ result: { races, checks } }: { result: KernelEditResult }) {
  if (!races && checks.length === 0) return null;
  return (
    <div class="edit-checks">
      {races?.state === 'none' && <p>No race at {races.shape}, followed invocation by invocation.</p>}
      {races?.state === 'unknown' && <p>Not looked at for races: {races.reason}.</p>}
      {checks.length > 0 && (
        <table class="versions">
          <caption>
            <span class="caption-body">Against float64</span>
          </caption>
          <thead>
            <tr>
              <th scope="col">Shape</th>
              <NumberHead>Largest error</NumberHead>
              <NumberHead>Allowed</NumberHead>
            </tr>
          </thead>
          <tbody>
            {checks.map(({ shape, ok, error, tolerance }) => (
              <tr key={shape} class={ok ? undefined : 'wrong'}>
                <th scope="row">{shape}</th>
                <td class="number">{error === null ? 'not a number' : formatNumber(error, 2)}</td>
                <td class="number">{formatNumber(tolerance, 2)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}
