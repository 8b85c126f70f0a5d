// Places in a text: what the planner counts in bytes, and where within JSON a cursor stands. The text may be unfinished: it is
// read from its beginning and never parsed.

/** The index in UTF-16 units of a place that is given in bytes of UTF-8. */
export function utf16(text, bytes) {
  const start = new TextEncoder().encode(text).subarray(0, bytes);
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(start).length;
}

/**
 * Where a position stands: the keys that lead to its container, whether a key or a value belongs there, where the string that
 * surrounds it begins (else null), and the keys that the container has before it.
 */
export function placeAt(text, position) {
  const containers = [];
  let string = null;
  for (let at = 0; at < position; at += 1) {
    const character = text[at];
    if (string !== null) {
      if (character === '\\') {
        at += 1;
      } else if (character === '"') {
        ended(containers.at(-1), text.slice(string + 1, at));
        string = null;
      }
      continue;
    }
    switch (character) {
      case '"':
        string = at;
        break;
      case '{':
      case '[':
        containers.push({ list: character === '[', keys: [], key: null });
        break;
      case '}':
      case ']':
        containers.pop();
        break;
      case ',':
        if (containers.length > 0) {
          containers.at(-1).key = null;
        }
        break;
      default:
    }
  }
  const inner = containers.at(-1);
  return {
    path: containers.slice(0, -1).map(({ list, key }) => (list ? 0 : key)),
    kind: inner === undefined ? null : inner.list || inner.key !== null ? 'value' : 'key',
    last: inner === undefined || inner.list ? 0 : inner.key,
    string,
    keys: inner?.keys ?? [],
  };
}

/** A string of a map that has no key yet is its key. */
function ended(container, string) {
  if (container !== undefined && !container.list && container.key === null) {
    container.key = string;
    container.keys.push(string);
  }
}
