// Where one is in each room, as the HTTP doors say it: `ROOM[:SEQ[:EPOCH]]`, joined by commas
// (docs/protocol.md, the HTTP doors).

import type { Join } from './protocol.js'

export class Cursors {
  /** By room: the cursor, the room's name included. */
  readonly #at = new Map<string, string>()

  get size(): number {
    return this.#at.size
  }

  has(room: string): boolean {
    return this.#at.has(room)
  }

  join({ room, since, epoch }: Join): void {
    const position = since === undefined ? [] : epoch === undefined ? [since] : [since, encode(epoch)]
    this.#at.set(room, [encode(room), ...position].join(':'))
  }

  leave(room: string): void {
    this.#at.delete(room)
  }

  /** The server's word on it. Rooms that are not here any more were left meanwhile. */
  moved(cursors: string): void {
    for (const cursor of cursors.split(',')) {
      const room = decode(cursor.split(':', 1)[0]!)
      if (this.#at.has(room)) this.#at.set(room, cursor)
    }
  }

  toString(): string {
    return [...this.#at.values()].join(',')
  }
}

/** What is no Unicode cannot be encoded; the server would refuse it in any case. */
function encode(text: string): string {
  return encodeURIComponent(text.replace(/[\ud800-\udfff]/gu, '\ufffd'))
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
