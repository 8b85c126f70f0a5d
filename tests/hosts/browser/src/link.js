// A request and its files in the fragment of an address, which no server is sent: base64url of the JSON of both.

/** The fragment that `fromFragment` reads. */
export function toFragment(request) {
  const bytes = new TextEncoder().encode(JSON.stringify(request));
  const base64 = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  return `#${base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')}`;
}

/** The request in a fragment; null if there is none. */
export function fromFragment(fragment) {
  try {
    const base64 = fragment.slice(1).replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const { object, texts } = JSON.parse(new TextDecoder().decode(bytes));
    const isSound = typeof object === 'string' && Object.values(texts).every((text) => typeof text === 'string');
    return isSound ? { object, texts } : null;
  } catch {
    return null;
  }
}
