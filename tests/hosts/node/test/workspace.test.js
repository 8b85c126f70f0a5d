// The workspace at a directory: what it answers for, and what it keeps to itself.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';

import { FileError, TEXT_LIMIT } from 'oci-image-planner';
import { DirectoryWorkspace } from 'oci-image-planner/files';

/** A directory `work` beside a file that is not its business, and the workspace there. */
function opened(context) {
  const top = mkdtempSync(join(tmpdir(), 'workspace-'));
  context.after(() => rmSync(top, { recursive: true }));
  const directory = join(top, 'work');
  mkdirSync(join(directory, 'app'), { recursive: true });
  writeFileSync(join(directory, 'labels'), '\ufeffa=b\n');
  writeFileSync(join(directory, 'token'), 'hidden');
  writeFileSync(join(top, 'outside'), 'not yours');
  return { directory, workspace: new DirectoryWorkspace(directory, '{"buildkit_secrets": {"id": "token"}}') };
}

test('files and directories within are answered for', (context) => {
  const { directory, workspace } = opened(context);
  symlinkSync('../labels', join(directory, 'app/link'));

  assert.equal(workspace.readText('./app//link'), '\ufeffa=b\n');
  assert.equal(workspace.entryAt('app/'), 'directory');
  assert.equal(workspace.entryAt('labels'), 'file');
  assert.equal(workspace.entryAt('labels/below'), 'nothing');
  assert.throws(() => workspace.readText('app'), new FileError('is-directory'));
  assert.throws(() => workspace.readText('missing'), new FileError('not-found'));
});

test('nothing outside is answered for', (context) => {
  const { directory, workspace } = opened(context);
  symlinkSync('../outside', join(directory, 'link'));

  assert.throws(() => workspace.readText('../outside'), new FileError('denied'));
  assert.throws(() => workspace.entryAt('/etc/passwd'), new FileError('denied'));
  assert.throws(() => workspace.readText('link'), /a symbolic link leads out of the working directory/);
});

test('text of a secret is kept, and a large one is refused', (context) => {
  const { directory, workspace } = opened(context);

  assert.throws(() => workspace.readText('./token'), new FileError('denied'));
  assert.equal(workspace.entryAt('token'), 'file');
  writeFileSync(join(directory, 'token'), 'x'.repeat((500 << 10) + 1));
  assert.throws(() => workspace.entryAt('token'), new FileError('too-large', 500 << 10));
});

test('what is no small text has no text', (context) => {
  const { directory, workspace } = opened(context);
  writeFileSync(join(directory, 'binary'), Buffer.from([0xff, 0xfe]));
  writeFileSync(join(directory, 'large'), 'x'.repeat(TEXT_LIMIT + 1));
  execFileSync('mkfifo', [join(directory, 'pipe')]);

  assert.throws(() => workspace.readText('binary'), new FileError('not-text'));
  assert.throws(() => workspace.readText('large'), new FileError('too-large', TEXT_LIMIT));
  assert.throws(() => workspace.readText('pipe'), /it is no regular file/);
});
