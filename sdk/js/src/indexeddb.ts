// The outbox in IndexedDB: unsent messages survive reload, crash and the browser's end.
//
// Several tabs share the database, and each sends only what it owns. A tab holds a lock of its own for
// as long as it lives; what belongs to an owner whose lock is free was left behind, and whoever claims
// it first becomes its owner. All tabs wait for each other's locks, so that this happens at once.
// Without Web Locks (pages without TLS) nobody can tell, and a message may
// be sent by two tabs: its cid makes that harmless.

import type { OutboxEntry, OutboxStore } from './types.js'

/** How long the database and the lock may take to open, in ms; some browsers never answer. */
const OPEN_TIMEOUT = 5_000

const STORE = 'outbox'

interface Row extends OutboxEntry {
  owner: string
}

/** An outbox in the database of that name. Two servers on one origin need two names. */
export function indexedDBOutbox(name = 'veche'): OutboxStore {
  return new IndexedDBOutbox(name)
}

class IndexedDBOutbox implements OutboxStore {
  readonly #name: string
  readonly #owner = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`
  #opened: Promise<{ db: IDBDatabase; release: () => void }> | undefined
  #left = () => {}

  constructor(name: string) {
    this.#name = name
  }

  async claim(room: string, user: string): Promise<OutboxEntry[]> {
    const db = await this.#open()
    const owners = new Set((await rows(db, room, user)).map(({ owner }) => owner))
    const claimed: Row[] = []
    for (const owner of owners) {
      await this.#ifFree(owner, async () => {
        claimed.push(...(await rows(db, room, user, row => row.owner === owner && { ...row, owner: this.#owner })))
      })
    }
    return claimed.sort((a, b) => a.at - b.at).map(({ owner: _, ...entry }) => entry)
  }

  async put(entry: OutboxEntry): Promise<void> {
    const db = await this.#open()
    await settled(db.transaction(STORE, 'readwrite'), store => store.put({ ...entry, owner: this.#owner }))
  }

  async delete(room: string, cid: string): Promise<void> {
    const db = await this.#open()
    await settled(db.transaction(STORE, 'readwrite'), store => store.delete([room, cid]))
  }

  watch(left: () => void): void {
    this.#left = left
  }

  close(): void {
    void this.#opened?.then(({ db, release }) => (db.close(), release())).catch(() => {})
    this.#opened = undefined
  }

  async #open(): Promise<IDBDatabase> {
    this.#opened ??= inTime(Promise.all([openDatabase(this.#name), this.#lock()]).then(([db, release]) => ({ db, release })))
    return (await this.#opened).db
  }

  /** Takes this tab's own lock, and keeps it until release or the tab's end. */
  async #lock(): Promise<() => void> {
    const locks = globalThis.navigator?.locks
    if (!locks) return () => {}
    return new Promise((granted, refused) => {
      const hold = () => new Promise<void>(release => this.#heed(locks).then(ignore => granted(() => (ignore(), release())), refused))
      locks.request(this.#key(this.#owner), hold).catch(refused)
    })
  }

  /** Waits for the end of each owner: those who are here, and those who come and tell. */
  async #heed(locks: LockManager): Promise<() => void> {
    const stop = new AbortController()
    const wait = (lock: string) => {
      locks.request(lock, { mode: 'shared', signal: stop.signal }, () => this.#left()).catch(() => {}) // stopped
    }
    const channel = new BroadcastChannel(this.#key(''))
    channel.onmessage = ({ data }) => wait(data)
    const { held = [] } = await locks.query()
    for (const { name } of held) if (name?.startsWith(this.#key('')) && name !== this.#key(this.#owner)) wait(name)
    channel.postMessage(this.#key(this.#owner))
    return () => {
      stop.abort()
      channel.close()
    }
  }

  /** Runs unless that owner lives and is not us. Who takes a row first is the database's to say. */
  async #ifFree(owner: string, run: () => Promise<void>): Promise<void> {
    const locks = globalThis.navigator?.locks
    if (!locks || owner === this.#owner) return run()
    await locks.request(this.#key(owner), { ifAvailable: true, mode: 'shared' }, lock => (lock ? run() : undefined))
  }

  #key(owner: string): string {
    return `veche-outbox:${this.#name}:${owner}`
  }
}

/** The rows of a user in a room; with change, those that it changes, changed, in one transaction. */
async function rows(db: IDBDatabase, room: string, user: string, change?: (row: Row) => Row | false): Promise<Row[]> {
  const found: Row[] = []
  await settled(db.transaction(STORE, change ? 'readwrite' : 'readonly'), store => {
    const all: IDBRequest<Row[]> = store.getAll(IDBKeyRange.bound([room], [room, []]))
    all.onsuccess = () => {
      for (const row of all.result.filter(row => (row.user ?? user) === user)) {
        const changed = change ? change(row) : row
        if (changed) found.push(changed)
        if (changed && change) store.put(changed)
      }
    }
  })
  return found
}

/** Runs the transaction; resolves when it is complete. */
function settled(transaction: IDBTransaction, run: (store: IDBObjectStore) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    transaction.onabort = transaction.onerror = () => reject(transaction.error)
    run(transaction.objectStore(STORE))
  })
}

function openDatabase(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1)
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: ['room', 'cid'] })
    request.onerror = () => reject(request.error)
    request.onsuccess = () => {
      // A newer version of this code in another tab must be able to upgrade.
      request.result.onversionchange = () => request.result.close()
      resolve(request.result)
    }
  })
}

function inTime<T>(promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout>
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the database does not open')), OPEN_TIMEOUT)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
