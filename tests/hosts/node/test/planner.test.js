// The planner as a program in Node has it: its answers and its errors.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

import { FileError, NO_WORKSPACE, Planner, PlannerError, Refused, TextWorkspace, canonical } from 'oci-image-planner';
import { load } from 'oci-image-planner/files';

const planner = await load();

test('example of the readme prints the attributes of the plan', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const [, example] = readme.match(/```js\n([^]*?)```/);
  const directory = mkdtempSync(join(tmpdir(), 'planner-'));
  try {
    mkdirSync(join(directory, 'app'));
    writeFileSync(join(directory, 'app/Dockerfile'), 'FROM scratch AS release\n');
    // Beside this file, where the package resolves its own name; in the directory, where the files are.
    const module = fileURLToPath(new URL('readme.mjs', import.meta.url));
    writeFileSync(module, example);
    try {
      const printed = execFileSync(process.execPath, [module], { cwd: directory, encoding: 'utf8' });
      assert.equal(printed, "[ 'filename', 'target' ]\n");
    } finally {
      rmSync(module);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('refusal carries every diagnostic with its place', () => {
  const refusal = refused(() => planner.describe('{"contxt": "."}'));

  assert.deepEqual([refusal[0].code, refusal[0].pointer], ['missing-key', '']);
  assert.ok(refusal.some((one) => one.code === 'unknown-key' && one.place.object.start === 1));
});

test('interface names what comes in and goes out', () => {
  const { inputs, outputs, caches } = planner.describe('{"context": "src", "output": "image", "cache": true}');

  assert.deepEqual(inputs, [{ name: 'src' }]);
  assert.deepEqual(outputs, [{ name: 'image', path: 'image' }]);
  assert.deepEqual(caches, ['cache']);
});

test('texts in memory are a workspace', () => {
  const object = '{"context": "./app", "output": "image", "target_file": "settings//target"}';
  const workspace = new TextWorkspace({ 'app/Dockerfile': '', 'settings/target': 'release\n' }, ['image']);

  const plan = planner.plan(object, workspace);

  assert.equal(plan.solves[0].attributes.find(({ key }) => key === 'target').value.text, 'release');
  assert.equal(plan.solves[0].export.directory, 'image');
  assert.equal(workspace.entryAt('settings'), 'directory');
  assert.equal(workspace.entryAt('settings/other'), 'nothing');
  assert.throws(() => workspace.readText('settings'), new FileError('is-directory'));
});

test('canonical text escapes what JSON must and nothing else', () => {
  assert.equal(canonical(['ä\u2028\x7f\x00\n', [], null]), '[\n  "ä\u2028\x7f\\u0000\\n",\n  [],\n  null\n]\n');
});

test('planner whose instance is lost answers the next call', async () => {
  // An argument that is no text ends the call in the glue: no answer, and no diagnostics either.
  assert.throws(() => planner.validate({ toString: () => assert.fail('not a text') }), PlannerError);

  assert.deepEqual(planner.validate('{"context": ".", "output": "image"}'), []);
});

test('module that is none is refused where it is loaded', async () => {
  await assert.rejects(Planner.load(() => new Uint8Array([1, 2, 3])), WebAssembly.CompileError);
});

// Whatever a workspace answers, the planner answers, with diagnostics about the key that names the file.

const OBJECT = '{"context": ".", "output": "image", "build_args_file": "args"}';

const UNREADABLE = {
  'an error that is none of the contract': () => {
    throw new Error('\x00 broken');
  },
  'something thrown that is no error': () => {
    throw 7;
  },
  'nothing thrown': () => {
    throw undefined;
  },
  'no text': () => null,
  'a promise': () => Promise.resolve('A=1'),
  'bytes': () => new Uint8Array(7),
  'a limit that is no number': () => {
    throw Object.assign(new FileError('too-large', 1), { value: -1 });
  },
  'the words of the system': () => {
    throw new FileError('other', 'of the system');
  },
  'a hundred mebibytes': () => 'A=1\n'.repeat(25 << 20),
  'a text of three bytes a character, too long by one': () => '€'.repeat((1 << 20) / 3 + 1),
};

for (const [what, readText] of Object.entries(UNREADABLE)) {
  test(`workspace that gives ${what} is a diagnostic`, () => {
    const diagnostics = refused(() => planner.plan(OBJECT, lying({ readText })));

    assert.deepEqual(diagnostics.map(({ code, pointer }) => [code, pointer]), [['unreadable-file', '/build_args_file']]);
  });
}

test('file that is there and not found is a diagnostic', () => {
  const readText = () => {
    throw new FileError('not-found');
  };

  assert.equal(refused(() => planner.plan(OBJECT, lying({ readText })))[0].code, 'missing-path');
});

test('text of nothing but NUL is a diagnostic', () => {
  const diagnostics = refused(() => planner.plan(OBJECT, lying({ readText: () => '\0'.repeat(1000) })));

  assert.deepEqual(new Set(diagnostics.map(({ code }) => code)), new Set(['missing-equals']));
});

test('half a character becomes what UTF-8 has in its place', () => {
  const plan = planner.plan(OBJECT, lying({ readText: () => 'A=\ud800' }));

  assert.equal(plan.solves[0].attributes[0].value.text, '\ufffd');
});

test('entry that is none is a diagnostic', () => {
  for (const entryAt of [() => 'socket', () => undefined, () => assert.fail('gone')]) {
    const diagnostics = refused(() => planner.plan(OBJECT, lying({ entryAt, readText: () => 'A=1' })));

    assert.ok(diagnostics.some(({ code, pointer }) => code === 'unreadable-file' && pointer === '/context'));
  }
});

test('workspace that asks the planner in its turn is answered', () => {
  const inner = [];
  const readText = () => {
    inner.push(planner.validate('{}').length);
    return 'A=1';
  };

  const plan = planner.plan(OBJECT, lying({ readText }));

  assert.deepEqual(inner, [2]);
  assert.equal(plan.solves[0].attributes[0].key, 'build-arg:A');
});

test('workspace that answers for nothing is a diagnostic', () => {
  assert.ok(refused(() => planner.plan(OBJECT, NO_WORKSPACE)).some(({ pointer }) => pointer === '/context'));
});

/** A workspace in which everything is a file, but what the object needs as a directory; and what a test says of it. */
function lying(lies) {
  return { entryAt: (path) => (['.', 'image'].includes(path) ? 'directory' : 'file'), ...lies };
}

function refused(question) {
  try {
    question();
  } catch (error) {
    assert.ok(error instanceof Refused, error);
    return error.diagnostics;
  }
  return assert.fail('it was accepted');
}
