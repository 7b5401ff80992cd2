// A value that the browser keeps between visits and shares between tabs.

/** Stored keeps plain JSON in localStorage under `veche.KEY`; where that is closed to us, for this visit only. */
export class Stored<T> {
  readonly #key: string;
  readonly #valid: (value: unknown) => value is T;
  #value = $state.raw() as T;

  constructor(key: string, fallback: T, valid: (value: unknown) => value is T) {
    this.#key = `veche.${key}`;
    this.#valid = valid;
    this.#value = this.#parse(read(this.#key)) ?? fallback;
    addEventListener('storage', (event) => {
      if (event.key === this.#key) this.#value = this.#parse(event.newValue) ?? fallback;
    });
  }

  get value(): T {
    return this.#value;
  }

  set value(value: T) {
    this.#value = value;
    try {
      localStorage.setItem(this.#key, JSON.stringify(value));
    } catch {
      // Private windows and full disks: the choice lasts until the page is closed.
    }
  }

  // What another version of the page, or a curious person, left there may be anything.
  #parse(json: string | null): T | undefined {
    try {
      const value: unknown = JSON.parse(json ?? 'null');
      return this.#valid(value) ? value : undefined;
    } catch {
      return undefined;
    }
  }
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
