// Makes `component/` of the planner's component: core modules and the glue that lifts and lowers its values.
//
// Arguments: the component's file; the build of this workspace leaves it in `target/planner/oci_image_planner.wasm`.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { transpileBytes } from '@bytecodealliance/jco-transpile';

const [component] = process.argv.slice(2);
if (component === undefined) {
  throw new Error('give the file of the component: `npm run build -- FILE`');
}
const directory = join(dirname(fileURLToPath(import.meta.url)), 'component');
// Instantiated by us: once a call, with a world of our own. A shim of WASI would hand the environment to the guest.
const { files } = await transpileBytes(readFileSync(component), {
  name: 'planner',
  instantiation: 'sync',
  // A result's error is thrown within an Error: a bare list says nothing of where it was thrown.
  noComponentErrorWrapping: false,
  minify: true,
});
rmSync(directory, { recursive: true, force: true });
for (const [name, bytes] of Object.entries(files)) {
  const file = join(directory, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, bytes);
}
