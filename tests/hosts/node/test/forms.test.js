// Texts in other forms than JSON as a program in Node has them. What is told of all fixtures is compared with the program elsewhere.

import assert from 'node:assert/strict';
import test from 'node:test';

import { Refused, TextWorkspace } from 'oci-image-planner';
import { load, loadForms } from 'oci-image-planner/files';

const planner = await load();
const forms = await loadForms(planner);
const workspace = () => new TextWorkspace({ 'src/Dockerfile': '' }, ['image']);

const PIPELINE = `jobs:
- name: app
  plan:
  - get: src
  - task: ((which))
    config: {platform: linux, run: {path: build}, image_resource: &image {type: registry-image, source: {repository: concourse/oci-build-task}}}
  - task: sound
    privileged: true
    config: {platform: linux, run: {path: build}, image_resource: *image, inputs: [{name: src}], outputs: [{name: image}], params: {CONTEXT: src, TARGET: last}}
`;

test('request in YAML has the plan of the same in JSON', () => {
  const { warnings, ...plan } = forms.plan('context: src\noutput: image\n', workspace);

  const { warnings: none, ...expected } = planner.plan('{"context": "src", "output": "image"}', workspace());
  assert.deepEqual([plan, warnings, none], [expected, [], []]);
});

test('refusal is told at its line, with what mends it', () => {
  const text = '# ä\ncontext: src\ntraget: x\noutput: image\n';
  assert.throws(
    () => forms.plan(text, workspace),
    (error) => {
      assert.ok(error instanceof Refused);
      const [one] = error.diagnostics;
      assert.deepEqual([one.code, one.start, one.end], ['unknown-key', { line: 3, column: 1 }, { line: 3, column: 7 }]);
      assert.deepEqual(one.fix, { span: one.place.object, text: 'target' });
      return true;
    },
  );
});

test('each task of a pipeline is a build', () => {
  const { form, builds } = forms.read(PIPELINE);

  assert.equal(form, 'pipeline');
  assert.deepEqual(builds.map(({ name, is_open: isOpen }) => [name, isOpen]), [['((which))', false], ['sound', false]]);
  const plan = forms.plan(PIPELINE.replace('- task: ((which))', '- task: other\n    privileged: true'), workspace, { build: 1 });
  assert.equal(plan.solves[0].attributes.find(({ key }) => key === 'target').value.text, 'last');
});

test('what only Concourse can fill in is a mistake for who builds', () => {
  const task = 'platform: linux\nrun: {path: build}\ninputs: [{name: src}]\noutputs: [{name: image}]\nparams: {CONTEXT: src, TARGET: ((target))}\n';

  assert.deepEqual([forms.read(task).builds[0].is_open, forms.validate(task)], [true, []]);
  assert.throws(() => forms.plan(task, workspace), Refused);
});

test('secret is not in what is read', () => {
  const { builds } = forms.read('context: .\noutput: image\nbuildkit_secrets: {a: {text: hidden}}\n');

  assert.equal(builds[0].object.includes('hidden'), false);
});

test('text that is none of these is told, and so are hostile ones', () => {
  for (const text of ['', '\0', '[', '{'.repeat(100_000), '- '.repeat(100_000), 'a: &a [*a]', 'jobs: 7', `${'a: '.repeat(1 << 20)}`]) {
    assert.ok(Array.isArray(forms.validate(text)), text.slice(0, 20));
  }
});
