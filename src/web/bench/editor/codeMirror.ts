import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import {
  bracketMatching,
  HighlightStyle,
  indentUnit,
  StreamLanguage,
  syntaxHighlighting,
} from '@codemirror/language';
import { type Diagnostic, lintGutter, setDiagnostics } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import {
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import { tags } from '@lezer/highlight';
import type { EditProblem } from '../../../bench/edit/kernelEditReport.ts';
import { wgslTokenAt } from '../highlight.ts';

/** An editor of WGSL in its place. */
export interface Editor {
  setText(text: string): void;
  /** Marks lines in the gutter, and what stands there. */
  setProblems(problems: readonly EditProblem[]): void;
  goTo(line: number): void;
  destroy(): void;
}

const wgsl = StreamLanguage.define({
  name: 'wgsl',
  startState: () => null,
  token: (stream) => {
    const { kind, text } = wgslTokenAt(stream.string, stream.pos);
    stream.pos += text.length;
    return kind === 'plain' ? null : kind;
  },
  tokenTable: { attribute: tags.meta, type: tags.typeName },
  languageData: { commentTokens: { line: '//' } },
});

const colours = HighlightStyle.define([
  { tag: tags.comment, color: 'var(--comment)' },
  { tag: tags.meta, color: 'var(--attribute)' },
  { tag: tags.keyword, color: 'var(--keyword)' },
  { tag: tags.typeName, color: 'var(--type)' },
  { tag: tags.number, color: 'var(--number)' },
]);

/** The marks are words and lines: pictures in data URLs are no files of this origin. */
const look = EditorView.theme({
  '&': { height: '100%', color: 'var(--text)', fontSize: '0.8rem' },
  '&.cm-focused': { outline: '2px solid var(--accent)', outlineOffset: '-2px' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.5', overflow: 'auto' },
  '.cm-content': { caretColor: 'var(--text)' },
  '.cm-gutters': {
    backgroundColor: 'var(--page)',
    color: 'var(--text-muted)',
    borderRight: '1px solid var(--line)',
  },
  '.cm-activeLine, .cm-activeLineGutter': {
    backgroundColor: 'color-mix(in srgb, var(--accent) 8%, transparent)',
  },
  '&.cm-focused .cm-matchingBracket': {
    backgroundColor: 'color-mix(in srgb, var(--accent) 25%, transparent)',
  },
  '.cm-gutter-lint': { width: '1.2em' },
  '.cm-lint-marker': { fontWeight: '700', textAlign: 'center', width: '1em', height: 'auto' },
  '.cm-lint-marker-error, .cm-lint-marker-warning, .cm-lint-marker-info': { content: 'normal' },
  '.cm-lint-marker-error::before': { content: '"✕"', color: 'var(--problem)' },
  '.cm-lint-marker-warning::before': { content: '"!"', color: 'var(--warning)' },
  '.cm-lint-marker-info::before': { content: '"i"', color: 'var(--accent)' },
  '.cm-lintRange': { backgroundImage: 'none' },
  '.cm-lintRange-error': {
    backgroundImage: 'none',
    textDecoration: 'underline wavy var(--problem)',
    textDecorationSkipInk: 'none',
  },
  '.cm-lintRange-warning': {
    backgroundImage: 'none',
    textDecoration: 'underline wavy var(--warning-line)',
  },
  '.cm-lintRange-info': { backgroundImage: 'none' },
  '.cm-tooltip': {
    backgroundColor: 'var(--card)',
    border: '1px solid var(--control-line)',
    color: 'var(--text)',
    maxWidth: 'min(40rem, 90vw)',
  },
  '.cm-diagnostic': { whiteSpace: 'pre-wrap', fontFamily: 'var(--mono)' },
  '.cm-diagnostic-error': { borderLeft: '4px solid var(--problem)' },
  '.cm-diagnostic-warning': { borderLeft: '4px solid var(--warning-line)' },
});

/**
 * Opens an editor. It lives in a shadow tree, where its library adopts style sheets: in the page itself it would insert elements of style, which
 * the page's policy forbids.
 */
export function openEditor(
  place: HTMLElement,
  text: string,
  label: string,
  { onChange, onRun }: { onChange(text: string): void; onRun(): void },
): Editor {
  const root = place.shadowRoot ?? place.attachShadow({ mode: 'open' });
  const run = () => {
    onRun();
    return true;
  };
  const view = new EditorView({
    parent: root as unknown as Element,
    root,
    state: EditorState.create({
      doc: text,
      extensions: [
        lintGutter(),
        lineNumbers(),
        highlightActiveLine(),
        highlightActiveLineGutter(),
        history(),
        bracketMatching(),
        indentUnit.of('  '),
        wgsl,
        syntaxHighlighting(colours),
        look,
        EditorView.contentAttributes.of({ 'aria-label': label }),
        EditorView.domEventHandlers({ beforeinput: typeOver }),
        // The tab key leaves: who cannot use a mouse must not be kept in.
        keymap.of([{ key: 'Mod-Enter', run }, ...defaultKeymap, ...historyKeymap]),
        EditorView.updateListener.of(({ docChanged, state }) => {
          if (docChanged) onChange(state.doc.toString());
        }),
      ],
    }),
  });
  // Its text is longer than its place: the keyboard scrolls it too.
  view.scrollDOM.tabIndex = 0;
  return {
    setText(text) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
    },
    setProblems(problems) {
      const marks = problems.filter(({ line }) => line > 0).map((problem) => diagnostic(view.state, problem));
      view.dispatch(setDiagnostics(view.state, marks));
    },
    goTo(line) {
      const { from } = view.state.doc.line(Math.min(Math.max(1, line), view.state.doc.lines));
      view.dispatch({
        selection: { anchor: from },
        effects: EditorView.scrollIntoView(from, { y: 'center' }),
      });
      view.focus();
    },
    destroy: () => view.destroy(),
  };
}

/**
 * Takes what is typed over a selection: a browser keeps its look by an attribute of style, which the page's policy refuses and notes. What is
 * composed is the browser's all the same.
 */
function typeOver({ inputType, data, isComposing }: InputEvent, view: EditorView): boolean {
  if (inputType !== 'insertText' || data === null || isComposing || view.state.selection.main.empty)
    return false;
  view.dispatch(view.state.replaceSelection(data), { userEvent: 'input.type', scrollIntoView: true });
  // Handled: the library keeps the browser from doing it again.
  return true;
}

function diagnostic({ doc }: EditorState, { kind, line, column, length, message }: EditProblem): Diagnostic {
  const { from, to, text } = doc.line(Math.min(line, doc.lines));
  const start = column > 0 ? Math.min(to, from + column - 1) : from + text.search(/\S|$/);
  const end = length > 0 ? Math.min(to, start + length) : to;
  return { from: start, to: Math.max(start, end), severity: kind, message };
}
