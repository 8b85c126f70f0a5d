// What the page shows beside the editor and the problems: the files, and the panes of the plan.

/** What is written, as text and code. */
export function write(place, parts) {
  place.replaceChildren(...parts.map((part) => (typeof part === 'string' ? part : Object.assign(document.createElement('code'), { textContent: part.code }))));
}

/** The panes of the plan. The last good plan stays while there is none, and is marked. */
export class Panes {
  #section;
  #stale;
  #drawings;
  #isEmpty = true;

  /** `drawings` are functions from a plan to the content of each pane, by the pane's id. */
  constructor(section, stale, drawings) {
    this.#section = section;
    this.#stale = stale;
    this.#drawings = Object.entries(drawings);
    this.forget();
  }

  show(plan) {
    this.#mark(false);
    this.#isEmpty = false;
    for (const [pane, drawing] of this.#drawings) {
      document.getElementById(pane).replaceChildren(drawing(plan));
    }
  }

  /** There is no plan of what is written now. */
  keep() {
    this.#mark(!this.#isEmpty);
  }

  /** There is no plan, and none that was is of this text. */
  forget() {
    this.#isEmpty = true;
    this.#mark(false);
    for (const [pane] of this.#drawings) {
      document.getElementById(pane).replaceChildren('Nothing is built while there are errors.');
    }
  }

  #mark(isStale) {
    this.#section.classList.toggle('stale', isStale);
    this.#stale.textContent = isStale ? 'The plan of the last text that had no errors.' : '';
  }
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

  /** The pane that is seen. */
  seen() {
    const tab = this.#tabs.find((one) => one.getAttribute('aria-selected') === 'true');
    return document.getElementById(tab.getAttribute('aria-controls'));
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
