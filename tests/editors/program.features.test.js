// `oci-image lsp`: what it answers where somebody stands: descriptions, completions, changes, places, outlines. `¦` is the cursor.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { atCursor } from './document.js';
import { ProgramEditor } from './program_editor.js';

const FILES = {
  'app/Dockerfile': `ARG VERSION
FROM scratch AS base
RUN --mount=type=secret,id=token true
FROM base AS tests
FROM base AS release
`,
  'ci/arguments': 'VERSION=1\n',
  'ci/unit.yml': 'platform: linux\nrun: {path: make}\n',
};

const root = mkdtempSync(join(tmpdir(), 'oci-image-lsp-'));
const address = (path) => pathToFileURL(join(root, path)).href;
let editor;

before(async () => {
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  editor = await ProgramEditor.start(address(''));
});
after(async () => {
  assert.deepEqual(editor.logged, []);
  assert.equal(await editor.stop(), 0);
  rmSync(root, { recursive: true });
});

/** A pipeline whose task has these parameters. */
const pipeline = (params) => `jobs:
- name: image
  plan:
  - get: source
  - task: unit
    file: source/ci/unit.yml
  - task: build
    privileged: true
    config:
      platform: linux
      image_resource: {type: registry-image, source: {repository: example/oci-build-task}}
      inputs: [{name: source}, {name: base, path: deep/base}]
      outputs: [{name: image}]
      params:
${params}
      run: {path: build}
`;

const task = (params) => `platform: linux
image_resource: {type: registry-image, source: {repository: example/oci-build-task}}
inputs: [{name: source}]
outputs: [{name: image}]
params:
${params}
run: {path: build}
`;

/** Opens a document, and hands out its name and the cursor's place. */
async function opened(marked, extension = 'yml', first = undefined) {
  const name = editor.name(extension, address('ci/'));
  const { text, position } = atCursor(marked);
  await editor.open(name, first ?? text);
  if (first !== undefined) await editor.change(name, 2, [{ text }]);
  return { name, text, position };
}

for (const [where, marked, extension, said, marks] of [
  ['a key of an object', 'context: .\nout¦put: image\n', 'yml', /^Name of the (task|output)|output/i, 'output'],
  ['a value', 'context: .\noutput: image\ntarget: re¦lease\n', 'yml', /^Stage to build/, 'release'],
  ['a message', '{"object": {"context": ".", "out¦put": "image"}, "response_path": "r"}', 'json', /output/i, '"output"'],
  ['a parameter in a pipeline', pipeline('        TAR¦GET: release\n        CONTEXT: source/app'), 'yml', /^Stage to build/, 'TARGET'],
  ['a build argument of a task', task('  BUILD_ARG_V¦: "1"'), 'yml', /^The build argument/, 'BUILD_ARG_V'],
]) {
  test(`hover over ${where}`, async () => {
    const { name, text, position } = await opened(marked, extension);
    const { contents, range } = await editor.hover(name, position);
    assert.match(contents.value, said);
    assert.equal(contents.kind, 'markdown');
    assert.equal(text.split('\n')[range.start.line].slice(range.start.character, range.end.character), marks);
  });
}

test('nothing is said of what is Concourse\'s own, or of nobody', async () => {
  for (const marked of [
    pipeline('        TARGET: a').replace('- get: sou', '- get: sou¦'),
    pipeline('        PA¦TH: a'),
    'services:\n  web: {con¦text: .}\n',
    'context: [¦\n',
  ]) {
    const { name, position } = await opened(marked);
    assert.equal(await editor.hover(name, position), null, marked);
    assert.equal(await editor.definition(name, position), null, marked);
  }
});

// What is typed, what is offered among others, what it becomes, and what is not offered.
for (const [where, marked, extension, label, written, absent] of [
  ['a key of an object', 'context: .\noutput: image\ntar¦', 'yml', 'target', 'target: ', 'context'],
  ['a key on an empty line', 'context: .\n¦\noutput: image\n', 'yml', 'dockerfile', 'dockerfile: ', 'output'],
  ['a key of the first map of a list in JSON', '{"context": ".", "output": "i", "registries": {"a": {"c¦"}}}', 'json', 'ca', 'ca', 'context'],
  ['a key in JSON without quotes', '{"context": ".", ¦, "output": "i"}', 'json', 'target', '"target": ', 'context'],
  ['a key in JSON that is not closed', '{"context": ".", "output": "i", "tar¦', 'json', 'target', 'target', 'context'],
  ['a word', 'context: .\noutput: image\ncompression: ¦\n', 'yml', 'zstd', 'zstd', 'x'],
  ['a flag', '{"context": ".", "output": "i", "cache": ¦}', 'json', 'true', 'true', 'x'],
  ['a stage', 'context: app\noutput: image\ntarget: ¦\n', 'yml', 'release', 'release', 'VERSION'],
  ['a stage of a list', 'context: app\noutput: image\nadditional_targets:\n- ¦\n', 'yml', 'tests', 'tests', 'VERSION'],
  ['a parameter of a task', task('  CONTEXT: source\n  TAR¦'), 'yml', 'TARGET', 'TARGET: ', 'CONTEXT'],
  ['a parameter in a pipeline', pipeline('        CONTEXT: source/app\n        ¦'), 'yml', 'IMAGE_PLATFORM', 'IMAGE_PLATFORM: ', 'CONTEXT'],
  ['an argument that the Dockerfile names', pipeline('        CONTEXT: source/app\n        BUILD¦'), 'yml', 'BUILD_ARG_VERSION', 'BUILD_ARG_VERSION: ', 'CONTEXT'],
  ['a secret that the Dockerfile names', pipeline('        CONTEXT: source/app\n        ¦'), 'yml', 'BUILDKIT_SECRET_token', 'BUILDKIT_SECRET_token: ', 'CONTEXT'],
  ['a stage in a pipeline', pipeline('        CONTEXT: source/app\n        TARGET: rel¦'), 'yml', 'release', 'release', 'VERSION'],
  ['an input in a pipeline', pipeline('        CONTEXT: ¦'), 'yml', 'deep/base', 'deep/base', 'image'],
  ['a key of an input', task('  CONTEXT: source').replace('{name: source}', '{name: source, o¦}'), 'yml', 'optional', 'optional: ', 'name'],
]) {
  test(`completion of ${where}`, async () => {
    const whole = extension === 'json' ? '{"context": ".", "output": "i"}' : undefined;
    const { name, text, position } = await opened(marked, extension, whole);
    const items = await editor.completions(name, position);
    const item = items?.find((one) => one.label === label);
    assert.ok(item, `${label} in ${items?.map((one) => one.label)}`);
    assert.equal(item.textEdit.newText, written);
    assert.ok(!items.some((one) => one.label === absent), absent);
    const { start, end } = item.textEdit.range;
    assert.equal(start.line, position.line);
    assert.ok(start.character <= position.character && position.character <= end.character);
    assert.match(text.split('\n')[start.line].slice(start.character, end.character), /^[\w./-]*$/);
  });
}

test('nothing is offered where nothing is ours', async () => {
  for (const marked of ['services:\n  ¦', pipeline('        CONTEXT: a').replace('- get: source', '- get: source\n    ¦'), '¦']) {
    const { name, position } = await opened(marked);
    assert.deepEqual(await editor.completions(name, position) ?? [], [], marked);
  }
});

// A place, and where it leads: a file and a line of it.
for (const [where, marked, extension, file, line] of [
  ['a stage', 'context: app\noutput: image\ntarget: rel¦ease\n', 'yml', 'app/Dockerfile', 4],
  ['the context', 'context: a¦pp\noutput: image\n', 'yml', 'app/Dockerfile', 0],
  ['a Dockerfile', '{"context": ".", "output": "i", "dockerfile": "app/Docker¦file"}', 'json', 'app/Dockerfile', 0],
  ['a file of arguments', 'context: .\noutput: image\nbuild_args_file: argu¦ments\n', 'yml', 'ci/arguments', 0],
  ['a stage in a pipeline', pipeline('        CONTEXT: source/app\n        TARGET: te¦sts'), 'yml', 'app/Dockerfile', 3],
  ['a Dockerfile of a task', task('  DOCKERFILE: source/app/Docker¦file'), 'yml', 'app/Dockerfile', 0],
  ['the file of a task', pipeline('        CONTEXT: a').replace('ci/unit', 'ci/un¦it'), 'yml', 'ci/unit.yml', 0],
]) {
  test(`${where} leads to where it stands`, async () => {
    const { name, position } = await opened(marked, extension);
    const { uri, range } = await editor.definition(name, position);
    assert.equal(uri, address(file));
    assert.equal(range.start.line, line);
  });
}

test('a name that is nowhere leads nowhere, and no name leads out of the workspace', async () => {
  for (const marked of [
    'context: app\noutput: image\ntarget: no¦ne\n',
    'context: .\noutput: image\nbuild_args_file: ../../../../../../etc/pass¦wd\n',
    'context: .\noutput: image\nbuild_args_file: /etc/pass¦wd\n',
  ]) {
    const { name, position } = await opened(marked);
    assert.equal(await editor.definition(name, position), null, marked);
  }
});

/** A text with an action's changes. */
function changed(text, { edit }) {
  const [{ edits, textDocument }] = edit.documentChanges;
  assert.ok(textDocument.version >= 1);
  const lines = text.split('\n');
  const offset = ({ line, character }) => lines.slice(0, line).reduce((sum, one) => sum + one.length + 1, 0) + character;
  return [...edits].reverse().reduce((done, { range, newText }) =>
    done.slice(0, offset(range.start)) + newText + done.slice(offset(range.end)), text);
}

test('what has one right answer can be mended, alone and all together', async () => {
  const text = pipeline('        CONTXT: source/app\n        BUILD_ARG_V: 1.10').replace('    privileged: true\n', '');
  const name = editor.name('yml', address('ci/'));
  const problems = await editor.open(name, text);
  const whole = { start: { line: 0, character: 0 }, end: { line: 99, character: 0 } };
  const actions = await editor.actions(name, whole, problems);
  assert.deepEqual(actions.map(({ title, kind }) => [title, kind]), [
    ['add `privileged: true`', 'quickfix'], ['write `CONTEXT`', 'quickfix'], ['write `"1.10"`', 'quickfix'],
    ['mend all that has one right answer', 'source.fixAll'],
  ]);
  assert.deepEqual(actions[1].diagnostics.map(({ code }) => code), ['unknown-parameter']);
  assert.equal(changed(text, actions[1]), text.replace('CONTXT', 'CONTEXT'));
  const mended = changed(text, actions[3]);
  assert.equal(mended, pipeline('        CONTEXT: source/app\n        BUILD_ARG_V: "1.10"'));
  assert.deepEqual(await editor.change(name, 2, [{ text: mended }]), []);
  assert.deepEqual(await editor.actions(name, whole), []);

  const here = { start: problems[1].range.start, end: problems[1].range.start };
  await editor.change(name, 3, [{ text }]);
  assert.deepEqual((await editor.actions(name, here)).map(({ title }) => title), ['write `CONTEXT`', 'mend all that has one right answer']);
});

test('a document is told as what it holds', async () => {
  const names = (symbols) => symbols?.map(({ name, children }) => (children ? [name, names(children)] : name));
  const { name } = await opened(pipeline('        CONTEXT: source\n        TARGET: tests¦'));
  assert.deepEqual(names(await editor.symbols(name)), [['image', [['build', ['CONTEXT', 'TARGET']]]]]);
  const object = await opened('{"context": ".", "output": "i", "registries": {"a": {"http": true}}}¦', 'json');
  assert.deepEqual(names(await editor.symbols(object.name)), ['context', 'output', ['registries', [['a', ['http']]]]]);
  const other = await opened('a: 1\n¦');
  assert.equal(await editor.symbols(other.name), null);
});
