// What would be built, in one sentence: its parts are texts, and those that somebody wrote are apart, to be shown as such.

/** The sentence of a plan, as parts: `{code}` is what somebody wrote. */
export function sentence(plan) {
  const last = plan.solves.at(-1);
  const others = plan.solves.slice(0, -1);
  return [
    'Builds ',
    ...subject(last),
    ' of ',
    { code: dockerfile(last) },
    ...result(last.export),
    ...others.flatMap((solve) => [', and ', ...subject(solve), ...result(solve.export)]),
    ...platforms(last),
    ...from(plan.base_images),
    ...kept(plan.cache),
    '.',
  ];
}

function subject(solve) {
  const target = value(solve, 'target');
  return target === undefined ? ['the last stage'] : ['the stage ', { code: target }];
}

function dockerfile(solve) {
  const directory = solve.locals.find(({ name }) => name === 'dockerfile')?.path ?? '.';
  const name = value(solve, 'filename') ?? 'Dockerfile';
  return directory === '.' ? name : `${directory}/${name}`;
}

function result(image) {
  if (image === null) {
    return [', and throws the image away'];
  }
  const { directory, format, rootfs } = image;
  const place = format === 'docker_archive' ? `${directory}/image.tar` : `${directory}/image/`;
  const unpacked = rootfs ? [' and ', { code: `${directory}/rootfs/` }] : [];
  return [' into ', { code: place }, ...unpacked];
}

function platforms(solve) {
  const named = value(solve, 'platform');
  return named === undefined ? [] : [', for ', ...listed(named.split(','))];
}

function from(images) {
  return images.length === 0 ? [] : [', from ', ...listed(images.map(({ path }) => path))];
}

function kept(cache) {
  return cache === null ? [] : [', and keeps its steps in ', { code: `${cache.directory}/` }];
}

function listed(texts) {
  return texts.flatMap((code, index) => {
    const before = index === texts.length - 1 ? ' and ' : ', ';
    return index === 0 ? [{ code }] : [before, { code }];
  });
}

/** The text of an attribute of the frontend. */
function value(solve, key) {
  return solve.attributes.find((attribute) => attribute.key === key)?.value.text;
}
