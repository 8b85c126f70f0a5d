// The planner's values in the JSON form of `oci-image plan`: the names and the order of `planner.wit`, in snake case; a
// variant is an object with one key, or a bare string where it carries nothing; what is absent is null. An interface is as
// info prints it: an input without a path has no such key.

/** The bytes on which all hosts agree. */
export function canonical(document) {
  return `${JSON.stringify(document, null, 2)}\n`;
}

export function diagnostic({ code, severity, pointer, place, message, help, allowed }) {
  return { code, severity, pointer, place: optional(place, variant), message, help: help ?? null, allowed };
}

/** What is told of a text: the diagnostic, whose place is one of the whole text, with lines and columns and the change that mends it. */
export function told({ diagnostic: said, range, fix }) {
  const [start, end] = range ?? [null, null];
  return { ...diagnostic(said), start, end, fix: fix ?? null };
}

/** A diagnostic as a component is given it. */
export function lowered({ place, help, ...said }) {
  const [[tag, val]] = place === null ? [[null]] : Object.entries(place);
  return { ...said, place: tag === null ? undefined : { tag, val }, help: help ?? undefined };
}

export function buildInterface({ inputs, outputs, caches }) {
  return { inputs: inputs.map(({ name, path }) => (path === undefined ? { name } : { name, path })), outputs, caches };
}

export function buildPlan(plan) {
  return {
    daemon_config: plan.daemonConfig,
    debug: plan.debug,
    context_by_content: plan.contextByContent,
    base_images: plan.baseImages,
    cache: optional(plan.cache, cache),
    cache_from: plan.cacheFrom.map(layerCache),
    cache_to: plan.cacheTo.map(layerCache),
    // A case whose level is left out is none that carries nothing.
    compression: { [plan.compression.tag]: plan.compression.val ?? null },
    secrets: plan.secrets.map(({ id, source }) => ({ id, source: variant(source) })),
    ssh: plan.ssh,
    solves: plan.solves.map(solve),
    warnings: plan.warnings.map(diagnostic),
  };
}

// A limit is at most what a number holds exactly.
function cache({ directory, import: imports, mounts }) {
  return {
    directory,
    import: imports,
    mounts: optional(mounts, ({ ids, limit, readOnly }) => ({ ids: ids ?? null, limit: Number(limit), read_only: readOnly })),
  };
}

function layerCache({ kind, attributes }) {
  return { kind, attributes: attributes.map(({ key, value }) => ({ key, value: variant(value) })) };
}

function solve({ name, locals, attributes, export: image }) {
  return {
    name,
    locals,
    attributes: attributes.map(({ key, value }) => ({ key, value: variant(value) })),
    export: optional(image, ({ directory, format, rootfs }) => ({ directory, format: snake(format), rootfs })),
  };
}

function variant({ tag, val }) {
  return val === undefined ? snake(tag) : { [snake(tag)]: val };
}

function optional(value, convert) {
  return value === undefined || value === null ? null : convert(value);
}

function snake(name) {
  return name.replaceAll('-', '_');
}
