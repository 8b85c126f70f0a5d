// What this host tells of each text in a directory, one JSON line each: name, form, and what `validate` tells.
//
// Arguments: the directory of the texts.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { load, loadForms } from 'oci-image-planner/files';

const [texts] = process.argv.slice(2);
const forms = await loadForms(await load());

for (const name of readdirSync(texts).sort()) {
  const text = readFileSync(join(texts, name), 'utf8');
  const language = name.endsWith('.json') ? 'json' : 'yaml';
  const { form } = forms.read(text, language);
  process.stdout.write(`${JSON.stringify({ name, form, told: forms.validate(text, language) })}\n`);
}
