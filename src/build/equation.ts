import temml from 'temml';
import { attribute } from './markdown.ts';

const SYMBOL = /^(\w+): (.*)$/;

/** A symbol of an equation. */
interface EquationSymbol {
  /** Its command in the equation, without the backslash. */
  readonly command: string;
  readonly tex: string;
  readonly name: string;
  readonly meaning: string;
  /** The curve of the figure that shows it; empty for none. */
  readonly curve: string;
}

/**
 * An equation and its symbols as HTML: the equation as MathML, which needs no script and no style of its own, and a button for each symbol,
 * whose pieces in the equation have the class `of-` and its command.
 *
 * The first lines are equations in TeX, with a command for each symbol; each line after them is `command: TeX | name | meaning | curve`.
 * @param figure the figure that the equation belongs to
 * @throws Error for TeX that is none, a symbol that the equation has not
 */
export function equationHtml(text: string, figure: string): string {
  const lines = text.trim().split('\n');
  const equations = lines.filter((line) => !SYMBOL.test(line));
  const symbols = lines
    .filter((line) => SYMBOL.test(line))
    .map((line): EquationSymbol => {
      const [, command = '', rest = ''] = SYMBOL.exec(line) ?? [];
      const [tex, name, meaning, curve] = rest.split(' | ').map((part) => part.replace(/\|$/, '').trim());
      if (!tex || !name || !meaning) throw new Error(`${figure}: no symbol with a meaning: ${line}`);
      if (!new RegExp(`\\\\${command}(?![a-zA-Z])`).test(equations.join()))
        throw new Error(`${figure}: the equation has no \\${command}`);
      return { command, tex, name, meaning, curve: curve ?? '' };
    });
  const macros = Object.fromEntries(
    symbols.map(({ command, tex }) => [`\\${command}`, `\\class{of-${command}}{${tex}}`]),
  );
  const buttons = symbols.map(
    ({ command, tex, name, meaning, curve }) =>
      `<li><button type="button" data-symbol="${command}" data-curve="${attribute(curve)}" data-meaning="${attribute(meaning)}">` +
      `${mathMl(tex, false)} ${attribute(name)}</button></li>`,
  );
  return `<div class="equation" data-of="${figure}">
<div class="formula-place">${equations.map((tex) => mathMl(tex, true, macros)).join('\n')}</div>
<ul class="symbols">${buttons.join('')}</ul>
<p class="meaning" aria-live="polite">Each symbol says what it means when it is touched, and marks its curve in the figure.</p>
</div>
`;
}

/** @throws Error where Temml refuses the TeX, or writes a style that is not known to be of no use */
function mathMl(tex: string, display: boolean, macros: Record<string, string> = {}): string {
  const html = temml.renderToString(tex, {
    displayMode: display,
    macros: { ...macros },
    trust: true,
    throwOnError: true,
  });
  // Of these the stylesheet says the first, and browsers do the rest by themselves.
  const bare = html.replace(
    / style="(display:block math|math-depth:0|math-style:normal;math-depth:0);?"/g,
    '',
  );
  if (/ style=/.test(bare)) throw new Error(`Temml gives ${tex} a style of its own: ${bare}`);
  return bare;
}
