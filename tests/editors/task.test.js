// A task file of Concourse that runs this program: `oci-image-task.schema.json` in `yaml-language-server`.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { uri } from './checkout.js';
import { shownCompletions, shownHover, shownProblems } from './document.js';
import { assertShown } from './snapshot.js';
import { YamlEditor } from './yaml_editor.js';

const ROOT = uri('');
const SCHEMA = uri('schema/oci-image-task.schema.json');
let editor;

before(async () => {
  editor = await YamlEditor.start({ [SCHEMA]: ['/request-*.yml'] });
});
after(() => editor?.stop());

/** A task file with these parameters, indented by two. */
const task = (params) => `platform: linux
inputs: [{name: repository}]
outputs: [{name: image}]
run: {path: build}
params:
${params}`;

const COMPLETIONS = {
  'an empty task file': '¦',
  'a parameter': task('  CONTEXT: repository\n  ¦'),
  'a codec of a task': task('  COMPRESSION: ¦'),
  'a flag of a task': task('  UNPACK_ROOTFS: ¦'),
  'an input': 'platform: linux\nrun: {path: build}\ninputs:\n- ¦',
};

for (const [name, marked] of Object.entries(COMPLETIONS)) {
  test(`completion of ${name}`, async () => {
    const items = await editor.completions(ROOT, marked);
    assertShown(`task/completion of ${name}`, marked, shownCompletions(items));
  });
}

const HOVERS = {
  'a parameter': task('  ADDITIONAL_¦TARGETS: tests'),
  'a level of a task': task('  COMPRESSION_¦LEVEL: 9'),
  'ids of a task': task('  CACHE_¦MOUNTS: go-build'),
  'a build argument': task('  BUILD_ARG_¦VERSION: "1.0"'),
  'the command': 'platform: linux\nru¦n: {path: build}',
};

for (const [name, marked] of Object.entries(HOVERS)) {
  test(`hover over ${name}`, async () => {
    assertShown(`task/hover over ${name}`, marked, shownHover(await editor.hover(ROOT, marked)));
  });
}

const PROBLEMS = {
  'parameters of a wrong form': task(`  CONTEXT: [repository]
  DOCKERFLE: ci/Dockerfile
  TARGET: my stage
  ADDITIONAL_TARGETS: tests, image
  BUILD_ARGS: VERSION
  BUILD_ARG_VERSION: 1.10
  BUILD_ARG_: x
  IMAGE_PLATFORM: linux/amd46
  OUTPUT_OCI: yes please
  REGISTRY_MIRRORS: ftp://mirror.example
  BUILDKIT_SECRET_token: secrets/
  BUILDKIT_SECRETTEXT_key: ""
`),
  'a flag that another parameter forbids': task('  IMAGE_PLATFORM: linux/amd64,linux/arm64\n  UNPACK_ROOTFS: true\n'),
  'a codec that needs another parameter': task('  COMPRESSION: zstd\n  COMPRESSION_LEVEL: 20\n'),
  'a level that the codec does not have': task('  COMPRESSION: xz\n  COMPRESSION_LEVEL: 0\n'),
  'a level that gzip does not have': task('  COMPRESSION_LEVEL: 13\n'),
  'ids and sizes that are none': task('  CACHE_MOUNTS: none, go\n  CACHE_MOUNTS_LIMIT: 0\n  CACHE_MOUNTS_READ_ONLY: yes please\n'),
  'a size without a number': task('  CACHE_MOUNTS: id=go\n  CACHE_MOUNTS_LIMIT: much\n'),
  'a task without a command': 'platform: windows\nimage: alpine\nparams: {CONTEXT: .}\n',
};

for (const [name, document] of Object.entries(PROBLEMS)) {
  test(`problems of ${name}`, async () => {
    assertShown(`task/problems of ${name}`, document, shownProblems(document, await editor.problems(ROOT, document)));
  });
}

test('a task with everything in it has no problem', async () => {
  const document = `---
platform: linux
image_resource:
  type: registry-image
  source: {repository: registry.example/oci-image, password: ((registry.password))}
inputs:
- name: repository
- {name: base, optional: true, path: base}
outputs:
- name: image
- {name: tests, path: tests}
caches:
- path: cache
container_limits: {cpu: 512, memory: 4GB}
params:
  CONTEXT: repository
  DOCKERFILE:
  TARGET: ((target))
  TARGET_FILE: ""
  ADDITIONAL_TARGETS: tests, docs
  BUILD_ARGS: MODE=fast
  BUILD_ARG_VERSION: "1.10"
  BUILD_ARG_JOBS: 4
  BUILD_ARG_NOTES: |
    first
    second
  LABEL_org.opencontainers.image.title: hello
  IMAGE_ARG_base: base/image.tar
  IMAGE_PLATFORM: linux/amd64
  UNPACK_ROOTFS: true
  OUTPUT_OCI: ((layout))
  COMPRESSION: zstd
  COMPRESSION_LEVEL: 19
  CACHE_MOUNTS: go-build, /root/.cache/pip
  CACHE_MOUNTS_LIMIT: 500MB
  CACHE_MOUNTS_READ_ONLY: ((untrusted))
  DEBUG: ((debug))
  REGISTRY_MIRRORS: mirror.example:5000,((mirror))
  BUILDKIT_ADD_HOSTS: db=10.0.0.7
  BUILDKIT_SSH: default
  BUILDKIT_SECRET_token: secrets/token
  BUILDKIT_SECRETTEXT_password: ((password))
  BUILDKIT_EXTRA_CONFIG: |
    [registry."registry.example"]
    ca = ["certificates/ca.pem"]
  HTTP_PROXY: http://proxy.example:3128
  SOURCE_DATE_EPOCH: 1700000000
run:
  path: build
  args: [--progress, plain]
`;
  assert.deepEqual(await editor.problems(ROOT, document), []);
});
