// What only Node has: the component's modules from this package, and the workspace of a directory.

import type { Forms, Planner, Workspace } from './index.js';

/** The planner of this package. */
export function load(): Promise<Planner>;

/** The reader of texts of this package, beside a planner. */
export function loadForms(planner: Planner): Promise<Forms>;

/** The workspace at a directory, for an object's text. It answers for nothing outside, and has no secret's text. */
export class DirectoryWorkspace implements Workspace {
  constructor(directory: string, object: string);
  readText(path: string): string;
  entryAt(path: string): 'nothing' | 'file' | 'directory';
}
