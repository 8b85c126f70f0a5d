// The list of what is told: each with its place, its rule, and the change that mends it.

import RULES from 'the-rules';

import { utf16 } from './position.js';

export class Problems {
  #list;
  #summary;
  #fixAll;
  #reveal;
  #mend;
  #shown = '';

  /** `reveal` is given a place in the text, `mend` a list of changes of it. */
  constructor({ list, summary, fixAll }, reveal, mend) {
    this.#list = list;
    this.#summary = summary;
    this.#fixAll = fixAll;
    this.#reveal = reveal;
    this.#mend = mend;
  }

  show(told) {
    // What is open, and where the focus is, stays while nothing changes.
    const shown = JSON.stringify(told);
    if (shown === this.#shown) {
      return;
    }
    this.#shown = shown;
    this.#list.replaceChildren(...told.map((one) => this.#entry(one)));
    const errors = told.filter(({ severity }) => severity === 'error').length;
    const counts = [counted(errors, 'error'), counted(told.length - errors, 'warning')].filter(Boolean);
    tell(this.#summary, counts.length === 0 ? 'None: this can be built.' : `${counts.join(' and ')}.`);
    const fixes = apart(told.map(({ fix }) => fix).filter((fix) => fix !== null));
    this.#fixAll.hidden = fixes.length < 2;
    this.#fixAll.onclick = () => this.#mend(fixes);
  }

  #entry(one) {
    const item = Object.assign(document.createElement('li'), { className: one.severity });
    const button = Object.assign(document.createElement('button'), { type: 'button', className: 'place' });
    button.append(one.message, ...[where(one), one.help].filter(Boolean).map((text) => Object.assign(document.createElement('small'), { textContent: text })));
    button.addEventListener('click', () => this.#lead(one.place));
    item.append(button, explained(one));
    if (one.fix !== null) {
      const text = one.fix.text.trim() === '' ? 'Fix' : `Fix: ${one.fix.text.trim()}`;
      const fix = Object.assign(document.createElement('button'), { type: 'button', className: 'fix', textContent: text });
      fix.addEventListener('click', () => this.#mend([one.fix]));
      item.append(fix);
    }
    return item;
  }

  #lead(place) {
    if (place?.object) {
      this.#reveal(place.object);
    } else if (place?.file) {
      select(place.file);
    }
  }
}

/** Tells something, to a screen reader too, unless it is told already. */
export function tell(place, text) {
  if (place.textContent !== text) {
    place.textContent = text;
  }
}

function where({ severity, start, place, pointer }) {
  if (start !== null) {
    return `${severity} at line ${start.line}, column ${start.column}`;
  }
  return place?.file ? `${severity} in ${place.file.path}` : `${severity}${pointer === '' ? '' : ` at ${pointer}`}`;
}

/** The rule behind a code, as `oci-image explain` tells it. */
function explained({ code }) {
  const details = document.createElement('details');
  details.append(Object.assign(document.createElement('summary'), { textContent: code }));
  const rule = RULES[code];
  if (rule === undefined) {
    return details;
  }
  const examples = document.createElement('dl');
  for (const [name, text] of [['wrong', rule.wrong], ['right', rule.right]]) {
    const said = document.createElement('dd');
    said.append(Object.assign(document.createElement('code'), { textContent: text }));
    examples.append(Object.assign(document.createElement('dt'), { textContent: name }), said);
  }
  details.append(Object.assign(document.createElement('p'), { textContent: rule.rule }), examples);
  return details;
}

/** The changes of which none lies in another, in their order. */
function apart(fixes) {
  let end = 0;
  return fixes
    .sort((one, other) => one.span.start - other.span.start)
    .filter(({ span }) => {
      const isApart = span.start >= end;
      end = Math.max(end, span.end);
      return isApart;
    });
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
