// What the page shows beside the editor.

import { utf16 } from './position.js';

/** Shows an answer in a pane, or that there is none. */
export function show(pane, text) {
  pane.classList.toggle('refused', text === null);
  pane.textContent = text ?? 'Nothing is built while the request has errors.';
}

/** Tells something, to a screen reader too, unless it is told already. */
export function tell(place, text) {
  if (place.textContent !== text) {
    place.textContent = text;
  }
}

/** The list of diagnostics; one that has a place leads there. */
export class Problems {
  #list;
  #summary;
  #reveal;

  constructor(list, summary, reveal) {
    this.#list = list;
    this.#summary = summary;
    this.#reveal = reveal;
  }

  show(diagnostics) {
    this.#list.replaceChildren(...diagnostics.map((one) => this.#entry(one)));
    const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
    const counts = [counted(errors, 'error'), counted(diagnostics.length - errors, 'warning')].filter(Boolean);
    tell(this.#summary, counts.length === 0 ? 'None: this can be built.' : `${counts.join(' and ')}.`);
  }

  #entry({ code, severity, pointer, place, message, help }) {
    const button = Object.assign(document.createElement('button'), { type: 'button', className: severity });
    const where = place?.file ? `${pointer}, in ${place.file.path}` : pointer;
    const more = [`${severity}[${code}]${where === '' ? '' : ` at ${where}`}`, help].filter((line) => line !== null);
    button.append(message, ...more.map((line) => Object.assign(document.createElement('small'), { textContent: line })));
    button.addEventListener('click', () => {
      if (place?.object) {
        this.#reveal(place.object);
      } else if (place?.file) {
        select(place.file);
      }
    });
    const item = document.createElement('li');
    item.append(button);
    return item;
  }
}

/** Selects a place in the text of a file that the request names. */
function select({ path, span }) {
  const area = document.querySelector(`textarea[data-path="${CSS.escape(path)}"]`);
  area?.focus();
  area?.setSelectionRange(utf16(area.value, span.start), utf16(area.value, span.end));
}

function counted(count, what) {
  return count === 0 ? '' : `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** The texts of the files that the request names, to be written by the person. */
export class Files {
  #section;
  #list;
  #changed;
  #texts = {};
  #shown = '';

  constructor(section, list, changed) {
    this.#section = section;
    this.#list = list;
    this.#changed = changed;
  }

  texts() {
    return { ...this.#texts };
  }

  keep(texts) {
    this.#texts = { ...texts };
    this.#shown = '';
  }

  show(paths) {
    const unique = [...new Set(paths)];
    if (unique.join('\n') === this.#shown) {
      return;
    }
    this.#shown = unique.join('\n');
    this.#section.hidden = unique.length === 0;
    this.#list.replaceChildren(...unique.map((path) => this.#field(path)));
  }

  #field(path) {
    const label = document.createElement('label');
    const area = Object.assign(document.createElement('textarea'), { value: this.#texts[path] ?? '', spellcheck: false });
    area.dataset.path = path;
    area.addEventListener('input', () => {
      this.#texts[path] = area.value;
      this.#changed();
    });
    label.append(path, area);
    return label;
  }
}

/** Tabs as ARIA has them: arrow keys move, one pane is seen. */
export class Tabs {
  #tabs;

  constructor(list) {
    this.#tabs = [...list.querySelectorAll('[role="tab"]')];
    for (const tab of this.#tabs) {
      tab.addEventListener('click', () => this.#select(tab));
    }
    list.addEventListener('keydown', (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step !== undefined) {
        const at = this.#tabs.indexOf(document.activeElement) + step;
        this.#select(this.#tabs.at(at % this.#tabs.length));
      }
    });
  }

  #select(chosen) {
    for (const tab of this.#tabs) {
      const isChosen = tab === chosen;
      tab.setAttribute('aria-selected', String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      document.getElementById(tab.getAttribute('aria-controls')).hidden = !isChosen;
    }
    chosen.focus();
  }
}
