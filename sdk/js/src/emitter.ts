// Listeners by event. A listener that throws hurts nobody else: its error is reported as uncaught.

import type { Unbind } from './types.js'

type Listener = (...args: any[]) => void

export class Emitter<Events> {
  readonly #listeners = new Map<keyof Events, Set<{ call: Listener }>>()

  on<E extends keyof Events>(event: E, listener: Events[E]): Unbind {
    let bound = this.#listeners.get(event)
    if (!bound) this.#listeners.set(event, (bound = new Set()))
    const entry = { call: listener as Listener } // of its own, so that the same function may be bound twice
    bound.add(entry)
    return () => void bound.delete(entry)
  }

  emit<E extends keyof Events>(event: E, ...args: Parameters<Events[E] & Listener>): void {
    for (const { call } of [...(this.#listeners.get(event) ?? [])]) {
      try {
        call(...args)
      } catch (error) {
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }
}
