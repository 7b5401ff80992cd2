// One thing to be done later, at most.

export class Timer {
  #id: ReturnType<typeof setTimeout> | undefined

  /** Something is to be done. */
  get set(): boolean {
    return this.#id !== undefined
  }

  /** Does it in so many ms, instead of what was to be done. */
  start(ms: number, what: () => void): void {
    this.stop()
    this.#id = setTimeout(() => {
      this.#id = undefined
      what()
    }, ms)
  }

  stop(): void {
    clearTimeout(this.#id)
    this.#id = undefined
  }
}
