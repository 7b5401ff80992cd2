// Exponential backoff with full jitter: each delay is anywhere between nothing and a ceiling that
// doubles, so that clients which were cut off together do not come back together.

const BASE = 500
export const CEILING = 30_000

export class Backoff {
  #tries = 0

  /** Milliseconds to wait before the next try. */
  next(): number {
    return Math.random() * Math.min(CEILING, BASE * 2 ** this.#tries++)
  }

  reset(): void {
    this.#tries = 0
  }
}
