// A plan as a table: what is built and from what, row by row; the daemon's configuration as the text that it is.

/** The rows of a plan: a heading, or a name and its lines. What is the usual has no row. */
export function rows(plan) {
  return [
    ...plan.solves.flatMap(solveRows),
    { heading: 'Daemon' },
    ...plan.base_images.map(({ argument, path }) => row(`base image ${argument}`, path)),
    ...plan.secrets.map(({ id, source }) => row(`secret ${id}`, source === 'inline' ? 'its text' : source.file)),
    ...plan.ssh.map(({ id, paths }) => row(`ssh ${id}`, ...paths)),
    ...cacheRows(plan.cache),
    ...plan.cache_from.map((cache) => row('cache from', told(cache))),
    ...plan.cache_to.map((cache) => row('cache to', told(cache))),
    row('compression', ...Object.entries(plan.compression).map(([codec, level]) => (level === null ? codec : `${codec}, level ${level}`))),
    ...(plan.context_by_content ? [row('context', 'told by what its files hold')] : []),
    ...(plan.debug ? [row('log', 'verbose')] : []),
    row('buildkitd.toml', ...plan.daemon_config.trimEnd().split('\n')),
  ];
}

function solveRows(solve) {
  return [
    { heading: solve.name },
    ...solve.locals.map(({ name, path }) => row(name, path)),
    ...solve.attributes.map(({ key, value }) => row(key, ...('text' in value ? value.text.split('\n') : [`the base image ${value.base_image}`]))),
    row('result', ...exported(solve.export)),
  ];
}

function exported(image) {
  if (image === null) {
    return ['none: nothing collects it'];
  }
  const { directory, format, rootfs } = image;
  const first = format === 'docker_archive' ? `${directory}/image.tar` : `${directory}/image/`;
  return rootfs ? [first, `${directory}/rootfs/`] : [first];
}

function cacheRows(cache) {
  if (cache === null) {
    return [];
  }
  const { directory, import: imported, mounts } = cache;
  const kept = mounts === null ? [] : [row('cache mounts', mounts.ids === null ? 'all' : mounts.ids.join(', '))];
  return [row('cache', `${directory}/${imported ? '' : ', which is empty now'}`), ...kept];
}

/** A layer cache as it is written, with stars for its secrets. */
function told({ kind, attributes }) {
  return [`type=${kind}`, ...attributes.map(({ key, value }) => `${key}=${value === 'inline' ? '***' : value.text}`)].join(',');
}

function row(name, ...lines) {
  return { name, lines };
}

/** A table of the rows. */
export function drawn(plan) {
  const table = document.createElement('table');
  table.append(
    ...rows(plan).map(({ heading, name, lines }) => {
      const line = document.createElement('tr');
      const head = document.createElement('th');
      head.scope = heading === undefined ? 'row' : 'colgroup';
      head.textContent = heading ?? name;
      line.append(head);
      if (heading === undefined) {
        line.append(Object.assign(document.createElement('td'), { textContent: lines.join('\n') }));
      } else {
        head.colSpan = 2;
      }
      return line;
    }),
  );
  return table;
}
