// The planner of `oci-image`, in any host of JavaScript: nothing here is of Node or of a browser alone.
//
// - `planner`: a component, loaded; its three questions.
// - `forms`: another, for texts in JSON and YAML, tasks and pipelines.
// - `workspace`: what the planner may ask while it plans, and the limits of the answers.
// - `world`: the empty world of WASI in which it runs.
// - `documents`: its values in the JSON form of `oci-image plan`.
// - `files`, not exported here: the workspace of a directory, and the modules of the component, for Node.

export { canonical } from './documents.js';
export { Forms } from './forms.js';
export { Planner, PlannerError, Refused } from './planner.js';
export { FileError, NO_WORKSPACE, TEXT_LIMIT, TextWorkspace } from './workspace.js';
