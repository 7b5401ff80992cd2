// Names of rooms: as people type them, in the address, and in the list.

const maxBytes = 128; // hub.MaxRoom

/** clean makes a room's name of what was typed or linked; undefined if it cannot be one. */
export function clean(typed: string): string | undefined {
  const name = typed.trim().replace(/^#+/u, '').trim().normalize('NFC');
  if (name === '' || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(name)) return undefined;
  if (name.startsWith('~')) return undefined; // somebody's inbox
  return bytes(name) <= maxBytes ? name : undefined;
}

/** toHash is the room's address within the page; what may stand there unescaped stays readable. */
export function toHash(name: string): string {
  return '#' + encodeURIComponent(name);
}

/** fromHash reads the room's name off an address; undefined if there is none. */
export function fromHash(hash: string): string | undefined {
  try {
    return clean(decodeURIComponent(hash.replace(/^#/u, '')));
  } catch {
    return undefined;
  }
}

/** bytes is the length of a text in UTF-8. */
export function bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}
