// Finds out that a connection is dead though its socket does not know: after sleep, behind a proxy
// that forgot us, on a network that changed.

import { Timer } from './timer.js'

/** How long an answer may take, in ms. */
const PATIENCE = 10_000

export class Watchdog {
  readonly #ping: () => void
  readonly #dead: () => void
  readonly #timer = new Timer()
  #interval = 0
  #heardAt = 0
  #probing = false

  constructor(ping: () => void, dead: () => void) {
    this.#ping = ping
    this.#dead = dead
  }

  /** Asks whenever nothing was heard for that many ms. */
  start(interval: number): void {
    this.#interval = interval
    this.heard()
    this.#wait(interval)
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
    this.#wait(PATIENCE)
    this.#ping()
  }

  #wait(ms: number): void {
    this.#timer.start(ms, () => {
      if (this.#probing) return this.#dead()
      const left = this.#interval - (Date.now() - this.#heardAt)
      if (left <= 0) this.#ask()
      else this.#wait(Math.min(left, this.#interval)) // min: the clock may have been set back
    })
  }
}
