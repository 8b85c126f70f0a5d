// Makes the extension a package, with its client inside. Argument: the directory for it.

import { join } from 'node:path';

import { build } from 'esbuild';
import { createVSIX } from '@vscode/vsce';

const [directory] = process.argv.slice(2);
if (directory === undefined) {
  throw new Error('give the directory: `npm run build -- DIRECTORY`');
}
await build({
  entryPoints: ['src/extension.js'],
  outfile: 'extension.js',
  bundle: true,
  minify: true,
  platform: 'node',
  format: 'cjs',
  target: 'node18',
  legalComments: 'linked',
  // VS Code gives it.
  external: ['vscode'],
  logLevel: 'warning',
});
await createVSIX({ packagePath: join(directory, 'oci-image.vsix'), dependencies: false, skipLicense: false, allowMissingRepository: true });
