// A program that uses every type of the package: it is compiled, never run.

import { FileError, Forms, NO_WORKSPACE, Planner, Refused, TextWorkspace, canonical } from 'oci-image-planner';
import type { BuildInterface, BuildPlan, Diagnostic, Told, Workspace } from 'oci-image-planner';
import { DirectoryWorkspace, load, loadForms } from 'oci-image-planner/files';

const object = '{"context": ".", "output": "image"}';
const planner: Planner = await load();
const elsewhere: Planner = await Planner.load(async (name) => (await fetch(name)).arrayBuffer());

const own: Workspace = {
  readText: () => {
    throw new FileError('too-large', 7);
  },
  entryAt: () => 'file',
};
// @ts-expect-error an entry is one of three words
const wrong: Workspace = { readText: () => '', entryAt: () => 'socket' };
// @ts-expect-error what is too large says how large it may be
new FileError('too-large');

const workspaces = [own, wrong, NO_WORKSPACE, new TextWorkspace({ 'a/b': 'text' }, ['c']), new DirectoryWorkspace('.', object)];
for (const workspace of workspaces) {
  const plan: BuildPlan = planner.plan(object, workspace);
  const texts: string[] = plan.solves.flatMap((solve) =>
    solve.attributes.map(({ value }) => ('text' in value ? value.text : value.base_image)),
  );
  const sources: string[] = plan.secrets.map(({ source }) => (source === 'inline' ? source : source.file));
  canonical({ texts, sources, imported: plan.cache?.import, format: plan.solves[0]?.export?.format });
}
const described: BuildInterface = elsewhere.describe(object);
const diagnostics: Diagnostic[] = planner.validate(described.caches.join());
try {
  planner.describe('');
} catch (error) {
  if (error instanceof Refused) {
    const [first] = [...diagnostics, ...error.diagnostics];
    const place = first?.place ?? null;
    const start: number = place === null ? 0 : 'object' in place ? place.object.start : place.file.span.start;
    canonical(start);
  }
}

const forms: Forms = await loadForms(planner);
const told: Told[] = forms.validate('context: .', 'yaml');
const lines: number[] = told.map(({ start, fix }) => (start?.line ?? 0) + (fix?.text.length ?? 0));
const { form, builds } = forms.read('jobs: []');
const warnings: Told[] = forms.plan('', (text) => new DirectoryWorkspace('.', text), { language: 'json', build: builds.length }).warnings;
// @ts-expect-error a language is one of two
forms.validate('', form === 'task' ? 'toml' : undefined);
canonical([lines, warnings]);
