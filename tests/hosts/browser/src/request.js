// The workspace that a page has: what the request says of the files that it names is taken to be so.

/** The keys that name a file whose text the planner reads. */
const TEXT_KEYS = ['build_args_file', 'labels_file', 'target_file'];

/** The files whose text the planner will ask for, as far as the request can be read. */
export function textFiles(object) {
  const request = parsed(object);
  return TEXT_KEYS.map((key) => request[key]).filter((path) => typeof path === 'string' && path !== '');
}

/** Every path is there: a directory where the object wants one, else a file with the text that is given. */
export class AssumedWorkspace {
  #directories;
  #texts;

  constructor(object, texts) {
    const request = parsed(object);
    const context = String(request.context ?? '');
    const inputs = Object.values(request.context_inputs ?? {}).map((path) => `${context}/${path}`);
    const certificates = Object.values(request.registries ?? {}).flatMap((registry) => list(registry?.tlsconfigdir));
    const directories = [context, ...inputs, ...certificates, ...list(request.additional_targets), 'image', 'cache'];
    this.#directories = new Set(directories.map((path) => normal(String(path))));
    this.#texts = texts;
  }

  readText(path) {
    return this.#texts[path] ?? '';
  }

  entryAt(path) {
    return this.#directories.has(normal(path)) ? 'directory' : 'file';
  }
}

function parsed(object) {
  try {
    return Object(JSON.parse(object));
  } catch {
    return {};
  }
}

function list(value) {
  return Array.isArray(value) ? value : [];
}

function normal(path) {
  return path.split('/').filter((part) => part !== '' && part !== '.').join('/');
}
