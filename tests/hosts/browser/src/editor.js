// The editor of the text, in JSON or YAML: objects in JSON with completions and descriptions from the schema, and what is told of all.

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { json } from '@codemirror/lang-json';
import { yaml } from '@codemirror/lang-yaml';
import { HighlightStyle, bracketMatching, syntaxHighlighting } from '@codemirror/language';
import { lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint';
import { Compartment, EditorState } from '@codemirror/state';
import { EditorView, drawSelection, highlightActiveLine, hoverTooltip, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';

import { utf16 } from './position.js';
import { completions, descriptionAt } from './schema.js';

const COLOURS = HighlightStyle.define([
  { tag: tags.propertyName, color: 'var(--key)' },
  { tag: tags.string, color: 'var(--string)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--accent)' },
]);

const THEME = EditorView.theme({
  '.cm-content, .cm-gutters': { fontFamily: 'var(--mono)' },
  '.cm-content': { caretColor: 'var(--ink)' },
  '&.cm-focused': { outline: '2px solid var(--accent)', outlineOffset: '-2px' },
  '.cm-gutters': { backgroundColor: 'var(--paper)', color: 'var(--faint)', border: 'none' },
  '.cm-activeLine': { backgroundColor: 'color-mix(in srgb, var(--accent) 8%, transparent)' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'color-mix(in srgb, var(--accent) 25%, transparent)',
  },
  '.cm-tooltip': { backgroundColor: 'var(--paper)', color: 'var(--ink)', border: '1px solid var(--line)' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--accent)', color: 'var(--paper)' },
  '.cm-tooltip.cm-completionInfo, .cm-description': { padding: '0.4rem 0.6rem', maxWidth: '28rem' },
  '.cm-diagnostic small': { display: 'block', color: 'var(--faint)' },
});

export class Editor {
  #view;
  #language = new Compartment();
  #isJson = true;

  constructor(parent, changed) {
    this.#view = new EditorView({
      parent,
      state: EditorState.create({
        extensions: [
          lineNumbers(),
          lintGutter(),
          history(),
          drawSelection(),
          highlightActiveLine(),
          bracketMatching(),
          closeBrackets(),
          this.#language.of(json()),
          syntaxHighlighting(COLOURS),
          THEME,
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ 'aria-label': 'Request, task or pipeline' }),
          EditorState.tabSize.of(2),
          autocompletion({ override: [(context) => (this.#isJson ? completions(context) : null)], icons: false }),
          hoverTooltip((view, position) => (this.#isJson ? described(view, position) : null)),
          keymap.of([
            ...closeBracketsKeymap,
            ...completionKeymap,
            ...lintKeymap,
            ...historyKeymap,
            ...defaultKeymap,
            indentWithTab,
          ]),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) {
              changed();
            }
          }),
        ],
      }),
    });
  }

  text() {
    return this.#view.state.doc.toString();
  }

  replace(text) {
    this.#view.dispatch({ changes: { from: 0, to: this.#view.state.doc.length, insert: text } });
  }

  /** Says in which language the text is. */
  speak(isJson) {
    if (isJson !== this.#isJson) {
      this.#isJson = isJson;
      this.#view.dispatch({ effects: this.#language.reconfigure(isJson ? json() : yaml()) });
    }
  }

  /** Changes the text as `--fix` would. */
  mend(fixes) {
    const text = this.text();
    const changes = fixes.map(({ span, text: insert }) => ({ from: utf16(text, span.start), to: utf16(text, span.end), insert }));
    this.#view.dispatch({ changes });
    this.#view.focus();
  }

  /** Underlines what is told: the place in the text, or the key that names the file. */
  mark(told) {
    const text = this.text();
    const marks = told
      .filter(({ place }) => place?.object)
      .map((one) => ({
        ...range(text, one.place.object),
        severity: one.severity,
        message: one.message,
        renderMessage: () => drawn(one),
        actions: one.fix === null ? [] : [{ name: 'Fix', apply: () => this.mend([one.fix]) }],
      }));
    this.#view.dispatch(setDiagnostics(this.#view.state, marks));
  }

  /** Puts the cursor at a place in the text. */
  reveal(place) {
    const { from } = range(this.text(), place);
    this.#view.dispatch({ selection: { anchor: from }, scrollIntoView: true });
    this.#view.focus();
  }
}

/** Where a span is in the editor; an empty one at the end of the text is drawn before it. */
function range(text, { start, end }) {
  const from = utf16(text, start);
  const to = utf16(text, end);
  return { from: from === to && from === text.length ? Math.max(0, from - 1) : from, to };
}

function drawn({ code, message, help, allowed }) {
  const box = document.createElement('div');
  box.append(message);
  const more = [help, allowed.length > 0 ? `allowed: ${allowed.join(', ')}` : null, code].filter((line) => line !== null);
  box.append(...more.map((line) => Object.assign(document.createElement('small'), { textContent: line })));
  return box;
}

function described(view, position) {
  const found = descriptionAt(view.state.doc.toString(), position);
  if (found === null) {
    return null;
  }
  const create = () => ({
    dom: Object.assign(document.createElement('div'), { className: 'cm-description', textContent: found.description }),
  });
  return { pos: found.from, end: found.to, create };
}
