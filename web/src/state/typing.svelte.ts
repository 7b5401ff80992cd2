// Who is typing. Signals may be lost, so each is good for a few seconds and is said again while it is true.

import type { Person } from '@veche/client';

const lasts = 5_000;
const again = 3_000;

export class Typing {
  /** In the order in which they began. */
  people = $state.raw<readonly Person[]>([]);

  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  #said = 0;

  /** Somebody says that they are typing. */
  began(person: Person): void {
    clearTimeout(this.#timers.get(person.id));
    this.#timers.set(person.id, setTimeout(() => this.ended(person.id), lasts));
    if (!this.people.some((p) => p.id === person.id)) this.people = [...this.people, person];
  }

  /** They have sent it, gone away, or fallen silent. */
  ended(id: string): void {
    clearTimeout(this.#timers.get(id));
    if (this.#timers.delete(id)) this.people = this.people.filter((p) => p.id !== id);
  }

  /** Nothing is known of anybody any more. */
  clear(): void {
    for (const id of this.#timers.keys()) this.ended(id);
  }

  /** Whether it is time to say again that one is typing oneself. */
  due(): boolean {
    if (Date.now() - this.#said < again) return false;
    this.#said = Date.now();
    return true;
  }

  /** One's own message is out: the next one is said at once. */
  sent(): void {
    this.#said = 0;
  }
}
