// A place to wait at until somebody says yes or no; then the next wait begins anew.

import type { VecheError } from './errors.js'

export class Gate {
  #waiting: { resolve(): void; reject(error: VecheError): void }[] = []

  wait(): Promise<void> {
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  /** Lets those through who wait, or turns them away with the error. */
  open(error?: VecheError): void {
    for (const { resolve, reject } of this.#waiting.splice(0)) error ? reject(error) : resolve()
  }
}
