// A request in YAML, as a pipeline's `params` hold it: `oci-image.schema.json` in `yaml-language-server`.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { text, uri } from './checkout.js';
import { shownCompletions, shownHover, shownProblems } from './document.js';
import { assertShown } from './snapshot.js';
import { YamlEditor } from './yaml_editor.js';

const ROOT = uri('');
const SCHEMA = uri('schema/oci-image.schema.json');
let editor;

before(async () => {
  editor = await YamlEditor.start({ [SCHEMA]: ['/request-*.yml'] });
});
after(() => editor?.stop());

const COMPLETIONS = {
  'a flag': 'cache: ¦',
  'a codec': 'compression: ¦',
  'a platform': 'image_platform: ¦',
  'an element of a list': 'build_args:\n  - ¦',
  'a map of registries': 'registries:\n  ¦',
  'a key of a registry': 'registries:\n  registry.example:\n    ¦',
  'a key of a secret': 'buildkit_secrets:\n  token:\n    ¦',
};

for (const [name, marked] of Object.entries(COMPLETIONS)) {
  test(`completion of ${name}`, async () => {
    const items = await editor.completions(ROOT, marked);
    assertShown(`yaml/completion of ${name}`, marked, shownCompletions(items));
  });
}

/** The keys of an empty document that are shown here: one of each sort. All of them are in `json/completion of an empty object`. */
const SHOWN = ['$schema', 'context', 'cache', 'target', 'build_args', 'registries'];

test('completion of an empty document', async () => {
  const items = await editor.completions(ROOT, '¦');
  const keys = Object.keys(JSON.parse(text('schema/oci-image.schema.json')).properties);
  const labels = items.map(({ label }) => label);
  assert.deepEqual(keys.filter((key) => !labels.includes(key)), []);
  const shown = items.filter(({ label }) => SHOWN.includes(label) || !keys.includes(label));
  assertShown('yaml/completion of an empty document', '¦', shownCompletions(shown));
});

const HOVERS = {
  'a required key': 'con¦text: .',
  'an optional key': 'docker¦file: ci/Dockerfile',
  'a codec': 'com¦pression: zstd',
  'a level': 'compression_¦level: "9"',
  'a size': 'cache_mounts_¦limit: 500MB',
  'a list': 'build¦_args: [VERSION=1]',
  'a key of a registry': 'registries: {registry.example: {in¦secure: true}}',
  'a secret': 'buildkit_secrets:\n  to¦ken: secrets/token',
};

for (const [name, marked] of Object.entries(HOVERS)) {
  test(`hover over ${name}`, async () => {
    assertShown(`yaml/hover over ${name}`, marked, shownHover(await editor.hover(ROOT, marked)));
  });
}

const PROBLEMS = {
  'an unknown key': 'context: .\noutput: image\ndockerfil: ci/Dockerfile\n',
  'a missing key': 'context: .\n',
  'values of a wrong type': 'context: .\noutput: image\ncache: "yes"\nbuild_args: VERSION=1\ntarget: 7\n',
  'a key without a value': 'context: .\noutput: image\ntarget:\n',
  'strings of a wrong form': `context: .
output: a/b
dockerfile: ci/
build_args: [VERSION]
image_platform: linux/amd46
add_hosts: db=10.0.0
registry_mirrors: ["ftp://mirror.example"]
registries: {"mirror.example:99999": {ca: [""], mirror: []}}
buildkit_secrets: {token: "", password: {txet: x}}
`,
  'a flag that another key forbids': 'context: .\noutput: image\nunpack_rootfs: true\nimage_platform: linux/amd64,linux/arm64\n',
  'a codec that needs another key': 'context: .\noutput: image\ncompression: zstd\ncompression_level: "20"\n',
  'a level that gzip does not have': 'context: .\noutput: image\ncompression: gzip\ncompression_level: "13"\n',
  'ids and sizes that are none': 'context: .\noutput: image\ncache: true\ncache_mounts: [id=go, none]\ncache_mounts_limit: 0GB\n',
  'a codec that nobody knows': 'context: .\noutput: image\ncompression: xz\ncompression_level: 9\n',
  'a key that is written twice': 'context: .\noutput: image\ntarget: a\ntarget: b\n',
};

for (const [name, document] of Object.entries(PROBLEMS)) {
  test(`problems of ${name}`, async () => {
    assertShown(`yaml/problems of ${name}`, document, shownProblems(document, await editor.problems(ROOT, document)));
  });
}

test('a modeline names the schema, by a path from the file', async () => {
  const document = '# yaml-language-server: $schema=../../schema/oci-image.schema.json\ncontext: .\nouput: image\n';
  const problems = await editor.problems(uri('tests/editors/'), document);
  assertShown('yaml/problems by a modeline', document, shownProblems(document, problems));
});

test('a request with everything in it has no problem', async () => {
  const request = text('tests/fixtures/requests/valid/everything.json');
  assert.deepEqual(await editor.problems(ROOT, request), []);
});
