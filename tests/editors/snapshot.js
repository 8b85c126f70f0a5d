// What a person sees, as committed files; `BLESS=1` writes them anew.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

import { portable, text, uri } from './checkout.js';

const RULE = '-'.repeat(80);

/** Compares a document, and what an editor showed for it, with the committed ones. */
export function assertShown(name, document, shown) {
  assertText(name, `${document.trimEnd()}\n${RULE}\n${shown}`);
}

/** Compares a text with the committed one. */
export function assertText(name, actual) {
  const path = `tests/editors/snapshots/${name}.txt`;
  const stable = `${portable(actual).trimEnd()}\n`;
  if (process.env.BLESS) {
    const file = fileURLToPath(uri(path));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, stable);
  }
  assert.equal(stable, text(path), `${path}: BLESS=1 writes it anew`);
}
