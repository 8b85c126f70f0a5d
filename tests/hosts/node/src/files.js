// What only Node has: the component's modules from this package, and the workspace of a directory.

import { closeSync, fstatSync, openSync, readFileSync, realpathSync, statSync, constants } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve, sep } from 'node:path';

import { Forms } from './forms.js';
import { Planner } from './planner.js';
import { FileError, TEXT_LIMIT, normal } from './workspace.js';

/** How long a secret may be, in bytes: a step cannot be given a longer one. */
const SECRET_LIMIT = 500 << 10;

/** The planner of this package. */
export function load() {
  return Planner.load(moduleOf);
}

/** The reader of texts of this package, beside a planner. */
export function loadForms(planner) {
  return Forms.load(moduleOf, planner);
}

function moduleOf(name) {
  return readFile(new URL(`../component/${name}`, import.meta.url));
}

export class DirectoryWorkspace {
  #directory;
  #secrets;

  constructor(directory, object) {
    this.#directory = realpathSync(directory);
    this.#secrets = new Set(secretFiles(object).map(normal));
  }

  readText(path) {
    if (this.#secrets.has(normal(path))) {
      throw new FileError('denied');
    }
    const bytes = system(() => readSmall(this.#resolve(path)));
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw new FileError('not-text');
    }
  }

  entryAt(path) {
    try {
      const found = system(() => statSync(this.#resolve(path)));
      if (found.isFile() && found.size > SECRET_LIMIT && this.#secrets.has(normal(path))) {
        throw new FileError('too-large', SECRET_LIMIT);
      }
      return found.isDirectory() ? 'directory' : 'file';
    } catch (error) {
      if (error.tag === 'not-found') {
        return 'nothing';
      }
      throw error;
    }
  }

  /** Where a path leads, symbolic links followed: beneath the directory, or nowhere. */
  #resolve(path) {
    const inside = (place) => place === this.#directory || place.startsWith(this.#directory + sep);
    const written = resolve(this.#directory, path);
    if (!inside(written)) {
      throw new FileError('denied');
    }
    const real = realpathSync(written);
    if (!inside(real)) {
      throw new FileError('other', 'a symbolic link leads out of the working directory');
    }
    return real;
  }
}

/** A small file's bytes. */
function readSmall(path) {
  // Not blocking: a named pipe would keep us until somebody writes.
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = fstatSync(file);
    if (found.isDirectory()) {
      throw new FileError('is-directory');
    }
    if (!found.isFile()) {
      throw new FileError('other', 'it is no regular file');
    }
    if (found.size > TEXT_LIMIT) {
      throw new FileError('too-large', TEXT_LIMIT);
    }
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

/** The system's errors as the contract's. */
function system(act) {
  try {
    return act();
  } catch (error) {
    switch (error.code) {
      case 'ENOENT':
      case 'ENOTDIR':
        throw new FileError('not-found');
      case undefined:
        throw error;
      default:
        throw new FileError('other', error.message);
    }
  }
}

/** The files of the secrets that an object's text names, as far as it is one. */
function secretFiles(object) {
  try {
    return Object.values(JSON.parse(object).buildkit_secrets).filter((value) => typeof value === 'string');
  } catch {
    return [];
  }
}
