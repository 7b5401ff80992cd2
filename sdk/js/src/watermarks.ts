// One's own watermarks in a room: how they grow, and when the server is told.

import { Timer } from './timer.js'
import type { Watermarks } from './types.js'

/** The server is told at most once in so many ms. */
const INTERVAL = 1_000

export const NOTHING: Watermarks = { received: 0, read: 0 }

export class OwnMarks {
  readonly #tell: (marks: Watermarks) => void

  /** read ≤ received */
  own = NOTHING
  /** What the server knows, as far as we know. */
  #told = NOTHING
  #live = false
  readonly #pause = new Timer()

  constructor(tell: (marks: Watermarks) => void) {
    this.#tell = tell
  }

  /** Raises what is lower; false if nothing was. */
  raise({ received = 0, read = 0 }: Partial<Watermarks>): boolean {
    const was = this.own
    this.own = higher(was, { received: Math.max(received, read), read })
    this.#flush()
    return exceeds(this.own, was)
  }

  /** The room is joined, and this is what the server has. */
  joined(marks: Watermarks): void {
    this.#live = true
    this.#told = NOTHING
    this.heard(marks)
  }

  /** The server has this: from an earlier time, or from another session of ours. */
  heard(marks: Watermarks): boolean {
    this.#told = higher(this.#told, marks)
    return this.raise(marks)
  }

  /** The connection is gone; the next join tells what of ours has arrived. */
  lost(): void {
    this.#live = false
    this.#pause.stop()
  }

  /** The log is another one: its marks start from nothing. */
  reset(): void {
    this.own = this.#told = NOTHING
  }

  #flush(): void {
    if (!this.#live || this.#pause.set || !exceeds(this.own, this.#told)) return
    this.#told = this.own
    this.#tell(this.own)
    this.#pause.start(INTERVAL, () => this.#flush())
  }
}

/** The higher of each. */
export function higher(a: Watermarks, b: Watermarks): Watermarks {
  return { received: Math.max(a.received, b.received), read: Math.max(a.read, b.read) }
}

/** Whether a is above b in anything. */
export function exceeds(a: Watermarks, b: Watermarks): boolean {
  return a.received > b.received || a.read > b.read
}
