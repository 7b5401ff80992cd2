// The time, as something that a template can follow. Nothing ticks while nobody looks.

import { createSubscriber } from 'svelte/reactivity';

class Clock {
  readonly #subscribe: () => void;

  constructor(interval: number) {
    this.#subscribe = createSubscriber((update) => {
      const timer = setInterval(update, interval);
      return () => clearInterval(timer);
    });
  }

  get now(): Date {
    this.#subscribe();
    return new Date();
  }
}

/** For countdowns. */
export const seconds = new Clock(1_000);

/** For "today" and "yesterday". */
export const minutes = new Clock(30_000);
