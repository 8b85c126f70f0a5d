// What the planner may ask while it plans, and the limits of what it is told.

/** How long a text may be that the planner is shown, in bytes of UTF-8. */
export const TEXT_LIMIT = 1 << 20;

/** Why a path has no answer. */
export class FileError extends Error {
  constructor(tag, value) {
    super(value === undefined ? tag : `${tag}: ${value}`);
    this.name = 'FileError';
    this.tag = tag;
    this.value = value;
  }
}

/** Answers for nothing: validation and description look at no file. */
export const NO_WORKSPACE = {
  readText() {
    throw new FileError('denied');
  },
  entryAt() {
    throw new FileError('denied');
  },
};

/** A workspace in memory: texts by path. A path that another one goes through is a directory. */
export class TextWorkspace {
  #files;
  #directories;

  constructor(files, directories = []) {
    this.#files = new Map(Object.entries(files).map(([path, text]) => [normal(path), text]));
    this.#directories = new Set(['.']);
    const parents = [...this.#files.keys()].map((path) => path.split('/').slice(0, -1).join('/'));
    for (const path of [...directories.map(normal), ...parents]) {
      const parts = path.split('/');
      parts.forEach((_, index) => this.#directories.add(parts.slice(0, index + 1).join('/')));
    }
  }

  readText(path) {
    const text = this.#files.get(normal(path));
    if (text === undefined) {
      throw new FileError(this.entryAt(path) === 'directory' ? 'is-directory' : 'not-found');
    }
    return text;
  }

  entryAt(path) {
    if (this.#files.has(normal(path))) {
      return 'file';
    }
    return this.#directories.has(normal(path)) ? 'directory' : 'nothing';
  }
}

/** A path without `./`, doubled and trailing slashes; `.` if nothing is left. */
export function normal(path) {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  return (path.startsWith('/') ? '/' : '') + parts.join('/') || '.';
}

/** The text at a path, as the component imports it: whatever a workspace answers or throws, the planner gets an answer. */
export function readText(workspace, path) {
  return answered(() => {
    const text = workspace.readText(path);
    if (typeof text !== 'string') {
      throw new FileError('other', 'the workspace gave no text');
    }
    // A unit of UTF-16 is at least a byte of UTF-8: the longest texts are not even measured.
    if (text.length > TEXT_LIMIT || new TextEncoder().encode(text).length > TEXT_LIMIT) {
      throw new FileError('too-large', TEXT_LIMIT);
    }
    return text;
  });
}

/** What stands at a path, in the same way. */
export function entryAt(workspace, path) {
  return answered(() => {
    const entry = workspace.entryAt(path);
    if (!['nothing', 'file', 'directory'].includes(entry)) {
      throw new FileError('other', 'the workspace gave no entry');
    }
    return entry;
  });
}

function answered(ask) {
  try {
    return ask();
  } catch (error) {
    throw lowered(error);
  }
}

/** An exception as the glue lowers it: the case of the contract's variant. */
function lowered(error) {
  switch (error?.tag) {
    case 'not-found':
    case 'not-text':
    case 'is-directory':
    case 'denied':
      return { tag: error.tag };
    case 'too-large':
      return { tag: 'too-large', val: BigInt(error.value) };
    default:
      return { tag: 'other', val: String(error?.value ?? error?.message ?? error) };
  }
}
