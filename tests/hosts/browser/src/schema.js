// What the JSON Schema of the object says of a place in a request.

import SCHEMA from 'the-schema';

import { placeAt } from './position.js';

/** Completions of keys and values, as the editor asks for them. */
export function completions(context) {
  const text = context.state.doc.toString();
  const place = placeAt(text, context.pos);
  const word = context.matchBefore(/[\w-]*/);
  const from = place.string ?? word.from;
  if (place.kind === null || (!context.explicit && place.string === null && word.from === word.to)) {
    return null;
  }
  const container = schemaAt(place.path);
  // What stands after the cursor of the word that is replaced: its end and its closing quote.
  const [rest] = text.slice(context.pos).match(place.string === null ? /^[\w-]*/ : /^[^"\n:,]*"?/);
  const options = place.kind === 'key' ? keys(container, place.keys, text.slice(context.pos + rest.length)) : values(child(container, place.last));
  if (options.length === 0) {
    return null;
  }
  return { from, to: context.pos + rest.length, options, validFor: /^"?[\w-]*$/ };
}

/** The description of the key at a position, with where that stands. */
export function descriptionAt(text, position) {
  const place = placeAt(text, position);
  const end = text.indexOf('"', position);
  if (place.kind !== 'key' || place.string === null || end === -1) {
    return null;
  }
  const description = child(schemaAt(place.path), text.slice(place.string + 1, end))?.description;
  return description === undefined ? null : { description, from: place.string, to: end + 1 };
}

function keys(schema, present, after) {
  const isFollowed = /^\s*:/.test(after);
  return Object.entries(schema?.properties ?? {})
    .filter(([name]) => !present.includes(name))
    .map(([name, property]) => {
      const value = resolved(property);
      return {
        label: `"${name}"`,
        displayLabel: name,
        detail: typeName(value),
        info: property.description ?? value.description,
        apply: isFollowed ? `"${name}"` : `"${name}": `,
        boost: schema.required?.includes(name) ? 1 : 0,
      };
    });
}

function values(schema) {
  const cases = (schema?.anyOf ?? [schema]).map(resolved);
  return cases.flatMap((one) => {
    if (types(one).includes('boolean')) {
      return ['true', 'false'].map((label) => ({ label }));
    }
    return (one?.enum ?? []).filter((value) => value !== null).map((value) => ({ label: JSON.stringify(value) }));
  });
}

/** The schema of the container that a path of keys leads to. */
function schemaAt(path) {
  return path.reduce(child, resolved(SCHEMA));
}

/** The schema below a key of a map, or of an element of a list. */
function child(schema, key) {
  const cases = (schema?.anyOf ?? [schema]).map(resolved);
  const found = cases.map((one) => one?.properties?.[key] ?? one?.additionalProperties ?? one?.items);
  return resolved(found.find((one) => typeof one === 'object'));
}

/** A schema without references: what one names comes first, what stands beside it wins. */
function resolved(schema) {
  if (schema === undefined || schema === null) {
    return undefined;
  }
  const parts = [schema.$ref === undefined ? null : named(schema.$ref), ...(schema.allOf ?? []).map(resolved)];
  return Object.assign({}, ...parts, schema);
}

function named(reference) {
  return resolved(SCHEMA.definitions[reference.replace('#/definitions/', '')]);
}

function typeName(schema) {
  const names = types(schema).map((type) => ({ array: 'list', object: 'map' })[type] ?? type);
  return names.join(' or ') || 'text or map';
}

/** The types of a value. Null is as good as nothing wherever a key is optional, and nobody asks for it. */
function types(schema) {
  return [schema?.type ?? []].flat().filter((type) => type !== 'null');
}
