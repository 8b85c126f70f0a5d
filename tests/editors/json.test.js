// A request in VS Code: `oci-image.schema.json` in its engine for JSON.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

import { text, uri } from './checkout.js';
import { shownCompletions, shownHover, shownProblems } from './document.js';
import { JsonEditor } from './json_editor.js';
import { assertShown, assertText } from './snapshot.js';

const FILE = uri('request.json');
const editor = new JsonEditor(uri('schema/oci-image.schema.json'));

const COMPLETIONS = {
  'an empty object': '{\n  ¦\n}',
  'an empty file': '¦',
  'a flag': '{"cache": ¦}',
  'a codec': '{"compression": ¦}',
  'a platform': '{"image_platform": ¦}',
  'an element of a list': '{"build_args": [¦]}',
  'a size': '{"cache_mounts_limit": ¦}',
  'a map of registries': '{"registries": ¦}',
  'a key of a registry': '{"registries": {"registry.example": {¦}}}',
  'a key of a key pair': '{"registries": {"registry.example": {"keypair": [{¦}]}}}',
  'a secret': '{"buildkit_secrets": {"token": ¦}}',
  'a key of a secret': '{"buildkit_secrets": {"token": {¦}}}',
};

for (const [name, marked] of Object.entries(COMPLETIONS)) {
  test(`completion of ${name}`, async () => {
    const items = await editor.completions(FILE, marked);
    assertShown(`json/completion of ${name}`, marked, shownCompletions(items));
  });
}

const HOVERS = {
  'a required key': '{"con¦text": "."}',
  'an optional key': '{"docker¦file": "ci/Dockerfile"}',
  'a codec': '{"com¦pression": "zstd"}',
  'a list': '{"build¦_args": ["VERSION=1"]}',
  'a list of ids': '{"cache¦_mounts": ["go-build"]}',
  'a key of a registry': '{"registries": {"registry.example": {"in¦secure": true}}}',
  'a secret': '{"buildkit_secrets": {"to¦ken": "secrets/token"}}',
};

for (const [name, marked] of Object.entries(HOVERS)) {
  test(`hover over ${name}`, async () => {
    assertShown(`json/hover over ${name}`, marked, shownHover(await editor.hover(FILE, marked)));
  });
}

/** Each request of a kind, by name. */
const requests = (kind) => readdirSync(fileURLToPath(uri(`tests/fixtures/requests/${kind}`)))
  .filter((file) => /^[^.]+\.json$/.test(file))
  .sort();

test('no valid request has a problem', async () => {
  for (const name of requests('valid')) {
    const path = `tests/fixtures/requests/valid/${name}`;
    assert.deepEqual(await editor.problems(uri(path), text(path)), [], name);
  }
});

test('problems of every invalid request', async () => {
  const shown = [];
  // VS Code's parser calls itself for each bracket: thousands of them are beyond it, whatever the schema.
  for (const name of requests('invalid').filter((name) => name !== 'nested.json')) {
    const path = `tests/fixtures/requests/invalid/${name}`;
    const request = text(path);
    shown.push(`${name}\n${shownProblems(request, await editor.problems(uri(path), request))}\n`);
  }
  assertText('json/problems of every invalid request', shown.join('\n'));
});

test('a schema that the request itself names judges it, and is no problem', async () => {
  const unconfigured = new JsonEditor();
  const path = 'tests/fixtures/requests/valid/schema.json';
  const request = text(path);
  const mistyped = request.replace('"output"', '"ouput"');
  assert.deepEqual(await unconfigured.problems(uri(path), request), []);
  const problems = await unconfigured.problems(uri(path), mistyped);
  assertShown('json/problems by a named schema', mistyped, shownProblems(mistyped, problems));
});

const MESSAGE = new JsonEditor(uri('schema/oci-image-message.schema.json'));

test('completion in a message', async () => {
  const marked = '{\n  ¦\n}';
  assertShown('json/completion of a message', marked, shownCompletions(await MESSAGE.completions(FILE, marked)));
});

test('problems of a message', async () => {
  const message = '{\n  "object": {"context": ".", "dockerfil": "x"},\n  "responses": 7\n}';
  assertShown('json/problems of a message', message, shownProblems(message, await MESSAGE.problems(FILE, message)));
});
