// Texts to begin with, in each form.

const written = (object) => `${JSON.stringify(object, null, 2)}\n`;

export const EXAMPLES = [
  {
    name: 'A first image',
    object: written({ context: 'src', output: 'image', build_args: ['VERSION=1.0'], cache: true }),
    texts: {},
  },
  {
    name: 'Labels and arguments from files',
    object: written({ context: '.', output: 'image', build_args_file: 'ci/args.yml', labels_file: 'ci/labels' }),
    texts: {
      'ci/args.yml': 'VERSION: "1.0"\nCHANNEL: stable\n',
      'ci/labels': 'org.opencontainers.image.title=hello\norg.opencontainers.image.licenses=Apache-2.0\n',
    },
  },
  {
    name: 'Several targets and platforms',
    object: written({
      context: 'app',
      output: 'image',
      target: 'release',
      additional_targets: ['tests', 'docs'],
      image_platform: 'linux/amd64,linux/arm64',
    }),
    texts: {},
  },
  {
    name: 'Secrets, SSH and registries',
    object: written({
      context: '.',
      output: 'image',
      buildkit_secrets: { npmrc: 'secrets/npmrc' },
      buildkit_ssh: 'default',
      registry_mirrors: ['mirror.example'],
      registries: { 'registry.example:5000': { http: true } },
    }),
    texts: {},
  },
  {
    name: 'A request in YAML',
    object: `context: src
output: image
target: release
build_args: [VERSION=1.10]
buildkit_secrets:
  npmrc: secrets/npmrc
`,
    texts: {},
  },
  {
    name: 'A task',
    object: `platform: linux
image_resource:
  type: registry-image
  source: {repository: registry.example/oci-image}
inputs:
- name: src
- name: base
outputs:
- name: image
caches:
- path: cache
params:
  CONTEXT: src
  BUILD_ARG_VERSION: "1.10"
  IMAGE_ARG_base: base/image.tar
run: {path: build}
`,
    texts: {},
  },
  {
    name: 'A pipeline with remarks',
    object: `jobs:
- name: app
  plan:
  - get: src
    trigger: true
  - task: build
    config:
      platform: linux
      image_resource:
        type: registry-image
        source: {repository: registry.example/oci-image}
      inputs: [{name: src}]
      outputs: [{name: image}]
      params:
        CONTEXT: src
        DOCKERFLE: src/Dockerfile
        BUILD_ARG_VERSION: 1.10
      run: {path: build}
  - put: app
    params: {image: image/image.tar}
resources:
- name: src
  type: git
  source: {uri: "https://git.example/app"}
- name: app
  type: registry-image
  source: {repository: registry.example/app}
`,
    texts: {},
  },
  {
    name: 'With mistakes',
    object: `{
  "contxt": "src",
  "output": "image",
  "build_args": ["VERSION"],
  "image_platform": "linux/amd46",
  "cache": "yes"
}
`,
    texts: {},
  },
];
