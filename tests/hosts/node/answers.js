// What this host's planner says of each object in a directory, one JSON line each: name, and the canonical bytes of its
// diagnostics, its interface and its plan, or of the diagnostics in their place.
//
// Arguments: the directory of the objects, the working directory that they speak of.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { Refused, canonical } from 'oci-image-planner';
import { DirectoryWorkspace, load } from 'oci-image-planner/files';

const [objects, workspace] = process.argv.slice(2);
const planner = await load();

/** The bytes of what is answered, or of the diagnostics in its place. */
function bytes(question) {
  try {
    return canonical(question());
  } catch (error) {
    if (error instanceof Refused) {
      return canonical(error.diagnostics);
    }
    throw error;
  }
}

for (const name of readdirSync(objects).sort()) {
  const object = readFileSync(join(objects, name), 'utf8');
  const answer = {
    name,
    validate: bytes(() => planner.validate(object)),
    describe: bytes(() => planner.describe(object)),
    plan: bytes(() => planner.plan(object, new DirectoryWorkspace(workspace, object))),
  };
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
