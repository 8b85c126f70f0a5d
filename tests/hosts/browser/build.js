// Makes the playground: one folder of static files, for any server of such.
//
// Arguments: the folder, the JSON Schema of the object, the rules by their codes in JSON.

import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const [folder, schema, rules] = process.argv.slice(2);
if (rules === undefined) {
  throw new Error('give the folder, the file of the schema and that of the rules: `npm run build -- FOLDER SCHEMA RULES`');
}
const here = dirname(fileURLToPath(import.meta.url));
const component = join(here, '../node/component');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
await build({
  entryPoints: [join(here, 'src/main.js')],
  outfile: join(folder, 'playground.js'),
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  legalComments: 'linked',
  alias: { 'the-schema': schema, 'the-rules': rules },
  // The glue can read its modules from files in Node; here they are always given to it.
  external: ['node:*', 'fs/promises'],
  logLevel: 'warning',
});
for (const file of ['index.html', 'style.css']) {
  cpSync(join(here, 'page', file), join(folder, file));
}
for (const file of readdirSync(component).filter((name) => name.endsWith('.wasm'))) {
  cpSync(join(component, file), join(folder, 'component', file));
}
