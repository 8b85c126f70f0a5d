// `oci-image lsp`: what it says of documents while somebody types them, and that it says what `oci-image validate` does.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { uri } from './checkout.js';
import { PROGRAM, ProgramEditor } from './program_editor.js';

let editor;

before(async () => {
  editor = await ProgramEditor.start();
});
after(async () => {
  assert.deepEqual(editor.logged, []);
  assert.equal(await editor.stop(), 0);
});

/** The files of a directory of fixtures that are documents. */
const documents = (directory) => readdirSync(fileURLToPath(uri(`tests/fixtures/${directory}`)), { recursive: true })
  .filter((name) => /\.(json|ya?ml)$/.test(name) && !/(\.plan|expected)\.json$|latin_1/.test(name))
  .map((name) => uri(`tests/fixtures/${directory}/${name}`));

/** What `validate` says of a file: code, message and place, as a client counts it. */
function validated(file) {
  const path = fileURLToPath(file);
  const { stdout } = spawnSync(PROGRAM, ['validate', '--output-format', 'json', path], { encoding: 'utf8' });
  const lines = readFileSync(path, 'utf8').split('\n');
  const place = (at) => {
    const signs = [...lines[at.line - 1]].slice(0, at.column - 1);
    return { line: at.line - 1, character: signs.join('').length };
  };
  const origin = { line: 0, character: 0 };
  return JSON.parse(stdout).map(({ code, severity, message, start, end }) => ({
    code, severity, message, range: { start: start ? place(start) : origin, end: end ? place(end) : origin },
  }));
}

const SEVERITIES = { 1: 'error', 2: 'warning' };

/** The same of what the server says. */
const told = (problems) => problems.map(({ code, severity, message, range, source }) => {
  assert.equal(source, 'oci-image');
  return { code, severity: SEVERITIES[severity], message: message.split('\n')[0], range };
});

const firstLines = (problems) => problems.map((problem) => ({ ...problem, message: problem.message.split('\n')[0] }));

// A directory's fixtures, and of how many something is said at least.
for (const [directory, least] of [['pipelines/sound', 0], ['pipelines/wrong', 20], ['diagnostics', 40], ['requests/invalid', 50]]) {
  test(`problems of ${directory} are those that validate tells`, async () => {
    let count = 0;
    for (const file of documents(directory)) {
      const found = told(await editor.open(file, readFileSync(fileURLToPath(file), 'utf8')));
      await editor.close(file);
      if (found.length === 0 && !directory.startsWith('pipelines')) continue;
      assert.deepEqual(found, firstLines(validated(file)), file);
      count += Number(found.length > 0);
    }
    assert.ok(count >= least, `${count} documents`);
  });
}

const PIPELINE = `jobs:
- name: 😀 build
  plan:
  - get: source
  - task: "😀 image"
    config:
      platform: linux
      image_resource: {type: registry-image, source: {repository: example/oci-build-task}}
      inputs: [{name: source}]
      outputs: [{name: image}]
      params: {CONTEXT: source, 😀: "", LABLE_a: "b"}
      run: {path: build}
`;

for (const [encoding, length] of [['utf-8', 4], ['utf-16', 2]]) {
  test(`what is typed is heard in ${encoding}, and problems are told in it`, async () => {
    const typist = await ProgramEditor.start(undefined, encoding === 'utf-8' ? ['utf-8', 'utf-16'] : undefined);
    assert.equal(typist.capabilities.positionEncoding, encoding);
    const name = typist.name();
    let problems = await typist.open(name, PIPELINE);
    assert.deepEqual(problems.map(({ code }) => code), ['unprivileged-task', 'unknown-parameter']);
    assert.deepEqual(problems[0].range, { start: { line: 4, character: 10 }, end: { line: 4, character: 10 + 2 + length + 6 } });
    const at = 'params: {CONTEXT: source, '.length + 6 + length + ': "", '.length;
    assert.deepEqual(problems[1].range, { start: { line: 10, character: at }, end: { line: 10, character: at + 7 } });
    assert.equal(problems[1].message.split('\n')[1], 'help: did you mean `LABEL_a`?');

    // One sign after the other.
    let version = 1;
    const type = async (character, text, replaced = 0) => {
      const range = { start: { line: 10, character }, end: { line: 10, character: character + replaced } };
      version += 1;
      problems = await typist.change(name, version, [{ range, text }]);
    };
    await type(at + 2, 'BEL', 3);
    assert.deepEqual(problems.map(({ code }) => code), ['unprivileged-task']);
    for (const sign of '    privileged: true\n'.split('').reverse()) {
      version += 1;
      const start = { line: 5, character: 0 };
      problems = await typist.change(name, version, [{ range: { start, end: start }, text: sign }]);
    }
    assert.deepEqual(problems, []);
    assert.equal(await typist.stop(), 0);
  });
}

test('nothing is said of what is not ours, whatever is wrong with it', async () => {
  for (const [extension, text] of [
    ['yml', 'services:\n  web: {build: {context: .}, contxt: 1}\n'],
    ['yml', 'a: [\n'],
    ['yml', 'platform: linux\nrun: {path: make}\nparams: {CONTXT: a}\n'],
    ['json', '{"compilerOptions": {'],
    ['json', '{"object": {}, "context": 1}'],
    ['yml', ''],
  ]) {
    assert.deepEqual(await editor.open(editor.name(extension), text), [], text);
  }
});

test('a document that was ours is, while it cannot be read', async () => {
  const name = editor.name();
  assert.deepEqual(await editor.open(name, 'context: .\noutput: image\n'), []);
  const all = (text) => [{ text }];
  let problems = await editor.change(name, 2, all('context: [\noutput: image\n'));
  assert.deepEqual(problems.map(({ code }) => code), ['invalid-yaml']);
  problems = await editor.change(name, 3, all('context: .\noutptu: image\n'));
  assert.deepEqual(problems.map(({ code }) => code), ['unknown-key']);
  assert.deepEqual(await editor.change(name, 4, all('services: {}\n')), []);
  assert.deepEqual(await editor.change(name, 5, all('context: [\n')), []);
});

test('every beginning of a document is answered', async () => {
  for (const [extension, text] of [
    ['yml', PIPELINE],
    ['json', '{"context": ".", "output": "😀", "registries": [{"host": "a.example", "ca": "b"}]}'],
  ]) {
    const name = editor.name(extension);
    await editor.open(name, text);
    let version = 1;
    for (const end of text.split('').keys()) {
      version += 1;
      await editor.change(name, version, [{ text: text.slice(0, end).toWellFormed?.() ?? text.slice(0, end) }]);
    }
    await editor.close(name);
  }
});

test('a client that leaves without a word is no success', async () => {
  const rude = await ProgramEditor.start();
  assert.equal(await rude.stop(false), 2);
});
