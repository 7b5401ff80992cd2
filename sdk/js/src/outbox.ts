// A room's unsent messages: in order, each under its one cid, until the log has them.
//
// Messages are sent in the order in which they were written, some at a time; after a reconnect all that
// were not acknowledged go again, before any newer one. If the server refuses one for the moment
// (`busy`), those that were on their way behind it may be stored before it.

import { Backoff } from './backoff.js'
import { fromFields, toFields } from './body.js'
import { Deferred } from './deferred.js'
import { VecheError } from './errors.js'
import { Timer } from './timer.js'
import type { Answer } from './connection.js'
import type { Acknowledged, Fields, Ok, Request, Send } from './protocol.js'
import type { Pipe } from './transport.js'
import type { CoreOptions, OutboxEntry, OutboxStore, Pending, SendBody, SendOptions, Sent, User } from './types.js'

/** Unacknowledged messages of a room on the wire; the server would stop reading at 256 for all rooms. */
const WINDOW = 32

/** Unsent messages of all rooms. Above it, send rejects with `limit`. */
const MAX_UNSENT = 1_000

/** Bytes that the connection adds to a request: its id. */
const ENVELOPE = 32

export interface OutboxHost {
  readonly options: CoreOptions
  readonly session: Pipe | undefined
  request(object: Request, answer: Answer): void
  /** Who we are, once it is known. */
  readonly user: User | undefined
  /** The largest frame that the server takes, in bytes. */
  readonly maxFrame: number
  /** Unsent messages of all rooms. */
  unsent(): number
}

export interface OutboxRoom {
  readonly name: string
  /** The highest seq that was delivered; Infinity if none will be. */
  readonly delivered: number
  /** The list has changed. */
  listed(): void
}

interface Item {
  cid: string
  kind: string
  body: SendBody
  content?: string | undefined
  at: number
  user: string | undefined
  /** The wire form; undefined while a Blob is being read. */
  entry?: OutboxEntry | undefined
  state: Pending['state']
  error?: VecheError | undefined
  /** Known once acknowledged. */
  seq?: number
  sent: Deferred<Sent>
}

export class Outbox {
  readonly #room: OutboxRoom
  readonly #host: OutboxHost
  #items: Item[] = []
  #live = false
  /** Each time in the room is an era; a claim of an earlier one does not open this one. */
  #era = 0
  /** Claims under way. */
  #claims = 0
  /** What was removed since a claim began, which may have seen it still. */
  readonly #removed = new Set<string>()
  #lastAt = 0
  readonly #pause = new Timer()
  readonly #backoff = new Backoff()

  constructor(room: OutboxRoom, host: OutboxHost) {
    this.#room = room
    this.#host = host
  }

  get size(): number {
    return this.#items.length
  }

  get pending(): readonly Pending[] {
    return this.#items.map(({ user: _, entry, seq, sent, at, ...item }) => ({ ...item, at: new Date(at) }))
  }

  /** Takes a message. The same cid twice is the same message. */
  add(body: SendBody, { kind = '', cid = newId(), content }: SendOptions): Promise<Sent> {
    const known = this.#find(cid)
    if (known) return known.sent.promise
    if (this.#host.unsent() >= MAX_UNSENT) {
      return Promise.reject(new VecheError('limit', 'too much unsent', true))
    }
    if (body instanceof Blob) content ||= body.type
    // Strictly ascending, so that what is read back from the store has its order.
    const at = (this.#lastAt = Math.max(Date.now(), this.#lastAt + 1))
    const item: Item = { cid, kind, body, content, at, user: this.#host.user?.id, state: 'queued', sent: new Deferred() }
    this.#items.push(item)
    this.#room.listed()
    void this.#prepare(item)
    return item.sent.promise
  }

  retry(cid: string): Promise<Sent> {
    const item = this.#find(cid)
    if (!item) return Promise.reject(new VecheError('bad_request', 'no such message'))
    if (item.state !== 'failed') return item.sent.promise
    this.#remove(item)
    return this.add(item.body, item)
  }

  discard(cid: string): void {
    const item = this.#find(cid)
    if (!item) return
    item.sent.reject(new VecheError('discarded'))
    this.#remove(item)
  }

  /** The room is joined, by this user: what is left from earlier pages comes first, then all goes out. */
  async open(user: string): Promise<void> {
    const era = ++this.#era
    if (this.#claims++ === 0) this.#removed.clear()
    const left = await this.#store(store => store.claim(this.#room.name, user))
    this.#claims--
    this.#adopt(left ?? []) // in any case: they are not given again
    if (era !== this.#era) return
    for (const item of this.#items) this.#check(item, user)
    this.#live = true
    this.#pump()
  }

  /** The connection is gone. Its requests are answered with `closed` after this. */
  lost(): void {
    this.#era++
    this.#live = false
    this.#pause.stop()
  }

  /** No more sends from here; those who wait are told. The store keeps what is unsent. */
  end(error: VecheError): void {
    this.lost()
    for (const { state, sent } of this.#items) if (state !== 'sent') sent.reject(error)
  }

  /** A message of this user's own was delivered: an acknowledgement, if the real one was lost. */
  delivered(cid: string, sent: Sent): void {
    const item = this.#find(cid)
    if (!item) return
    item.sent.resolve(sent)
    this.#remove(item)
  }

  /** Everything up to `last` was delivered, or never will be. */
  settle(last: number): void {
    const left = this.#items.filter(({ seq }) => seq === undefined || seq > last)
    if (left.length === this.#items.length) return
    this.#items = left
    this.#room.listed()
  }

  #adopt(entries: OutboxEntry[]): void {
    const left = entries.filter(({ cid }) => !this.#find(cid) && !this.#removed.has(cid))
    this.#items.unshift(
      ...left.map(entry => ({
        ...entry,
        body: fromFields(entry) ?? null,
        entry,
        state: 'queued' as const,
        sent: new Deferred<Sent>(),
      })),
    )
    this.#lastAt = Math.max(this.#lastAt, ...left.map(({ at }) => at))
  }

  /** What nobody had signed is this user's; what somebody else wrote stays theirs. */
  #check(item: Item, user: string): void {
    if (item.user === undefined) {
      item.user = user
      if (item.entry) this.#keep(item, { ...item.entry, user })
    } else if (item.user !== user && item.state === 'queued') {
      this.#fail(item, new VecheError('forbidden', 'of another user'))
    }
  }

  /** At once, except that a Blob must be read. */
  async #prepare(item: Item): Promise<void> {
    const { cid, kind, at, body, content } = item
    let fields: Fields
    try {
      fields = toFields(body instanceof Blob ? await body.arrayBuffer() : body, content)
    } catch (cause) {
      return this.#fail(item, new VecheError('bad_request', 'no body', false, { cause }))
    }
    if (item.state !== 'queued') return // discarded while its Blob was read
    this.#keep(item, { room: this.#room.name, cid, kind, at, user: item.user, ...fields })
    this.#pump()
  }

  #keep(item: Item, entry: OutboxEntry): void {
    item.entry = entry
    void this.#store(store => store.put(entry))
  }

  /** What the store cannot do is done without it. */
  async #store<T>(what: (store: OutboxStore) => Promise<T>): Promise<T | undefined> {
    const { outbox, log } = this.#host.options
    try {
      return await what(outbox)
    } catch (error) {
      log?.('outbox', error)
      return undefined
    }
  }

  #pump(): void {
    this.#room.listed()
    if (!this.#live || this.#pause.set) return
    let under = this.#items.filter(({ state }) => state === 'sending').length
    for (const item of this.#items.filter(({ state }) => state === 'queued')) {
      if (!item.entry || under++ >= WINDOW) break
      this.#send(item, item.entry)
    }
  }

  #send(item: Item, { at: _, user, ...entry }: OutboxEntry): void {
    const object: Send = { type: 'send', ...entry, kind: entry.kind || undefined }
    if (new TextEncoder().encode(JSON.stringify(object)).length > this.#host.maxFrame - ENVELOPE) {
      // The server would close the connection, every time anew.
      this.#fail(item, new VecheError('too_large'))
      return
    }
    item.state = 'sending'
    this.#host.request(object, answer => this.#answered(item, answer))
  }

  #answered(item: Item, answer: Ok | VecheError): void {
    if (item.state !== 'sending') return
    if (!(answer instanceof VecheError)) this.#acknowledge(item, answer as Acknowledged)
    else if (!answer.retry) this.#fail(item, answer)
    else this.#postpone(item)
    this.#pump()
  }

  #acknowledge(item: Item, { seq, at, dup }: Acknowledged): void {
    this.#backoff.reset()
    item.state = 'sent'
    item.seq = seq
    this.#forget(item)
    item.sent.resolve({ seq, at: new Date(at), dup })
    this.settle(this.#room.delivered)
  }

  #fail(item: Item, error: VecheError): void {
    item.state = 'failed'
    item.error = error
    item.sent.reject(error)
    this.#room.listed()
  }

  #postpone(item: Item): void {
    item.state = 'queued'
    if (this.#live && !this.#pause.set) this.#pause.start(this.#backoff.next(), () => this.#pump())
  }

  /** Without its acknowledgement, which a message of HTTP may overtake: others have its place on the way. */
  #remove(item: Item): void {
    this.#items = this.#items.filter(other => other !== item)
    item.state = 'sent'
    this.#removed.add(item.cid)
    this.#forget(item)
    this.#pump()
  }

  #forget({ cid }: Item): void {
    void this.#store(store => store.delete(this.#room.name, cid))
  }

  #find(cid: string): Item | undefined {
    return this.#items.find(item => item.cid === cid)
  }
}

/**
 * The time, so that a store finds new ids side by side, and 96 random bits. Not crypto.randomUUID, which
 * pages without TLS do not have.
 */
function newId(): string {
  return [Date.now(), ...crypto.getRandomValues(new Uint32Array(3))].join('-')
}
