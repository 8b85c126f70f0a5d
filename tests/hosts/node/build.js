// Makes `component/` of the components of the planner and of the forms: core modules and the glue that lifts and lowers values.
//
// Arguments: the files of the two; the build of this workspace leaves them in `target/planner`.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { transpileBytes } from '@bytecodealliance/jco-transpile';

const [planner, forms] = process.argv.slice(2);
if (forms === undefined) {
  throw new Error('give the files of the components: `npm run build -- PLANNER FORMS`');
}
const directory = join(dirname(fileURLToPath(import.meta.url)), 'component');
rmSync(directory, { recursive: true, force: true });
for (const [name, component] of Object.entries({ planner, forms })) {
  // Instantiated by us: once a call, with a world of our own. A shim of WASI would hand the environment to the guest.
  const { files } = await transpileBytes(readFileSync(component), {
    name,
    instantiation: 'sync',
    // A result's error is thrown within an Error: a bare list says nothing of where it was thrown.
    noComponentErrorWrapping: false,
    minify: true,
  });
  for (const [file, bytes] of Object.entries(files)) {
    const path = join(directory, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
}
