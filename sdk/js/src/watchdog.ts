// Finds out that a connection is dead though its socket does not know: after sleep, behind a proxy
// that forgot us, on a network that changed.

/** How long an answer may take, in ms. */
const PATIENCE = 10_000

export class Watchdog {
  readonly #ping: () => void
  readonly #dead: () => void
  #timer: ReturnType<typeof setTimeout> | undefined
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
    if (!this.#timer || this.#probing) return
    this.#probing = true
    this.#wait(PATIENCE)
    this.#ping()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #wait(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#look(), ms)
  }

  #look(): void {
    if (this.#probing) return this.#dead()
    const left = this.#interval - (Date.now() - this.#heardAt)
    if (left <= 0) this.probe()
    else this.#wait(Math.min(left, this.#interval)) // min: the clock may have been set back
  }
}
