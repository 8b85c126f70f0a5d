// The checkout, and its files as URIs. The suite runs from `tests/editors` and from its copy in `target/editors`: both are two
// directories deep.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The root of the checkout, with a slash at its end. */
export const root = new URL('../../', import.meta.url);

/** The URI of a file of the checkout. */
export const uri = (path) => new URL(path, root).href;

/** The text of a file of the checkout. */
export const text = (path) => readFileSync(fileURLToPath(uri(path)), 'utf8');

/** A text in which this machine's directories are not to be seen, as UTF-8 holds it: without half of a surrogate pair. */
export const portable = (shown) => Buffer.from(shown.replaceAll(root.href, 'file:///checkout/')).toString();
