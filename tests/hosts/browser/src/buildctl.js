// A plan as commands that a person could type: what `oci-image build` has the daemon do.

/** The commands, one a solve, with what must be known beside them. */
export function buildctl(plan) {
  const notes = ['# buildkitd --config buildkitd.toml', ...bases(plan), ...inlineSecrets(plan), ...cacheSecrets(plan), ...cacheNote(plan)];
  return `${[...notes, ...plan.solves.map((solve) => command(solve, plan))].join('\n')}\n`;
}

function bases({ base_images: images }) {
  return images.map(({ argument, path }) => `# ${argument}: the reference of ${path}, once it is in a registry that the daemon reaches`);
}

function inlineSecrets({ secrets }) {
  const inline = secrets.filter(({ source }) => source === 'inline');
  return inline.map(({ id }) => `# ${variable(id)}: the text of the secret ${id}`);
}

function cacheSecrets({ cache_from: read, cache_to: written }) {
  const attributes = [...read, ...written].flatMap((cache) => cache.attributes);
  const keys = new Set(attributes.filter(({ value }) => value === 'inline').map(({ key }) => key));
  return [...keys].map((key) => `# ${variable(key)}: the text of ${key}`);
}

function cacheNote({ cache, solves }) {
  const shared = cache !== null && solves.length > 1 ? ['# the solves share the cache: run one after the other'] : [];
  return cache?.mounts ? [...shared, '# cache mounts are kept by oci-image alone'] : shared;
}

function command(solve, plan) {
  const parts = [
    ['--frontend', 'dockerfile.v0'],
    ...solve.locals.map(({ name, path }) => ['--local', `${name}=${path}`]),
    ...solve.attributes.map(({ key, value }) => ['--opt', `${key}=`, value]),
    ...plan.secrets.map(({ id, source }) => ['--secret', source === 'inline' ? `id=${id},env=${variable(id)}` : `id=${id},src=${source.file}`]),
    ...plan.ssh.map(({ id, paths }) => ['--ssh', [id, paths.join(',')].filter(Boolean).join('=')]),
    ...outputs(solve.export, plan.compression).map((output) => ['--output', output]),
    ...cache(plan.cache, solve.name).map(([flag, value]) => [flag, value]),
    ...plan.cache_from.map((from) => ['--import-cache', layerCache(from)]),
    ...(solve.name === 'image' ? plan.cache_to.map((to) => ['--export-cache', layerCache(to)]) : []),
  ];
  const lines = parts.map(([flag, text, value]) => `  ${flag} ${flag.endsWith('-cache') ? text : argument(text, value)}`);
  return ['', `# ${solve.name}`, [`buildctl build`, ...lines].join(' \\\n')].join('\n');
}

/** A layer cache, with variables in the place of its secrets. */
function layerCache({ kind, attributes }) {
  const parts = attributes.map(({ key, value }) => (value === 'inline' ? `,${key}="$${variable(key)}"` : quoted(`,${key}=${value.text}`)));
  return [`type=${kind}`, ...parts].join('');
}

function argument(text, value) {
  if (value === undefined) {
    return quoted(text);
  }
  return 'text' in value ? quoted(text + value.text) : `${quoted(text)}"$${variable(value.base_image)}"`;
}

function outputs(image, compression) {
  if (image === null) {
    return [];
  }
  const { directory, format, rootfs } = image;
  const place = format === 'docker_archive' ? `type=docker,dest=${directory}/image.tar` : `type=oci,tar=false,dest=${directory}/image`;
  const first = `${place}${compressed(compression)}`;
  return rootfs ? [first, `type=local,dest=${directory}/rootfs`] : [first];
}

/** What is said of how layers are compressed, where it is not the usual. The daemon's gzip has no level above 9. */
function compressed(compression) {
  const [[codec, level]] = Object.entries(compression);
  const name = codec === 'gzip' && level === null ? '' : `,compression=${codec}`;
  const most = codec === 'gzip' ? 9 : 19;
  return level === null ? name : `${name},compression-level=${Math.min(level, most)}`;
}

function cache(kept, name) {
  if (kept === null) {
    return [];
  }
  const imported = kept.import ? [['--import-cache', `type=local,src=${kept.directory},tag=${name}`]] : [];
  return [...imported, ['--export-cache', `type=local,dest=${kept.directory},mode=max,tag=${name}`]];
}

/** A name that a shell can have for a variable. */
function variable(name) {
  return name.replaceAll(/[^A-Za-z0-9_]/g, '_').replace(/^(?=[0-9])/, '_');
}

/** A word of a POSIX shell. */
function quoted(text) {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
