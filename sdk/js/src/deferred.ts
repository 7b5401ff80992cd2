// Promises that somebody else settles.

import type { VecheError } from './errors.js'

/** A promise with its handles. One that nobody waits for may fail unseen. */
export class Deferred<T> {
  resolve!: (value: T) => void
  reject!: (error: VecheError) => void
  readonly promise = new Promise<T>((resolve, reject) => {
    this.resolve = resolve
    this.reject = reject
  })

  constructor() {
    this.promise.catch(() => {})
  }
}

/** A place to wait at until somebody says yes or no; then the next wait begins anew. */
export class Gate {
  #next = new Deferred<void>()

  wait(): Promise<void> {
    return this.#next.promise
  }

  /** Lets those through who wait, or turns them away with the error. */
  open(error?: VecheError): void {
    error ? this.#next.reject(error) : this.#next.resolve()
    this.#next = new Deferred()
  }
}
