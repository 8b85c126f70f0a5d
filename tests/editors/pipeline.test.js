// A pipeline of Concourse in which tasks run this program: `oci-image-pipeline.schema.json` in `yaml-language-server`, and in Ajv, which is
// strict about what a schema itself says.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';

import Ajv from 'ajv';

import { text, uri } from './checkout.js';
import { shownCompletions, shownHover, shownProblems } from './document.js';
import { assertShown } from './snapshot.js';
import { YamlEditor } from './yaml_editor.js';

const ROOT = uri('');
const SCHEMA = uri('schema/oci-image-pipeline.schema.json');
const SOUND = 'tests/fixtures/pipelines/sound/';
let editor;

before(async () => {
  editor = await YamlEditor.start({ [SCHEMA]: ['/request-*.yml'] });
});
after(() => editor?.stop());

/** What editors know beside the standard's keywords. */
const OF_EDITORS = ['defaultSnippets', 'doNotSuggest', 'errorMessage', 'markdownDescription', 'patternErrorMessage'];

for (const name of ['pipeline', 'task', 'message', 'progress']) {
  test(`the schema of a ${name} is strictly one`, () => {
    const schema = JSON.parse(text(`schema/oci-image-${name}.schema.json`));
    const ajv = new Ajv({ strict: true, strictTypes: name === 'pipeline', strictRequired: name === 'pipeline', allowUnionTypes: true });
    OF_EDITORS.forEach((keyword) => ajv.addKeyword(keyword));
    ajv.compile(schema);
  });
}

const sound = readdirSync(fileURLToPath(uri(SOUND)));
for (const name of sound) {
  test(`the sound pipeline ${name} has no problem`, async () => {
    const problems = await editor.problems(ROOT, text(SOUND + name));
    // The editor has rules of its own: of anchors that nobody uses, say.
    assert.deepEqual(problems.filter(({ source }) => source.startsWith('yaml-schema')), []);
  });
}

/** A pipeline with a task of these parameters. */
const pipeline = (params) => `jobs:
- name: build
  plan:
  - in_parallel:
      steps:
      - get: source
  - task: build
    privileged: true
    config:
      platform: linux
      image_resource:
        type: registry-image
        source: {repository: concourse/oci-build-task}
      inputs: [{name: source}]
      outputs: [{name: image}]
      run: {path: build}
      params:
${params}`;

const PROBLEMS = {
  'parameters within a pipeline': pipeline(`        CONTEXT: [source]
        TARGET: my stage
        UNPACK_ROOTFS: sure
        COMPRESSION: zstd
        IMAGE_PLATFORM: linux/amd46
        ANYTHING: {of: others}
`),
  'parameters of a step': pipeline('        OUTPUT_OCI: true\n').replace('    config:', '    params: {TARGET: my stage, COMPRESSION: zstd}\n    config:'),
  'a task file beside pipelines': `platform: linux
image_resource: {type: registry-image, source: {repository: registry.example/oci-image}}
run: {path: build}
params: {UNPACK_ROOTFS: sure}
`,
};

for (const [name, document] of Object.entries(PROBLEMS)) {
  test(`problems of ${name}`, async () => {
    assertShown(`pipeline/problems of ${name}`, document, shownProblems(document, await editor.problems(ROOT, document)));
  });
}

const COMPLETIONS = {
  'a parameter within a pipeline': pipeline('        CONTEXT: source\n        UNP¦'),
  'a flag within a pipeline': pipeline('        UNPACK_ROOTFS: ¦'),
  'a step': 'jobs:\n- name: build\n  plan:\n  - ¦',
};

for (const [name, marked] of Object.entries(COMPLETIONS)) {
  test(`completion of ${name}`, async () => {
    assertShown(`pipeline/completion of ${name}`, marked, shownCompletions(await editor.completions(ROOT, marked)));
  });
}

test('hover over a parameter within a pipeline', async () => {
  const marked = pipeline('        CONTEXT: source\n        UNPACK_¦ROOTFS: true\n');
  assertShown('pipeline/hover over a parameter', marked, shownHover(await editor.hover(ROOT, marked)));
});
