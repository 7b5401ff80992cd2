// What is remembered of a network: by which way the server was reached when the best one did not get through.

/** Keeps one word. May forget, must not throw. */
export interface Choice {
  get(): string | null
  /** null: there is nothing to remember. */
  set(transport: string | null): void
}

/** How long it is worth something, in ms: people move between networks. */
const EXPIRY = 3_600_000

/** A Storage of the web, as much of it as is used. */
export interface ChoiceStorage {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

/** Remembers in a Storage, by default the origin's; nowhere if the browser does not let us. */
export function storedChoice(key: string, storage: ChoiceStorage | undefined = local()): Choice {
  return {
    get() {
      const [name = '', until] = attempt(() => storage?.getItem(key))?.split(' ') ?? []
      return Number(until) > Date.now() ? name : null
    },
    set(name) {
      attempt(() => (name ? storage?.setItem(key, `${name} ${Date.now() + EXPIRY}`) : storage?.removeItem(key)))
    },
  }
}

/** Only pages': Node's asks for a file, with a warning. */
function local(): ChoiceStorage | undefined {
  return attempt(() => (globalThis.document ? globalThis.localStorage : undefined))
}

/** Private windows and full disks throw. */
function attempt<T>(what: () => T): T | undefined {
  try {
    return what()
  } catch {
    return undefined
  }
}
