// Finds out that a connection is dead though its socket does not know: after sleep, behind a proxy
// that forgot us, on a network that changed.

import { Timer } from './timer.js'

/** How long an answer may take, in ms; half the interval if that is less. */
const PATIENCE = 8_000

export class Watchdog {
  readonly #ping: () => void
  readonly #dead: () => void
  readonly #timer = new Timer()
  #patience = 0
  /** How long it may be silent before we ask: silence + patience = interval. */
  #silence = 0
  #heardAt = 0
  #probing = false

  constructor(ping: () => void, dead: () => void) {
    this.#ping = ping
    this.#dead = dead
  }

  /** Nothing heard for that many ms is the end: before, we ask. */
  start(interval: number): void {
    this.#patience = Math.min(PATIENCE, interval / 2)
    this.#silence = interval - this.#patience
    this.heard()
    this.#wait(this.#silence)
  }

  /** Something came, whatever it is. */
  heard(): void {
    this.#heardAt = Date.now()
    this.#probing = false
  }

  /** Asks now. */
  probe(): void {
    if (this.#probing || !this.#timer.set) return
    this.#ask()
  }

  stop(): void {
    this.#timer.stop()
  }

  #ask(): void {
    this.#probing = true
    this.#wait(this.#patience)
    this.#ping()
  }

  #wait(ms: number): void {
    this.#timer.start(ms, () => {
      if (this.#probing) return this.#dead()
      const left = this.#silence - (Date.now() - this.#heardAt)
      if (left <= 0) this.#ask()
      else this.#wait(Math.min(left, this.#silence)) // min: the clock may have been set back
    })
  }
}
