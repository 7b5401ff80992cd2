// Listeners by event. A listener that throws hurts nobody else: its error is reported as uncaught.

import type { Unbind } from './types.js'

type Listener = (...args: any[]) => void

export class Emitter<Events> {
  readonly #bound = new Set<readonly [event: keyof Events, listener: Listener]>()

  on<E extends keyof Events>(event: E, listener: Events[E]): Unbind {
    const binding = [event, listener as Listener] as const
    this.#bound.add(binding)
    return () => void this.#bound.delete(binding)
  }

  emit<E extends keyof Events>(event: E, ...args: Parameters<Events[E] & Listener>): void {
    for (const [bound, listener] of [...this.#bound]) {
      if (bound !== event) continue
      try {
        listener(...args)
      } catch (error) {
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }
}
